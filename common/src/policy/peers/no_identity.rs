//! Classes 3 and 4: who has no identity, in the cluster and outside of it.

use std::borrow::Cow;
use std::hash::BuildHasher;

use ipnet::IpNet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::model::{Name, WorkloadIndex};
use crate::policy::arrival::Caller;
use crate::policy::callers::{Group, Leaves};
use crate::policy::decision::Decision;
use crate::policy::evaluate::evaluate;
use crate::policy::gates::resolve::{At, Resolution};
use crate::policy::network::{ClassSet, PodClass};

use super::{Detail, Listing, Parts, PeerAnswer, PeerClass};

/// A workload and its class.
type Member = (WorkloadIndex, PodClass);

impl Listing<'_> {
    /// Class 3: pods outside of the mesh, the network of nodes; where nothing takes an identity, everyone.
    pub(super) fn no_identity(&self) -> Vec<PeerAnswer> {
        let crowd = self.callers.without_identity(self.reach.takes_identities);
        let nodes = self.nodes();
        let mut all = Vec::new();
        let mut alone = Vec::new();
        let mut ordinary = self.of_crowd(&crowd.ordinary, &mut alone);
        for group in &crowd.others {
            let elsewhere = matches!(&group.leaves, Leaves::Node(node) if !nodes.contains(node));
            if elsewhere {
                let (asked, members) = self.callers_of(group.class, &group.members);
                alone.extend(asked);
                ordinary.to_mut().extend(members.iter().map(|member| (*member, group.class)));
            } else {
                all.extend(self.of_special(group));
            }
        }
        all.extend(self.asked(alone.into_iter().map(|index| vec![index])));
        all.extend(self.of_ordinary(&ordinary));
        all
    }

    /// Those for whom the answers for all hold; the others are asked one by one.
    fn of_crowd<'c>(&self, crowd: &'c [Member], alone: &mut Vec<WorkloadIndex>) -> Cow<'c, [Member]> {
        let (unlike, myself) = (&self.reach.unlike_others, self.myself.map(|(_, myself)| myself));
        if unlike.is_empty()
            && myself.is_none_or(|of| crowd.binary_search_by_key(&of, |(index, _)| *index).is_err())
        {
            return Cow::Borrowed(crowd);
        }
        let members = crowd.iter().filter(|(index, _)| Some(*index) != myself);
        let (asked, members): (Vec<_>, Vec<_>) = members.partition(|(index, _)| unlike.contains(index));
        alone.extend(asked.into_iter().map(|(index, _)| index));
        Cow::Owned(members)
    }

    /// A group whose own side or node matters, asked once for each different address.
    fn of_special(&self, group: &Group) -> Vec<PeerAnswer> {
        let (asked, members) = self.callers_of(group.class, &group.members);
        let groups = self.by_position(&members).into_iter();
        let groups = groups.flat_map(|(_, workloads)| self.sending_alike(&group.leaves, workloads));
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
            workloads,
            decision,
        };
        parts.0.into_iter().map(answer).collect()
    }

    /// The answers for plaintext, block by block where addresses matter. Where nothing runs that sends it, what runs
    /// later has an answer all the same.
    fn of_ordinary(&self, members: &[Member]) -> Vec<PeerAnswer> {
        let mut rows = Rows::default();
        if members.is_empty() {
            self.of_plaintext(self.reach.universe.plaintext_of_unrun(), Vec::new(), &mut rows);
        }
        for (row, workloads) in self.alike(members) {
            self.of_plaintext(row, workloads, &mut rows);
        }
        let most = rows.all.iter().map(|row| row.workloads.len()).max().unwrap_or_default();
        let mut unnamed = self.detail == Detail::Matrix;
        for row in &mut rows.all {
            // A matrix leaves out the longest list: whoever no other row names.
            if unnamed && row.workloads.len() == most && most > 0 {
                row.class = PeerClass::EachOtherWithoutIdentity;
                row.workloads.clear();
                unnamed = false;
            }
            row.workloads.sort_unstable();
        }
        rows.all
    }

    /// Classes in the same cells are one row; where callers are told one by one, as far as the same policies select
    /// them at their own side.
    fn alike(&self, members: &[Member]) -> Vec<(usize, Vec<WorkloadIndex>)> {
        let mut present = ClassSet::default();
        members.iter().for_each(|(_, class)| present.insert(class.position()));
        let mut known: FxHashMap<(&[u32], Option<u32>), usize> = FxHashMap::default();
        // The same for cells that stand alone.
        let mut only: Vec<Option<usize>> = vec![None; self.reach.cells.len()];
        let mut alike: Vec<(usize, Vec<WorkloadIndex>)> = Vec::new();
        let mut of_classes: Vec<Option<usize>> = vec![None; self.mesh.network.class_count()];
        for class in present.iter().map(PodClass::at) {
            let row = self.reach.universe.plaintext_of(class);
            let own_side = match self.detail {
                Detail::Each => self.mesh.network.sends_like(class),
                Detail::Matrix => None,
            };
            let next = alike.len();
            let of_class = match (self.answers.cells_of(row), own_side) {
                ([cell], None) => only.get_mut(*cell as usize).map_or(next, |at| *at.get_or_insert(next)),
                cells => *known.entry(cells).or_insert(next),
            };
            if of_class == next {
                alike.push((row, Vec::new()));
            }
            of_classes.get_mut(class.position()).into_iter().for_each(|of| *of = Some(of_class));
        }
        for (index, class) in members {
            let of_class = of_classes.get(class.position()).copied().flatten();
            let group = of_class.and_then(|of_class| alike.get_mut(of_class));
            group.into_iter().for_each(|(_, all)| all.push(*index));
        }
        alike
    }

    /// Adds the answers of a row of the universe for these of its workloads.
    fn of_plaintext(&self, row: usize, workloads: Vec<WorkloadIndex>, rows: &mut Rows) {
        let parts = self.answers.by_answer(row);
        if let [(_, decision)] = parts.as_slice() {
            rows.add(Vec::new(), workloads, decision, self);
            return;
        }
        let blocks = self.reach.universe.blocks();
        let mut part_of = vec![0; blocks.len()];
        for (part, (positions, _)) in parts.iter().enumerate() {
            for position in positions {
                part_of.get_mut(*position).into_iter().for_each(|of| *of = part);
            }
        }
        let mut here = vec![Vec::new(); parts.len()];
        let mut unknown = Vec::new();
        for index in workloads {
            let of = self.address(index).and_then(|address| part_of.get(blocks.position(address)));
            of.and_then(|part| here.get_mut(*part)).unwrap_or(&mut unknown).push(index);
        }
        for ((positions, decision), here) in parts.iter().zip(here) {
            let cover = rows.covers.entry(positions.clone()).or_insert_with(|| blocks.cover(positions));
            let cover = cover.clone();
            rows.add(cover, here, decision, self);
        }
        if !unknown.is_empty() {
            rows.add(Vec::new(), unknown, &self.answers.at(row, &self.all_positions()), self);
        }
    }

    /// Class 4: no address of the cluster, so whatever the address.
    pub(super) fn outside(&self) -> Vec<PeerAnswer> {
        let blocks = self.reach.universe.blocks();
        let row = self.reach.universe.plaintext_of_addresses();
        let parts = self.answers.by_answer(row).into_iter();
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
}

/// Answers by the addresses that they are for.
#[derive(Default)]
struct Rows {
    all: Vec<PeerAnswer>,
    /// Their positions, by a number that those have in common whose addresses and decision are the same.
    known: FxHashMap<u64, Vec<usize>>,
    /// Blocks of addresses by the ranges that they cover.
    covers: FxHashMap<Vec<usize>, Vec<IpNet>>,
}

impl Rows {
    fn add(
        &mut self,
        addresses: Vec<IpNet>,
        workloads: Vec<WorkloadIndex>,
        decision: &Decision,
        listing: &Listing<'_>,
    ) {
        let decision = listing.with_evidence(decision.clone(), workloads.first().copied());
        let alike = self.known.entry(FxBuildHasher.hash_one((&decision, &addresses))).or_default();
        let is_same = |row: &PeerAnswer| row.decision == decision && row.addresses == addresses;
        let same = alike.iter().copied().find(|at| self.all.get(*at).is_some_and(is_same));
        match same.and_then(|at| self.all.get_mut(at)) {
            Some(row) => row.workloads.extend(workloads),
            None => {
                alike.push(self.all.len());
                self.all.push(PeerAnswer { class: PeerClass::NoIdentity, addresses, workloads, decision });
            }
        }
    }
}
