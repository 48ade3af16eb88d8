use super::*;

fn written(cases: &[Case]) -> String {
    let mut out = Vec::new();
    write(&mut out, "who-can-reach --diff", cases).unwrap();
    String::from_utf8(out).unwrap()
}

fn case(outcome: Outcome, name: &str) -> Case {
    let seen = vec!["before: denied".to_owned(), "caused by: <x> & \"y\"".to_owned()];
    Case { group: "svc/a/b".to_owned(), name: name.to_owned(), outcome, seen }
}

#[test]
fn every_outcome_is_counted_and_said() {
    let all = [Outcome::Passed, Outcome::Failed, Outcome::Unclear, Outcome::Skipped];
    let text = written(&all.map(|outcome| case(outcome, "x")));
    assert!(text.contains("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\""), "{text}");
    for element in
        ["<failure message=", "<error message=", "<skipped message=", "<system-out>before: denied\n"]
    {
        assert_eq!(text.matches(element).count(), 1, "{element} in {text}");
    }
}

#[test]
fn no_text_is_markup_or_no_text_at_all() {
    let text = written(&[case(Outcome::Failed, "a\"<b>\u{1}\u{ffff}")]);
    assert!(text.contains("name=\"a&quot;&lt;b&gt;\\u{1}\u{fffd}\""), "{text}");
    assert!(text.contains("caused by: &lt;x&gt; &amp; &quot;y&quot;"), "{text}");
}
