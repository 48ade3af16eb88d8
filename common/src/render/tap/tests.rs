use super::*;

fn written(outcome: Outcome, name: &str) -> String {
    let seen = vec!["caused by: \"x\" \u{1b}".to_owned()];
    let case = Case { group: "svc/a/b".to_owned(), name: name.to_owned(), outcome, seen };
    let mut out = Vec::new();
    write(&mut out, &[case]).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_cannot_be_told_is_not_ok_and_says_so() {
    assert_eq!(written(Outcome::Passed, "x"), "TAP version 14\n1..1\nok 1 - x\n");
    assert_eq!(written(Outcome::Skipped, "x"), "TAP version 14\n1..1\nok 1 - x # SKIP nothing is expected\n");
    assert_eq!(
        written(Outcome::Unclear, "x"),
        "TAP version 14\n1..1\nnot ok 1 - x\n  ---\n  severity: unclear\n  seen:\n  - \"caused by: \\\"x\\\" \\\\u{1b}\"\n  ...\n"
    );
}

#[test]
fn a_name_is_no_directive() {
    assert!(written(Outcome::Failed, "x # SKIP \\y").contains("not ok 1 - x \\# SKIP \\\\y\n"));
}
