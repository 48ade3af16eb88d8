//! Which Sidecar is for a workload: pilot/pkg/model/push_context.go, `getSidecarScope` and `initSidecarScopes`.

use crate::istio::Sidecar;
use crate::model::{ProxyKind, Workload};
use crate::snapshot::{MeshSnapshot, Object};

/// The Sidecar that is for a workload: the first of its namespace that selects it, those with a selector before those
/// without, else the first of the root namespace without one. Several where nothing tells which is the first; none for
/// gateways.
pub(super) fn of<'a>(snapshot: &'a MeshSnapshot, workload: &Workload) -> Vec<&'a Object<Sidecar>> {
    if workload.proxy.as_ref().is_some_and(|proxy| proxy.kind == ProxyKind::Gateway) {
        return Vec::new();
    }
    let namespace = &workload.identity.namespace;
    let root = &snapshot.settings.mesh.root_namespace;
    let selects = |sidecar: &&Object<Sidecar>| {
        let selector = sidecar.spec.workload_selector.as_ref();
        selector.is_none_or(|selector| workload.labels.contains_all(&selector.labels))
    };
    let all = &snapshot.routing.sidecars;
    let own: Vec<_> = all.of(&[namespace]).filter(selects).collect();
    let of_root = || all.of(&[root]).filter(|of| of.spec.workload_selector.is_none());
    let candidates = if own.is_empty() { of_root().collect() } else { own };
    let Some(first) = candidates.first() else { return Vec::new() };
    let by_selector = first.spec.workload_selector.is_some();
    let rivals = candidates.iter().filter(|of| of.spec.workload_selector.is_some() == by_selector);
    let rivals: Vec<_> = rivals.copied().collect();
    let ages_known = rivals.iter().all(|of| of.meta.creation_timestamp.is_some());
    if ages_known { vec![first] } else { rivals }
}
