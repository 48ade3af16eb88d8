use super::*;
use crate::policy::envoy::{Matcher, Text, TextPattern};

fn exact(value: &str) -> Text {
    Text { pattern: TextPattern::Exact(value.into()), ignore_case: false }
}

fn method(value: &str) -> Formula {
    Formula::Is(Leaf::Matcher(Matcher::Header { name: ":method".into(), value: Some(exact(value)) }))
}

fn path(value: &str) -> Formula {
    Formula::Is(Leaf::Matcher(Matcher::Path(exact(value))))
}

fn said(formula: &Formula) -> Vec<String> {
    let one = |of: &Condition| format!("{}={}", of.attribute, of.values.join(","));
    conditions(formula).iter().map(one).collect()
}

#[test]
fn choices_among_values_are_told_by_attribute() {
    assert_eq!(said(&method("GET")), ["request.method=GET"]);
    assert_eq!(said(&Formula::any_of([method("GET"), method("HEAD")])), ["request.method=GET,HEAD"]);
    let both = Formula::all([Formula::any_of([method("GET"), method("HEAD")]), path("/a")]);
    assert_eq!(said(&both), ["request.path=/a", "request.method=GET,HEAD"]);
}

#[test]
fn everything_else_is_told_way_by_way() {
    assert_eq!(said(&method("GET").negated()), ["request=request.method!=GET"]);
    let either = Formula::any_of([Formula::all([method("GET"), path("/a")]), path("/b")]);
    let told = said(&either);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("request.path=/b"), "{told:?}");
    assert!(told[0].contains(" and "), "{told:?}");
}

#[test]
fn too_many_ways_are_told_as_they_are_written() {
    let pairs = |last: &str| {
        let pairs = (0..20).map(|at| Formula::all([method(&format!("M{at}")), path(&format!("/{at}"))]));
        Formula::any_of(pairs.chain([path(last)]))
    };
    let told = conditions(&pairs("/x"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].attribute, "request");
    assert!(told[0].values[0].contains("(request.method=M7 and request.path=/7) or "), "{told:?}");
    // What tells one more way is another condition.
    assert_ne!(told, conditions(&pairs("/y")));
}
