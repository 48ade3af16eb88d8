//! The pods of a Gateway. One that a person wrote runs nothing yet: istiod makes its pods
//! (pilot/pkg/config/kube/gateway/deploymentcontroller.go), which are then known by what they are made with.

use crate::istio::HBONE_PORT;
use crate::model::{Identity, Kind, Namespace, Readiness, ResourceRef, WorkloadIndex};
use crate::policy::gates::resolve::{At, Destination};
use crate::policy::mesh::Mesh;
use crate::snapshot::{MeshSnapshot, Waypoint};

/// What runs as a waypoint.
#[derive(Debug)]
pub(in crate::policy) enum Instances {
    /// These pods or templates take connections.
    Running(Vec<WorkloadIndex>),
    /// Nothing was read that does; istiod will make it, and it will call with this identity.
    Written(Identity),
    /// Its pods are known, and none takes connections.
    NotReady,
}

/// The pods of a Gateway that take connections. Whether other pods exist is known only where istiod's own work was
/// read: in a cluster.
pub(super) fn instances(mesh: &Mesh<'_>, gateway: &ResourceRef, identity: Identity) -> Instances {
    let all = mesh.pods_of_gateway(gateway);
    let ready = ready_pods(mesh, gateway);
    match (ready.is_empty(), all.is_empty()) {
        (false, _) => Instances::Running(ready),
        (true, false) => Instances::NotReady,
        (true, true) if runs_nothing(mesh.snapshot, gateway) => Instances::NotReady,
        (true, true) => Instances::Written(identity),
    }
}

/// The pods of a Gateway that are not known to be unready.
pub(super) fn ready_pods(mesh: &Mesh<'_>, gateway: &ResourceRef) -> Vec<WorkloadIndex> {
    let takes = |index: &&WorkloadIndex| {
        mesh.workload(**index).is_some_and(|workload| workload.readiness != Readiness::NotReady)
    };
    mesh.pods_of_gateway(gateway).iter().filter(takes).copied().collect()
}

/// Whether it is known that no pod of a Gateway runs: its status and all pods of its namespace were read.
fn runs_nothing(snapshot: &MeshSnapshot, gateway: &ResourceRef) -> bool {
    let namespace = gateway.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
    snapshot.gateways_listed
        && !snapshot.waypoint(gateway).is_some_and(Waypoint::is_assumed)
        && snapshot.unread(&Kind::Pod, namespace).is_none()
}

impl Instances {
    /// Where connections into the waypoint end up.
    pub(in crate::policy) fn destinations(&self) -> Vec<Destination> {
        let Self::Running(pods) = self else { return Vec::new() };
        let port = Some(HBONE_PORT);
        let destination = |index: &WorkloadIndex| Destination {
            at: At::Workload(*index),
            port,
            service: None,
            dialled: port,
        };
        pods.iter().map(destination).collect()
    }
}
