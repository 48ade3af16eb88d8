//! One connection: who calls, where it ends up, what every gate says.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::codes::Reason;
use crate::model::{Kind, Peer, ResourceRef, Workload, WorkloadIndex};

use super::arrival::{Arrival, Caller, Doubt, either, exempt, node_decides, unserved, without_judging};
use super::beside::Way;
use super::decision::{By, Decision, GateOutcome};
use super::family::Family;
use super::fold::Domain;
use super::gates::blocked;
use super::gates::network_policy::with_evidence;
use super::gates::resolve::{Destination, Resolution};
use super::gates::transport::why_unclear;
use super::ir::{Authorization, Block, ServiceAccountMatch, StringMatch};
use super::join::{DESTINATION, SOURCE_IP, combine};
use super::mesh::Mesh;
use super::network::{ClassSet, EndKind};
use super::peer_set::blocks::Blocks;
use super::reach::{Variant, in_all_worlds, nowhere, variants};
use super::sets::One;
use super::waypoint::local::shared;
use super::waypoint::{addressed, may_stand_in_front};

/// What a caller's connection gets.
#[must_use]
pub fn evaluate(mesh: &Mesh<'_>, caller: &Caller, resolution: &Resolution) -> Decision {
    if let Caller::Address(address) = caller
        && let Some(entry) = mesh.snapshot.entry_at(*address)
    {
        return not_judged(entry);
    }
    let destinations = match (resolution, nowhere(resolution)) {
        (_, Some((reason, unknown))) => return blocked(reason, unknown),
        (Resolution::Destinations(destinations), _) => destinations,
        _ => return blocked(Reason::NotFound, true),
    };
    let destinations = without_itself(mesh, caller, destinations);
    let destinations = on_its_node(mesh, caller, &destinations);
    if destinations.is_empty() {
        return blocked(Reason::NoEndpoint, false);
    }
    let by_family = Family::of_caller(mesh, caller, &destinations).into_iter().map(|family| {
        let answers: Vec<(Vec<String>, Decision)> = by_arrival(mesh, caller, &destinations, family)
            .into_iter()
            .map(|(arrival, of)| (of.iter().map(|of| of.name(mesh)).collect(), arrive(mesh, &arrival, &of)))
            .collect();
        (family.iter().map(ToString::to_string).collect(), combine(DESTINATION, &answers))
    });
    let by_family: Vec<(Vec<String>, Decision)> = by_family.collect();
    let decision = combine(SOURCE_IP, &by_family);
    match caller {
        Caller::Workload(from) => with_evidence(mesh, decision, *from, &destinations),
        _ => decision,
    }
}

/// What comes from, or goes to, something that is not judged.
fn not_judged(object: ResourceRef) -> Decision {
    let mut decision = blocked(why_unclear(&object), true);
    if let Some(gate) = decision.gates.first_mut() {
        gate.by = Some(By::Object(object));
    }
    decision
}

/// Of several pods that are addressed directly, a caller that is one of them is taken to mean the others: what
/// it gets at its own address, which never leaves the pod, would hide what it gets there.
fn without_itself<'a>(
    mesh: &Mesh<'_>,
    caller: &Caller,
    destinations: &'a [Destination],
) -> Cow<'a, [Destination]> {
    let Caller::Workload(index) = caller else { return Cow::Borrowed(destinations) };
    let is_pod = mesh.workload(*index).is_some_and(|workload| workload.reference.kind == Kind::Pod);
    let is_itself = |of: &Destination| of.is_dialled_directly(mesh) && of.workload() == Some(*index);
    if !is_pod || destinations.len() < 2 || !destinations.iter().any(is_itself) {
        return Cow::Borrowed(destinations);
    }
    Cow::Owned(destinations.iter().filter(|of| !is_itself(of)).cloned().collect())
}

