//! Services, and which workloads stand behind them.
//!
//! istiod finds the pods of a Service by its selector and their readiness (workloads.go, `podWorkloadBuilder`),
//! and further ones by EndpointSlices; so do we.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::codes::Silence;
use crate::kubernetes::{EndpointSlice, ServicePort, ServiceSpec, TargetRef};
use crate::model::{
    DataPlane, Kind, Labels, Name, Namespace, Origin, PortRef, Protocol, Readiness, ResourceRef, Workload,
    WorkloadIndex,
};

use super::waypoints::WEIGHT;
use super::{Object, Objects};
pub(super) use index::Index;
use unread::{Unread, is_not_known};

mod index;
#[cfg(test)]
mod tests;
mod unread;

/// The annotation that says which namespaces know a Service.
const EXPORT_TO: &str = "networking.istio.io/exportTo";

/// A Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub reference: ResourceRef,
    /// Its labels, which may bind it to a waypoint.
    pub labels: Labels,
    /// Its ports for TCP.
    pub ports: Vec<ServicePort>,
    /// Its ports for other protocols.
    pub other_ports: Vec<ServicePort>,
    /// All of its ports, in the order in which they are written.
    pub written_ports: Vec<ServicePort>,
    /// The pods that it selects; none: its endpoints are given by hand.
    pub selector: Labels,
    /// When it was created.
    pub created: Option<Name>,
    /// The namespaces whose proxies know it, where it says so.
    pub exported_to: Option<Name>,
    /// Which share of its connections a second waypoint has, as it is written.
    pub canary_weight: Option<Name>,
    /// Whether clients connect to its pods directly, at the port that they dial.
    pub headless: bool,
    /// Whether it is only another name for a host.
    pub external_name: bool,
    /// Whether only endpoints of the caller's node are used.
    pub local_only: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// What stands behind it, in the order of the names.
    pub backends: Vec<Backend>,
    /// Whether it is not known what stands behind it: what could tell was not read, or not to its end; or a
    /// WorkloadEntry does.
    pub endpoints_not_read: bool,
    /// What it asks for silence about.
    pub silence: Silence,
    /// Where it was written.
    pub origin: Origin,
}

/// What stands behind a Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Backend {
    /// A workload.
    Workload {
        /// Which.
        index: WorkloadIndex,
        /// Whether connections are sent to it.
        ready: bool,
    },
    /// An address of nothing that was read.
    Address {
        /// The address.
        address: IpAddr,
        /// The numbers of its ports by the numbers of the Service's.
        ports: Vec<(u16, u16)>,
    },
    /// A pod of which an EndpointSlice says something else than the Service and the pod, or that was not read.
    /// Captured clients go by istiod's view of it, others by kube-proxy's. Nothing can call as it.
    Unclear,
}

impl Service {
    /// Whether a workload stands behind it.
    #[must_use]
    pub fn has(&self, wanted: WorkloadIndex) -> bool {
        self.backends.iter().any(|b| matches!(b, Backend::Workload { index, .. } if *index == wanted))
    }

    /// Whether anything stands behind it that is known to call.
    #[must_use]
    pub fn has_callers(&self) -> bool {
        self.backends.iter().any(|backend| *backend != Backend::Unclear)
    }

    /// The port of a workload behind one of the Service's.
    #[must_use]
    pub fn target_port(port: &ServicePort, workload: &Workload) -> Option<u16> {
        match &port.target_port {
            // A target port of 0 counts as none.
            None | Some(PortRef::Number(0)) => Some(port.port),
            Some(target) => workload.container_port(target),
        }
    }

    /// The port that a client dials, by number or name.
    #[must_use]
    pub fn port(&self, port: &PortRef) -> Option<&ServicePort> {
        self.ports.iter().find(|p| is_called(p, port))
    }

    /// Whether a port is declared for another protocol only.
    #[must_use]
    pub fn is_not_for_tcp(&self, port: &PortRef) -> bool {
        self.port(port).is_none() && self.other_ports.iter().any(|p| is_called(p, port))
    }
}

