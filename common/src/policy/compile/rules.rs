//! istiod's `handleRule`: one rule, clause by clause, with what ztunnel cannot judge taken out.

use crate::codes::{Code, Evidence};
use crate::istio::Rule as WrittenRule;
use crate::model::{FieldPath, Namespace};
use crate::policy::ir::{Action, Clause, Match, Rule};

use super::{Context, Remarks};

mod items;

use items::Items;

/// Converts the rules of one policy.
pub(super) struct Converter<'a> {
    trust_domain: &'a str,
    namespace: Namespace,
    action: Action,
}

/// An entry of `from`, `to` or `when`, converted.
struct Entry {
    converted: Match,
    /// Fields that only an HTTP proxy can judge.
    http: Vec<String>,
    /// Fields that istiod drops although they are about the connection.
    dropped: Vec<&'static str>,
    path: FieldPath,
}

/// A part of a rule.
struct Part {
    name: String,
    entries: Vec<Entry>,
}

impl<'a> Converter<'a> {
    pub(super) fn new(context: &Context<'a>, namespace: Namespace, action: Action) -> Self {
        Self { trust_domain: context.settings.mesh.trust_domain.as_str(), namespace, action }
    }

    /// The rule as ztunnel gets it; `None` when it is left out.
    pub(super) fn rule(&self, index: usize, rule: &WrittenRule, remarks: &mut Remarks<'_>) -> Option<Rule> {
        let mut items = Items { index, trust_domain: self.trust_domain, remarks };
        let path = || FieldPath::spec().field("rules").item(index);
        items.empty_lists(rule, &path());
        let to = rule.operations().iter().enumerate().map(|(at, entry)| {
            items.operation(entry.operation.as_ref(), path().field("to").item(at).field("operation"))
        });
        let to = Part { name: "to".to_owned(), entries: to.collect() };
        let from = rule.sources().iter().enumerate().map(|(at, entry)| {
            items.source(
                entry.source.as_ref(),
                &self.namespace,
                path().field("from").item(at).field("source"),
            )
        });
        let from = Part { name: "from".to_owned(), entries: from.collect() };
        let when = rule.when.iter().enumerate().map(|(at, condition)| {
            let entry = items.condition(condition, path().field("when").item(at));
            Part { name: format!("when[{at}]"), entries: vec![entry] }
        });
        let when: Vec<Part> = when.collect();
        let parts: Vec<Part> =
            [to, from].into_iter().filter(|part| !part.entries.is_empty()).chain(when).collect();
        self.assemble(index, parts, remarks)
    }

    fn assemble(&self, index: usize, parts: Vec<Part>, remarks: &mut Remarks<'_>) -> Option<Rule> {
        let path = FieldPath::spec().field("rules").item(index);
        let evidence = || Evidence::none().with("rule", index);
        for entry in parts.iter().flat_map(|part| &part.entries).filter(|entry| !entry.dropped.is_empty()) {
            let fields = evidence().with("fields", quoted(&entry.dropped));
            remarks.add(Code::TrustDomainsDropped, entry.path.clone(), fields);
        }
        let mut http: Vec<&String> =
            parts.iter().flat_map(|part| &part.entries).flat_map(|e| &e.http).collect();
        http.sort_unstable();
        http.dedup();
        if self.action == Action::Allow && !http.is_empty() {
            // It could only be wider without what ztunnel does not know, so istiod leaves it out.
            remarks.add(Code::AllowRuleOmitted, path, evidence().with("fields", quoted(&http)));
            return None;
        }
        if let Some(dead) =
            parts.iter().find(|part| part.entries.iter().all(|entry| entry.converted.is_empty()))
        {
            let evidence = evidence().with("clause", &dead.name);
            let of_part: Vec<&String> = dead.entries.iter().flat_map(|entry| &entry.http).collect();
            let explained = dead.entries.iter().any(|entry| !entry.dropped.is_empty());
            if of_part.is_empty() && !explained {
                remarks.add(Code::RuleNeverMatches, path, evidence);
            } else if !of_part.is_empty() {
                remarks.add(Code::DenyRuleNeverMatches, path, evidence.with("fields", quoted(&of_part)));
            }
        } else {
            for part in &parts {
                remark_lost_http(part, &evidence, remarks);
            }
        }
        let clause = |part: Part| Clause { matches: part.entries.into_iter().map(|e| e.converted).collect() };
        Some(Rule { clauses: parts.into_iter().map(clause).collect(), index: Some(index) })
    }
}

/// Entries of a DENY rule that lost something, in a rule that still matches.
fn remark_lost_http(part: &Part, evidence: &impl Fn() -> Evidence, remarks: &mut Remarks<'_>) {
    for (at, entry) in part.entries.iter().enumerate().filter(|(_, entry)| !entry.http.is_empty()) {
        let clause =
            if part.name.starts_with("when") { part.name.clone() } else { format!("{}[{at}]", part.name) };
        let code = if entry.converted.is_empty() { Code::DenyEntryIgnored } else { Code::DenyRuleWidened };
        remarks.add(
            code,
            entry.path.clone(),
            evidence().with("clause", clause).with("fields", quoted(&entry.http)),
        );
    }
}

fn quoted(fields: &[impl AsRef<str>]) -> String {
    fields.iter().map(|field| format!("`{}`", field.as_ref())).collect::<Vec<_>>().join(", ")
}
