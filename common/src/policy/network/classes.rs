//! Pods that no selector of the network's policies tells apart, and sets of such classes.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{LabelSelector, Labels, Name, Namespace, PortRef, Protocol, Workload, WorkloadIndex};
use crate::policy::bits;
use crate::snapshot::MeshSnapshot;

use super::compile::{named_ports, pod_selectors};

/// Workloads that the policies of the network cannot tell apart, addresses aside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PodClass(u32);

impl PodClass {
    pub(in crate::policy) fn position(self) -> usize {
        self.0 as usize
    }

    pub(in crate::policy) fn at(position: usize) -> Self {
        Self(u32::try_from(position).unwrap_or(u32::MAX))
    }
}

/// What the members of a class have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Class {
    pub(super) namespace: Namespace,
    pub(super) host_network: bool,
    /// The labels that selectors look at.
    pub(super) labels: Labels,
    /// The ports that policies name.
    pub(super) ports: Vec<(Name, u16)>,
}

/// The classes of a mesh, those of one namespace side by side.
#[derive(Debug)]
pub(super) struct Classes<'a> {
    all: Vec<Class>,
    of: Vec<PodClass>,
    /// The positions of the classes of each namespace.
    pub(super) ranges: FxHashMap<Namespace, Range<usize>>,
    /// What is known of the labels of namespaces.
    pub(super) snapshot: &'a MeshSnapshot,
}

impl<'s> Classes<'s> {
    /// Sorts the workloads by what selectors can see of them. Without any policy nothing is told apart.
    pub(super) fn new(snapshot: &'s MeshSnapshot, unjudged: bool) -> Self {
        let keys: FxHashSet<&str> =
            pod_selectors(snapshot).flat_map(LabelSelector::keys).map(|key| &**key).collect();
        let names: FxHashSet<&str> = named_ports(snapshot).collect();
        let any = unjudged
            || !snapshot.network_policies.is_empty()
            || !snapshot.admin_network_policies.is_empty()
            || !snapshot.baseline_admin_network_policies.is_empty();
        let seen = Seen { keys, names, any };
        let of_each: Vec<Class> = snapshot.workloads.iter().map(|workload| seen.of(workload)).collect();
        let mut all: Vec<Class> = of_each.iter().collect::<FxHashSet<_>>().into_iter().cloned().collect();
        all.sort();
        let positions: FxHashMap<&Class, usize> = all.iter().enumerate().map(|(at, of)| (of, at)).collect();
        let of = of_each.iter().map(|of| PodClass::at(positions.get(of).copied().unwrap_or_default()));
        let of = of.collect();
        let mut ranges: FxHashMap<Namespace, Range<usize>> = FxHashMap::default();
        for (at, class) in all.iter().enumerate() {
            ranges.entry(class.namespace.clone()).or_insert(at..at).end = at + 1;
        }
        Self { all, of, ranges, snapshot }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, class: PodClass) -> Option<&Class> {
        self.all.get(class.position())
    }

    pub(super) fn of(&self, workload: WorkloadIndex) -> PodClass {
        self.of.get(workload.0).copied().unwrap_or(PodClass::at(0))
    }

    /// The positions of the classes of a namespace.
    pub(super) fn in_namespace(&self, namespace: &Namespace) -> Range<usize> {
        self.ranges.get(namespace).cloned().unwrap_or_default()
    }

    /// The classes of a range that a selector of pods selects.
    pub(super) fn selected<'a>(
        &'a self,
        range: Range<usize>,
        pods: Option<&'a LabelSelector>,
    ) -> impl Iterator<Item = usize> + 'a {
        let selects = move |class: &Class| pods.is_none_or(|pods| pods.matches(&class.labels));
        range.filter(move |at| self.all.get(*at).is_some_and(selects))
    }
}

/// What selectors look at.
struct Seen<'a> {
    keys: FxHashSet<&'a str>,
    names: FxHashSet<&'a str>,
    any: bool,
}

impl Seen<'_> {
    fn of(&self, workload: &Workload) -> Class {
        let named = |name: &&str| {
            Some((Name::from(*name), workload.container_port(&PortRef::Name(Name::from(*name)))?))
        };
        let declares =
            workload.ports.iter().any(|port| port.protocol == Protocol::Tcp && port.name.is_some());
        let mut ports: Vec<(Name, u16)> =
            if declares { self.names.iter().filter_map(named).collect() } else { Vec::new() };
        ports.sort();
        Class {
            namespace: if self.any { workload.identity.namespace.clone() } else { Name::default().into() },
            host_network: self.any && workload.host_network,
            labels: workload.labels.only(|key| self.keys.contains(key)),
            ports,
        }
    }
}

/// Some of the classes.
pub type ClassSet = Positions;

/// Some positions, one bit each. Words that are not there are empty.
#[derive(Clone, Debug, Default)]
pub struct Positions(Vec<u64>);

impl Positions {
    pub(in crate::policy) fn insert(&mut self, position: usize) {
        if self.0.len() <= position / 64 {
            self.0.resize(position / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(position / 64) {
            *word |= 1 << (position % 64);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(word, more)| *word |= more);
    }

    /// Those that are in both.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.0.truncate(other.0.len());
        self.0.iter_mut().zip(&other.0).for_each(|(word, of)| *word &= of);
        self
    }

    /// Those that are not in the other.
    pub(super) fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(word, of)| *word &= !of);
        self
    }

    /// What two divisions come to together.
    pub(in crate::policy) fn cut(a: &[Self], b: &[Self]) -> Vec<Self> {
        let both = a.iter().flat_map(|a| b.iter().map(|b| a.clone().and(b)));
        both.filter(|set| !set.is_empty()).collect()
    }

    pub(in crate::policy) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(in crate::policy) fn has(&self, class: PodClass) -> bool {
        self.contains(class.position())
    }

    pub(super) fn contains(&self, position: usize) -> bool {
        bits::has(&self.0, position)
    }

    /// One bit for each position, the first in the lowest bit of the first word.
    pub(in crate::policy) fn words(&self) -> &[u64] {
        &self.0
    }

    /// The positions, in their order.
    pub(in crate::policy) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        bits::ones(&self.0)
    }
}

/// The classes that are selected for certain, and those of which labels that were not read decide.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    pub(super) sure: ClassSet,
    pub(super) maybe: ClassSet,
}

impl Selection {
    /// And those of another.
    pub(super) fn add(&mut self, other: &Self) {
        self.sure.add(&other.sure);
        self.maybe.add(&other.maybe);
    }

    /// Those that are or may be selected.
    pub(super) fn possible(&self) -> impl Iterator<Item = usize> + '_ {
        self.sure.iter().chain(self.maybe.iter())
    }
}