fn is_called(port: &ServicePort, dialled: &PortRef) -> bool {
    match dialled {
        PortRef::Number(number) => port.port == *number,
        PortRef::Name(name) => port.name.as_ref() == Some(name),
    }
}

/// Workloads of a namespace, for finding those behind a selector.
pub(super) type ByNamespace = FxHashMap<Namespace, Vec<WorkloadIndex>>;

/// Workloads by the addresses that are their own.
pub(super) type ByAddress = FxHashMap<IpAddr, WorkloadIndex>;

/// The services, in the order of their names.
pub(super) fn services(
    objects: &Objects,
    workloads: &[Workload],
    by_namespace: &ByNamespace,
    by_address: &ByAddress,
) -> Vec<Service> {
    let slices = slices_by_service(objects);
    let pods = Pods::new(workloads, by_address);
    let unread = Unread::new(objects);
    let mut services: Vec<Service> = objects
        .services
        .iter()
        .map(|object| {
            let mut service = service(object);
            let key = (object.namespace(), object.meta.name.clone());
            let of_service = slices.get(&key).map(Vec::as_slice).unwrap_or_default();
            if !object.spec.selector.is_empty() {
                service.backends = selected(&object.spec, by_namespace.get(&key.0), workloads);
            }
            service.endpoints_not_read = is_not_known(objects, object, of_service, &unread);
            let stand_in = !unread.of(&Kind::Pod, &key.0) && pods.any_template(&service);
            for slice in of_service {
                pods.add(slice, stand_in, &mut service);
            }
            service
        })
        .collect();
    services.sort_by(|a, b| a.reference.cmp(&b.reference));
    services
}

fn service(object: &Object<ServiceSpec>) -> Service {
    let spec = &object.spec;
    let addresses = if spec.cluster_ips.is_empty() {
        spec.cluster_ip.iter().cloned().collect()
    } else {
        spec.cluster_ips.clone()
    };
    Service {
        reference: object.reference(Kind::Service),
        labels: object.meta.labels.clone(),
        ports: spec.ports.iter().filter(|p| p.protocol == Protocol::Tcp).cloned().collect(),
        other_ports: spec.ports.iter().filter(|p| p.protocol != Protocol::Tcp).cloned().collect(),
        written_ports: spec.ports.clone(),
        selector: spec.selector.clone(),
        created: object.meta.creation_timestamp.clone(),
        exported_to: object.meta.annotations.get(EXPORT_TO).map(Name::from),
        canary_weight: object.meta.annotations.get(WEIGHT).map(Name::from),
        headless: addresses.iter().any(|ip| &**ip == "None"),
        external_name: spec.service_type.as_deref() == Some("ExternalName"),
        local_only: spec.internal_traffic_policy.as_deref() == Some("Local"),
        addresses: addresses.iter().filter_map(|ip| ip.parse().ok()).collect(),
        backends: Vec::new(),
        endpoints_not_read: false,
        silence: object.meta.silence(),
        origin: object.origin,
    }
}

fn selected(
    spec: &ServiceSpec,
    candidates: Option<&Vec<WorkloadIndex>>,
    workloads: &[Workload],
) -> Vec<Backend> {
    let candidates = candidates.map(Vec::as_slice).unwrap_or_default();
    let selected = candidates.iter().filter_map(|index| Some((*index, workloads.get(index.0)?)));
    selected
        .filter(|(_, workload)| workload.labels.contains_all(&spec.selector))
        .map(|(index, workload)| Backend::Workload {
            index,
            ready: workload.readiness != Readiness::NotReady || spec.publish_not_ready_addresses,
        })
        .collect()
}

type Slices<'a> = FxHashMap<(Namespace, Name), Vec<&'a EndpointSlice>>;

fn slices_by_service(objects: &Objects) -> Slices<'_> {
    let mut slices = Slices::default();
    for object in &objects.endpoint_slices {
        let fqdn = object.spec.address_type.as_deref() == Some("FQDN");
        if let Some(service) = object.meta.labels.get("kubernetes.io/service-name").filter(|_| !fqdn) {
            slices.entry((object.namespace(), service.into())).or_default().push(&object.spec);
        }
    }
    slices
}

