//! Whether an EnvoyFilter changes a proxy: pilot/pkg/model/push_context.go, `getMatchedEnvoyFilters`, of the root
//! namespace and its own. What it changes is not judged.

use crate::istio::EnvoyFilter;
use crate::model::{Kind, ResourceRef, Workload};
use crate::policy::envoy::Proxy;
use crate::snapshot::{MeshSnapshot, Object};

use super::Unclear;

/// The EnvoyFilter that changes a workload's proxy in a context, or may.
pub(super) fn changing(snapshot: &MeshSnapshot, workload: &Workload, context: &str) -> Option<Unclear> {
    let settings = &snapshot.settings;
    let proxy = Proxy {
        namespace: &workload.identity.namespace,
        labels: &workload.labels,
        waypoint: false,
        service: None,
        root: &settings.mesh.root_namespace,
        selector_based_gateway_policy: settings.istiod.selects_gateways,
    };
    let is_in_context = |filter: &Object<EnvoyFilter>| {
        filter.spec.config_patches.iter().any(|patch| {
            let of = patch.place.context.as_deref().unwrap_or("ANY");
            of == "ANY" || of == context
        })
    };
    let changes = |filter: &&Object<EnvoyFilter>| proxy.is_changed_by(filter) && is_in_context(filter);
    let found = snapshot.routing.envoy_filters.of(&proxy.namespaces()).find(changes);
    let found = found.map(|filter| Unclear::not_judged(filter.reference(kind())));
    found.or_else(|| unread(snapshot, &proxy))
}

/// The EnvoyFilter that changes a waypoint, or the list that may hold it.
pub(in crate::policy) fn changing_waypoint(
    snapshot: &MeshSnapshot,
    waypoint: &Proxy<'_>,
) -> Option<ResourceRef> {
    let mut here = snapshot.routing.envoy_filters.of(&waypoint.namespaces());
    let found = here.find(|filter| waypoint.is_changed_by(filter));
    let found = found.map(|filter| filter.reference(kind()));
    found.or_else(|| unread(snapshot, waypoint).map(|unread| unread.object))
}

fn unread(snapshot: &MeshSnapshot, proxy: &Proxy<'_>) -> Option<Unclear> {
    let places = [proxy.namespace, proxy.root];
    places.into_iter().find_map(|of| Unclear::unread(snapshot, &kind(), &[of]))
}

fn kind() -> Kind {
    Kind::from_wire("EnvoyFilter")
}
