//! Class 1: identities that something runs as. A matrix puts those that get the most common answer into one row.

use std::cmp::Reverse;

use crate::model::{Identity, Peer, WorkloadIndex};
use crate::policy::arrival::{Arrival, Caller, unserved};
use crate::policy::beside::{Way, takes_hbone};
use crate::policy::callers::{Group, Leaves};
use crate::policy::decision::Decision;
use crate::policy::evaluate::evaluate;
use crate::policy::gates::resolve::{Destination, Resolution};
use crate::policy::reach::nowhere;

use super::{Detail, Listing, Parts, PeerAnswer, PeerClass};

impl Listing<'_> {
    /// A row for each identity, and for each answer where its workloads differ.
    pub(super) fn running(&self) -> Vec<PeerAnswer> {
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
            let mut parts = Parts::default();
            for group in groups {
                for (workloads, decision) in self.of_group(identity, group) {
                    parts.add(workloads, decision);
                }
            }
            // That of nobody is for an identity that only the target itself runs as.
            let anybody = parts.0.iter().any(|(workloads, _)| !workloads.is_empty());
            parts.0.retain(|(workloads, _)| !anybody || !workloads.is_empty());
            all.extend(parts.0.into_iter().map(|(workloads, decision)| {
                let class = PeerClass::Identity(identity.clone());
                PeerAnswer { class, addresses: Vec::new(), workloads, decision }
            }));
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
                && !self.reach.at_envoys
                && (self.reach.unlike_others.is_empty() || !group.members.iter().any(by_itself))
        };
        let groups = self.callers.by_identity.iter().enumerate();
        let of_row = |(row, groups): (usize, &Vec<Group>)| {
            // One that never arrives has no answer, so it is not counted either.
            let has_one = !groups.is_empty() && groups.iter().all(plain);
            has_one.then(|| self.only_cell(row)).flatten()
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

    /// The cell of an identity, when all of its pods are in one only.
    fn only_cell(&self, identity: usize) -> Option<usize> {
        let mut cells = self.reach.universe.rows_of(identity).map(|row| self.answers.only_cell(row));
        let first = cells.next()??;
        cells.all(|cell| cell == Some(first)).then_some(first)
    }

    /// The row of the universe as which a workload arrives at every destination: that of its identity, or that of
    /// plaintext.
    fn row_of(&self, caller: WorkloadIndex, (identity, plaintext): (usize, usize)) -> Option<usize> {
        let Resolution::Destinations(destinations) = self.resolution else { return None };
        let caller = Caller::Workload(caller);
        let of = |destination: &Destination| {
            let to = destination.workload().and_then(|index| self.mesh.workload(index));
            let takes_hbone = to.is_some_and(takes_hbone);
            match caller.arrival(self.mesh, destination, None) {
                Arrival::As(Peer { identity: None, .. }) => Some(plaintext),
                Arrival::As(_) => Some(identity),
                // What it sends goes past waypoints.
                Arrival::Sent(..) if self.reach.behind_waypoint => None,
                Arrival::Sent(Peer { identity: None, .. }, _) => Some(plaintext),
                Arrival::Sent(_, Way::Hbone) if takes_hbone => Some(identity),
                Arrival::Sent(_, Way::Mtls) if !takes_hbone => Some(identity),
                _ => None,
            }
        };
        let mut rows = destinations.iter().map(of);
        let first = rows.next()??;
        rows.all(|row| row == Some(first)).then_some(first)
    }

    /// The answers of a group of one identity, by the addresses of its members.
    fn of_group(&self, identity: &Identity, group: &Group) -> Vec<(Vec<WorkloadIndex>, Decision)> {
        let (asked, members) = self.callers_of(group.class, &group.members);
        let mut parts = Parts::default();
        for index in asked {
            parts.add(vec![index], evaluate(self.mesh, &Caller::Workload(index), self.resolution));
        }
        // What ends nowhere ends there however it leaves.
        let leaves = if nowhere(self.resolution).is_some() { &Leaves::Captured } else { &group.leaves };
        if let Leaves::Stopped(serving) = *leaves {
            let any = group.members.first().and_then(|index| self.mesh.workload(*index));
            if let Some(from) = any.filter(|_| !members.is_empty() || parts.0.is_empty()) {
                parts.add(members.into_owned(), unserved(serving, from.namespace()));
            }
            return parts.0;
        }
        let universe = &self.reach.universe;
        let Some(row) = universe.row_of_pods(identity, group.class) else { return parts.0 };
        let plaintext_row = universe.plaintext_of(group.class);
        for (positions, workloads) in self.by_position(&members) {
            let decision = self.answers.at(row, &positions);
            if *leaves != Leaves::Doubtful && !self.reach.at_envoys {
                parts.add_with(self, workloads, decision);
                continue;
            }
            for workloads in self.sending_alike(leaves, workloads) {
                let Some(first) = workloads.first().copied() else { continue };
                let decision = match self.row_of(first, (row, plaintext_row)) {
                    Some(row) => self.answers.at(row, &positions),
                    None => evaluate(self.mesh, &Caller::Workload(first), self.resolution),
                };
                parts.add_with(self, workloads, decision);
            }
        }
        if parts.0.is_empty() {
            // Only the target itself runs as it: the identity has an answer all the same.
            parts.add(Vec::new(), self.answers.at(row, &self.all_positions()));
        }
        parts.0
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
