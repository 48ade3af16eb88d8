//! What changes a proxy: EnvoyFilters (pilot/pkg/model/push_context.go, `getMatchedEnvoyFilters`), WasmPlugins and
//! TrafficExtensions (`TrafficExtensionsByListenerInfo`), of the root namespace, its own and that of what is addressed.
//! What they change is not judged: they may refuse, and answer themselves.

use crate::codes::Reason;
use crate::istio::{ConfigPatch, EnvoyFilter, Extension};
use crate::model::{Kind, ResourceRef, Workload};
use crate::policy::envoy::Proxy;
use crate::snapshot::{MeshSnapshot, Object};

use super::Unclear;

/// What comes to a proxy.
pub(in crate::policy) const INBOUND: &str = "SIDECAR_INBOUND";

/// The kinds of them.
const KINDS: [&str; 3] = [ENVOY_FILTER, "WasmPlugin", "TrafficExtension"];
const ENVOY_FILTER: &str = "EnvoyFilter";

/// What of a proxy an EnvoyFilter may change without changing whose connections it takes: what comes in behind the TLS
/// handshake (pilot/pkg/networking/core/envoyfilter/listener_patch.go: listeners, chains and their transport sockets are
/// for LISTENER, FILTER_CHAIN and LISTENER_FILTER).
const BEHIND_THE_HANDSHAKE: [&str; 6] =
    ["NETWORK_FILTER", "HTTP_FILTER", "ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE", "CLUSTER"];

/// What changes a proxy, or may.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Change {
    /// The object, or the list that may hold it.
    pub by: Unclear,
    /// Whether it comes in behind the TLS handshake: plaintext and identities are taken as without it.
    pub keeps_handshake: bool,
}

/// What changes a workload's proxy in a context, or may.
pub(in crate::policy) fn changing(
    snapshot: &MeshSnapshot,
    workload: &Workload,
    context: &str,
) -> Option<Change> {
    let proxy = Proxy::of_pod(workload, &snapshot.settings);
    let filter = |of: &Object<EnvoyFilter>| proxy.is_changed_by(of) && is_in_context(of, context);
    find(snapshot, &proxy, filter, context, Unclear::not_judged)
}

/// What changes a waypoint, or may.
pub(in crate::policy) fn changing_waypoint(snapshot: &MeshSnapshot, waypoint: &Proxy<'_>) -> Option<Change> {
    let not_judged = |object| Unclear { reason: Reason::WaypointNotJudged, object };
    find(snapshot, waypoint, |of| waypoint.is_changed_by(of), INBOUND, not_judged)
}

/// The first of what changes a proxy, or of that which changes its handshakes.
fn find(
    snapshot: &MeshSnapshot,
    proxy: &Proxy<'_>,
    filter: impl Fn(&Object<EnvoyFilter>) -> bool,
    context: &str,
    not_judged: impl Fn(ResourceRef) -> Unclear,
) -> Option<Change> {
    let here = proxy.namespaces();
    let filters = snapshot.routing.envoy_filters.of(&here).filter(|of| filter(of));
    let filters = filters.map(|of| Change {
        by: not_judged(of.reference(Kind::from_wire(ENVOY_FILTER))),
        keeps_handshake: keeps_handshake(of),
    });
    let extensions = snapshot.routing.extensions.of(&here);
    let extensions = extensions
        .filter(|of| proxy.runs(of) && sees(of, context))
        .map(|of| Change { by: not_judged(of.reference(of.spec.kind.clone())), keeps_handshake: true });
    let mut all: Vec<Change> = filters.chain(extensions).chain(unread(snapshot, proxy)).collect();
    let first = all.iter().position(|change| !change.keeps_handshake).unwrap_or(0);
    (!all.is_empty()).then(|| all.swap_remove(first))
}

/// Of all that it changes, for whatever place.
fn keeps_handshake(filter: &Object<EnvoyFilter>) -> bool {
    let behind = |patch: &ConfigPatch| {
        let of = patch.apply_to.as_deref();
        of.is_some_and(|of| BEHIND_THE_HANDSHAKE.contains(&of))
    };
    filter.spec.config_patches.iter().all(behind)
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
    let own = if context == INBOUND { "SERVER" } else { "CLIENT" };
    let traffic = &extension.spec.spec.traffic;
    let fits = |mode: Option<&str>| match mode {
        Some(mode @ ("CLIENT" | "SERVER")) => mode == own,
        _ => true,
    };
    traffic.is_empty() || traffic.iter().any(|of| fits(of.mode.as_deref()))
}

/// Lists that may hold such an object: it may change anything of which an object of its kind may.
fn unread(snapshot: &MeshSnapshot, proxy: &Proxy<'_>) -> impl Iterator<Item = Change> {
    let of = |kind: &'static str| {
        let namespaces = proxy.namespaces();
        let by =
            namespaces.into_iter().find_map(|of| Unclear::unread(snapshot, &Kind::from_wire(kind), &[of]));
        by.map(|by| Change { by, keeps_handshake: kind != ENVOY_FILTER })
    };
    KINDS.into_iter().filter_map(of)
}
