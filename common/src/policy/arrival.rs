//! Who calls, and how the call arrives: with which identity, from which address, or past ztunnel.
//!
//! A captured workload reaches a captured one over HBONE with its identity; everything else arrives as
//! plaintext (ztunnel src/proxy/outbound.rs, `build_request`). Processes on the destination's own node are let
//! past ztunnel so that probes work (istio-cni's iptables and nftables rules).

use std::net::IpAddr;

use crate::codes::Reason;
use crate::istio::{EAST_WEST_CONTROLLER, MANAGED};
use crate::model::{
    DataPlane, Identity, Kind, Name, Namespace, Peer, ProxyKind, ResourceRef, Sender, Serving, Workload,
    WorkloadIndex,
};
use crate::snapshot::{Backend, Place};

use super::beside::{Way, takes_hbone};
use super::decision::{By, Decision, Gate, GateOutcome, Judgement, Verdict};
use super::family::Family;
use super::gates::network_policy;
use super::gates::resolve::{At, Destination};
use super::join::{Attribute, combine};
use super::mesh::Mesh;
use super::sidecar::Unclear;
use super::sidecar::outbound::{Dial, Outbound, Why};
use super::waypoint::{addressed, may_stand_in_front};

/// Who calls.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Caller {
    /// A pod or template.
    Workload(WorkloadIndex),
    /// An identity that nothing runs as.
    Identity(Identity),
    /// An address of nothing that was read.
    Address(IpAddr),
    /// A process on a node, from an address of the node if one was asked for.
    Node(Name, Option<IpAddr>),
    /// No identity, no address that is known.
    Outside,
}

/// Why it is not known whether a caller's identity arrives.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Doubt {
    /// How an Envoy sends cannot be told, because of this.
    Envoy(Unclear),
    /// The caller's Namespace was not read.
    Namespace(ResourceRef),
}

/// How a call arrives.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Arrival {
    /// As this peer.
    As(Peer),
    /// As this peer, from an Envoy: past waypoints.
    Sent(Peer, Way),
    /// With its identity or as plaintext, which is not known.
    Either {
        /// With its identity.
        identity: Peer,
        /// As plaintext.
        plaintext: Peer,
        /// What it is up to.
        doubt: Doubt,
    },
    /// Past ztunnel.
    Past(Reason),
    /// Not at all, as far as is known: no ztunnel serves the caller of this Namespace.
    Stopped(Serving, ResourceRef),
    /// Past ztunnel or as this peer, which the node decides.
    NodeDecides(Peer),
}

impl Caller {
    /// The callers that a place stands for.
    #[must_use]
    pub fn of(place: &Place, services: &[crate::snapshot::Service]) -> Vec<Self> {
        match place {
            Place::Workloads(workloads) => workloads.iter().copied().map(Self::Workload).collect(),
            Place::Service(at) => {
                let backends =
                    services.get(*at).map(|service| service.backends.as_slice()).unwrap_or_default();
                let caller = |backend: &Backend| match backend {
                    Backend::Workload { index, .. } => Some(Self::Workload(*index)),
                    Backend::Address { address, .. } => Some(Self::Address(*address)),
                    Backend::Unclear => None,
                };
                backends.iter().filter_map(caller).collect()
            }
            Place::Address(address) => vec![Self::Address(*address)],
            Place::Node(node, address) => vec![Self::Node(node.clone(), *address)],
            Place::Outside => vec![Self::Outside],
            Place::Identity(identity) => vec![Self::Identity(identity.clone())],
        }
    }

    /// How the caller's connection arrives at a destination, over one family of addresses if that is given.
    #[must_use]
    pub fn arrival(&self, mesh: &Mesh<'_>, destination: &Destination, family: Option<Family>) -> Arrival {
        let to = match &destination.at {
            At::Workload(index) => mesh.workload(*index),
            At::Address(_) | At::Node(_) => None,
        };
        let captured = to.filter(|workload| workload.is_captured());
        let sender = self.sender();
        let plaintext = |address| Arrival::As(Peer { identity: None, address, sender: sender.clone() });
        match self {
            Self::Outside => plaintext(None),
            Self::Address(address) => plaintext(Some(*address)),
            Self::Identity(identity) => {
                let taken = captured.is_some() || to.is_some_and(Workload::has_envoy);
                let taken = taken || may_stand_in_front(mesh, destination);
                Arrival::As(Peer { identity: taken.then(|| identity.clone()), address: None, sender })
            }
            Self::Node(node, address) => match captured {
                Some(to) => from_node(mesh, node, (*address, sender), to),
                None => plaintext(*address),
            },
            Self::Workload(index) => match mesh.workload(*index) {
                Some(from) => from_workload(mesh, (*index, from), destination, to, family),
                None => plaintext(None),
            },
        }
    }