/// The pods that EndpointSlices may mean.
struct Pods<'a> {
    workloads: &'a [Workload],
    by_name: FxHashMap<(&'a Namespace, &'a Name), WorkloadIndex>,
    by_address: &'a ByAddress,
}

impl<'a> Pods<'a> {
    fn new(workloads: &'a [Workload], by_address: &'a ByAddress) -> Self {
        let pods = workloads.iter().enumerate().filter(|(_, w)| w.reference.kind == Kind::Pod);
        let by_name = pods
            .filter_map(|(at, w)| {
                Some(((w.reference.namespace.as_ref()?, &w.reference.name), WorkloadIndex(at)))
            })
            .collect();
        Self { workloads, by_name, by_address }
    }

    /// Adds what a slice names beside what a selector found. workloads.go: of an endpoint that refers to a pod
    /// istiod takes the reference only (`matchingServicesWithoutSelectors`), so that port and readiness are the
    /// Service's and the pod's; one without is an address that nothing guards (`endpointSlicesBuilder`). Neither
    /// looks at the Service's selector. Pods that were not read have a template standing in for them, or not.
    fn add(&self, slice: &EndpointSlice, stand_in: bool, service: &mut Service) {
        let ports = slice_ports(service, slice);
        for endpoint in &slice.endpoints {
            let ready = endpoint.conditions.ready.unwrap_or(true);
            let pod = endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"));
            let address: Option<IpAddr> = endpoint.addresses.first().and_then(|ip| ip.parse().ok());
            let found = match pod {
                Some(target) => self.named(target, service),
                None => address.and_then(|address| self.by_address.get(&address).copied()),
            };
            match (found, address) {
                (Some(index), _) if service.has(index) => {}
                (Some(index), _) => {
                    let agreed = self.agree(index, ready, &ports, service, pod.is_some());
                    service.backends.push(if agreed {
                        Backend::Workload { index, ready }
                    } else {
                        Backend::Unclear
                    });
                }
                (None, Some(address)) if pod.is_none() && ready => {
                    service.backends.push(Backend::Address { address, ports: ports.clone() });
                }
                (None, _) if pod.is_some() && ready && !stand_in => {
                    service.backends.push(Backend::Unclear);
                }
                (None, _) => {}
            }
        }
    }

    /// Whether the selector found templates, which stand for the pods that they make.
    fn any_template(&self, service: &Service) -> bool {
        let mut found = service.backends.iter().filter_map(|backend| match backend {
            Backend::Workload { index, .. } => self.workloads.get(index.0),
            Backend::Address { .. } | Backend::Unclear => None,
        });
        found.any(|workload| workload.reference.kind != Kind::Pod)
    }

    fn named(&self, target: &TargetRef, service: &Service) -> Option<WorkloadIndex> {
        self.by_name.get(&(service.reference.namespace.as_ref()?, target.name.as_ref()?)).copied()
    }

    /// Whether it makes no difference whose view of a pod a client goes by.
    fn agree(
        &self,
        index: WorkloadIndex,
        ready: bool,
        ports: &[(u16, u16)],
        service: &Service,
        by_name: bool,
    ) -> bool {
        let Some(workload) = self.workloads.get(index.0) else { return false };
        let target = |number: u16| {
            let port = service.ports.iter().find(|port| port.port == number)?;
            Service::target_port(port, workload)
        };
        // Who knows only the address sends plaintext, captured or not.
        (by_name || workload.capture.data_plane == DataPlane::None)
            && ready == (workload.readiness != Readiness::NotReady)
            && (service.headless || ports.iter().all(|(number, at)| target(*number) == Some(*at)))
    }
}

/// A slice's ports carry the names of the Service's.
fn slice_ports(service: &Service, slice: &EndpointSlice) -> Vec<(u16, u16)> {
    let tcp = slice.ports.iter().filter(|p| p.protocol == Protocol::Tcp);
    tcp.filter_map(|port| {
        let name = port.name.as_deref().unwrap_or_default();
        let of_service = service.ports.iter().find(|p| p.name.as_deref().unwrap_or_default() == name)?;
        Some((of_service.port, port.port?))
    })
    .collect()
}
