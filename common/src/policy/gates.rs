//! The gates that a connection passes, each answering for one peer and for all peers at once.
//!
//! A gate divides the peers: those that it lets through, those that it stops and why. Cells of peers with the
//! same answer so far are divided gate by gate, in the fixed order of [`Gate::ALL`].

mod authorization;
pub(super) mod envoy;
pub(super) mod network_policy;
mod peer_authentication;
pub(super) mod resolve;
mod sidecar;
pub(super) mod transport;
mod waypoint;

use crate::codes::Reason;
use crate::model::Workload;

use super::beside::Beside;
use super::decision::{By, Cell, Decision, Gate, GateOutcome, Judgement, Verdict};
use super::fold::Domain;
use super::mesh::Mesh;
use super::select::Applied;
use super::waypoint::InFront;
use resolve::Destination;

/// Peers, and what a gate says of them. The parts of a gate are everyone.
pub(super) type Parts<S> = Vec<(S, Judgement)>;

/// One way into one destination.
pub(super) struct Flow<'a> {
    pub(super) mesh: &'a Mesh<'a>,
    pub(super) destination: &'a Destination,
    pub(super) workload: Option<&'a Workload>,
    pub(super) applied: &'a Applied,
    /// What captured clients go through on their way.
    pub(super) in_front: &'a InFront,
    /// The sidecar at the destination.
    pub(super) beside: Option<&'a Beside>,
}

/// What all gates say of all peers of the domain, for one destination.
pub(super) fn judge<D: Domain>(domain: &D, flow: &Flow<'_>) -> Vec<Cell<D::Set>> {
    let resolved = Judgement::new(Gate::Resolve, GateOutcome::Pass, Reason::Resolved);
    let mut cells = vec![Cell { peers: domain.all(), decision: Decision::default() }];
    cells = divide(domain, cells, &[(domain.all(), resolved)]);
    cells = divide(domain, cells, &transport::parts(domain, flow));
    let (through, direct): (Vec<_>, Vec<_>) =
        cells.into_iter().partition(|cell| transport::goes_through_waypoint(&cell.decision));
    let mut cells = at_destination(domain, flow, direct);
    if let InFront::Waypoint(in_front) = flow.in_front {
        cells.extend(waypoint::through(domain, flow, in_front, through));
    }
    if domain.exceeds(cells.len()) || cells.iter().any(|cell| is_too_many(&cell.decision)) {
        return too_many(domain);
    }
    if let Some(workload) = flow.workload.filter(|workload| workload.is_unclear()) {
        let envoy_may_refuse = flow.mesh.has_policies_for(&workload.identity.namespace);
        cells.iter_mut().for_each(|cell| doubt(&mut cell.decision, workload, envoy_may_refuse));
    }
    // What one gate depends on says nothing where another one decides.
    for cell in cells.iter_mut().filter(|cell| cell.decision.verdict() != Verdict::Conditional) {
        cell.decision.conditions.clear();
    }
    cells
}

/// What the gates say, from the network on, of those who arrive without a waypoint in between.
fn at_destination<D: Domain>(domain: &D, flow: &Flow<'_>, cells: Vec<Cell<D::Set>>) -> Vec<Cell<D::Set>> {
    let cells = network_policy::through(domain, flow, cells);
    let judged = |cell: &Cell<D::Set>| transport::reaches_policies(&cell.decision);
    let (judged, past): (Vec<_>, Vec<_>) = cells.into_iter().partition(judged);
    let mut cells = match flow.beside {
        Some(beside) => sidecar::policies(domain, flow, beside, judged),
        None => {
            let cells = divide(domain, judged, &peer_authentication::parts(domain, flow));
            divide(domain, cells, &authorization::parts(domain, flow))
        }
    };
    cells.extend(past.into_iter().map(|mut cell| {
        let rest = [Gate::PeerAuthentication, Gate::Authorization];
        cell.decision.gates.extend(rest.map(|gate| transport::past_policies(gate, &cell.decision)));
        cell
    }));
    cells
}

/// What nobody knows to be in the mesh was judged as if it were: what then lets a connection in lets it in either
/// way, what refuses it may not be there. The labels that nobody knows may also ask for a sidecar, which reads
/// policies in its own way (pilot/pkg/security/authz/builder/builder.go).
fn doubt(decision: &mut Decision, workload: &Workload, envoy_may_refuse: bool) {
    let namespace = workload.namespace();
    let of_network = |gate: Gate| matches!(gate, Gate::NetworkPolicyEgress | Gate::NetworkPolicyIngress);
    let in_doubt = |judgement: &Judgement| match judgement.outcome {
        // What the network refuses it refuses either way.
        GateOutcome::Block => !of_network(judgement.gate),
        GateOutcome::Pass => envoy_may_refuse && judgement.gate == Gate::Transport,
        _ => false,
    };
    for judgement in decision.gates.iter_mut().filter(|judgement| in_doubt(judgement)) {
        let unknown = Judgement::new(judgement.gate, GateOutcome::Unknown, Reason::NamespaceNotRead);
        *judgement = unknown.by(By::Object(namespace.clone()));
    }
}

/// A connection that reaches no destination.
pub(super) fn blocked(reason: Reason, unknown: bool) -> Decision {
    let outcome = if unknown { GateOutcome::Unknown } else { GateOutcome::Block };
    let mut gates = vec![Judgement::new(Gate::Resolve, outcome, reason)];
    gates.extend(Gate::ALL.into_iter().skip(1).map(Judgement::not_reached));
    Decision { gates, conditions: Vec::new() }
}

/// Divides cells by the parts of a gate.
fn divide<D: Domain>(
    domain: &D,
    cells: Vec<Cell<D::Set>>,
    parts: &[(D::Set, Judgement)],
) -> Vec<Cell<D::Set>> {
    let mut divided = Vec::with_capacity(cells.len() + parts.len());
    for cell in cells {
        for (peers, judgement) in parts {
            let both = domain.and(peers.clone(), &cell.peers);
            if !domain.is_none(&both) {
                let mut decision = cell.decision.clone();
                decision.push(judgement.clone());
                divided.push(Cell { peers: both, decision });
            }
        }
    }
    divided
}

/// One answer for everyone, when there would be too many.
pub(super) fn too_many<D: Domain>(domain: &D) -> Vec<Cell<D::Set>> {
    vec![Cell { peers: domain.all(), decision: blocked(Reason::TooManyGroups, true) }]
}

/// Whether a decision stands for answers that are too many.
pub(super) fn is_too_many(decision: &Decision) -> bool {
    decision.gates.iter().any(|judgement| judgement.reason == Reason::TooManyGroups)
}
