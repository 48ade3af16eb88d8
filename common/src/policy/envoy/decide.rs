//! What a chain of filters decides: CUSTOM, then DENY, then ALLOW; AUDIT never does.
//!
//! Each answer comes with the rules that made it: which refuse, which let in, and which would if something held that is
//! not known.

use std::collections::BTreeSet;

use crate::policy::Verdict;

use super::fold::{self, Parts, Sources};
use super::formula::{Formula, Leaf};
use super::ir::{Action, Filter, Filters, PolicyName, Rbac, RuleName, Rules, Shadow};
use super::request::Request;

#[cfg(test)]
mod tests;

/// What a request gets, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What it comes down to.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
    /// When it gets in: `True`, `False`, or what is left to be known.
    pub allowed_when: Formula,
    /// The rule that decided: the first one that refuses, else the first one that lets in.
    pub decided_by: Option<RuleName>,
    /// Rules that refuse, or would.
    pub denying: Vec<Hit>,
    /// Rules that let in, or would.
    pub allowing: Vec<Hit>,
    /// Rules because of which an external authorizer is asked, or would be.
    pub asking: Vec<Hit>,
    /// The ALLOW policies there are, also those of which no rule is left.
    pub candidates: Vec<PolicyName>,
}

/// A rule that matches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// The rule.
    pub rule: RuleName,
    /// When it does.
    pub when: Formula,
}

/// Why a request gets what it gets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Why {
    /// A rule refuses it.
    ExplicitDeny,
    /// There are ALLOW policies, and none matches.
    NoAllowMatched,
    /// An ALLOW rule matches.
    AllowMatched,
    /// Nothing refuses it, and there is no ALLOW policy.
    NoPolicy,
    /// That depends on something that is not known.
    Depends,
    /// Envoy does not take these rules, and keeps those that it had.
    ConfigurationRefused,
    /// There are more groups of peers than can be told apart.
    TooManyGroups,
}

/// What everyone gets.
#[must_use]
pub fn decide<S: Sources>(sources: &S, request: &Request, filters: &Filters) -> Vec<(S::Set, Outcome)> {
    if !filters.refused.is_empty() {
        return vec![(sources.all(), Outcome::unknown(Why::ConfigurationRefused))];
    }
    let steps = steps(filters);
    let mut cells: Vec<(S::Set, Vec<Formula>)> = vec![(sources.all(), Vec::new())];
    let for_custom = request.for_custom();
    for step in &steps {
        let request = if step.custom { &for_custom } else { request };
        for policy in step.rules.policies.values() {
            cells = divided(sources, &cells, &fold::policy(sources, request, policy));
            if sources.exceeds(cells.len()) {
                return vec![(sources.all(), Outcome::unknown(Why::TooManyGroups))];
            }
        }
    }
    cells.into_iter().map(|(set, matched)| (set, outcome(&steps, &matched))).collect()
}

/// Rules, and what they do to what they match.
struct Step<'a> {
    rules: &'a Rules,
    effect: Effect,
    custom: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
    /// CUSTOM in dry run.
    DenyInNewVersions,
    Ask(crate::model::Name),
}

/// What decides, in Envoy's order. What is only noted does not.
fn steps(filters: &Filters) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let asked = filters.custom.iter().skip(1).map(Some).chain([None]);
    for (filter, next) in filters.custom.iter().zip(asked) {
        let Filter::Rbac(rbac) = filter else { continue };
        match (rbac, next) {
            (Rbac { shadow: Shadow::ExtAuthz, rules, shadow_rules }, Some(Filter::ExtAuthz { provider })) => {
                let dry_run = rules.iter().map(|rules| (rules, Effect::DenyInNewVersions));
                let asking = shadow_rules.iter().map(|rules| (rules, Effect::Ask(provider.clone())));
                steps.extend(dry_run.chain(asking).map(|(rules, effect)| Step {
                    rules,
                    effect,
                    custom: true,
                }));
            }
            (Rbac { rules, .. }, _) => {
                steps.extend(rules.iter().map(|rules| Step { rules, effect: Effect::Deny, custom: true }));
            }
        }
    }
    for filter in &filters.local {
        let Filter::Rbac(Rbac { rules: Some(rules), .. }) = filter else { continue };
        let effect = match rules.action {
            Action::Allow => Effect::Allow,
            Action::Deny => Effect::Deny,
            Action::Log => continue,
        };
        steps.push(Step { rules, effect, custom: false });
    }
    steps
}

