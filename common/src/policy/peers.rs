//! Every peer of a target in four classes, which together are everyone: identities that run and arrive, other
//! identities, no identity in the cluster, outside.
//!
//! The answers come from [`Reach`]; here they are given to those who really exist, with what their own side
//! adds. Where rules about addresses divide a class there is an answer for each block of addresses.

use std::cmp::Reverse;
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashSet;

use crate::model::{Identity, Name, Workload, WorkloadIndex};

use super::arrival::{Caller, address_of, complete, either, unserved};
use super::callers::{Callers, Group, Leaves};
use super::decision::{Decision, Gate, GateOutcome, Verdict};
use super::evaluate::evaluate;
use super::gates::network_policy;
use super::gates::resolve::{At, Resolution, Target};
use super::join::{SOURCE_IP, combine};
use super::mesh::Mesh;
use super::peer_set::{CellLabel, Who};
use super::reach::{Reach, reach};

mod answers;

use answers::Answers;

/// Who gets an answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PeerClass {
    /// An identity that runs and arrives.
    Identity(Identity),
    /// All identities that run and arrive, but for those that have an answer of their own: so many.
    EachOtherIdentity(usize),
    /// Identities of the mesh's trust domain that nothing runs as: one that policies name, a group, or the rest.
    Others(Others),
    /// No identity, in the cluster.
    NoIdentity,
    /// No identity, no address of the cluster.
    Outside,
}

/// Identities that nothing runs as.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Others {
    /// Whatever nothing else describes; of any trust domain, unless those of others have their own answer.
    Rest {
        /// Whether it is about the mesh's own trust domain only.
        own_trust_domain: bool,
    },
    /// One that policies name.
    Named(Identity),
    /// Those of a description.
    Group(CellLabel),
    /// Those of other trust domains.
    Foreign,
}

/// A class of peers, or a part of one, and what it gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerAnswer {
    /// Who.
    pub class: PeerClass,
    /// From which addresses, where that matters; none: from any.
    pub addresses: Vec<IpNet>,
    /// The workloads that are meant.
    pub workloads: Vec<WorkloadIndex>,
    /// What they get.
    pub decision: Decision,
}

/// How many words are made of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// An answer for each identity, and every workload by name.
    Each,
    /// One answer for most identities: what a matrix needs, whose size would otherwise be that of all pairs.
    Matrix,
}

/// What every peer gets at a target and port, and whether rules about addresses were asked.
#[must_use]
pub fn peers(
    mesh: &Mesh<'_>,
    callers: &Callers,
    target: &Target,
    resolution: &Resolution,
    detail: Detail,
) -> (Vec<PeerAnswer>, bool) {
    let reach = reach(mesh, resolution);
    let listing = Listing {
        mesh,
        callers,
        resolution,
        answers: Answers::new(&reach),
        reach: &reach,
        detail,
        myself: myself(target),
        to: captured(mesh, resolution),
    };
    let mut all = Vec::new();
    if reach.takes_identities {
        all.extend(listing.running());
        all.extend(listing.others());
    }
    all.extend(listing.no_identity());
    all.extend(listing.outside());
    (all, reach.universe.blocks().divide())
}

/// A pod that is addressed directly does not call itself over the network.
fn myself(target: &Target) -> Option<WorkloadIndex> {
    match target {
        Target::Workloads(workloads) => match workloads.as_slice() {
            [only] => Some(*only),
            _ => None,
        },
        _ => None,
    }
}

fn captured<'a>(mesh: &Mesh<'a>, resolution: &Resolution) -> Option<&'a Workload> {
    let Resolution::Destinations(destinations) = resolution else { return None };
    let workload = |at: &At| match at {
        At::Workload(index) => mesh.workload(*index).filter(|workload| workload.is_captured()),
        At::Address(_) | At::Node(_) => None,
    };
    destinations.iter().find_map(|destination| workload(&destination.at))
}

struct Listing<'a> {
    mesh: &'a Mesh<'a>,
    callers: &'a Callers,
    resolution: &'a Resolution,
    answers: Answers<'a>,
    reach: &'a Reach,
    detail: Detail,
    myself: Option<WorkloadIndex>,
    /// A captured destination, for the family of addresses.
    to: Option<&'a Workload>,
}

