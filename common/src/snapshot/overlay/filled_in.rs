//! What stays of an object over which another is put: what its author does not write.
//!
//! `kubectl apply` leaves `status` alone, the API server keeps a Service's addresses and a pod's node, and istio-cni's
//! annotation is no part of a manifest. An overlay that does write them, as `kubectl get -o yaml` prints them, counts.

use rustc_hash::FxHashMap;

use crate::kubernetes::GatewayStatus;
use crate::model::Name;
use crate::snapshot::{Object, Objects};

/// Fills into the overlay what stays of the objects that it replaces.
pub(super) fn keep(objects: &Objects, overlay: &mut Objects) {
    pods(objects, overlay);
    services(objects, overlay);
    gateways(objects, overlay);
}

fn pods(objects: &Objects, overlay: &mut Objects) {
    let known = by_name(&objects.pods);
    for pod in &mut overlay.pods {
        let Some(before) = known.get(&key(pod)).filter(|_| pod.spec.status.is_none()) else { continue };
        pod.spec.status.clone_from(&before.spec.status);
        if pod.spec.spec.node_name.is_none() {
            pod.spec.spec.node_name.clone_from(&before.spec.spec.node_name);
        }
        pod.meta.annotations.keep(&before.meta.annotations);
        if pod.meta.owner_references.is_empty() {
            pod.meta.owner_references.clone_from(&before.meta.owner_references);
        }
    }
}

fn services(objects: &Objects, overlay: &mut Objects) {
    let known = by_name(&objects.services);
    for service in &mut overlay.services {
        let Some(before) = known.get(&key(service)) else { continue };
        let is_external = service.spec.service_type.as_deref() == Some("ExternalName");
        if service.spec.cluster_ip.is_none() && service.spec.cluster_ips.is_empty() && !is_external {
            service.spec.cluster_ip.clone_from(&before.spec.cluster_ip);
            service.spec.cluster_ips.clone_from(&before.spec.cluster_ips);
        }
    }
}

fn gateways(objects: &Objects, overlay: &mut Objects) {
    let known = by_name(&objects.gateways);
    for gateway in &mut overlay.gateways {
        let GatewayStatus { addresses, conditions } = &gateway.spec.status;
        let is_written = !addresses.is_empty() || !conditions.is_empty();
        if let Some(before) = known.get(&key(gateway)).filter(|_| !is_written) {
            gateway.spec.status.clone_from(&before.spec.status);
        }
    }
}

type Key = (Option<Name>, Name);

fn key<T>(object: &Object<T>) -> Key {
    (object.meta.namespace.clone(), object.meta.name.clone())
}

fn by_name<T>(objects: &[Object<T>]) -> FxHashMap<Key, &Object<T>> {
    objects.iter().map(|object| (key(object), object)).collect()
}
