//! Whether an EnvoyFilter changes a proxy: pilot/pkg/model/push_context.go, `getMatchedEnvoyFilters`, of the root
//! namespace and its own. What it changes is not judged.

use crate::istio::EnvoyFilter;
use crate::model::{Kind, Namespace, Workload};
use crate::snapshot::{MeshSnapshot, Object};

use super::Unclear;

/// The EnvoyFilter that changes a workload's proxy in a context, or may.
pub(super) fn changing(snapshot: &MeshSnapshot, workload: &Workload, context: &str) -> Option<Unclear> {
    let own = &workload.identity.namespace;
    let root = &snapshot.settings.mesh.root_namespace;
    let changes = |filter: &&Object<EnvoyFilter>| {
        selects(&filter.spec, workload)
            && filter.spec.config_patches.iter().any(|patch| {
                let of = patch.place.context.as_deref().unwrap_or("ANY");
                of == "ANY" || of == context
            })
    };
    let found = snapshot.routing.envoy_filters.of(&[own, root]).find(changes);
    let kind = Kind::from_wire("EnvoyFilter");
    let found = found.map(|filter| Unclear::not_judged(filter.reference(kind.clone())));
    found.or_else(|| [own, root].into_iter().find_map(|of| Unclear::unread(snapshot, &kind, &[of])))
}

/// Whether one is attached to what a waypoint is for in one of these namespaces, or may be: only by `targetRefs` does one
/// reach waypoints (pilot/pkg/model/policyattachment.go).
pub(in crate::policy) fn may_change_waypoint(snapshot: &MeshSnapshot, namespaces: &[&Namespace]) -> bool {
    let attached = |filter: &Object<EnvoyFilter>| !filter.spec.target_refs.is_empty();
    snapshot.routing.envoy_filters.of(namespaces).any(attached)
        || Unclear::unread(snapshot, &Kind::from_wire("EnvoyFilter"), namespaces).is_some()
}

/// One that is attached to gateways is for no sidecar.
fn selects(filter: &EnvoyFilter, workload: &Workload) -> bool {
    let selector = filter.workload_selector.as_ref();
    filter.target_refs.is_empty()
        && selector.is_none_or(|selector| workload.labels.contains_all(&selector.labels))
}
