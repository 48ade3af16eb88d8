use std::borrow::Cow;

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
fn too_many_ways_are_told_by_their_attributes() {
    let pairs = (0..20).map(|at| Formula::all([method(&format!("M{at}")), path(&format!("/{at}"))]));
    let told = conditions(&Formula::any_of(pairs));
    let attributes: Vec<Cow<'_, str>> = told.iter().map(|of| of.attribute.clone()).collect();
    assert_eq!(attributes.len(), 2, "{told:?}");
    assert!(told.iter().all(|of| of.values.is_empty()), "{told:?}");
}
