//! The two stretches of a way through a waypoint: from a captured client to the waypoint's Envoy, which asks the
//! policies that are attached to it, and from there to the destination, which sees the waypoint and not the client.
//!
//! Nothing of the second stretch depends on who called, so that it is judged once (ztunnel src/proxy/outbound.rs,
//! `build_request`; istio pilot/pkg/xds/endpoints/endpoint_builder.go: over HBONE if the endpoint takes it, else
//! plaintext).

use crate::codes::Reason;
use crate::model::{Peer, ResourceRef, Sender, WorkloadIndex};
use crate::policy::beside::{Way, takes_hbone};
use crate::policy::decision::{By, Cell, Decision, Gate, GateOutcome, Hop, Judgement};
use crate::policy::evaluate::judge_stretch;
use crate::policy::fold::Domain;
use crate::policy::join::{Attribute, combine, join};
use crate::policy::select::Applied;
use crate::policy::sidecar::Change;
use crate::policy::waypoint::local::Share;
use crate::policy::waypoint::{InFront, Instances, Waypoint};

use super::resolve::Destination;
use super::{Flow, blocked, divide, envoy, network_policy};

/// The pod of the waypoint that takes the connection.
const INSTANCE: Attribute = Attribute { name: "waypoint.workload", reason: Reason::WaypointDecides };

/// What those get who go through the waypoint.
pub(super) fn through<D: Domain>(
    domain: &D,
    flow: &Flow<'_>,
    waypoint: &Waypoint,
    cells: Vec<Cell<D::Set>>,
) -> Vec<Cell<D::Set>> {
    if cells.is_empty() {
        return cells;
    }
    let cells = to_the_waypoint(domain, flow, waypoint, cells);
    let mtls = Judgement::new(Gate::PeerAuthentication, GateOutcome::Pass, Reason::MtlsSatisfied);
    let mut cells = divide(domain, cells, &[(domain.all(), mtls)]);
    let parts = match &waypoint.changed {
        Some(change) => envoy::changed(domain, &change.by),
        None => envoy::parts(domain, flow.mesh, &waypoint.enforced, &waypoint.request, &waypoint.tokens),
    };
    cells = divide(domain, cells, &parts);
    let onwards = onwards(flow, waypoint);
    for cell in &mut cells {
        cell.decision.go_on(Hop::Waypoint, onwards.clone());
    }
    cells
}

/// What the network says of the way to the waypoint's pods.
fn to_the_waypoint<D: Domain>(
    domain: &D,
    flow: &Flow<'_>,
    waypoint: &Waypoint,
    cells: Vec<Cell<D::Set>>,
) -> Vec<Cell<D::Set>> {
    let destinations = waypoint.instances.destinations();
    if destinations.is_empty() {
        let ready = !matches!(waypoint.instances, Instances::NotReady);
        return network_policy::to_what_is_written(domain, flow.mesh, &waypoint.gateway, ready, cells);
    }
    // Pods that no policy of the network tells apart are asked about once.
    let mut asked: Vec<(Option<crate::policy::PodClass>, Vec<String>, Destination)> = Vec::new();
    for destination in destinations {
        let class = destination.workload().map(|index| flow.mesh.network.class(index));
        let name = destination.name(flow.mesh);
        match asked.iter_mut().find(|(known, ..)| *known == class) {
            Some((_, names, _)) => names.push(name),
            None => asked.push((class, vec![name], destination)),
        }
    }
    let worlds = asked.into_iter().map(|(_, names, destination)| {
        let workload = destination.workload().and_then(|index| flow.mesh.workload(index));
        let applied = Applied::default();
        let to_pod = Flow {
            mesh: flow.mesh,
            destination: &destination,
            workload,
            applied: &applied,
            in_front: &InFront::Nothing,
            beside: None,
        };
        (names, network_policy::through(domain, &to_pod, cells.clone()))
    });
    join(domain, INSTANCE, worlds.collect())
}

/// What the waypoint gets at the destination.
fn onwards(flow: &Flow<'_>, waypoint: &Waypoint) -> Decision {
    let mut without: Vec<String> = Vec::new();
    let senders: Vec<(Vec<String>, Peer)> = match &waypoint.instances {
        Instances::Running(pods) => {
            let share = |index: &WorkloadIndex| Share::of(flow.mesh, *index, flow.destination);
            without
                .extend(pods.iter().filter(|pod| share(pod) == Share::Nothing).map(|pod| name(flow, *pod)));
            let given = pods.iter().filter(|pod| share(pod) == Share::This);
            given.filter_map(|index| instance(flow, *index)).collect()
        }
        Instances::Written(identity) => {
            let peer = Peer { identity: Some(identity.clone()), address: None, sender: Sender::Unread };
            vec![(vec![waypoint.gateway.to_string()], peer)]
        }
        Instances::NotReady => return Decision::default(),
    };
    if let Some(Change { by, .. }) = &waypoint.changed {
        return goes_elsewhere(by.reason, &by.object);
    }
    if let Some(object) = &waypoint.elsewhere {
        return goes_elsewhere(Reason::KindNotJudged, object);
    }
    let mut answers: Vec<(Vec<String>, Decision)> = Vec::new();
    for (names, peer) in senders {
        let decision = judge_stretch(flow.mesh, &arrives(flow, peer), flow.destination, Way::Hbone);
        match answers.iter_mut().find(|(_, known)| *known == decision) {
            Some((known, _)) => known.extend(names),
            None => answers.push((names, decision)),
        }
    }
    if answers.is_empty() || !without.is_empty() {
        answers.push((without, blocked(Reason::NoEndpoint, false)));
    }
    combine(INSTANCE, &answers)
}

/// Which way it goes on is for an object to say that is not judged.
fn goes_elsewhere(reason: Reason, object: &ResourceRef) -> Decision {
    let unknown = Judgement::new(Gate::Transport, GateOutcome::Unknown, reason);
    Decision { gates: vec![unknown.by(By::Object(object.clone()))], conditions: Vec::new() }
}

/// A pod of the waypoint as a peer.
fn instance(flow: &Flow<'_>, index: WorkloadIndex) -> Option<(Vec<String>, Peer)> {
    let workload = flow.mesh.workload(index)?;
    let address = crate::policy::arrival::address_of(workload, flow.workload);
    let peer = Peer { identity: Some(workload.identity.clone()), address, sender: Sender::Workload(index) };
    Some((vec![name(flow, index)], peer))
}

fn name(flow: &Flow<'_>, index: WorkloadIndex) -> String {
    flow.mesh.workload(index).map(|workload| workload.reference.to_string()).unwrap_or_default()
}

/// Its identity arrives where HBONE is taken.
fn arrives(flow: &Flow<'_>, peer: Peer) -> Peer {
    let taken = flow.workload.is_some_and(takes_hbone);
    if taken { peer } else { Peer { identity: None, ..peer } }
}

/// That the connection goes to a waypoint.
pub(super) fn goes_there(waypoint: &Waypoint) -> Judgement {
    let gateway = By::Object(waypoint.gateway.clone());
    match waypoint.instances {
        Instances::NotReady => {
            Judgement::new(Gate::Transport, GateOutcome::Block, Reason::WaypointNotReady).by(gateway)
        }
        _ => Judgement::new(Gate::Transport, GateOutcome::Pass, Reason::Waypoint).by(gateway),
    }
}
