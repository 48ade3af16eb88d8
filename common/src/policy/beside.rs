//! The sidecar of a destination: what stands at the port, which mTLS mode it enforces there, what its Envoy enforces.
//!
//! What of it can be told is for `policy::sidecar` to say; what the gates say of it is in `gates::sidecar`.

use std::sync::Arc;

use crate::model::{Labels, ResourceRef, Workload};

use super::enforced::Enforced;
use super::envoy::{Known, Matcher, Proxy, Request};
use super::gates::resolve::Destination;
use super::mesh::Mesh;
use super::sidecar::Unclear;
use super::sidecar::inbound::{self, Inbound, Protocol};
use super::sidecar::mtls;
use super::tokens::Tokens;

/// How those call who are asked about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Way {
    /// Through the waypoint in front, if there is one; with its identity as the destination takes it.
    Captured,
    /// Past waypoints, with its identity over HBONE.
    Hbone,
    /// Past waypoints, with its identity over the mTLS of sidecars.
    Mtls,
}

/// The sidecar of a destination, at the port that is called.
#[derive(Debug)]
pub(super) struct Beside {
    /// What a person deployed.
    pub(super) owner: ResourceRef,
    /// What stands at the port.
    pub(super) inbound: Inbound,
    /// What keeps it from being told which policies it enforces there.
    pub(super) changed: Option<Unclear>,
    /// Whether identities arrive over the mTLS of sidecars.
    pub(super) over_mtls: bool,
    /// The mode at the port.
    pub(super) mode: mtls::Enforced,
    /// What its Envoy enforces there.
    pub(super) enforced: Arc<Enforced>,
    /// What is known of the request.
    pub(super) request: Request,
    /// What it makes of the token that is given.
    pub(super) tokens: Tokens,
}

/// What tells sidecars apart at their ports.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Told {
    labels: Labels,
    inbound: Inbound,
    changed: Option<Unclear>,
    takes_hbone: bool,
    over_mtls: bool,
    address: Option<std::net::IpAddr>,
}

/// Whether clients of ztunnel send HBONE to a workload.
pub(super) fn takes_hbone(workload: &Workload) -> bool {
    let label = || workload.proxy.as_ref().is_some_and(|proxy| proxy.takes_hbone);
    workload.is_captured() || workload.has_envoy() && label()
}

impl Beside {
    /// The sidecar in front of a destination that has one.
    pub(super) fn of(mesh: &Mesh<'_>, destination: &Destination, way: Way) -> Option<Self> {
        let index = destination.workload()?;
        let workload = mesh.workload(index).filter(|workload| workload.has_envoy())?;
        let (inbound, changed) = match workload.host_network {
            // Nothing sends what comes to a node to the Envoy of one of its pods.
            true => (Inbound::Unclear(Unclear::not_judged(workload.owner.clone())), None),
            false => inbound::with_changes(mesh.snapshot, index, destination.port),
        };
        let protocol = match inbound {
            Inbound::Chains { protocol, .. } => protocol,
            _ => Protocol::Tcp,
        };
        let proxy = Proxy::of_pod(workload, &mesh.snapshot.settings);
        let tokens = Tokens::of(mesh, &proxy);
        let modes = mesh.policies.peer_authentications();
        let namespace = &workload.identity.namespace;
        Some(Self {
            owner: workload.owner.clone(),
            inbound,
            changed,
            over_mtls: match way {
                Way::Captured => !takes_hbone(workload),
                Way::Hbone => false,
                Way::Mtls => true,
            },
            mode: mtls::at_port(modes, namespace, &workload.labels, destination.port),
            request: tokens.seen_in(request(mesh, workload, destination.port, protocol)),
            tokens,
            enforced: Enforced::by(mesh, &proxy, protocol),
        })
    }

    /// What tells it apart from others of its owner.
    pub(super) fn told(&self, workload: &Workload) -> Told {
        let asks_for_address = self.enforced.asks(|matcher| matches!(matcher, Matcher::DestinationIp(_)));
        Told {
            labels: workload.labels.clone(),
            inbound: self.inbound.clone(),
            changed: self.changed.clone(),
            takes_hbone: takes_hbone(workload),
            over_mtls: self.over_mtls,
            address: match self.request.destination_ip {
                Known::Is(address) if asks_for_address => Some(address),
                _ => None,
            },
        }
    }
}

/// The request as the Envoy of a pod has it: called are the pod's own address and port.
fn request(mesh: &Mesh<'_>, workload: &Workload, port: Option<u16>, protocol: Protocol) -> Request {
    let server_name = match (&mesh.request.server_name, protocol) {
        // Without TLS there is none.
        (Known::Unknown, Protocol::Http) => Known::Absent,
        (known, _) => known.clone(),
    };
    Request {
        server_name,
        destination_ip: match workload.addresses.as_slice() {
            [only] => Known::Is(*only),
            _ => Known::Unknown,
        },
        destination_port: port.map_or(Known::Absent, Known::Is),
        ..mesh.request.clone()
    }
}

/// The ports at which sidecars of a workload may answer in their own way: of Services, policies and settings.
pub(super) fn ports(mesh: &Mesh<'_>, workload: &Workload) -> Vec<u16> {
    let namespace = &workload.identity.namespace;
    let proxy = Proxy::of_pod(workload, &mesh.snapshot.settings);
    let enforced = Enforced::by(mesh, &proxy, Protocol::Detected);
    let matchers = enforced.chains.iter().flat_map(|(_, filters)| filters.matchers());
    let mut ports: Vec<u16> = matchers
        .filter_map(|matcher| match matcher {
            Matcher::DestinationPort(port) => Some(*port),
            _ => None,
        })
        .collect();
    let services =
        mesh.snapshot.services_in(namespace).map(|(_, service)| service).filter(|service| {
            !service.selector.is_empty() && workload.labels.contains_all(&service.selector)
        });
    ports.extend(services.flat_map(|service| {
        service.written_ports.iter().filter_map(|port| inbound::port_of(port, workload))
    }));
    ports.extend(mtls::ports(mesh.policies.peer_authentications(), namespace, &workload.labels));
    ports.extend(workload.proxy.iter().flat_map(|proxy| proxy.inbound.named()));
    ports.retain(|port| !inbound::OF_NO_APPLICATION.contains(port));
    ports
}