    /// What a NetworkPolicy sees of the caller.
    fn sender(&self) -> Sender {
        match self {
            Self::Workload(index) => Sender::Workload(*index),
            Self::Node(node, _) => Sender::Node(node.clone()),
            Self::Identity(_) | Self::Address(_) | Self::Outside => Sender::Unread,
        }
    }
}

fn from_workload(
    mesh: &Mesh<'_>,
    (index, from): (WorkloadIndex, &Workload),
    destination: &Destination,
    to: Option<&Workload>,
    family: Option<Family>,
) -> Arrival {
    // Through its Service a pod may get to itself, which no policy of the network sees.
    let is_itself = destination.at == At::Workload(index) && from.reference.kind == Kind::Pod;
    // With a waypoint in between it is the waypoint that calls back.
    let is_itself = is_itself && !(from.is_captured() && may_stand_in_front(mesh, destination));
    let sender = if is_itself { Sender::Itself(index) } else { Sender::Workload(index) };
    // One pod calls itself by its own address, which the rules in the pod let through first; several of one
    // template call each other.
    if destination.at == At::Workload(index)
        && destination.is_dialled_directly(mesh)
        && from.reference.kind == Kind::Pod
    {
        return Arrival::Past(Reason::Loopback);
    }
    if from.is_captured() && from.capture.serving != Serving::Served {
        return Arrival::Stopped(from.capture.serving, from.namespace());
    }
    if from.has_envoy() {
        return from_envoy(mesh, from, destination, to, (address_over(from, to, family), sender));
    }
    let Some(to) = to.filter(|to| takes_hbone(to)) else {
        let plaintext = Peer { identity: None, address: address_over(from, to, family), sender };
        if from.is_captured() && may_stand_in_front(mesh, destination) {
            // Its identity gets as far as the waypoint.
            let with_identity = Peer { identity: Some(from.identity.clone()), ..plaintext.clone() };
            return match from.is_unclear() {
                true => Arrival::Either { identity: with_identity, plaintext, doubt: Doubt::of(from) },
                false => Arrival::As(with_identity),
            };
        }
        return Arrival::As(plaintext);
    };
    let address = address_over(from, Some(to), family);
    let plaintext = Peer { identity: None, address, sender: sender.clone() };
    let with_identity = Peer { identity: Some(from.identity.clone()), address, sender: sender.clone() };
    match from.capture.data_plane {
        DataPlane::Ambient if from.is_unclear() => {
            Arrival::Either { identity: with_identity, plaintext, doubt: Doubt::of(from) }
        }
        DataPlane::Ambient => Arrival::As(with_identity),
        DataPlane::None if from.host_network && to.is_captured() => match &from.node {
            Some(node) => from_node(mesh, node, (address, sender), to),
            None => Arrival::As(plaintext),
        },
        DataPlane::Sidecar | DataPlane::None => Arrival::As(plaintext),
    }
}

