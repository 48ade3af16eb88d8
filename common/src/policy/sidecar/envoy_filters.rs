//! What changes a proxy: EnvoyFilters (pilot/pkg/model/push_context.go, `getMatchedEnvoyFilters`), WasmPlugins and
//! TrafficExtensions (`TrafficExtensionsByListenerInfo`), of the root namespace, its own and that of what is addressed.
//! What they change is not judged: they may refuse, and answer themselves.

use crate::istio::{EnvoyFilter, Extension};
use crate::model::{Kind, ResourceRef, Workload};
use crate::policy::envoy::Proxy;
use crate::snapshot::{MeshSnapshot, Object};

use super::Unclear;

/// The kinds of them.
const KINDS: [&str; 3] = ["EnvoyFilter", "WasmPlugin", "TrafficExtension"];

/// The object that changes a workload's proxy in a context, or may.
pub(super) fn changing(snapshot: &MeshSnapshot, workload: &Workload, context: &str) -> Option<Unclear> {
    let proxy = Proxy::of_pod(workload, &snapshot.settings);
    let filter = |of: &Object<EnvoyFilter>| proxy.is_changed_by(of) && is_in_context(of, context);
    let extension = |of: &Object<Extension>| proxy.runs(of) && sees(of, context);
    let found = find(snapshot, &proxy, filter, extension).map(Unclear::not_judged);
    found.or_else(|| unread(snapshot, &proxy))
}

/// The object that changes a waypoint, or the list that may hold it.
pub(in crate::policy) fn changing_waypoint(
    snapshot: &MeshSnapshot,
    waypoint: &Proxy<'_>,
) -> Option<ResourceRef> {
    let extension = |of: &Object<Extension>| waypoint.runs(of) && sees(of, "SIDECAR_INBOUND");
    let found = find(snapshot, waypoint, |of| waypoint.is_changed_by(of), extension);
    found.or_else(|| unread(snapshot, waypoint).map(|unread| unread.object))
}

fn find(
    snapshot: &MeshSnapshot,
    proxy: &Proxy<'_>,
    filter: impl Fn(&Object<EnvoyFilter>) -> bool,
    extension: impl Fn(&Object<Extension>) -> bool,
) -> Option<ResourceRef> {
    let here = proxy.namespaces();
    let filters = snapshot.routing.envoy_filters.of(&here).filter(|of| filter(of));
    let filters = filters.map(|of| of.reference(Kind::from_wire("EnvoyFilter")));
    let extensions = snapshot.routing.extensions.of(&here).filter(|of| extension(of));
    filters.chain(extensions.map(|of| of.reference(of.spec.kind.clone()))).next()
}

fn is_in_context(filter: &Object<EnvoyFilter>, context: &str) -> bool {
    filter.spec.config_patches.iter().any(|patch| {
        let of = patch.place.context.as_deref().unwrap_or("ANY");
        of == "ANY" || of == context
    })
}

/// Whether an extension sees the traffic of a context (pilot/pkg/model/extensions.go, `matchMode`); ports that it names
/// are not asked for.
fn sees(extension: &Object<Extension>, context: &str) -> bool {
    let own = if context == "SIDECAR_INBOUND" { "SERVER" } else { "CLIENT" };
    let traffic = &extension.spec.spec.traffic;
    let fits = |mode: Option<&str>| match mode {
        Some(mode @ ("CLIENT" | "SERVER")) => mode == own,
        _ => true,
    };
    traffic.is_empty() || traffic.iter().any(|of| fits(of.mode.as_deref()))
}

fn unread(snapshot: &MeshSnapshot, proxy: &Proxy<'_>) -> Option<Unclear> {
    let of = |kind: &str| {
        let kind = Kind::from_wire(kind);
        proxy.namespaces().into_iter().find_map(|of| Unclear::unread(snapshot, &kind, &[of]))
    };
    KINDS.into_iter().find_map(of)
}
