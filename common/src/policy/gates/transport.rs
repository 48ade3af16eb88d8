//! Which way a connection travels to its destination, and which identity arrives.
//!
//! ztunnel src/proxy/inbound.rs and inbound_passthrough.rs: over HBONE the peer's identity is that of its
//! certificate, of the destination's own trust domain (src/tls/workload.rs); plaintext has none. Both are
//! judged by the same policies. What no ztunnel redirects is judged by none.

use crate::codes::Reason;
use crate::istio::HBONE_PORT;
use crate::model::{DataPlane, Kind, ResourceRef, Serving, Workload};
use crate::policy::decision::{By, Decision, Gate, GateOutcome, Judgement};
use crate::policy::fold::Domain;
use crate::policy::mesh::Mesh;
use crate::policy::waypoint::{InFront, binding_of_pod, may_be_bound};
use crate::snapshot::Service;

use super::resolve::{At, Destination};
use super::{Flow, Parts, sidecar, waypoint};

/// ztunnel's own ports: src/config.rs, `illegal_ports`.
pub(super) const OWN_PORTS: [u16; 3] = [15001, 15006, HBONE_PORT];

pub(super) fn parts<D: Domain>(domain: &D, flow: &Flow<'_>) -> Parts<D::Set> {
    let everyone = |outcome, reason| vec![(domain.all(), transport(outcome, reason))];
    let past = |reason| unguarded(domain, flow, reason);
    let Some(workload) = flow.workload else {
        let snapshot = flow.mesh.snapshot;
        let unclear = match &flow.destination.at {
            At::Address(address) => snapshot.entry_at(*address),
            At::Node(node) => snapshot.published_at(node, flow.destination.port),
            At::Workload(_) => None,
        };
        return match unclear {
            Some(of) => {
                let unknown = transport(GateOutcome::Unknown, why_unclear(&of));
                vec![(domain.all(), unknown.by(By::Object(of)))]
            }
            None => past(Reason::NotCaptured),
        };
    };
    match workload.capture.data_plane {
        DataPlane::None => return past(Reason::NotCaptured),
        DataPlane::Sidecar => {
            return match flow.beside {
                Some(beside) => sidecar::arrives(domain, flow, beside),
                None => {
                    let unknown = transport(GateOutcome::Unknown, Reason::SidecarNotJudged);
                    vec![(domain.all(), unknown.by(By::Object(workload.owner.clone())))]
                }
            };
        }
        DataPlane::Ambient => {}
    }
    match workload.capture.serving {
        Serving::Served => {}
        Serving::Unclear => return vec![(domain.all(), behind(workload.namespace()))],
        // Nobody sends HBONE to it, and plaintext is not redirected.
        _ if workload.capture.bypass_inbound => return past(Reason::InboundBypassed),
        Serving::Pending => return everyone(GateOutcome::Block, Reason::RedirectionPending),
        Serving::Undiscovered => return everyone(GateOutcome::Unknown, Reason::NotDiscovered),
    }
    if flow.destination.port.is_some_and(|port| OWN_PORTS.contains(&port)) {
        return everyone(GateOutcome::Block, Reason::SelfCall);
    }
    vec![
        (domain.identities(), over_hbone(flow, workload)),
        (domain.plaintext(), as_plaintext(flow, workload)),
        (domain.foreign(), foreign(flow)),
    ]
}

fn transport(outcome: GateOutcome, reason: Reason) -> Judgement {
    Judgement::new(Gate::Transport, outcome, reason)
}

/// Whether the connection goes through a waypoint that is judged.
pub(super) fn goes_through_waypoint(decision: &Decision) -> bool {
    let transport = decision.gate(Gate::Transport).map(|transport| transport.reason);
    matches!(transport, Some(Reason::Waypoint | Reason::WaypointNotReady))
}

/// What captured clients go through, if anything stands in front.
pub(super) fn in_front(flow: &Flow<'_>) -> Option<Judgement> {
    match flow.in_front {
        InFront::Nothing => None,
        InFront::Waypoint(waypoint) => Some(waypoint::goes_there(waypoint)),
        InFront::Unclear(object) => Some(behind(object.clone())),
    }
}

/// Through a waypoint that this object may be bound to, or that this Namespace may name, which was not read.
fn behind(object: ResourceRef) -> Judgement {
    let reason = match object.kind {
        Kind::Namespace => Reason::NamespaceNotRead,
        _ => Reason::WaypointNotJudged,
    };
    transport(GateOutcome::Unknown, reason).by(By::Object(object))
}

