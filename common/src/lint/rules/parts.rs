//! Parts of a rule that exclude each other: `from`, `to` and every `when` must hold at once.

use crate::istio::{Condition, Operation, Rule, Source};
use crate::model::Name;

use super::Contradiction;
use crate::lint::blocks;
use crate::lint::names::path_of_rule;

/// The first `when` that asks for what another part excludes.
pub(super) fn contradictions(index: usize, rule: &Rule) -> Vec<Contradiction> {
    let found = rule.when.iter().enumerate().find_map(|(at, when)| Some((at, excluded_by(rule, at, when)?)));
    let contradiction = |(at, other): (usize, String)| Contradiction {
        path: path_of_rule(index).field("when").item(at),
        entry: format!("when[{at}]"),
        field: "values",
        other,
    };
    found.map(contradiction).into_iter().collect()
}

/// The part of a rule that excludes a `when`.
fn excluded_by(rule: &Rule, at: usize, when: &Condition) -> Option<String> {
    let excludes = |list: &[Name]| are_disjoint(&when.key, list, &when.values);
    let of_source = |source: &Source| match &*when.key {
        "source.namespace" => excludes(&source.namespaces),
        "source.principal" => excludes(&source.principals),
        "source.ip" => excludes(&source.ip_blocks),
        _ => false,
    };
    let of_operation = |operation: &Operation| &*when.key == "destination.port" && excludes(&operation.ports);
    let (sources, operations) = (rule.sources(), rule.operations());
    let by_from = sources.iter().all(|from| from.source.as_ref().is_some_and(of_source));
    let by_to = operations.iter().all(|to| to.operation.as_ref().is_some_and(of_operation));
    if !sources.is_empty() && by_from {
        return Some("from".to_owned());
    }
    if !operations.is_empty() && by_to {
        return Some("to".to_owned());
    }
    let mut before = rule.when.iter().enumerate().take(at);
    let other = before.find(|(_, other)| other.key == when.key && excludes(&other.values))?;
    Some(format!("when[{}]", other.0))
}

/// Whether two lists of an attribute, which has one value only, have nothing in common, as everybody reads them.
fn are_disjoint(key: &str, some: &[Name], others: &[Name]) -> bool {
    let none_is = |alike: fn(&str, &str) -> Option<bool>| {
        let differs = |a: &Name| others.iter().all(|b| alike(a, b) == Some(false));
        !some.is_empty() && !others.is_empty() && some.iter().all(differs)
    };
    match key {
        "source.namespace" => none_is(same_namespace),
        "source.principal" => none_is(same_principal),
        "source.ip" => none_is(overlap),
        "destination.port" => none_is(same_port),
        _ => false,
    }
}

/// `None` where an Envoy may see both: an asterisk stands for anything there, and `sa` is found behind the namespace
/// `ns` (generator.go, `srcNamespaceGenerator`).
fn same_namespace(a: &str, b: &str) -> Option<bool> {
    let is_exact = |text: &str| !text.contains('*') && text != "sa" && !text.is_empty();
    (is_exact(a) && is_exact(b)).then(|| a == b)
}

/// Trust domains may be aliases of each other.
fn same_principal(a: &str, b: &str) -> Option<bool> {
    let account = |text: &str| text.split_once("/ns/").map(|(_, account)| account.to_owned());
    let is_exact = !a.contains('*') && !b.contains('*');
    account(a).zip(account(b)).filter(|_| is_exact).map(|(a, b)| a == b)
}

fn same_port(a: &str, b: &str) -> Option<bool> {
    Some(a.parse::<u16>().ok()? == b.parse::<u16>().ok()?)
}

fn overlap(a: &str, b: &str) -> Option<bool> {
    let (a, b) = (blocks::read(a)?, blocks::read(b)?);
    Some(a.contains(&b) || b.contains(&a))
}
