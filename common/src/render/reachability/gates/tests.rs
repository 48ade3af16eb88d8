use super::*;
use crate::render::Theme;
use crate::render::test_rows::{denied, list, not_allowed};

const PLAIN: Look = Look { theme: Theme { color: false }, width: None, headers: true, sorted: false };

/// The lines below the first.
fn told(row: &Row) -> Vec<String> {
    let text = of(&list(Vec::new()), row, PLAIN);
    text.lines().skip(1).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn allow_policies_of_which_none_matches_are_named() {
    let expected = "authorization   block   There are ALLOW policies, and none matches (shop/a, shop/b)";
    assert_eq!(told(&not_allowed(&["shop/a", "shop/b"])), [expected]);
}

#[test]
fn whom_no_allow_policy_lets_in_either_has_more_to_mend() {
    let deny = "authorization   block   A rule of a DENY policy matches (AuthorizationPolicy/shop/deny)";
    let alone = denied("web", "ui", &[]);
    assert_eq!(told(&alone), [deny]);
    let row = Row { candidates: vec!["shop/a".to_owned()], ..alone };
    assert_eq!(told(&row), [deny, "also: no ALLOW policy matches (shop/a)"]);
}

#[test]
fn what_denies_and_is_not_named_yet_is() {
    let row = denied("web", "ui", &[]);
    let matched = ["shop/deny", "shop/other", "istio-system/third"].map(str::to_owned).to_vec();
    let told = told(&Row { matched, ..row });
    assert_eq!(told.get(1).map(String::as_str), Some("also: denied by shop/other, istio-system/third"));
}

#[test]
fn a_connection_that_may_get_in_is_not_called_denied() {
    let row = denied("web", "ui", &[]);
    let matched = vec!["shop/other".to_owned()];
    let told = told(&Row { verdict: Verdict::Conditional, matched, ..row });
    assert!(told.iter().all(|line| !line.contains("also")), "{told:?}");
}
