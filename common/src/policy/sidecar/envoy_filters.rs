//! Whether an EnvoyFilter changes a proxy: pilot/pkg/model/push_context.go, `getMatchedEnvoyFilters`, of the root
//! namespace and its own. What it changes is not judged.

use crate::istio::EnvoyFilter;
use crate::model::{Kind, Workload};
use crate::snapshot::{MeshSnapshot, Object};

use super::Unclear;

const KIND: &str = "EnvoyFilter";

/// The EnvoyFilter that changes a workload's proxy in a context, or may.
pub(super) fn changing(snapshot: &MeshSnapshot, workload: &Workload, context: &str) -> Option<Unclear> {
    let own = &workload.identity.namespace;
    let root = &snapshot.settings.mesh.root_namespace;
    let changes = |filter: &&Object<EnvoyFilter>| {
        let namespace = filter.namespace();
        (namespace == *own || namespace == *root)
            && selects(&filter.spec, workload)
            && filter.spec.config_patches.iter().any(|patch| {
                let of = patch.place.context.as_deref().unwrap_or("ANY");
                of == "ANY" || of == context
            })
    };
    let found = snapshot.routing.envoy_filters.iter().find(changes);
    let found = found.map(|filter| Unclear::not_judged(filter.reference(Kind::Other(KIND.into()))));
    found.or_else(|| Unclear::unread(snapshot, KIND, own)).or_else(|| Unclear::unread(snapshot, KIND, root))
}

/// One that is attached to gateways is for no sidecar.
fn selects(filter: &EnvoyFilter, workload: &Workload) -> bool {
    let selector = filter.workload_selector.as_ref();
    filter.target_refs.is_empty()
        && selector.is_none_or(|selector| workload.labels.contains_all(&selector.labels))
}
