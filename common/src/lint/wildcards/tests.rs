use super::finds_everybody;

#[test]
fn asterisks_that_find_what_every_identity_has() {
    for (value, finds) in [
        ("*a", true),
        ("*sa", true),
        ("*s*", true),
        ("*a*", true),
        ("**", true),
        ("*-a", false),
        ("*b", false),
        ("a*", false),
        ("team-*", false),
        ("te*am", false),
        ("*s", false),
        ("a", false),
    ] {
        assert_eq!(finds_everybody(&value.into()), finds, "{value}");
    }
}
