//! From what is asked about to pods and their ports.
//!
//! A Service sends to its ready pods, to the port that it maps the dialled one to (ztunnel src/state.rs,
//! `find_upstream_from_service`); a headless one is only a name for its pods, which are then dialled at the very
//! port. Destination rules see the pod's address and port, never the Service's.

use std::net::IpAddr;

use crate::codes::Reason;
use crate::kubernetes::ServicePort;
use crate::model::{Name, PortRef, WorkloadIndex};
use crate::policy::mesh::Mesh;
use crate::snapshot::{Backend, Place, Service};

/// What is asked about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// Pods or templates, addressed directly.
    Workloads(Vec<WorkloadIndex>),
    /// A Service, by its position in the snapshot.
    Service(usize),
    /// An address of nothing that was read.
    Address(IpAddr),
    /// A node's own network.
    Node(Name),
}

/// A port that a client dials.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dialled {
    /// By number or name.
    Port(PortRef),
    /// Any port that neither a container nor a policy names, and that is not ztunnel's own.
    AnyOther,
}

/// Where a connection ends up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Destination {
    /// The pod, address or node.
    pub at: At,
    /// Its port; `None` is one that no policy names.
    pub port: Option<u16>,
    /// The Service that was addressed, by its position in the snapshot.
    pub service: Option<usize>,
    /// The port that the client dials there.
    pub dialled: Option<u16>,
}

/// A pod, an address or a node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum At {
    /// A pod or template.
    Workload(WorkloadIndex),
    /// An address of nothing that was read.
    Address(IpAddr),
    /// A node's own network.
    Node(Name),
}

/// Where connections to a target and port end up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// At any of these.
    Destinations(Vec<Destination>),
    /// Nowhere, and why.
    Nowhere(Reason),
    /// That cannot be told, and why.
    Unknown(Reason),
}

impl Destination {
    /// The workload, when it is one.
    #[must_use]
    pub fn workload(&self) -> Option<WorkloadIndex> {
        match self.at {
            At::Workload(index) => Some(index),
            At::Address(_) | At::Node(_) => None,
        }
    }
}

impl Destination {
    /// What it is called, where answers depend on it.
    pub(in crate::policy) fn name(&self, mesh: &Mesh<'_>) -> String {
        match &self.at {
            At::Workload(index) => {
                mesh.workload(*index).map(|of| of.reference.to_string()).unwrap_or_default()
            }
            At::Address(address) => format!("ip/{address}"),
            At::Node(node) => format!("node/{node}"),
        }
    }

    /// Whether the client dials the pod's own address: it was addressed, or a headless Service led there.
    #[must_use]
    pub fn is_dialled_directly(&self, mesh: &Mesh<'_>) -> bool {
        let service = self.service.and_then(|at| mesh.snapshot.services.get(at));
        service.is_none_or(|service| service.headless)
    }
}

impl Target {
    /// The target that a place is; `None` for what only calls.
    #[must_use]
    pub fn of(place: &Place) -> Option<Self> {
        match place {
            Place::Workloads(workloads) => Some(Self::Workloads(workloads.clone())),
            Place::Service(service) => Some(Self::Service(*service)),
            Place::Address(address) => Some(Self::Address(*address)),
            Place::Node(node, _) => Some(Self::Node(node.clone())),
            Place::Outside | Place::Identity(_) => None,
        }
    }

    /// Where connections to a port of the target end up.
    #[must_use]
    pub fn resolve(&self, mesh: &Mesh<'_>, dialled: &Dialled) -> Resolution {
        let directly = |at: At, port: Option<u16>| Destination { at, port, service: None, dialled: port };
        match self {
            Self::Workloads(workloads) => of_workloads(mesh, workloads, dialled),
            Self::Service(at) => match mesh.snapshot.services.get(*at) {
                Some(service) => of_service(mesh, *at, service, dialled),
                None => Resolution::Nowhere(Reason::NoEndpoint),
            },
            Self::Address(address) => {
                Resolution::Destinations(vec![directly(At::Address(*address), dialled.number())])
            }
            Self::Node(node) => {
                Resolution::Destinations(vec![directly(At::Node(node.clone()), dialled.number())])
            }
        }
    }

