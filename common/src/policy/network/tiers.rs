//! Which policy has the last word: AdminNetworkPolicies by priority, then NetworkPolicies, then the baseline.
//!
//! sigs.k8s.io/network-policy-api apis/v1alpha1/adminnetworkpolicy_types.go: of an AdminNetworkPolicy the first
//! rule that matches decides, and `Pass` leaves it to NetworkPolicies; where none of those isolates the pod, the
//! BaselineAdminNetworkPolicy decides, and without a match everything passes. Two of the same priority are ordered by
//! nobody. NetworkPolicies add up (Kubernetes staging/src/k8s.io/api/networking/v1/types.go).

use std::collections::BTreeSet;

use super::classes::Classes;
use super::rules::{Action, Policy, Tier};
use super::ruling::{Comparing, Hop, Matches, Ruling, Uncertain, either};
use super::{Direction, NetworkPolicies, NetworkRule, PodClass};
use crate::policy::ir::Block;

mod sent;

pub(in crate::policy) use sent::Sent;

impl NetworkPolicies<'_> {
    /// What the policies of a pod say of a hop.
    pub(in crate::policy) fn rule(&self, hop: Hop<'_>) -> Ruling {
        let selecting = self.selecting(hop.of, hop.direction);
        let class = self.classes.get(hop.of).filter(|class| !class.host_network);
        let unjudged = class.and_then(|class| Some((self.unjudged.first(class.namespace.as_str())?, class)));
        if selecting.is_empty() && unjudged.is_none() {
            return Ruling::NotIsolated;
        }
        let ruling = self.judged(selecting, hop);
        // Plug-ins judge pods with the network of their node as pods, or not at all.
        if class.is_none() {
            return match ruling {
                Ruling::Isolated { by } | Ruling::Denied { by } | Ruling::Depends { by, .. } => {
                    Ruling::Uncertain(Uncertain::Node(by))
                }
                ruling => ruling,
            };
        }
        match unjudged {
            // What NetworkPolicies let through, others of them cannot take back, nor reach before an administrator.
            Some((_, class))
                if self.unjudged.only_add(class.namespace.as_str()) && self.comes_before(&ruling) =>
            {
                ruling
            }
            Some((object, _)) => Ruling::Uncertain(Uncertain::Object(object.clone())),
            None => ruling,
        }
    }

    /// Whether another NetworkPolicy would change nothing: what an administrator decides before them, and what one
    /// of them lets through.
    fn comes_before(&self, ruling: &Ruling) -> bool {
        let tier = |by: &NetworkRule| self.policies.get(by.policy).map(|policy| policy.tier);
        match ruling {
            Ruling::Allowed { by, .. } => tier(by) != Some(Tier::Baseline),
            Ruling::Denied { by } => matches!(tier(by), Some(Tier::Admin(_))),
            _ => false,
        }
    }

    fn judged(&self, selecting: &[usize], hop: Hop<'_>) -> Ruling {
        let asked = Asked { policies: &self.policies, comparing: Comparing::new(&self.classes, hop) };
        let tier = |wanted: fn(Tier) -> bool| {
            let of = |at: &&usize| self.policies.get(**at).is_some_and(|policy| wanted(policy.tier));
            selecting.iter().filter(of).copied().collect::<Vec<usize>>()
        };
        let of_namespaces = tier(|tier| tier == Tier::Namespace);
        let namespaced = || match of_namespaces.first() {
            Some(first) => asked.added_up(&of_namespaces, *first),
            None => asked.in_order(
                &tier(|tier| tier == Tier::Baseline),
                &Ruling::NotIsolated,
                &Ruling::NotIsolated,
            ),
        };
        let of_admin = tier(|tier| matches!(tier, Tier::Admin(_)));
        if of_admin.is_empty() {
            return namespaced();
        }
        let rest = namespaced();
        asked.in_order(&of_admin, &rest, &rest)
    }

    /// The single ports that rules about what comes to a class name.
    pub(in crate::policy) fn ingress_ports(&self, class: PodClass) -> BTreeSet<u16> {
        let declared = self.classes.get(class).map(|of| of.ports.as_slice()).unwrap_or_default();
        self.ingress_rules(class).flat_map(|rule| rule.ports.numbers(declared)).collect()
    }

    /// The blocks of addresses that rules about what comes to a class ask for.
    pub(in crate::policy) fn ingress_blocks(&self, class: PodClass) -> impl Iterator<Item = Block> {
        self.ingress_rules(class).flat_map(|rule| &rule.peers.blocks).flat_map(super::rules::IpBlock::blocks)
    }

    pub(super) fn ingress_rules(&self, class: PodClass) -> impl Iterator<Item = &super::rules::Rule<'_>> {
        let policies =
            self.selecting(class, Direction::Ingress).iter().filter_map(|at| self.policies.get(*at));
        policies.filter_map(|policy| policy.rules(Direction::Ingress)).flatten()
    }
}

/// What is asked of policies.
struct Asked<'a> {
    policies: &'a [Policy<'a>],
    comparing: Comparing<'a>,
}

