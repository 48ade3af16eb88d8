//! Rules that another rule covers entirely, so that they change nothing; and ALLOW rules of which a DENY rule takes
//! everything back.
//!
//! Only what follows from the rules as they are written counts: each list is compared item by item with that of the
//! other rule, and what is not certain for ztunnel and every Envoy is not said.

use std::collections::BTreeMap;

use crate::codes::{Code, Evidence};
use crate::istio::{Action, AuthorizationPolicy, Rule};
use crate::model::{Kind, Labels, Namespace};
use crate::policy::{Remark, Remarks};
use crate::snapshot::{Object, asks_for_dry_run};

use super::names::path_of_rule;
use super::survey::Survey;

mod index;
mod rules;
#[cfg(test)]
mod tests;

use index::{Rules, Token, tokens};
use rules::{Covering, Readers};
pub(super) use rules::{Covers, block, text};

type Policy = Object<AuthorizationPolicy>;

/// A rule that may cover others.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    policy: &'a Policy,
    /// The position of the policy among all.
    order: usize,
    at: usize,
    rule: &'a Rule,
}

/// The policies of a namespace that may cover others, by how they select.
#[derive(Default)]
struct OfNamespace<'a> {
    /// Without a selector.
    everything: Rules<'a>,
    /// With labels: under the first of them.
    by_label: BTreeMap<(&'a str, &'a str), Rules<'a>>,
}

/// Rules that change nothing, and rules that let nobody in.
pub(super) fn covered(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let enforced = survey.policies().filter(|policy| !asks_for_dry_run(&policy.meta));
    let enforced: Vec<&Policy> = enforced.filter(|policy| decides(policy.spec.action)).collect();
    let index = index(&enforced);
    for (order, policy) in enforced.iter().enumerate() {
        let readers = readers(survey, policy);
        for this in rules_of(policy, order) {
            let tokens = tokens(this.rule, &policy.namespace());
            let others = attached_likewise(survey, &index, policy, &tokens);
            let others = others.into_iter().filter(|other| other.order != order);
            let covering = rules_of(policy, order).chain(others);
            let Some(other) = this.covered_by(covering, readers) else { continue };
            let same = other.policy.spec.action == policy.spec.action;
            let code = if same { Code::RuleCovered } else { Code::AllowRuleDenied };
            let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
            remarks.add(code, path_of_rule(this.at), this.told(&other));
        }
    }
}

fn decides(action: Action) -> bool {
    matches!(action, Action::Allow | Action::Deny)
}

fn rules_of(policy: &Policy, order: usize) -> impl Iterator<Item = Candidate<'_>> {
    let rules = policy.spec.rules.iter().enumerate();
    rules.map(move |(at, rule)| Candidate { policy, order, at, rule })
}

/// What selects by `selector: {}` is for nothing at ztunnel and for everything at sidecars: it covers nothing.
fn index<'a>(policies: &[&'a Policy]) -> BTreeMap<Namespace, OfNamespace<'a>> {
    let mut found: BTreeMap<Namespace, OfNamespace<'a>> = BTreeMap::new();
    for (order, policy) in policies.iter().enumerate().filter(|(_, policy)| !policy.spec.has_targets()) {
        let of_namespace = found.entry(policy.namespace()).or_default();
        let into = match &policy.spec.selector {
            None => &mut of_namespace.everything,
            Some(selector) => match selector.match_labels.as_ref().and_then(|labels| labels.iter().next()) {
                Some(label) => of_namespace.by_label.entry(label).or_default(),
                None => continue,
            },
        };
        rules_of(policy, order).for_each(|candidate| into.add(candidate));
    }
    found
}

