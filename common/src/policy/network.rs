//! What isolates pods on the network: NetworkPolicies, AdminNetworkPolicies and the BaselineAdminNetworkPolicy of
//! a snapshot, and what they say of one hop of a connection.
//!
//! They see what is on the wire, not what the application meant: the port that travels (15008 for HBONE), the
//! addresses of the two ends, and the pods behind them. Which port that is, is for the gates to say. Pods that no
//! selector tells apart are one [`PodClass`], so that a question is one about classes and answered by bits.
//!
//! Kubernetes staging/src/k8s.io/api/networking/v1/types.go; sigs.k8s.io/network-policy-api, apis/v1alpha1.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::model::{FieldPath, Kind, Namespace, Origin, ResourceRef, Workload, WorkloadIndex};
use crate::snapshot::MeshSnapshot;

mod alike;
mod classes;
mod compile;
mod egress;
mod ports;
mod rules;
mod ruling;
#[cfg(test)]
mod tests;
mod tiers;
mod unjudged;

pub use classes::{ClassSet, PodClass};
pub(super) use ports::Travelling;
pub use ruling::EndKind;
pub(super) use ruling::{End, Hop, Ruling, Uncertain};
pub(super) use tiers::Sent;

use super::peer_set::blocks::Blocks;
use alike::Sending;
use classes::Classes;
use egress::EgressRules;
use rules::{Policy, Rule};
use unjudged::Unjudged;

/// Which way a policy isolates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// What comes in.
    Ingress,
    /// What goes out.
    Egress,
}

/// A rule of a policy of the network, or the policy as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NetworkRule {
    /// The position of the policy among those of the mesh.
    pub policy: usize,
    /// Which of its lists.
    pub direction: Direction,
    /// The position in that list.
    pub rule: Option<usize>,
}

/// The policies of the network that were read.
#[derive(Debug)]
pub struct NetworkPolicies<'a> {
    classes: Classes<'a>,
    policies: Vec<Policy<'a>>,
    /// By class, what selects it: positions of policies, those that come first first.
    ingress: Vec<Vec<usize>>,
    egress: Vec<Vec<usize>>,
    unjudged: Unjudged<'a>,
    /// What rules about what goes out can tell of addresses.
    egress_blocks: Blocks,
    /// The first policy that isolates what pods send, by namespace, and of those for any.
    egress_of: FxHashMap<Namespace, usize>,
    egress_of_any: Option<usize>,
    /// Whether any policy says something of what goes out, or may.
    isolates_egress: bool,
    /// Who sends, divided by what policies can say of it.
    sending: Sending,
    egress_rules: EgressRules,
    /// Whether all policies are NetworkPolicies.
    only_namespaced: bool,
}