/// With internalTrafficPolicy Local, the endpoints of the caller's node, where that is known (ztunnel src/state.rs,
/// `load_balance`).
fn on_its_node<'a>(
    mesh: &Mesh<'_>,
    caller: &Caller,
    destinations: &'a [Destination],
) -> Cow<'a, [Destination]> {
    let node = match caller {
        Caller::Workload(index) => mesh.workload(*index).and_then(|workload| workload.node.as_ref()),
        Caller::Node(node, _) => Some(node),
        Caller::Identity(_) | Caller::Address(_) | Caller::Outside => None,
    };
    // Through a waypoint it is the nodes of its pods that count, not the caller's.
    let is_captured = |index: &WorkloadIndex| mesh.workload(*index).is_some_and(Workload::is_captured);
    let captured = matches!(caller, Caller::Workload(index) if is_captured(index));
    let is_local = |of: &Destination| {
        let local = |at: usize| mesh.snapshot.services.get(at).is_some_and(|service| service.local_only);
        of.service.is_some_and(local) && !(captured && may_stand_in_front(mesh, of))
    };
    if captured && destinations.iter().all(|of| is_local_behind_waypoint(mesh, of)) {
        return Cow::Owned(shared(mesh, destinations));
    }
    let node_of = |of: &Destination| mesh.workload(of.workload()?)?.node.as_ref();
    let Some(node) = node.filter(|_| destinations.iter().all(|of| is_local(of) && node_of(of).is_some()))
    else {
        return Cow::Borrowed(destinations);
    };
    Cow::Owned(destinations.iter().filter(|of| node_of(of) == Some(node)).cloned().collect())
}

fn is_local_behind_waypoint(mesh: &Mesh<'_>, destination: &Destination) -> bool {
    addressed(mesh, destination).is_some_and(|service| service.local_only)
        && may_stand_in_front(mesh, destination)
}

/// Destinations at which the caller arrives in the same way.
fn by_arrival(
    mesh: &Mesh<'_>,
    caller: &Caller,
    destinations: &[Destination],
    family: Option<Family>,
) -> Vec<(Arrival, Vec<Destination>)> {
    let mut groups: Vec<(Arrival, Vec<Destination>)> = Vec::new();
    for destination in destinations {
        let arrival = caller.arrival(mesh, destination, family);
        match groups.iter_mut().find(|(known, _)| *known == arrival) {
            Some((_, group)) => group.push(destination.clone()),
            None => groups.push((arrival, vec![destination.clone()])),
        }
    }
    groups
}

fn arrive(mesh: &Mesh<'_>, arrival: &Arrival, destinations: &[Destination]) -> Decision {
    match arrival {
        Arrival::As(peer) => judge_peer(mesh, peer, destinations),
        Arrival::Sent(peer, way) => judge_on(mesh, peer, destinations, *way),
        Arrival::Either { identity, plaintext, doubt } => {
            // An Envoy goes past waypoints, whatever it sends.
            let ways: &[Way] = match doubt {
                Doubt::Envoy(_) => &[Way::Hbone, Way::Mtls],
                Doubt::Namespace(_) => &[Way::Captured],
            };
            let with_identity = ways.iter().map(|way| judge_on(mesh, identity, destinations, *way));
            let way = ways.first().copied().unwrap_or(Way::Captured);
            let plaintext = judge_on(mesh, plaintext, destinations, way);
            either(with_identity.collect(), &plaintext, doubt.clone())
        }
        Arrival::Past(Reason::HostExempt) => exempt(mesh, destinations),
        Arrival::Past(reason) => without_judging(GateOutcome::Pass, *reason),
        Arrival::Stopped(serving, namespace) => unserved(*serving, namespace.clone()),
        Arrival::NodeDecides(peer) => {
            node_decides(exempt(mesh, destinations), judge_peer(mesh, peer, destinations))
        }
    }
}

/// What a peer gets, as it arrives. An address that is not known and that rules ask for makes it conditional.
#[must_use]
pub fn judge_peer(mesh: &Mesh<'_>, peer: &Peer, destinations: &[Destination]) -> Decision {
    judge_on(mesh, peer, destinations, Way::Captured)
}

/// What a peer gets on one stretch of the way to one destination.
pub(super) fn judge_stretch(mesh: &Mesh<'_>, peer: &Peer, destination: &Destination, way: Way) -> Decision {
    judge_on(mesh, peer, std::slice::from_ref(destination), way)
}

