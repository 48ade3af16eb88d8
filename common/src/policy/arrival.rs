//! Who calls, and how the call arrives: with which identity, from which address, or past ztunnel.
//!
//! A captured workload reaches a captured one over HBONE with its identity; everything else arrives as
//! plaintext (ztunnel src/proxy/outbound.rs, `build_request`). Processes on the destination's own node are let
//! past ztunnel so that probes work (istio-cni's iptables and nftables rules).

use std::net::IpAddr;

use crate::codes::Reason;
use crate::model::{DataPlane, Identity, Kind, Name, Peer, ResourceRef, Workload, WorkloadIndex};
use crate::snapshot::Place;

use super::decision::{By, Decision, Gate, GateOutcome, Judgement};
use super::gates::network_policy;
use super::gates::resolve::{At, Destination};
use super::join::{Attribute, combine};
use super::mesh::Mesh;

/// Who calls.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Caller {
    /// A pod or template.
    Workload(WorkloadIndex),
    /// An identity that nothing runs as.
    Identity(Identity),
    /// An address of nothing that was read.
    Address(IpAddr),
    /// A process on a node.
    Node(Name),
    /// No identity, no address that is known.
    Outside,
}

/// How a call arrives.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Arrival {
    /// As this peer.
    As(Peer),
    /// With its identity or as plaintext: that is up to an Envoy.
    Either {
        /// With its identity.
        identity: Peer,
        /// As plaintext.
        plaintext: Peer,
        /// The workload of the Envoy.
        envoy: ResourceRef,
    },
    /// Past ztunnel.
    Past(Reason),
    /// Not at all: the caller's own traffic is stopped.
    Stopped(Reason),
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
                let caller = |backend: &crate::snapshot::Backend| match backend {
                    crate::snapshot::Backend::Workload { index, .. } => Self::Workload(*index),
                    crate::snapshot::Backend::Address { address, .. } => Self::Address(*address),
                };
                backends.iter().map(caller).collect()
            }
            Place::Address(address) => vec![Self::Address(*address)],
            Place::Node(node) => vec![Self::Node(node.clone())],
            Place::Outside => vec![Self::Outside],
            Place::Identity(identity) => vec![Self::Identity(identity.clone())],
        }
    }

    /// How the caller's connection arrives at a destination.
    #[must_use]
    pub fn arrival(&self, mesh: &Mesh<'_>, destination: &Destination) -> Arrival {
        let to = match &destination.at {
            At::Workload(index) => mesh.workload(*index),
            At::Address(_) | At::Node(_) => None,
        };
        let captured = to.filter(|workload| workload.is_captured());
        let plaintext = |address| Arrival::As(Peer { identity: None, address });
        match self {
            Self::Outside => plaintext(None),
            Self::Address(address) => plaintext(Some(*address)),
            Self::Identity(identity) => {
                Arrival::As(Peer { identity: captured.map(|_| identity.clone()), address: None })
            }
            Self::Node(node) => match captured {
                Some(to) => from_node(mesh, node, None, to),
                None => plaintext(None),
            },
            Self::Workload(index) => match mesh.workload(*index) {
                Some(from) => from_workload(mesh, *index, from, destination, captured),
                None => plaintext(None),
            },
        }
    }

    /// What holds for what the caller sends, before anything arrives.
    #[must_use]
    pub fn egress(&self, mesh: &Mesh<'_>) -> Option<Judgement> {
        match self {
            Self::Workload(index) => mesh.workload(*index).map(|from| network_policy::of_source(mesh, from)),
            _ => None,
        }
    }
}

fn from_workload(
    mesh: &Mesh<'_>,
    index: WorkloadIndex,
    from: &Workload,
    destination: &Destination,
    captured: Option<&Workload>,
) -> Arrival {
    if from.capture.pending {
        return Arrival::Stopped(Reason::RedirectionPending);
    }
    // One pod calls itself by its own address; several of one template call each other.
    if destination.at == At::Workload(index)
        && destination.service.is_none()
        && from.reference.kind == Kind::Pod
    {
        return Arrival::Past(Reason::Loopback);
    }
    let Some(to) = captured else {
        return Arrival::As(Peer { identity: None, address: address_of(from, None) });
    };
    let address = address_of(from, Some(to));
    let plaintext = Peer { identity: None, address };
    let with_identity = Peer { identity: Some(from.identity.clone()), address };
    match from.capture.data_plane {
        DataPlane::Ambient => Arrival::As(with_identity),
        DataPlane::Sidecar => {
            Arrival::Either { identity: with_identity, plaintext, envoy: from.owner.clone() }
        }
        DataPlane::None if from.host_network => match &from.node {
            // nftables exempts only what the kubelet itself opens.
            Some(node) if !mesh.snapshot.settings.cni.native_nftables => from_node(mesh, node, address, to),
            _ => Arrival::As(plaintext),
        },
        DataPlane::None => Arrival::As(plaintext),
    }
}

/// A process on a node: past ztunnel when the pod runs there too.
fn from_node(mesh: &Mesh<'_>, node: &Name, address: Option<IpAddr>, to: &Workload) -> Arrival {
    let plaintext = Peer { identity: None, address };
    match &to.node {
        Some(on) if on == node && mesh.snapshot.settings.cni.native_nftables => {
            Arrival::NodeDecides(plaintext)
        }
        Some(on) if on == node => Arrival::Past(Reason::HostExempt),
        _ => Arrival::As(plaintext),
    }
}

/// The address that a caller has towards a destination: of the same family, when both are known.
pub(super) fn address_of(from: &Workload, to: Option<&Workload>) -> Option<IpAddr> {
    let family = to.and_then(|to| to.addresses.first()).map(IpAddr::is_ipv4);
    let fits = |address: &&IpAddr| family.is_none_or(|v4| address.is_ipv4() == v4);
    from.addresses.iter().find(fits).or(from.addresses.first()).copied()
}

/// What the caller's side adds to what the destination says.
pub(super) fn complete(decision: Decision, egress: Option<Judgement>) -> Decision {
    let Some(egress) = egress else { return decision };
    let mut decision = decision;
    if let Some(gate) =
        decision.gates.iter_mut().find(|judgement| judgement.gate == Gate::NetworkPolicyEgress)
    {
        *gate = egress;
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

/// With its identity or as plaintext: one answer when both come down to the same, else unknown.
pub(super) fn either(identity: Decision, plaintext: &Decision, envoy: ResourceRef) -> Decision {
    if identity.verdict() == plaintext.verdict() && identity.conditions == plaintext.conditions {
        return identity;
    }
    let judgement = Judgement::new(Gate::Transport, GateOutcome::Unknown, Reason::SidecarNotJudged);
    let judgement = judgement.by(By::Object(envoy));
    let gates = Gate::ALL.into_iter().map(|gate| match gate {
        Gate::Resolve => Judgement::new(gate, GateOutcome::Pass, Reason::Resolved),
        Gate::Transport => judgement.clone(),
        _ => Judgement { gate, ..judgement.clone() },
    });
    Decision { gates: gates.collect(), conditions: Vec::new() }
}

/// Past ztunnel for the kubelet, as a peer for every other process.
pub(super) fn node_decides(as_peer: Decision) -> Decision {
    let attribute = Attribute { name: "source.process", reason: Reason::NodeDecides };
    let past = without_judging(GateOutcome::Pass, Reason::HostExempt);
    combine(attribute, &[(vec!["kubelet".to_owned()], past), (vec!["any other".to_owned()], as_peer)])
}