impl<'a> NetworkPolicies<'a> {
    /// Compiles the policies of a snapshot.
    #[must_use]
    pub fn new(snapshot: &'a MeshSnapshot) -> Self {
        let unjudged = Unjudged::new(snapshot);
        let classes = Classes::new(snapshot, !unjudged.is_empty());
        let policies = compile::policies(snapshot, &classes);
        let selecting = |direction| selecting(&policies, &classes, direction);
        let (ingress, egress) = (selecting(Direction::Ingress), selecting(Direction::Egress));
        let of_egress = || {
            let all = policies.iter().enumerate();
            all.filter_map(|(at, policy)| Some((at, policy, policy.rules(Direction::Egress)?)))
        };
        let mut egress_of: FxHashMap<Namespace, usize> = FxHashMap::default();
        for (at, policy, _) in of_egress() {
            if let Some(namespace) = &policy.reference.namespace {
                egress_of.entry(namespace.clone()).or_insert(at);
            }
        }
        let any = |(_, policy, rules): &(usize, &Policy<'_>, &[Rule<'_>])| {
            policy.reference.namespace.is_none() && !rules.is_empty()
        };
        let egress_of_any = of_egress().find(any).map(|(at, ..)| at);
        let isolates_egress = of_egress().next().is_some() || !unjudged.is_empty();
        let rules = of_egress().flat_map(|(.., rules)| rules);
        let blocks = rules.flat_map(|rule| &rule.peers.blocks).flat_map(rules::IpBlock::blocks);
        let egress_blocks = Blocks::new(&blocks.collect::<Vec<_>>());
        let only_namespaced = policies.iter().all(|policy| policy.tier == rules::Tier::Namespace);
        let sending = Sending::new(&policies, &classes, &egress, !unjudged.is_empty());
        let egress_rules = EgressRules::new(&policies, classes.len(), &egress_blocks);
        Self {
            classes,
            ingress,
            egress,
            policies,
            unjudged,
            egress_blocks,
            egress_of,
            egress_of_any,
            isolates_egress,
            sending,
            egress_rules,
            only_namespaced,
        }
    }

    /// The class of a workload.
    #[must_use]
    pub fn class(&self, workload: WorkloadIndex) -> PodClass {
        self.classes.of(workload)
    }

    /// How many classes there are.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.classes.len()
    }

    /// The name of the policy that a rule is of, and where it was written.
    #[must_use]
    pub fn written(&self, rule: NetworkRule) -> Option<(&ResourceRef, Origin, FieldPath)> {
        let policy = self.policies.get(rule.policy)?;
        let list = match rule.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        let path = match rule.rule {
            Some(at) => FieldPath::spec().field(list).item(at),
            None => FieldPath::default(),
        };
        Some((&policy.reference, policy.origin, path))
    }

    /// What rules about what goes out can tell of the addresses of a workload.
    pub(super) fn egress_ranges(&self, workload: Option<&Workload>) -> Vec<usize> {
        if !self.egress_blocks.divide() {
            return Vec::new();
        }
        self.ranges(workload.map(|workload| workload.addresses.as_slice()).unwrap_or_default())
    }

    fn ranges(&self, addresses: &[IpAddr]) -> Vec<usize> {
        addresses.iter().map(|address| self.egress_blocks.position(*address)).collect()
    }

    /// Whether anything isolates a class in a direction, or may.
    #[must_use]
    pub(crate) fn isolates(&self, class: PodClass, direction: Direction) -> bool {
        let of = self.classes.get(class).filter(|of| !of.host_network);
        !self.selecting(class, direction).is_empty()
            || of.is_some_and(|of| self.unjudged.first(of.namespace.as_str()).is_some())
    }

    /// Whether any policy at all isolates what any pod sends, or may.
    #[must_use]
    pub(super) fn isolates_egress(&self) -> bool {
        self.isolates_egress
    }

    /// A number that classes share of which the policies say the same, whatever they send and wherever.
    pub(super) fn sends_like(&self, class: PodClass) -> Option<u32> {
        self.sending.like(class)
    }

    /// Sets of pods that the policies do not tell apart, whatever they send and wherever.
    pub(super) fn alike_senders(&self) -> Vec<ClassSet> {
        let set = |group: &Vec<PodClass>| {
            let mut set = ClassSet::default();
            group.iter().for_each(|class| set.insert(class.position()));
            set
        };
        self.sending.groups().map(set).collect()
    }

    /// Sets of pods that the rules about what comes to a class do not tell apart by selectors. Pods in no set may each
    /// get an answer of their own.
    pub(super) fn alike_to(&self, class: PodClass) -> Vec<ClassSet> {
        let mut pods = self.sending.free().clone();
        pods.add(self.sending.isolated());
        let rules = self.ingress_rules(class).filter(|rule| !rule.peers.everyone);
        alike::divided(pods, rules.map(|rule| &rule.peers.pods))
    }

    /// What is known of what a pod would send that does not run, in a namespace: nothing, where policies are.
    pub(super) fn rule_unrun(&self, namespace: &str) -> Ruling {
        if let Some(object) = self.unjudged.first(namespace) {
            return Ruling::Uncertain(Uncertain::Object(object.clone()));
        }
        let found = self.egress_of.get(namespace).copied().into_iter().chain(self.egress_of_any).min();
        let rule = |policy| NetworkRule { policy, direction: Direction::Egress, rule: None };
        found.map_or(Ruling::NotIsolated, |policy| Ruling::Uncertain(Uncertain::Rule(rule(policy))))
    }

    /// Whether anything isolates some pod of a namespace from what calls it, or may.
    #[must_use]
    pub(super) fn may_isolate_in(&self, namespace: &Namespace) -> bool {
        let isolates = |policy: &Policy<'_>| {
            let of = &policy.reference.namespace;
            policy.rules(Direction::Ingress).is_some() && of.as_ref().is_none_or(|of| of == namespace)
        };
        self.policies.iter().any(isolates) || self.unjudged.first(namespace.as_str()).is_some()
    }

    /// The end that a workload is.
    pub(super) fn kind_of(&self, workload: WorkloadIndex) -> EndKind<'static> {
        let class = self.class(workload);
        match self.classes.get(class) {
            Some(of) if of.host_network => EndKind::HostPod(class, None),
            _ => EndKind::Pod(class),
        }
    }

    fn selecting(&self, class: PodClass, direction: Direction) -> &[usize] {
        let by_class = match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        };
        by_class.get(class.position()).map(Vec::as_slice).unwrap_or_default()
    }
}

/// By class, the policies that isolate it in a direction, in the order of their tiers, priorities and names.
fn selecting(policies: &[Policy<'_>], classes: &Classes<'_>, direction: Direction) -> Vec<Vec<usize>> {
    let mut by_class = vec![Vec::new(); classes.len()];
    for (at, policy) in policies.iter().enumerate().filter(|(_, policy)| policy.rules(direction).is_some()) {
        for class in policy.subject.possible() {
            if let Some(of_class) = by_class.get_mut(class) {
                of_class.push(at);
            }
        }
    }
    by_class
}

/// The kinds whose policies are judged here.
pub(super) fn is_judged(kind: &Kind) -> bool {
    matches!(kind, Kind::NetworkPolicy | Kind::AdminNetworkPolicy | Kind::BaselineAdminNetworkPolicy)
}
