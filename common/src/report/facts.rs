//! What an answer rests on: the objects of the question, and with them the assumptions, gaps and findings that
//! travel with it.

use std::collections::BTreeSet;

use crate::codes::{Code, Evidence, Reason};
use crate::model::{ResourceRef, Workload, WorkloadIndex};
use crate::policy::{By, Decision, GateOutcome, Mesh, Verdict};

use super::evidence::{AssumptionEntry, Evidenced, GapEntry};

mod assumptions;
mod findings;
mod gaps;

pub(super) use findings::told;

/// What a question and its answers touched.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    destinations: BTreeSet<WorkloadIndex>,
    callers: BTreeSet<WorkloadIndex>,
    all_callers: bool,
    services: BTreeSet<usize>,
    waypoints: BTreeSet<ResourceRef>,
    objects: BTreeSet<(Code, ResourceRef)>,
    /// Whether some answer hangs on a policy that cannot be read.
    undecided: bool,
    /// Objects on which some answer hangs, of lists that were not read.
    lists: BTreeSet<ResourceRef>,
    /// Whether some answer hangs on whose an address is.
    address_unclear: bool,
    extra: BTreeSet<AssumptionEntry>,
    extra_gaps: BTreeSet<GapEntry>,
}

impl Facts {
    /// A workload that was asked about.
    pub fn destination(&mut self, index: WorkloadIndex) {
        self.destinations.insert(index);
    }

    /// A workload that calls.
    pub fn caller(&mut self, index: WorkloadIndex) {
        self.callers.insert(index);
    }

    /// Whoever may call was asked about.
    pub fn every_caller(&mut self) {
        self.all_callers = true;
    }

    /// A Service that was addressed.
    pub fn service(&mut self, at: usize) {
        self.services.insert(at);
    }

    /// Something that was assumed on the way.
    pub fn assume(&mut self, code: Code, subject: Option<String>, values: Evidence) {
        self.extra.insert(AssumptionEntry { code, subject, values });
    }

    /// Something that was missing on the way.
    pub fn miss(&mut self, gap: GapEntry) {
        self.extra_gaps.insert(gap);
    }

    /// What an answer could not judge, and what it rests on.
    pub fn decision(&mut self, decision: &Decision) {
        for judgement in &decision.gates {
            let by_network = matches!(judgement.by, Some(By::Network(_)));
            if by_network && matches!(judgement.outcome, GateOutcome::Pass | GateOutcome::Block) {
                self.assume(Code::NetworkPolicyEnforced, None, Evidence::none());
            }
            if let (Reason::Waypoint, Some(By::Object(gateway))) = (judgement.reason, &judgement.by) {
                self.waypoints.insert(gateway.clone());
            }
            if judgement.reason == Reason::IpBlockAllows {
                self.assume(Code::IpBlocksMatchPods, None, Evidence::none());
            }
        }
        for judgement in decision.gates.iter().filter(|judgement| judgement.outcome == GateOutcome::Unknown) {
            let code = match judgement.reason {
                Reason::PolicyUnreadable => {
                    let decides = decision.verdict() == Verdict::Unknown;
                    self.undecided |= decides;
                    if let (true, Some(By::Object(object))) = (decides, &judgement.by) {
                        self.lists.insert(object.clone());
                    }
                    continue;
                }
                Reason::EndpointUnclear => {
                    self.address_unclear |= judgement.by.is_some();
                    continue;
                }
                Reason::WaypointNotJudged => Code::WaypointNotJudged,
                Reason::SidecarNotJudged => Code::SidecarNotJudged,
                Reason::KindNotJudged => Code::KindNotJudged,
                Reason::NamespaceNotRead => Code::NamespaceNotRead,
                _ => continue,
            };
            if let Some(By::Object(object)) = &judgement.by {
                self.objects.insert((code, object.clone()));
            }
        }
    }

    /// Adds what another question touched.
    pub fn extend(&mut self, other: &Self) {
        self.destinations.extend(&other.destinations);
        self.callers.extend(&other.callers);
        self.all_callers |= other.all_callers;
        self.services.extend(&other.services);
        self.waypoints.extend(other.waypoints.iter().cloned());
        self.undecided |= other.undecided;
        self.lists.extend(other.lists.iter().cloned());
        self.address_unclear |= other.address_unclear;
        self.objects.extend(other.objects.iter().cloned());
        self.extra.extend(other.extra.iter().cloned());
        self.extra_gaps.extend(other.extra_gaps.iter().cloned());
    }

    /// What travels with the answers.
    #[must_use]
    pub fn evidence(&self, mesh: &Mesh<'_>) -> Evidenced {
        let (gaps, elsewhere) = self.gaps(mesh);
        let (findings, ignored) = self.findings(mesh);
        Evidenced { assumptions: self.assumptions(mesh), gaps, elsewhere, findings, ignored }
    }

    fn workloads<'a>(&'a self, mesh: &'a Mesh<'_>) -> impl Iterator<Item = &'a Workload> {
        let callers: Box<dyn Iterator<Item = WorkloadIndex>> = if self.all_callers {
            Box::new(mesh.snapshot.indexes())
        } else {
            Box::new(self.callers.iter().copied())
        };
        let destinations = self.destinations.iter().copied();
        destinations.chain(callers).filter_map(|index| mesh.workload(index))
    }

    fn of_destinations<'a>(&'a self, mesh: &'a Mesh<'_>) -> impl Iterator<Item = &'a Workload> {
        self.destinations.iter().filter_map(|index| mesh.workload(*index))
    }
}
