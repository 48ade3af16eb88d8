//! Whether a NetworkPolicy isolates either end. What it lets through is not judged: an isolated pod makes the
//! answer unknown, never allowed.

use crate::codes::Reason;
use crate::model::{ResourceRef, Workload};
use crate::policy::decision::{By, Gate, GateOutcome, Judgement};
use crate::policy::fold::Domain;
use crate::policy::mesh::{Direction, Mesh};

use super::{Flow, Parts};

/// What holds for a source is known only once it is: [`of_source`].
pub(super) fn egress<D: Domain>(domain: &D) -> Parts<D::Set> {
    vec![(domain.all(), not_isolated(Gate::NetworkPolicyEgress))]
}

pub(super) fn ingress<D: Domain>(domain: &D, flow: &Flow<'_>) -> Parts<D::Set> {
    let judgement = flow.workload.map(|workload| of_destination(flow.mesh, workload));
    vec![(domain.all(), judgement.unwrap_or_else(|| not_isolated(Gate::NetworkPolicyIngress)))]
}

/// What holds for what comes to a workload.
pub(in crate::policy) fn of_destination(mesh: &Mesh<'_>, to: &Workload) -> Judgement {
    judgement(Gate::NetworkPolicyIngress, mesh.isolating(to, Direction::Ingress))
}

/// What holds for what a workload sends.
pub(in crate::policy) fn of_source(mesh: &Mesh<'_>, source: &Workload) -> Judgement {
    of_isolated(mesh.isolating(source, Direction::Egress))
}

/// What holds for what is sent by a workload that these objects isolate.
pub(in crate::policy) fn of_isolated(by: Vec<ResourceRef>) -> Judgement {
    judgement(Gate::NetworkPolicyEgress, by)
}

fn judgement(gate: Gate, isolating: Vec<ResourceRef>) -> Judgement {
    match isolating.into_iter().min() {
        Some(first) => {
            let read =
                if *first.name == *"*" { Reason::PolicyUnreadable } else { Reason::NetworkPolicyNotJudged };
            Judgement::new(gate, GateOutcome::Unknown, read).by(By::Object(first))
        }
        None => not_isolated(gate),
    }
}

fn not_isolated(gate: Gate) -> Judgement {
    Judgement::new(gate, GateOutcome::NotApplicable, Reason::NotIsolated)
}
