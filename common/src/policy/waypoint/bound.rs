//! What of a destination is bound to a waypoint: the Service that is addressed, else the pod. Which Gateway that is, is
//! told by `snapshot::waypoints`.

use crate::model::{Kind, ResourceRef, Workload};
use crate::policy::gates::resolve::Destination;
use crate::policy::mesh::Mesh;
use crate::snapshot::{Binding, MeshSnapshot, Service};

/// Whether captured clients go through something on their way to a destination, or may.
pub(in crate::policy) fn may_stand_in_front(mesh: &Mesh<'_>, destination: &Destination) -> bool {
    !matches!(binding(mesh, destination), Binding::Free | Binding::Refused(..))
}

/// What the Service that is addressed is bound to, else the pod.
pub(super) fn binding(mesh: &Mesh<'_>, destination: &Destination) -> Binding {
    let workload = || destination.workload().and_then(|index| mesh.workload(index));
    match (addressed(mesh, destination), workload()) {
        (Some(service), _) => mesh.snapshot.waypoint_of_service(service),
        (None, Some(workload)) => binding_of_pod(mesh.snapshot, workload),
        (None, None) => Binding::Free,
    }
}

/// What a pod is bound to. No workload is found by the address of a node, so no waypoint stands at it (ztunnel
/// src/state/workload.rs, `insert`).
pub(in crate::policy) fn binding_of_pod(snapshot: &MeshSnapshot, workload: &Workload) -> Binding {
    if workload.host_network { Binding::Free } else { snapshot.waypoint_of_workload(workload) }
}

/// What says that an object is bound to a waypoint, or may: the object itself, also where too little was read of the
/// Gateway, or the Namespace that was not read. One that istiod refuses to use is none: what is sent goes direct.
pub(in crate::policy) fn may_be_bound<'a>(
    object: &'a ResourceRef,
    binding: &'a Binding,
) -> Option<&'a ResourceRef> {
    match binding {
        Binding::Free | Binding::Refused(..) => None,
        Binding::Unknown(namespace) if namespace.kind == Kind::Namespace => Some(namespace),
        Binding::Unknown(_) | Binding::Bound(_) => Some(object),
    }
}

/// The Service that is addressed. A headless one has no address of its own: its pods are.
pub(in crate::policy) fn addressed<'a>(mesh: &Mesh<'a>, destination: &Destination) -> Option<&'a Service> {
    let service = destination.service.and_then(|at| mesh.snapshot.services.get(at));
    service.filter(|service| !service.headless)
}

/// What is bound: the Service, or the workload.
pub(super) fn bound_object(
    mesh: &Mesh<'_>,
    destination: &Destination,
    service: Option<&Service>,
) -> ResourceRef {
    let workload = || destination.workload().and_then(|index| mesh.workload(index));
    let reference = service.map(|service| &service.reference).or_else(|| workload().map(|w| &w.reference));
    reference.cloned().unwrap_or_else(|| ResourceRef::cluster(Kind::Gateway, "*"))
}