impl Asked<'_> {
    fn classes(&self) -> &Classes<'_> {
        self.comparing.classes
    }

    /// NetworkPolicies: any rule of any of them lets it through.
    fn added_up(&self, selecting: &[usize], first: usize) -> Ruling {
        let direction = self.comparing.hop.direction;
        let mut best = Ruling::Isolated { by: NetworkRule { policy: first, direction, rule: None } };
        for (at, rule) in self.rules(selecting) {
            let ruling = match self.comparing.rule(rule, at) {
                Matches::Yes { address } => Ruling::Allowed { by: at, address },
                Matches::No => continue,
                Matches::If(conditions) => Ruling::Depends { by: at, conditions },
                Matches::Maybe(why) => Ruling::Uncertain(why),
            };
            best = match (best, ruling) {
                (_, allowed @ Ruling::Allowed { address: false, .. }) => return allowed,
                (known @ Ruling::Allowed { .. }, _) => known,
                (_, allowed @ Ruling::Allowed { .. }) => allowed,
                (known @ Ruling::Uncertain(_), _) => known,
                (Ruling::Depends { by, conditions }, Ruling::Depends { conditions: more, .. }) => {
                    Ruling::Depends { by, conditions: either(conditions, more) }
                }
                (_, ruling) => ruling,
            };
        }
        best
    }

    fn rules(&self, selecting: &[usize]) -> impl Iterator<Item = (NetworkRule, &super::rules::Rule<'_>)> {
        let direction = self.comparing.hop.direction;
        selecting.iter().filter_map(|at| Some((*at, self.policies.get(*at)?))).flat_map(
            move |(policy, of)| {
                let rules = of.rules(direction).unwrap_or_default().iter().enumerate();
                rules.map(move |(rule, one)| (NetworkRule { policy, direction, rule: Some(rule) }, one))
            },
        )
    }

    /// Policies of administrators, those of the lowest priority first; what they pass on, and what none of them
    /// matches, is for others.
    fn in_order(&self, selecting: &[usize], passed: &Ruling, rest: &Ruling) -> Ruling {
        let tier = |at: &usize| self.policies.get(*at).map(|policy| policy.tier);
        let Some(first) = selecting.first() else { return rest.clone() };
        let (same, later) =
            selecting.split_at(selecting.iter().take_while(|at| tier(at) == tier(first)).count());
        let rest = self.in_order(later, passed, rest);
        let said = same.iter().filter_map(|at| Some((*at, self.first_match(*at, passed, &rest)?)));
        let mut said: Vec<(usize, Ruling)> = said.collect();
        let Some((at, ruling)) = said.pop() else { return rest };
        if said.iter().any(|(_, other)| !other.is_like(&ruling)) {
            let direction = self.comparing.hop.direction;
            return Ruling::Uncertain(Uncertain::Rule(NetworkRule { policy: at, direction, rule: None }));
        }
        said.into_iter().next().map_or(ruling, |(_, first)| first)
    }

    /// What the first rule of a policy that matches makes of it; `None` when none can.
    fn first_match(&self, policy: usize, passed: &Ruling, rest: &Ruling) -> Option<Ruling> {
        let mut possible: Vec<(Ruling, Matches)> = Vec::new();
        let mut decided = None;
        for (at, rule) in self.rules(std::slice::from_ref(&policy)) {
            let matches = self.certainly_selected(policy, self.comparing.rule(rule, at));
            let (address, certain) = match &matches {
                Matches::No => continue,
                Matches::Yes { address } => (*address, true),
                Matches::If(_) | Matches::Maybe(_) => (false, false),
            };
            let ruling = match rule.action {
                Action::Allow => Ruling::Allowed { by: at, address },
                Action::Deny => Ruling::Denied { by: at },
                Action::Pass => passed.clone(),
            };
            if certain {
                decided = Some(ruling);
                break;
            }
            possible.push((ruling, matches));
        }
        if possible.is_empty() {
            return decided;
        }
        let last = decided.unwrap_or_else(|| rest.clone());
        Some(possible.into_iter().rev().fold(last, |rest, (ruling, matches)| ruling.or_else(matches, rest)))
    }

    /// A policy may select the pod by labels of its Namespace that were not read.
    fn certainly_selected(&self, policy: usize, matches: Matches) -> Matches {
        let of = self.comparing.hop.of;
        let sure = self.policies.get(policy).is_some_and(|policy| policy.subject.sure.has(of));
        match (sure, matches, self.classes().get(of)) {
            (false, Matches::Yes { .. } | Matches::If(_), Some(class)) => {
                Matches::Maybe(Uncertain::Namespace(class.namespace.clone()))
            }
            (_, matches, _) => matches,
        }
    }
}

impl Ruling {
    /// Whether two come to the same.
    pub(in crate::policy) fn is_like(&self, other: &Self) -> bool {
        let kind = |ruling: &Self| match ruling {
            Self::NotIsolated | Self::OwnNode | Self::Allowed { .. } => 0,
            Self::Isolated { .. } | Self::Denied { .. } => 1,
            Self::Depends { .. } => 2,
            Self::Uncertain(_) => 3,
        };
        kind(self) == kind(other) && !matches!(self, Self::Depends { .. })
    }

    /// What it is when a rule that says this may match, and the rest otherwise.
    fn or_else(self, matches: Matches, rest: Self) -> Self {
        if self.is_like(&rest) {
            return rest;
        }
        let by = match &self {
            Self::Allowed { by, .. }
            | Self::Denied { by }
            | Self::Isolated { by }
            | Self::Depends { by, .. } => Some(*by),
            Self::NotIsolated | Self::OwnNode | Self::Uncertain(_) => None,
        };
        match (self, matches, rest) {
            (
                Self::Allowed { by, .. },
                Matches::If(conditions),
                Self::Isolated { .. } | Self::Denied { .. },
            ) => Self::Depends { by, conditions },
            (_, Matches::Maybe(why), _) => Self::Uncertain(why),
            (_, _, rest) => match (by, rest) {
                (_, uncertain @ Self::Uncertain(_)) => uncertain,
                (Some(by), _) => Self::Uncertain(Uncertain::Rule(by)),
                (
                    None,
                    Self::Allowed { by, .. }
                    | Self::Denied { by }
                    | Self::Isolated { by }
                    | Self::Depends { by, .. },
                ) => Self::Uncertain(Uncertain::Rule(by)),
                (None, rest) => rest,
            },
        }
    }
}