/// Divides cells by what is left of one more rule.
fn divided<S: Sources>(
    sources: &S,
    cells: &[(S::Set, Vec<Formula>)],
    parts: &Parts<S::Set>,
) -> Vec<(S::Set, Vec<Formula>)> {
    let mut divided = Vec::with_capacity(cells.len());
    for (set, matched) in cells {
        let mut rest = set.clone();
        let mut add = |set: S::Set, formula: Formula| {
            if !sources.is_none(&set) {
                divided.push((set, matched.iter().cloned().chain([formula]).collect()));
            }
        };
        for (part, formula) in parts {
            add(sources.and(set.clone(), part), formula.clone());
            rest = sources.without(rest, part);
        }
        add(rest, Formula::False);
    }
    divided
}

/// What those get of whom the rules of all steps, in their order, match when.
fn outcome(steps: &[Step<'_>], matched: &[Formula]) -> Outcome {
    let mut matched = matched.iter();
    let mut outcome = Outcome::unknown(Why::NoPolicy);
    let mut required = Vec::new();
    for step in steps {
        let names = step.rules.policies.keys();
        let hits = names.zip(&mut matched).filter(|(_, when)| **when != Formula::False);
        let hits: Vec<Hit> =
            hits.map(|(rule, when)| Hit { rule: rule.clone(), when: when.clone() }).collect();
        let any = Formula::any_of(hits.iter().map(|hit| hit.when.clone()));
        match &step.effect {
            Effect::Allow => {
                required.push(any);
                outcome.allowing.extend(hits);
                outcome.candidates.extend(step.rules.compiled_from.iter().cloned());
            }
            Effect::Deny => {
                required.push(any.negated());
                outcome.denying.extend(hits);
            }
            Effect::DenyInNewVersions => {
                let denies = Formula::Is(Leaf::CustomDryRunDenies);
                required.push(Formula::all([any, denies.clone()]).negated());
                let when = |when| Formula::all([when, denies.clone()]);
                outcome.denying.extend(hits.into_iter().map(|hit| Hit { when: when(hit.when), ..hit }));
            }
            Effect::Ask(provider) => {
                required
                    .push(Formula::any_of([any.negated(), Formula::Is(Leaf::Authorizer(provider.clone()))]));
                outcome.asking.extend(hits);
            }
        }
    }
    outcome.allowed_when = Formula::all(required).settled();
    outcome.conclude();
    outcome
}

impl Outcome {
    fn unknown(why: Why) -> Self {
        Self {
            verdict: Verdict::Unknown,
            why,
            allowed_when: Formula::True,
            decided_by: None,
            denying: Vec::new(),
            allowing: Vec::new(),
            asking: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// The verdict, and the rule that made it.
    fn conclude(&mut self) {
        let surely =
            |hits: &[Hit]| hits.iter().find(|hit| hit.when == Formula::True).map(|hit| hit.rule.clone());
        let denying = Formula::any_of(self.denying.iter().map(|hit| hit.when.clone())).settled();
        (self.verdict, self.why, self.decided_by) = match &self.allowed_when {
            Formula::False if denying == Formula::True => {
                (Verdict::Denied, Why::ExplicitDeny, surely(&self.denying))
            }
            Formula::False if !self.candidates.is_empty() && self.allowing.is_empty() => {
                (Verdict::Denied, Why::NoAllowMatched, None)
            }
            // Whatever ALLOW matches, a DENY does too.
            Formula::False => (Verdict::Denied, Why::NoAllowMatched, None),
            Formula::True if self.candidates.is_empty() => (Verdict::Allowed, Why::NoPolicy, None),
            Formula::True => (Verdict::Allowed, Why::AllowMatched, surely(&self.allowing)),
            _ => (Verdict::Conditional, Why::Depends, None),
        };
    }

    /// The policies that had a part in it.
    #[must_use]
    pub fn policies(&self) -> BTreeSet<PolicyName> {
        let hits = self.denying.iter().chain(&self.allowing).chain(&self.asking);
        hits.map(|hit| hit.rule.policy_name()).chain(self.candidates.iter().cloned()).collect()
    }
}