/// The rules of policies that are for all that a policy is for, as far as they may cover a rule with these tokens.
fn attached_likewise<'a>(
    survey: &Survey<'_>,
    index: &BTreeMap<Namespace, OfNamespace<'a>>,
    policy: &Policy,
    tokens: &[Token],
) -> Vec<Candidate<'a>> {
    let labels = policy.spec.selector.as_ref().map(|selector| selector.match_labels.as_ref());
    if policy.spec.has_targets() || labels == Some(None) {
        return Vec::new();
    }
    let none = Labels::default();
    let labels = labels.flatten().unwrap_or(&none);
    let root = &survey.snapshot.settings.mesh.root_namespace;
    let own = policy.namespace();
    let elsewhere = (own != *root).then_some(root);
    let places = [Some(&own), elsewhere].into_iter().flatten().filter_map(|namespace| index.get(namespace));
    let mut found = Vec::new();
    for place in places {
        found.extend(place.everything.for_tokens(tokens));
        let by_label = labels.iter().filter_map(|label| place.by_label.get(&label));
        let by_label = by_label.flat_map(|rules| rules.for_tokens(tokens));
        found.extend(by_label.filter(|other| selects_all_of(other.policy, labels)));
    }
    found
}

/// Whether a policy selects whatever has these labels.
fn selects_all_of(policy: &Policy, labels: &Labels) -> bool {
    let wanted = policy.spec.selector.as_ref().and_then(|selector| selector.match_labels.as_ref());
    wanted.is_some_and(|wanted| labels.contains_all(wanted))
}

/// Who reads a policy: an Envoy may expand principals to other trust domains. Pods that are not there may have one.
fn readers(survey: &Survey<'_>, policy: &Policy) -> Readers {
    let planes = survey.planes_of(&policy.reference(Kind::AuthorizationPolicy));
    let by_ztunnel = !policy.spec.has_targets() && planes.ambient && !planes.envoy;
    if by_ztunnel { Readers::Ztunnel } else { Readers::Any }
}

impl<'a> Candidate<'a> {
    /// The rule that covers this one. That nobody is let in says more than that nothing changes.
    fn covered_by(
        &self,
        others: impl Iterator<Item = Candidate<'a>>,
        readers: Readers,
    ) -> Option<Candidate<'a>> {
        let mut first = None;
        for other in others.filter(|other| self.is_covered_by(other, readers)) {
            if other.policy.spec.action != self.policy.spec.action {
                return Some(other);
            }
            first.get_or_insert(other);
        }
        first
    }

    /// Whether another rule covers this one: of the same action, or a DENY of an ALLOW. Of two that cover each other
    /// the first one counts.
    fn is_covered_by(&self, other: &Candidate<'_>, readers: Readers) -> bool {
        let same = (self.order, self.at) == (other.order, other.at);
        let (own, of_other) = (self.policy.spec.action, other.policy.spec.action);
        let covers = |a: &Candidate<'_>, b: &Candidate<'_>| {
            let (of_a, of_b) = (a.policy.namespace(), b.policy.namespace());
            let denies = a.policy.spec.action == Action::Deny;
            let covering = Covering { readers, namespace: &of_a, other: &of_b, denies };
            covering.covers(a.rule, b.rule)
        };
        let fits = own == of_other || own == Action::Allow && of_other == Action::Deny;
        if same || !fits || !covers(other, self) {
            return false;
        }
        let first = (other.order, other.at) < (self.order, self.at);
        own != of_other || first || !(covers(self, other) && self.is_for_all_of(other))
    }

    /// Whether the policy of this rule is for all that another's is for.
    fn is_for_all_of(&self, other: &Candidate<'_>) -> bool {
        let selector = |of: &Candidate<'_>| of.policy.spec.selector.as_ref()?.match_labels.clone();
        self.order == other.order
            || self.policy.namespace() == other.policy.namespace() && selector(self) == selector(other)
    }

    fn told(&self, other: &Candidate<'_>) -> Evidence {
        let policy = match self.order == other.order {
            true => "this policy".to_owned(),
            false => format!("`{}`", other.policy.reference(Kind::AuthorizationPolicy).key()),
        };
        Evidence::none().with("rule", self.at).with("other", other.at).with("policy", policy)
    }
}