fn judge_on(mesh: &Mesh<'_>, peer: &Peer, destinations: &[Destination], way: Way) -> Decision {
    let on_a_node = matches!(mesh.end_of(peer), EndKind::Node(_) | EndKind::HostPod(_, Some(_)));
    let variants = variants(mesh, destinations, on_a_node, way);
    let blocks = source_blocks(mesh, &variants);
    let from = |address: Option<IpAddr>| {
        let peer = Peer { address, ..peer.clone() };
        let principal = peer.identity.as_ref().map(crate::model::Identity::principal);
        let trust_domain = mesh.identities().trust_domain().as_str();
        let one = |destination, port| OnePeer {
            sender: mesh.end_of(&peer),
            peer: &peer,
            principal: principal.as_deref(),
            trust_domain,
            destination,
            port,
        };
        let cells = in_all_worlds(mesh, &variants, one, &one(None, None));
        cells.into_iter().map(|cell| cell.decision).next().unwrap_or_default()
    };
    if peer.address.is_some() || !blocks.divide() {
        return from(peer.address.map(|address| address.to_canonical()));
    }
    let mut answers: Vec<(Vec<usize>, Decision)> = Vec::new();
    for (position, decision) in (0..blocks.len()).map(|at| (at, from(blocks.example(at)))) {
        match answers.iter_mut().find(|(_, known)| *known == decision) {
            Some((positions, _)) => positions.push(position),
            None => answers.push((vec![position], decision)),
        }
    }
    let named = |(positions, decision): (Vec<usize>, Decision)| {
        (blocks.cover(&positions).iter().map(ToString::to_string).collect(), decision)
    };
    combine(SOURCE_IP, &answers.into_iter().map(named).collect::<Vec<_>>())
}

fn source_blocks(mesh: &Mesh<'_>, variants: &[Variant<'_>]) -> Blocks {
    let policies = variants.iter().flat_map(|variant| variant.policies(mesh));
    let matches = policies.flat_map(Authorization::matches);
    let of_network = variants.iter().flat_map(|variant| variant.network_blocks(mesh));
    let at_envoys = variants.iter().flat_map(Variant::at_envoys).collect::<Vec<_>>();
    let at_envoys = at_envoys.iter().flat_map(|one| one.source_ips.items().copied());
    Blocks::new(
        &matches
            .flat_map(|one| one.source_ips.items().copied())
            .chain(of_network)
            .chain(at_envoys)
            .collect::<Vec<_>>(),
    )
}

/// One peer: a set of one, so true or false.
struct OnePeer<'a> {
    peer: &'a Peer,
    /// What it is to the network.
    sender: EndKind<'a>,
    /// Its identity without `spiffe://`.
    principal: Option<&'a str>,
    trust_domain: &'a str,
    destination: Option<IpAddr>,
    port: Option<u16>,
}

impl One for OnePeer<'_> {}

impl Domain for OnePeer<'_> {
    fn identities(&self) -> bool {
        self.peer
            .identity
            .as_ref()
            .is_some_and(|identity| identity.trust_domain.as_str() == self.trust_domain)
    }

    fn plaintext(&self) -> bool {
        self.peer.identity.is_none()
    }

    fn foreign(&self) -> bool {
        !self.identities() && !self.plaintext()
    }

    fn namespace(&self, wanted: &StringMatch) -> bool {
        wanted.matches(self.peer.identity.as_ref().map_or("", |identity| identity.namespace.as_str()))
    }

    fn service_account(&self, wanted: &ServiceAccountMatch) -> bool {
        self.peer.identity.as_ref().is_some_and(|identity| {
            identity.namespace == wanted.namespace && identity.service_account == wanted.service_account
        })
    }

    fn principal(&self, wanted: &StringMatch) -> bool {
        self.principal.is_some_and(|principal| wanted.matches(principal))
    }

    fn source_ip(&self, block: &Block) -> bool {
        !block.is_mapped() && self.peer.address.is_some_and(|address| block.contains(&address))
    }

    fn by_sender<K: PartialEq>(
        &self,
        within: &bool,
        addressed: bool,
        _: impl FnOnce() -> Vec<ClassSet>,
        mut of: impl FnMut(EndKind<'_>, Option<IpAddr>) -> K,
    ) -> Vec<(bool, K)> {
        vec![(*within, of(self.sender, self.peer.address.filter(|_| addressed)))]
    }

    fn destination_ip(&self, block: &Block) -> bool {
        !block.is_mapped() && self.destination.is_some_and(|address| block.contains(&address))
    }

    fn destination_port(&self, port: u16) -> bool {
        self.port == Some(port)
    }
}