    /// The ports worth a row: those of a Service; those that containers declare or policies name, and one for
    /// all others.
    #[must_use]
    pub fn ports(&self, mesh: &Mesh<'_>) -> Vec<Dialled> {
        let number = |port: u16| Dialled::Port(PortRef::Number(port));
        match self {
            Self::Service(at) => {
                let Some(service) = mesh.snapshot.services.get(*at) else { return Vec::new() };
                let ports = if service.ports.is_empty() { &service.other_ports } else { &service.ports };
                let ports: Vec<Dialled> = ports.iter().map(|port| number(port.port)).collect();
                if ports.is_empty() { vec![Dialled::AnyOther] } else { ports }
            }
            Self::Workloads(workloads) => {
                let mut ports: Vec<u16> = workloads.iter().flat_map(|index| mesh.ports_of(*index)).collect();
                ports.sort_unstable();
                ports.dedup();
                ports.into_iter().map(number).chain([Dialled::AnyOther]).collect()
            }
            Self::Address(_) | Self::Node(_) => vec![Dialled::AnyOther],
        }
    }
}

impl Dialled {
    fn number(&self) -> Option<u16> {
        match self {
            Self::Port(PortRef::Number(number)) => Some(*number),
            Self::Port(PortRef::Name(_)) | Self::AnyOther => None,
        }
    }
}

impl std::fmt::Display for Dialled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Port(port) => port.fmt(f),
            Self::AnyOther => f.write_str("*"),
        }
    }
}

fn of_workloads(mesh: &Mesh<'_>, workloads: &[WorkloadIndex], dialled: &Dialled) -> Resolution {
    let destination = |index: &WorkloadIndex| {
        let port = match dialled {
            Dialled::AnyOther => None,
            Dialled::Port(port) => Some(mesh.workload(*index)?.container_port(port)?),
        };
        Some(Destination { at: At::Workload(*index), port, service: None, dialled: port })
    };
    let found: Vec<Destination> = workloads.iter().filter_map(destination).collect();
    match found.is_empty() {
        true if workloads.is_empty() => Resolution::Nowhere(Reason::NoEndpoint),
        true => Resolution::Nowhere(Reason::NoPort),
        false => Resolution::Destinations(found),
    }
}

fn of_service(mesh: &Mesh<'_>, at: usize, service: &Service, dialled: &Dialled) -> Resolution {
    if service.external_name {
        return Resolution::Unknown(Reason::ExternalName);
    }
    let declared = match dialled {
        Dialled::Port(port) => service.port(port),
        Dialled::AnyOther => None,
    };
    if let Dialled::Port(port) = dialled
        && service.is_not_for_tcp(port)
        && !service.headless
    {
        // services.go, constructService: ztunnel is told of all ports, whatever their protocol; kube-proxy is not.
        return Resolution::Unknown(Reason::NotForTcp);
    }
    let any_port_of_a_pod = service.headless && (dialled.number().is_some() || *dialled == Dialled::AnyOther);
    if declared.is_none() && !any_port_of_a_pod {
        return Resolution::Nowhere(Reason::NoPort);
    }
    let ready = service.backends.iter().filter(|b| !matches!(b, Backend::Workload { ready: false, .. }));
    let ready: Vec<&Backend> = ready.collect();
    if service.endpoints_not_read {
        return Resolution::Unknown(Reason::EndpointUnclear);
    }
    if ready.is_empty() {
        return Resolution::Nowhere(Reason::NoEndpoint);
    }
    if ready.contains(&&Backend::Unclear) {
        return Resolution::Unknown(Reason::EndpointUnclear);
    }
    let destination = |backend: &&Backend| {
        let (of, port) = match backend {
            Backend::Workload { index, .. } => {
                (At::Workload(*index), port_of(mesh, service, declared, dialled, *index)?)
            }
            Backend::Address { address, ports } => {
                (At::Address(*address), Some(mapped(ports, declared?.port)?))
            }
            Backend::Unclear => return None,
        };
        let dialled = declared.map(|port| port.port).or(dialled.number());
        Some(Destination { at: of, port, service: Some(at), dialled })
    };
    let found: Vec<Destination> = ready.iter().filter_map(destination).collect();
    if found.is_empty() { Resolution::Nowhere(Reason::NoPort) } else { Resolution::Destinations(found) }
}

/// The pod's port behind a dialled one; `None` inside for one that no policy names.
fn port_of(
    mesh: &Mesh<'_>,
    service: &Service,
    declared: Option<&ServicePort>,
    dialled: &Dialled,
    index: WorkloadIndex,
) -> Option<Option<u16>> {
    if service.headless && (dialled.number().is_some() || *dialled == Dialled::AnyOther) {
        return Some(dialled.number());
    }
    Service::target_port(declared?, mesh.workload(index)?).map(Some)
}

fn mapped(ports: &[(u16, u16)], dialled: u16) -> Option<u16> {
    ports.iter().find(|(port, _)| *port == dialled).map(|(_, target)| *target)
}
