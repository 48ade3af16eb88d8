//! What may send elsewhere than to the Service that is addressed, whichever proxy sends: VirtualServices for its host, and
//! routes of the Gateway API that are attached to it (at a waypoint pilot/pkg/networking/core/waypoint.go,
//! `getVirtualServiceForWaypoint`: the latter become the former). What they then do is not judged.

use crate::istio::{ParentRef, VirtualService, service_host};
use crate::model::{Kind, Name, Namespace};
use crate::snapshot::{MeshSnapshot, Object, Service};

use super::sidecar::Unclear;

/// The kinds of routes of the Gateway API.
const ROUTES: [&str; 4] = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"];

/// The object because of which a proxy of a namespace may send elsewhere, or the list that may hold it.
pub(super) fn elsewhere(snapshot: &MeshSnapshot, proxy: &Namespace, service: &Service) -> Option<Unclear> {
    virtual_service(snapshot, proxy, service).or_else(|| route(snapshot, service))
}

/// The full name of a Service.
pub(super) fn host_of(service: &Service) -> String {
    service_host(&service.reference.name, service.reference.namespace.as_ref().map_or("", Namespace::as_str))
}

/// A VirtualService for the host that the proxy may heed.
fn virtual_service(snapshot: &MeshSnapshot, proxy: &Namespace, service: &Service) -> Option<Unclear> {
    let found = snapshot.routing.virtual_services.covering(&host_of(service)).find(|of| is_heeded(of, proxy));
    let kind = Kind::from_wire("VirtualService");
    let found = found.map(|of| Unclear::not_judged(of.reference(kind.clone())));
    found.or_else(|| Unclear::unread_anywhere(snapshot, &kind))
}

fn is_heeded(of: &Object<VirtualService>, proxy: &Namespace) -> bool {
    let own = of.meta.namespace.as_deref().unwrap_or_default();
    let visible = |to: &Name| match &**to {
        "*" => true,
        "." => own == proxy.as_str(),
        to => to == proxy.as_str(),
    };
    let exported = of.spec.export_to.is_empty() || of.spec.export_to.iter().any(visible);
    exported && (of.spec.gateways.is_empty() || of.spec.gateways.iter().any(|of| **of == *"mesh"))
}

/// A route of the Gateway API whose parent is the Service.
fn route(snapshot: &MeshSnapshot, service: &Service) -> Option<Unclear> {
    let found = snapshot.routing.routes.covering(&host_of(service)).find(|route| {
        let service = &service.reference;
        let is_parent = |parent: &ParentRef| {
            let namespace = parent.namespace.as_ref().or(route.meta.namespace.as_ref());
            parent.kind.as_deref() == Some("Service")
                && parent.name == service.name
                && namespace.map(|of| &**of) == service.namespace.as_ref().map(Namespace::as_str)
        };
        route.spec.spec.parent_refs.iter().any(is_parent)
    });
    let found = found.map(|route| Unclear::not_judged(route.reference(route.spec.kind.clone())));
    let unread = |kind| Unclear::unread_anywhere(snapshot, &Kind::from_wire(kind));
    found.or_else(|| ROUTES.into_iter().find_map(unread))
}
