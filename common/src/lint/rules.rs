//! The shape of rules: one that fell apart, and one whose conditions exclude each other.

use crate::codes::{Code, Evidence};
use crate::istio::{Action, Rule, Source};
use crate::model::{FieldPath, Kind, Name};
use crate::policy::ir::StringMatch;
use crate::policy::{Remark, Remarks, read_text};

use super::coverage::{Covers, block, text};
use super::names::path_of_rule;
use super::survey::Survey;

mod parts;

/// A part of a rule, in the order in which they are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    From,
    To,
    When,
}

/// Policies whose rules each have one part, all of them different: `from`, then `to`, then `when`.
pub(super) fn split(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for policy in survey.policies() {
        let parts: Option<Vec<Part>> = policy.spec.rules.iter().map(only_part).collect();
        // ALLOW and DENY decide; what a waypoint does with the others is not said here.
        let decides = matches!(policy.spec.action, Action::Allow | Action::Deny);
        let Some(parts) = parts.filter(|_| decides) else { continue };
        let in_order = parts.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if parts.len() < 2 || !in_order || parts.first() != Some(&Part::From) {
            continue;
        }
        let named = parts.iter().enumerate().map(|(at, part)| format!("rules[{at}] (`{}`)", part.name()));
        let action = if policy.spec.action == Action::Deny { "DENY" } else { "ALLOW" };
        let parts = named.collect::<Vec<_>>().join(", ");
        let evidence = Evidence::none().with("parts", parts).with("action", action);
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        remarks.add(Code::RuleSplit, path_of_rule(1), evidence);
    }
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
            Self::When => "when",
        }
    }
}

/// The only part of a rule.
fn only_part(rule: &Rule) -> Option<Part> {
    match (rule.sources().is_empty(), rule.operations().is_empty(), rule.when.is_empty()) {
        (false, true, true) => Some(Part::From),
        (true, false, true) => Some(Part::To),
        (true, true, false) => Some(Part::When),
        _ => None,
    }
}

/// Entries of `from` and `to` that ask for what they exclude.
pub(super) fn contradictions(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for policy in survey.policies() {
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        for (at, rule) in policy.spec.rules.iter().enumerate() {
            for contradiction in of_rule(at, rule) {
                let evidence = Evidence::none()
                    .with("rule", at)
                    .with("entry", &contradiction.entry)
                    .with("field", contradiction.field)
                    .with("other", &contradiction.other);
                remarks.add(Code::RuleContradictsItself, contradiction.path, evidence);
            }
        }
    }
}

struct Contradiction {
    path: FieldPath,
    entry: String,
    field: &'static str,
    other: String,
}

fn of_rule(index: usize, rule: &Rule) -> Vec<Contradiction> {
    let path = || path_of_rule(index);
    let sources = rule.sources().iter().enumerate().filter_map(|(at, entry)| {
        let (field, other) = of_source(entry.source.as_ref()?)?;
        Some(Contradiction {
            path: path().field("from").item(at),
            entry: format!("from[{at}]"),
            field,
            other: other.to_owned(),
        })
    });
    let operations = rule.operations().iter().enumerate().filter_map(|(at, entry)| {
        let operation = entry.operation.as_ref()?;
        let excluded = are_excluded(&operation.ports, &operation.not_ports);
        let (field, other) = ("ports", "notPorts");
        excluded.then(|| Contradiction {
            path: path().field("to").item(at),
            entry: format!("to[{at}]"),
            field,
            other: other.to_owned(),
        })
    });
    let conditions =
        rule.when.iter().enumerate().filter(|(_, when)| are_excluded(&when.values, &when.not_values));
    let conditions = conditions.map(|(at, _)| Contradiction {
        path: path().field("when").item(at),
        entry: format!("when[{at}]"),
        field: "values",
        other: "notValues".to_owned(),
    });
    let own: Vec<Contradiction> = sources.chain(operations).chain(conditions).collect();
    let parts = if own.is_empty() { parts::contradictions(index, rule) } else { Vec::new() };
    own.into_iter().chain(parts).collect()
}

fn of_source(source: &Source) -> Option<(&'static str, &'static str)> {
    let lists = [
        (&source.principals, &source.not_principals, "principals", "notPrincipals"),
        (&source.service_accounts, &source.not_service_accounts, "serviceAccounts", "notServiceAccounts"),
    ];
    let excluded = lists.into_iter().find(|(any, none, ..)| are_excluded(any, none));
    let lists: [(_, _, Covers, _, _); 2] = [
        (&source.namespaces, &source.not_namespaces, text, "namespaces", "notNamespaces"),
        (&source.ip_blocks, &source.not_ip_blocks, block, "ipBlocks", "notIpBlocks"),
    ];
    let covered = || {
        let all = |any: &[Name], none: &[Name], covers: Covers| {
            !any.is_empty() && any.iter().all(|item| none.iter().any(|not| covers(not, item)))
        };
        let found = lists.into_iter().find(|(any, none, covers, ..)| all(any, none, *covers));
        found.map(|(any, none, _, field, other)| (any, none, field, other))
    };
    let excluded = excluded.or_else(covered);
    let excluded = excluded.map(|(_, _, field, other)| (field, other));
    excluded.or_else(|| are_elsewhere(source).then_some(("principals", "namespaces")))
}

/// Whether everything that is asked for is excluded, letter by letter or by `*`.
fn are_excluded(any_of: &[Name], none_of: &[Name]) -> bool {
    !any_of.is_empty() && any_of.iter().all(|item| none_of.iter().any(|not| not == item || &**not == "*"))
}

/// Whether all principals are named in full, and none is of the namespaces that are asked for.
fn are_elsewhere(source: &Source) -> bool {
    let namespaces: Vec<StringMatch> = source.namespaces.iter().map(read_text).collect();
    let is_elsewhere = |principal: &Name| {
        let namespace = principal.split_once("/ns/").and_then(|(_, rest)| rest.split_once("/sa/"));
        let whole = namespace.filter(|_| !principal.contains('*'));
        whole.is_some_and(|(namespace, _)| !namespaces.iter().any(|wanted| wanted.matches(namespace)))
    };
    !namespaces.is_empty() && !source.principals.is_empty() && source.principals.iter().all(is_elsewhere)
}
