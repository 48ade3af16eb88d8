//! Which endpoints of a Service with `internalTrafficPolicy: Local` the pods of a waypoint have: those of their own node
//! (pilot/pkg/xds/endpoints/endpoint_builder.go, `filterIstioEndpoint`). Where a node is not known any is taken for
//! possible.

use crate::model::{Name, Workload, WorkloadIndex};
use crate::policy::gates::resolve::Destination;
use crate::policy::mesh::Mesh;
use crate::snapshot::{Backend, Binding, Service};

use super::{addressed, binding, ready_pods};

/// What an instance has of the endpoints of a Service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::policy) enum Share {
    /// This one, or it may have it.
    This,
    /// Others.
    Others,
    /// None.
    Nothing,
}

impl Share {
    /// Whether a destination is among what an instance has.
    pub(in crate::policy) fn of(mesh: &Mesh<'_>, instance: WorkloadIndex, destination: &Destination) -> Self {
        let service = addressed(mesh, destination).filter(|service| service.local_only);
        let node_of = |index: WorkloadIndex| mesh.workload(index)?.node.as_ref();
        let Some(((service, own), there)) =
            service.zip(node_of(instance)).zip(destination.workload().and_then(node_of))
        else {
            return Self::This;
        };
        match own == there {
            true => Self::This,
            false if has_endpoint(mesh, service, destination, own) => Self::Others,
            false => Self::Nothing,
        }
    }
}

/// Whether a Service has an endpoint on a node, or may.
fn has_endpoint(mesh: &Mesh<'_>, service: &Service, destination: &Destination, node: &Name) -> bool {
    let port = service.ports.iter().find(|port| Some(port.port) == destination.dialled);
    let takes = |workload: &Workload| port.is_none_or(|port| Service::target_port(port, workload).is_some());
    let is_there = |workload: &Workload| workload.node.as_ref().is_none_or(|of| of == node);
    service.backends.iter().any(|backend| match backend {
        Backend::Workload { index, ready: true } => {
            mesh.workload(*index).is_some_and(|workload| takes(workload) && is_there(workload))
        }
        Backend::Workload { ready: false, .. } => false,
        Backend::Address { .. } | Backend::Unclear => true,
    })
}

/// Of destinations, those that some pod of the waypoint in front of them has; all of them where none has any.
pub(in crate::policy) fn shared(mesh: &Mesh<'_>, destinations: &[Destination]) -> Vec<Destination> {
    let is_shared = |destination: &&Destination| {
        let Binding::Bound(gateway) = binding(mesh, destination) else { return true };
        let pods = ready_pods(mesh, &gateway);
        pods.is_empty() || pods.iter().any(|pod| Share::of(mesh, *pod, destination) == Share::This)
    };
    let shared: Vec<Destination> = destinations.iter().filter(is_shared).cloned().collect();
    if shared.is_empty() { destinations.to_vec() } else { shared }
}
