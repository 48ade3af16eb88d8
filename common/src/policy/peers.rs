//! Every peer of a target in four classes, which together are everyone: identities that run and arrive, other
//! identities, no identity in the cluster, outside.
//!
//! The answers come from [`Reach`]; here they are given to those who really exist, with what their own side
//! adds. Where rules about addresses divide a class there is an answer for each block of addresses.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{Identity, Kind, Workload, WorkloadIndex};

use super::callers::{Callers, Leaves};
use super::decision::{Decision, Gate, GateOutcome, Verdict};
use super::gates::network_policy::Witness;
use super::gates::resolve::{At, Resolution, Target};
use super::join::{SOURCE_IP, combine};
use super::mesh::Mesh;
use super::network::PodClass;
use super::peer_set::{CellLabel, Who};
use super::reach::{Reach, reach};

mod answers;
mod no_identity;
mod running;

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
    /// The same, of whoever no other answer names: they are too many to name.
    EachOtherWithoutIdentity,
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
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
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
        myself: myself(mesh, target).map(|index| (mesh.network.class(index), index)),
        to: first(mesh, resolution),
        witness: OnceCell::new(),
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

/// A pod that is addressed directly does not call itself over the network; what a template makes may be several.
fn myself(mesh: &Mesh<'_>, target: &Target) -> Option<WorkloadIndex> {
    let is_pod = |index: &WorkloadIndex| mesh.workload(*index).is_some_and(|w| w.reference.kind == Kind::Pod);
    match target {
        Target::Workloads(workloads) => match workloads.as_slice() {
            [only] if is_pod(only) => Some(*only),
            _ => None,
        },
        _ => None,
    }
}

fn first<'a>(mesh: &Mesh<'a>, resolution: &Resolution) -> Option<&'a Workload> {
    let Resolution::Destinations(destinations) = resolution else { return None };
    let workload = |at: &At| match at {
        At::Workload(index) => mesh.workload(*index),
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
    /// The pod that is called, which does not call itself, and its class.
    myself: Option<(PodClass, WorkloadIndex)>,
    /// A destination, for the family of addresses.
    to: Option<&'a Workload>,
    /// For those whose own side is told.
    witness: OnceCell<Witness<'a>>,
}

impl Listing<'_> {
    /// The members of a group of one class that are asked one by one, and those for whom the answers for all hold.
    fn callers_of<'g>(
        &self,
        class: PodClass,
        group: &'g [WorkloadIndex],
    ) -> (Vec<WorkloadIndex>, Cow<'g, [WorkloadIndex]>) {
        let is_mine = |(of, myself): (PodClass, WorkloadIndex)| of == class && group.contains(&myself);
        if self.reach.unlike_others.is_empty() && !self.myself.is_some_and(is_mine) {
            return (Vec::new(), Cow::Borrowed(group));
        }
        let myself = self.myself.map(|(_, myself)| myself);
        let members = group.iter().copied().filter(|member| Some(*member) != myself);
        let (asked, members): (Vec<_>, Vec<_>) =
            members.partition(|member| self.reach.unlike_others.contains(member));
        (asked, Cow::Owned(members))
    }

    /// Workloads whose Envoys send in the same way: of one owner, with the same labels.
    fn sending_alike(&self, leaves: &Leaves, members: Vec<WorkloadIndex>) -> Vec<Vec<WorkloadIndex>> {
        if *leaves != Leaves::Doubtful {
            return vec![members];
        }
        let told = |index: WorkloadIndex| {
            let workload = self.mesh.workload(index)?;
            Some((&workload.owner, &workload.labels, &workload.proxy, workload.host_network))
        };
        let mut groups: Vec<(_, Vec<WorkloadIndex>)> = Vec::new();
        for index in members {
            let told = told(index);
            match groups.iter_mut().find(|(known, _)| *known == told) {
                Some((_, group)) => group.push(index),
                None => groups.push((told, vec![index])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// What decided at the side of a caller, where callers are told one by one.
    fn with_evidence(&self, decision: Decision, from: Option<WorkloadIndex>) -> Decision {
        match (self.resolution, from, self.detail) {
            (Resolution::Destinations(destinations), Some(from), Detail::Each) => {
                self.witness.get_or_init(|| Witness::new(self.mesh, destinations)).told(decision, from)
            }
            _ => decision,
        }
    }

    fn all_positions(&self) -> Vec<usize> {
        (0..self.reach.universe.blocks().len()).collect()
    }

    /// The address that a caller has towards the target.
    fn address(&self, index: WorkloadIndex) -> Option<IpAddr> {
        self.callers.address(index, self.to)
    }

    /// Workloads by the ranges that their addresses may be in.
    fn by_position(&self, members: &[WorkloadIndex]) -> Vec<(Vec<usize>, Vec<WorkloadIndex>)> {
        let blocks = self.reach.universe.blocks();
        let mut groups: Vec<(Vec<usize>, Vec<WorkloadIndex>)> = Vec::new();
        for index in members.iter().copied() {
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
        for (row, who) in self.reach.universe.rows().enumerate().skip(self.reach.universe.running_count()) {
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

    /// Of workloads of one class, with what decided at their own side.
    fn add_with(&mut self, listing: &Listing<'_>, workloads: Vec<WorkloadIndex>, decision: Decision) {
        let decision = listing.with_evidence(decision, workloads.first().copied());
        self.add(workloads, decision);
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
    let is_plaintext =
        |class: &PeerClass| matches!(class, PeerClass::NoIdentity | PeerClass::EachOtherWithoutIdentity);
    let plaintext = answers.iter().filter(|answer| is_plaintext(&answer.class));
    plaintext
        .into_iter()
        .any(|answer| answer.decision.verdict() != Verdict::Allowed && by_policy(&answer.decision))
}