/// What an Envoy sends: `sidecar::outbound` says how. It goes past waypoints. One that is a waypoint sends HBONE to who
/// takes it, and knows no mTLS of sidecars (pilot/pkg/xds/endpoints/endpoint_builder.go, `buildEnvoyLbEndpoint`).
fn from_envoy(
    mesh: &Mesh<'_>,
    from: &Workload,
    destination: &Destination,
    to: Option<&Workload>,
    (address, sender): (Option<IpAddr>, Sender),
) -> Arrival {
    let plaintext = Peer { identity: None, address, sender };
    let identity = Peer { identity: Some(from.identity.clone()), ..plaintext.clone() };
    let unclear = |of: Unclear| Arrival::Either {
        identity: identity.clone(),
        plaintext: plaintext.clone(),
        doubt: Doubt::Envoy(of),
    };
    let not_judged = |object: &ResourceRef| unclear(Unclear::not_judged(object.clone()));
    if from.proxy.as_ref().is_some_and(|proxy| proxy.kind == ProxyKind::Waypoint) && !from.host_network {
        return match to.filter(|to| takes_hbone(to)) {
            Some(to) if to.is_unclear() => {
                unclear(Unclear { reason: Reason::NamespaceNotRead, object: to.namespace() })
            }
            Some(_) => Arrival::Sent(identity, Way::Hbone),
            None => Arrival::Sent(plaintext, Way::Hbone),
        };
    }
    let Some((index, to)) = destination.workload().zip(to).filter(|_| !from.host_network) else {
        return not_judged(&from.owner);
    };
    if let Some(of) = through_waypoint(mesh, from, destination) {
        return unclear(of);
    }
    let dial = Dial {
        snapshot: mesh.snapshot,
        modes: mesh.policies.peer_authentications(),
        client: from,
        dialled: destination.dialled,
        service: destination.service,
        to: index,
        port: destination.port,
    };
    match dial.outbound() {
        Outbound::Plaintext(_) => Arrival::Sent(plaintext, Way::Hbone),
        Outbound::Hbone(_) => Arrival::Sent(identity, Way::Hbone),
        Outbound::Mtls(_) if to.has_envoy() => Arrival::Sent(identity, Way::Mtls),
        // What is encrypted comes to an application that does not expect it.
        Outbound::Mtls(Why::Rule(by)) | Outbound::OwnTls { by } => not_judged(&by),
        Outbound::Mtls(_) => not_judged(&from.owner),
        Outbound::Unclear(of) => unclear(of),
    }
}

/// Gateways go through the waypoint of a Service that asks them to, east-west gateways through that of any
/// (pilot/pkg/xds/endpoints/endpoint_builder.go, `findServiceWaypoint`), which is not judged.
fn through_waypoint(mesh: &Mesh<'_>, from: &Workload, destination: &Destination) -> Option<Unclear> {
    let is_sidecar = from.proxy.as_ref().is_some_and(|proxy| proxy.kind == ProxyKind::Sidecar);
    if is_sidecar || !may_stand_in_front(mesh, destination) {
        return None;
    }
    let service = addressed(mesh, destination)?;
    let is_of_the_edge = from.labels.get(MANAGED) == Some(EAST_WEST_CONTROLLER);
    match mesh.snapshot.takes_ingress_through_waypoint(service) {
        Some(false) if !is_of_the_edge => None,
        None if !is_of_the_edge => {
            let namespace = service.reference.namespace.as_ref().map_or("", Namespace::as_str);
            let object = ResourceRef::cluster(Kind::Namespace, namespace);
            Some(Unclear { reason: Reason::NamespaceNotRead, object })
        }
        _ => Some(Unclear { reason: Reason::WaypointNotJudged, object: service.reference.clone() }),
    }
}

/// A process on a node: past ztunnel when the pod runs there too (iptables; nftables lets past what the kubelet's
/// user opens: cni/pkg/nftables, `CreateHostRulesForHealthChecks`). A pod comes into the set of those that are
/// exempt only when ztunnel has taken it (cni/pkg/nodeagent, `AddPodToMesh`).
fn from_node(
    mesh: &Mesh<'_>,
    node: &Name,
    (address, sender): (Option<IpAddr>, Sender),
    to: &Workload,
) -> Arrival {
    let plaintext = Peer { identity: None, address, sender };
    match &to.node {
        _ if to.capture.serving == Serving::Pending => Arrival::As(plaintext),
        Some(on) if on == node && mesh.snapshot.settings.cni.native_nftables => {
            Arrival::NodeDecides(plaintext)
        }
        Some(on) if on == node => Arrival::Past(Reason::HostExempt),
        _ => Arrival::As(plaintext),
    }
}

/// The address that a caller has towards a destination over a family, if that is given and leads there.
fn address_over(from: &Workload, to: Option<&Workload>, family: Option<Family>) -> Option<IpAddr> {
    match family.filter(|family| to.is_none_or(|to| family.may_reach(to))) {
        Some(family) => from.addresses.iter().copied().find(|address| Family::of(*address) == family),
        None => address_of(from, to),
    }
}

/// The address that a caller has towards a destination: of the same family, when both are known.
pub(super) fn address_of(from: &Workload, to: Option<&Workload>) -> Option<IpAddr> {
    address_towards(from, Family::of_destination(to))
}

