//! Services, and which workloads stand behind them.
//!
//! istiod finds the pods of a Service by its selector and their readiness (workloads.go, `podWorkloadBuilder`),
//! and those of one without selector by EndpointSlices; so do we.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::kubernetes::{EndpointSlice, ServicePort, ServiceSpec};
use crate::model::{
    Kind, Labels, Name, Namespace, Origin, PortRef, Protocol, ResourceRef, Workload, WorkloadIndex,
};

use super::{Object, Objects};

#[cfg(test)]
mod tests;

/// A Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub reference: ResourceRef,
    /// Its labels, which may bind it to a waypoint.
    pub labels: Labels,
    /// Its ports for TCP.
    pub ports: Vec<ServicePort>,
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
    /// Where it was written.
    pub origin: Origin,
}

/// What stands behind a Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Backend {
    /// A workload, with the numbers of its ports by the numbers of the Service's where an EndpointSlice gives
    /// them.
    Workload {
        /// Which.
        index: WorkloadIndex,
        /// Whether connections are sent to it.
        ready: bool,
        /// What an EndpointSlice says of the ports; otherwise the Service's target ports hold.
        ports: Option<Vec<(u16, u16)>>,
    },
    /// An address that is no pod by what the EndpointSlice says.
    Address {
        /// The address.
        address: IpAddr,
        /// The numbers of its ports by the numbers of the Service's.
        ports: Vec<(u16, u16)>,
    },
}

impl Service {
    /// The port that a client dials, by number or name.
    #[must_use]
    pub fn port(&self, port: &PortRef) -> Option<&ServicePort> {
        self.ports.iter().find(|p| match port {
            PortRef::Number(number) => p.port == *number,
            PortRef::Name(name) => p.name.as_ref() == Some(name),
        })
    }
}

/// Workloads of a namespace, for finding those behind a selector.
pub(super) type ByNamespace = FxHashMap<Namespace, Vec<WorkloadIndex>>;

/// The services, in the order of their names.
pub(super) fn services(
    objects: &Objects,
    workloads: &[Workload],
    by_namespace: &ByNamespace,
) -> Vec<Service> {
    let slices = slices_by_service(objects);
    let pods: FxHashMap<(&Namespace, &Name), WorkloadIndex> = workloads
        .iter()
        .enumerate()
        .filter(|(_, w)| w.reference.kind == Kind::Pod)
        .filter_map(|(at, w)| Some(((w.reference.namespace.as_ref()?, &w.reference.name), WorkloadIndex(at))))
        .collect();
    let mut services: Vec<Service> = objects
        .services
        .iter()
        .map(|object| {
            let mut service = service(object);
            let key = (object.namespace(), object.meta.name.clone());
            service.backends = if object.spec.selector.is_empty() {
                let of_service = slices.get(&key).map(Vec::as_slice).unwrap_or_default();
                from_slices(&service, of_service, &pods)
            } else {
                selected(&object.spec, by_namespace.get(&key.0), workloads)
            };
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
        headless: addresses.iter().any(|ip| &**ip == "None"),
        external_name: spec.service_type.as_deref() == Some("ExternalName"),
        local_only: spec.internal_traffic_policy.as_deref() == Some("Local"),
        addresses: addresses.iter().filter_map(|ip| ip.parse().ok()).collect(),
        backends: Vec::new(),
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
            ready: workload.readiness != crate::model::Readiness::NotReady
                || spec.publish_not_ready_addresses,
            ports: None,
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

/// workloads.go, `endpointSlicesBuilder` and `matchingServicesWithoutSelectors`.
fn from_slices(
    service: &Service,
    slices: &[&EndpointSlice],
    pods: &FxHashMap<(&Namespace, &Name), WorkloadIndex>,
) -> Vec<Backend> {
    let mut backends = Vec::new();
    for slice in slices {
        let ports = slice_ports(service, slice);
        for endpoint in &slice.endpoints {
            let ready = endpoint.conditions.ready.unwrap_or(true);
            let pod = endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"));
            if let Some(name) = pod.and_then(|target| target.name.as_ref()) {
                let key = service.reference.namespace.as_ref().map(|namespace| (namespace, name));
                if let Some(index) = key.and_then(|key| pods.get(&key).copied()) {
                    backends.push(Backend::Workload { index, ready, ports: Some(ports.clone()) });
                }
            } else if let Some(address) = endpoint.addresses.first().and_then(|ip| ip.parse().ok())
                && ready
            {
                backends.push(Backend::Address { address, ports: ports.clone() });
            }
        }
    }
    backends
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
