//! Classes 3 and 4: who has no identity, in the cluster and outside of it.

use rustc_hash::FxHashSet;

use crate::model::{Name, WorkloadIndex};
use crate::policy::arrival::Caller;
use crate::policy::callers::{Group, Leaves};
use crate::policy::decision::Decision;
use crate::policy::evaluate::evaluate;
use crate::policy::gates::resolve::{At, Resolution};

use super::{Detail, Listing, Parts, PeerAnswer, PeerClass};

impl Listing<'_> {
    /// Class 3: pods outside of the mesh, the network of nodes; where nothing takes an identity, everyone.
    pub(super) fn no_identity(&self) -> Vec<PeerAnswer> {
        let mut groups: Vec<&Group> = self.callers.plain.iter().collect();
        if !self.reach.takes_identities {
            groups.extend(self.callers.by_identity.iter().flatten());
        }
        let nodes = self.nodes();
        let mut ordinary: Vec<WorkloadIndex> = Vec::new();
        let mut all = Vec::new();
        for group in groups {
            let on_node = matches!(&group.leaves, Leaves::Node(node) if nodes.contains(node));
            let special = matches!(group.leaves, Leaves::Stopped(_) | Leaves::Doubtful);
            if on_node || special || !group.egress.is_empty() {
                all.extend(self.of_special(group));
            } else {
                let (asked, members) = self.callers_of(group);
                all.extend(self.asked(asked.into_iter().map(|index| vec![index])));
                ordinary.extend(members);
            }
        }
        ordinary.sort_unstable();
        all.extend(self.of_ordinary(ordinary));
        all
    }

    /// A group whose own side or node matters, asked once for each different address.
    fn of_special(&self, group: &Group) -> Vec<PeerAnswer> {
        let (asked, members) = self.callers_of(group);
        let groups = self.by_position(members).into_iter().map(|(_, workloads)| workloads);
        self.asked(groups.chain(asked.into_iter().map(|index| vec![index])))
    }

    /// What groups get of which any member can be asked.
    fn asked(&self, groups: impl Iterator<Item = Vec<WorkloadIndex>>) -> Vec<PeerAnswer> {
        let mut parts = Parts::default();
        for workloads in groups {
            if let Some(first) = workloads.first() {
                let decision = evaluate(self.mesh, &Caller::Workload(*first), self.resolution);
                parts.add(workloads, decision);
            }
        }
        let answer = |(workloads, decision)| PeerAnswer {
            class: PeerClass::NoIdentity,
            addresses: Vec::new(),
            workloads: self.listed(workloads),
            decision,
        };
        parts.0.into_iter().map(answer).collect()
    }

    /// The answers for plaintext, block by block where addresses matter.
    fn of_ordinary(&self, workloads: Vec<WorkloadIndex>) -> Vec<PeerAnswer> {
        let answer = |addresses, workloads, decision| PeerAnswer {
            class: PeerClass::NoIdentity,
            addresses,
            workloads: self.listed(workloads),
            decision,
        };
        let parts = self.answers.by_answer(self.answers.plaintext);
        if let [(_, decision)] = parts.as_slice() {
            return vec![answer(Vec::new(), workloads, decision.clone())];
        }
        let blocks = self.reach.universe.blocks();
        let (known, unknown): (Vec<_>, Vec<_>) =
            workloads.into_iter().partition(|index| self.address(*index).is_some());
        let mut all = Vec::new();
        for (positions, decision) in &parts {
            let inside = |index: &WorkloadIndex| {
                self.address(*index).is_some_and(|address| positions.contains(&blocks.position(address)))
            };
            let here = known.iter().copied().filter(inside).collect();
            all.push(answer(blocks.cover(positions), here, decision.clone()));
        }
        if !unknown.is_empty() {
            all.push(answer(
                Vec::new(),
                unknown,
                self.answers.at(self.answers.plaintext, &self.all_positions()),
            ));
        }
        all
    }

    /// Class 4: no address of the cluster, so whatever the address.
    pub(super) fn outside(&self) -> Vec<PeerAnswer> {
        let blocks = self.reach.universe.blocks();
        let parts = self.answers.by_answer(self.answers.plaintext).into_iter();
        let answer = |(positions, decision): (Vec<usize>, Decision)| PeerAnswer {
            class: PeerClass::Outside,
            addresses: blocks.cover(&positions),
            workloads: Vec::new(),
            decision,
        };
        parts.map(answer).collect()
    }

    fn nodes(&self) -> FxHashSet<Name> {
        let Resolution::Destinations(destinations) = self.resolution else { return FxHashSet::default() };
        let node = |at: &At| match at {
            At::Workload(index) => self.mesh.workload(*index).and_then(|workload| workload.node.clone()),
            At::Address(_) | At::Node(_) => None,
        };
        destinations.iter().filter_map(|destination| node(&destination.at)).collect()
    }

    fn listed(&self, workloads: Vec<WorkloadIndex>) -> Vec<WorkloadIndex> {
        match self.detail {
            Detail::Each => workloads,
            Detail::Matrix => Vec::new(),
        }
    }
}