impl Listing<'_> {
    /// Class 1.
    fn running(&self) -> Vec<PeerAnswer> {
        let common = match self.detail {
            Detail::Each => None,
            Detail::Matrix => self.most_common_answer(),
        };
        let mut all = Vec::new();
        for (row, groups) in self.callers.by_identity.iter().enumerate() {
            if common.as_ref().is_some_and(|common| common.includes(row)) {
                continue;
            }
            let Some(identity) = self.mesh.identities().get(row) else { continue };
            for group in groups {
                for (workloads, decision) in self.of_group(row, group) {
                    let class = PeerClass::Identity(identity.clone());
                    all.push(PeerAnswer { class, addresses: Vec::new(), workloads, decision });
                }
            }
        }
        all.extend(common.map(|common| PeerAnswer {
            class: PeerClass::EachOtherIdentity(common.count),
            addresses: Vec::new(),
            workloads: Vec::new(),
            decision: common.decision,
        }));
        all
    }

    /// The answer that most identities get who have only one.
    fn most_common_answer(&self) -> Option<Common> {
        let plain = |group: &Group| {
            let by_itself = |member: &WorkloadIndex| self.reach.unlike_others.contains(member);
            group.leaves == Leaves::Captured
                && group.egress.is_empty()
                && (self.reach.unlike_others.is_empty() || !group.members.iter().any(by_itself))
        };
        let groups = self.callers.by_identity.iter().enumerate();
        let of_row = |(row, groups): (usize, &Vec<Group>)| {
            groups.iter().all(plain).then(|| self.answers.only_cell(row)).flatten()
        };
        let cells: Vec<Option<usize>> = groups.map(of_row).collect();
        let mut counts = vec![0; self.reach.cells.len()];
        for cell in cells.iter().flatten() {
            if let Some(count) = counts.get_mut(*cell) {
                *count += 1;
            }
        }
        let (cell, count) =
            counts.into_iter().enumerate().max_by_key(|(cell, count)| (*count, Reverse(*cell)))?;
        let decision = self.reach.cells.get(cell)?.decision.clone();
        (count > 1).then_some(Common { cells, cell, count, decision })
    }

    /// The answers of a group of one identity, by the addresses of its members.
    fn of_group(&self, row: usize, group: &Group) -> Vec<(Vec<WorkloadIndex>, Decision)> {
        let (asked, members) = self.callers_of(group);
        let egress = network_policy::of_isolated(group.egress.clone());
        let finished = |decision: Decision| complete(decision, Some(egress.clone()));
        let mut parts = Parts::default();
        for index in asked {
            parts.add(vec![index], evaluate(self.mesh, &Caller::Workload(index), self.resolution));
        }
        if let Leaves::Stopped(serving) = group.leaves {
            if !members.is_empty() || parts.0.is_empty() {
                parts.add(members, finished(unserved(serving)));
            }
            return parts.0;
        }
        for (positions, workloads) in self.by_position(members) {
            let mut decision = self.answers.at(row, &positions);
            if group.leaves == Leaves::Envoy
                && let Some(envoy) = workloads.first().and_then(|index| self.mesh.workload(*index))
            {
                let plaintext = self.answers.at(self.answers.plaintext, &positions);
                decision = either(decision, &plaintext, envoy.owner.clone());
            }
            parts.add(workloads, finished(decision));
        }
        if parts.0.is_empty() {
            // Only the target itself runs as it: the identity has an answer all the same.
            parts.add(Vec::new(), finished(self.answers.at(row, &self.all_positions())));
        }
        parts.0
    }

    /// The members of a group that are asked one by one, and those for whom the answers for all hold.
    fn callers_of(&self, group: &Group) -> (Vec<WorkloadIndex>, Vec<WorkloadIndex>) {
        let members = group.members.iter().copied().filter(|member| Some(*member) != self.myself);
        members.partition(|member| self.reach.unlike_others.contains(member))
    }

    fn all_positions(&self) -> Vec<usize> {
        (0..self.reach.universe.blocks().len()).collect()
    }

    /// The address that a caller has towards the target.
    fn address(&self, index: WorkloadIndex) -> Option<IpAddr> {
        self.mesh.workload(index).and_then(|from| address_of(from, self.to))
    }

    /// Workloads by the ranges that their addresses may be in.
    fn by_position(&self, members: Vec<WorkloadIndex>) -> Vec<(Vec<usize>, Vec<WorkloadIndex>)> {
        let blocks = self.reach.universe.blocks();
        let mut groups: Vec<(Vec<usize>, Vec<WorkloadIndex>)> = Vec::new();
        for index in members {
            let positions = match self.address(index) {
                Some(address) if blocks.divide() => vec![blocks.position(address)],
                _ => self.all_positions(),
            };
            match groups.iter_mut().find(|(same, _)| *same == positions) {
                Some((_, workloads)) => workloads.push(index),
                None => groups.push((positions, vec![index])),
            }
        }
        groups
    }

    /// Class 2: what differs from the rest, then the rest.
    fn others(&self) -> Vec<PeerAnswer> {
        let positions = self.all_positions();
        let mut rows: Vec<(Who, Decision)> = Vec::new();
        for (row, who) in self.reach.universe.rows().enumerate().skip(self.mesh.identities().len()) {
            if who != Who::Plaintext {
                rows.push((who, self.answers.at(row, &positions)));
            }
        }
        let is_rest = |who: &Who| matches!(who, Who::Others(label) if label.is_rest());
        let rest = rows.iter().find(|(who, _)| is_rest(who)).map(|(_, decision)| decision.clone());
        let Some(rest) = rest else { return Vec::new() };
        let answer = |others: Others, decision: Decision| PeerAnswer {
            class: PeerClass::Others(others),
            addresses: Vec::new(),
            workloads: Vec::new(),
            decision,
        };
        let mut all = Vec::new();
        let mut own_trust_domain = false;
        for (who, decision) in rows {
            match who {
                // Those of other trust domains are told apart only where it matters.
                Who::Foreign if decision.verdict() != rest.verdict() => {
                    own_trust_domain = true;
                    all.push(answer(Others::Foreign, decision));
                }
                Who::Named(identity) if decision != rest => {
                    all.push(answer(Others::Named(identity), decision));
                }
                Who::Others(label) if decision != rest => all.push(answer(Others::Group(label), decision)),
                _ => {}
            }
        }
        all.push(answer(Others::Rest { own_trust_domain }, rest));
        all
    }

    /// Class 3: pods outside of the mesh, the network of nodes; where nothing takes an identity, everyone.
    fn no_identity(&self) -> Vec<PeerAnswer> {
        let mut groups: Vec<&Group> = self.callers.plain.iter().collect();
        if !self.reach.takes_identities {
            groups.extend(self.callers.by_identity.iter().flatten());
        }
        let nodes = self.nodes();
        let mut ordinary: Vec<WorkloadIndex> = Vec::new();
        let mut all = Vec::new();
        for group in groups {
            let on_node = matches!(&group.leaves, Leaves::Node(node) if nodes.contains(node));
            if on_node || matches!(group.leaves, Leaves::Stopped(_)) || !group.egress.is_empty() {
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
    fn outside(&self) -> Vec<PeerAnswer> {
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

/// Workloads by what they get.
#[derive(Default)]
struct Parts(Vec<(Vec<WorkloadIndex>, Decision)>);

impl Parts {
    fn add(&mut self, workloads: Vec<WorkloadIndex>, decision: Decision) {
        match self.0.iter_mut().find(|(_, known)| *known == decision) {
            Some((known, _)) => known.extend(workloads),
            None => self.0.push((workloads, decision)),
        }
    }
}

/// The answer that most identities get.
struct Common {
    /// The only cell of each identity, where there is one.
    cells: Vec<Option<usize>>,
    cell: usize,
    count: usize,
    decision: Decision,
}

impl Common {
    fn includes(&self, row: usize) -> bool {
        self.cells.get(row) == Some(&Some(self.cell))
    }
}

/// What an address that is not known makes of several answers.
fn depending_on_address(answers: &[(Vec<String>, Decision)]) -> Decision {
    combine(SOURCE_IP, answers)
}

/// Whether an answer leaves plaintext outside, for which the node itself is an exception.
#[must_use]
pub fn refuses_plaintext(answers: &[PeerAnswer]) -> bool {
    let by_policy = |decision: &Decision| {
        let judged = [Gate::PeerAuthentication, Gate::Authorization];
        judged.iter().any(|gate| decision.gate(*gate).is_some_and(|j| j.outcome == GateOutcome::Block))
    };
    let plaintext = answers.iter().filter(|answer| answer.class == PeerClass::NoIdentity);
    plaintext
        .into_iter()
        .any(|answer| answer.decision.verdict() != Verdict::Allowed && by_policy(&answer.decision))
}