/// The address that a workload has towards one of a family, or what has none.
pub(super) fn address_towards(from: &Workload, family: Option<Family>) -> Option<IpAddr> {
    let fits = |address: &&IpAddr| family.is_none_or(|family| Family::of(**address) == family);
    from.addresses.iter().find(fits).or(from.addresses.first()).copied()
}

/// What a caller of a Namespace gets that no ztunnel serves.
pub(super) fn unserved(serving: Serving, namespace: ResourceRef) -> Decision {
    match serving {
        Serving::Undiscovered => without_judging(GateOutcome::Unknown, Reason::NotDiscovered),
        Serving::Unclear => unknown(Reason::NamespaceNotRead, namespace),
        Serving::Served | Serving::Pending => without_judging(GateOutcome::Block, Reason::RedirectionPending),
    }
}

/// What a process of the node gets that is let past ztunnel. It arrives from an address of istio-cni's own, which
/// a NetworkPolicy may refuse.
pub(super) fn exempt(mesh: &Mesh<'_>, destinations: &[Destination]) -> Decision {
    let mut decision = without_judging(GateOutcome::Pass, Reason::HostExempt);
    let judged: Vec<Judgement> =
        destinations.iter().map(|destination| network_policy::of_exempt(mesh, destination)).collect();
    let of = |outcome| judged.iter().find(|judgement| judgement.outcome == outcome);
    let said = of(GateOutcome::Unknown).or_else(|| of(GateOutcome::Conditional)).or(judged.first());
    let gate = decision.gates.iter_mut().find(|judgement| judgement.gate == Gate::NetworkPolicyIngress);
    if let (Some(gate), Some(said)) = (gate, said) {
        *gate = Judgement { conditions: Vec::new(), ..said.clone() };
        decision.conditions.clone_from(&said.conditions);
    }
    decision
}

/// A connection that gets past everything, or that is stopped at its source.
pub(super) fn without_judging(outcome: GateOutcome, reason: Reason) -> Decision {
    let gates = Gate::ALL.into_iter().map(|gate| match gate {
        Gate::Resolve => Judgement::new(gate, GateOutcome::Pass, Reason::Resolved),
        Gate::Transport => Judgement::new(gate, outcome, reason),
        _ => Judgement::not_reached(gate),
    });
    Decision { gates: gates.collect(), conditions: Vec::new() }
}

impl Doubt {
    /// Why it is not known how a workload's connections arrive.
    pub(super) fn of(from: &Workload) -> Self {
        match from.is_unclear() {
            true => Self::Namespace(from.namespace()),
            false => Self::Envoy(Unclear::not_judged(from.owner.clone())),
        }
    }
}

/// With its identity, in any of the ways in which it may arrive, or as plaintext, if an Envoy lets it out at all:
/// refused when it is refused in every way, else unknown.
pub(super) fn either(identity: Vec<Decision>, plaintext: &Decision, doubt: Doubt) -> Decision {
    let is_denied = |decision: &Decision| decision.verdict() == Verdict::Denied;
    let is_same = |decision: &Decision| {
        decision.verdict() == plaintext.verdict() && decision.conditions == plaintext.conditions
    };
    let denied = is_denied(plaintext) && identity.iter().all(is_denied);
    let (settled, reason, by) = match doubt {
        Doubt::Envoy(unclear) => (denied, unclear.reason, unclear.object),
        Doubt::Namespace(namespace) => {
            (denied || identity.iter().all(is_same), Reason::NamespaceNotRead, namespace)
        }
    };
    match identity.into_iter().next().filter(|_| settled) {
        Some(first) => first,
        None => unknown(reason, by),
    }
}

/// A connection of which an object leaves open how it travels.
fn unknown(reason: Reason, by: ResourceRef) -> Decision {
    let mut decision = without_judging(GateOutcome::Unknown, reason);
    let transport = decision.gates.iter_mut().find(|judgement| judgement.gate == Gate::Transport);
    if let Some(transport) = transport {
        transport.by = Some(By::Object(by));
    }
    decision
}

/// Past ztunnel for the kubelet, as a peer for every other process.
pub(super) fn node_decides(exempt: Decision, as_peer: Decision) -> Decision {
    let attribute = Attribute { name: "source.process", reason: Reason::NodeDecides };
    combine(
        attribute,
        &[(vec!["kubelet's user".to_owned()], exempt), (vec!["any other".to_owned()], as_peer)],
    )
}