/// What no ztunnel stands in front of takes everything, but for what a waypoint of captured clients stops.
fn unguarded<D: Domain>(domain: &D, flow: &Flow<'_>, reason: Reason) -> Parts<D::Set> {
    let past = transport(GateOutcome::Pass, reason);
    match (in_front(flow), flow.in_front) {
        (None, _) => vec![(domain.all(), past)],
        (Some(there), InFront::Waypoint(_)) => {
            let others = domain.without(domain.all(), &domain.identities());
            vec![(domain.identities(), there), (others, past)]
        }
        // Who is no such client is not told apart.
        (Some(unclear), _) => vec![(domain.all(), unclear)],
    }
}

/// ztunnel takes no identity of another trust domain, whatever aliases there are; a waypoint takes those that Envoys do.
pub(super) fn foreign(flow: &Flow<'_>) -> Judgement {
    let refused = || transport(GateOutcome::Block, Reason::TrustDomainMismatch);
    let taken = flow.mesh.snapshot.settings.envoys_take_other_trust_domains();
    match (in_front(flow), flow.in_front) {
        (None, _) => refused(),
        (Some(_), InFront::Waypoint(waypoint)) if !taken && waypoint.keeps_handshake() => refused(),
        (Some(_), InFront::Waypoint(waypoint)) => behind(waypoint.gateway.clone()),
        (Some(unclear), _) => unclear,
    }
}

/// Captured clients go through the waypoint of what they address, if there is one.
fn over_hbone(flow: &Flow<'_>, workload: &Workload) -> Judgement {
    if let Some(judgement) = in_front(flow) {
        return judgement;
    }
    let bound = auto_allowed(flow.mesh, flow.destination, workload);
    bound.map_or_else(|| transport(GateOutcome::Pass, Reason::Hbone), behind)
}

fn as_plaintext(flow: &Flow<'_>, workload: &Workload) -> Judgement {
    if workload.capture.bypass_inbound {
        return transport(GateOutcome::Pass, Reason::InboundBypassed);
    }
    let bound = auto_allowed(flow.mesh, flow.destination, workload);
    bound.map_or_else(|| transport(GateOutcome::Pass, Reason::Plaintext), behind)
}

/// The object for whose waypoint istiod may add an ALLOW to the pod's policies, whichever way the pod is called:
/// the pod, or any Service in front of it (workloads.go, `implicitWaypointPolicies`; policies.go,
/// `implicitWaypointPolicy`).
pub(in crate::policy) fn auto_allowed(
    mesh: &Mesh<'_>,
    destination: &Destination,
    workload: &Workload,
) -> Option<ResourceRef> {
    let snapshot = mesh.snapshot;
    if !snapshot.settings.istiod.auto_allows_waypoints {
        return None;
    }
    let index = destination.workload()?;
    let services = snapshot.services_of(index);
    let of_service =
        |service: &Service| may_be_bound(&service.reference, &snapshot.waypoint_of_service(service)).cloned();
    let of_pod = || may_be_bound(&workload.reference, &binding_of_pod(snapshot, workload)).cloned();
    services.filter_map(of_service).next().or_else(of_pod)
}

/// Why nothing can be said of what may be at an address: a machine that is not judged, or something among what
/// was not read.
pub(in crate::policy) fn why_unclear(at: &ResourceRef) -> Reason {
    if *at.name == *"*" { Reason::EndpointUnclear } else { Reason::KindNotJudged }
}

/// Whether the policies of the destination are asked.
pub(super) fn reaches_policies(decision: &Decision) -> bool {
    decision.gate(Gate::Transport).is_some_and(|transport| {
        transport.outcome == GateOutcome::Pass
            && matches!(transport.reason, Reason::Hbone | Reason::Mtls | Reason::Plaintext)
    })
}

/// What a gate of policies says of a connection that does not come to it.
pub(super) fn past_policies(gate: Gate, decision: &Decision) -> Judgement {
    match decision.gate(Gate::Transport) {
        Some(transport) if transport.outcome == GateOutcome::Unknown => {
            let judgement = Judgement::new(gate, GateOutcome::Unknown, transport.reason);
            Judgement { by: transport.by.clone(), ..judgement }
        }
        _ => Judgement::not_reached(gate),
    }
}
