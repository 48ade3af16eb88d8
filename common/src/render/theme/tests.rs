use super::*;

#[test]
fn what_could_not_be_decided_is_not_what_was_not_expected() {
    let plain = Theme { color: false };
    assert_eq!(plain.passed(true, None), "unclear");
    assert_eq!(plain.passed(false, None), "-");
    assert_eq!(plain.passed(true, Some(true)), "pass");
    assert_eq!(plain.passed(true, Some(false)), "FAIL");
}
