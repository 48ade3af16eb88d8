//! What may make a waypoint send elsewhere than to the Service that is addressed, or change what it enforces: then
//! nothing is told of what comes behind it.
//!
//! pilot/pkg/networking/core/waypoint.go, `getVirtualServiceForWaypoint`: VirtualServices for the host, which routes of
//! the Gateway API become as well. EnvoyFilters reach waypoints by `targetRefs` only (pilot/pkg/model/policyattachment.go).

use crate::istio::EnvoyFilter;
use crate::model::{Kind, Name, Namespace, ResourceRef};
use crate::policy::sidecar::{covers, fully_qualified, service_host};
use crate::snapshot::{MeshSnapshot, Object, Service};

/// The object that may route what is addressed to a Service, at a waypoint of this namespace.
pub(super) fn routing(
    snapshot: &MeshSnapshot,
    waypoint: &Namespace,
    service: &Service,
) -> Option<ResourceRef> {
    let namespace = service.reference.namespace.as_ref()?;
    let host = service_host(&service.reference.name, namespace.as_str());
    virtual_service(snapshot, waypoint, &host).or_else(|| route(snapshot, namespace, &service.reference.name))
}

/// An EnvoyFilter that is attached to something here, or may be.
pub(super) fn envoy_filter(snapshot: &MeshSnapshot, namespaces: &[&Namespace]) -> Option<ResourceRef> {
    let attached = |filter: &&Object<EnvoyFilter>| {
        !filter.spec.target_refs.is_empty() && namespaces.contains(&&filter.namespace())
    };
    let kind = || Kind::from_wire("EnvoyFilter");
    let found = snapshot.routing.envoy_filters.iter().find(attached);
    let found = found.map(|filter| filter.reference(kind()));
    found.or_else(|| namespaces.iter().find_map(|namespace| unread(snapshot, &kind(), Some(namespace))))
}

fn virtual_service(snapshot: &MeshSnapshot, waypoint: &Namespace, host: &str) -> Option<ResourceRef> {
    let kind = Kind::from_wire("VirtualService");
    let mut all = snapshot.routing.virtual_services.iter();
    let found = all.find(|of| {
        let namespace = of.meta.namespace.as_deref().unwrap_or_default();
        let visible = |to: &Name| match &**to {
            "*" => true,
            "." => namespace == waypoint.as_str(),
            to => to == waypoint.as_str(),
        };
        let exported = of.spec.export_to.is_empty() || of.spec.export_to.iter().any(visible);
        let mesh = of.spec.gateways.is_empty() || of.spec.gateways.iter().any(|of| **of == *"mesh");
        exported && mesh && of.spec.hosts.iter().any(|of| covers(&fully_qualified(of, namespace), host))
    });
    found.map(|of| of.reference(kind.clone())).or_else(|| unread(snapshot, &kind, None))
}

/// A route of the Gateway API whose parent is the Service.
fn route(snapshot: &MeshSnapshot, namespace: &Namespace, name: &Name) -> Option<ResourceRef> {
    let found = snapshot.routing.routes.iter().find(|route| {
        route.spec.spec.parent_refs.iter().any(|parent| {
            let of = parent.namespace.as_ref().or(route.meta.namespace.as_ref());
            parent.kind.as_deref() == Some("Service")
                && parent.name == *name
                && of.is_some_and(|of| **of == *namespace.as_str())
        })
    });
    let kinds = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"];
    let unread = || kinds.into_iter().find_map(|kind| unread(snapshot, &Kind::from_wire(kind), None));
    found.map(|route| route.reference(route.spec.kind.clone())).or_else(unread)
}

/// One that was not understood, or a list that was not read: of a namespace, or of any.
fn unread(snapshot: &MeshSnapshot, kind: &Kind, namespace: Option<&Namespace>) -> Option<ResourceRef> {
    let may = |namespace: &Namespace, of: &crate::snapshot::Unreadable| of.may_stand_in(namespace);
    let mut of_kind = snapshot.unreadable.iter().filter(|of| of.is(kind));
    let object = of_kind.find(|of| namespace.is_none_or(|namespace| may(namespace, of)));
    let list = || match namespace {
        Some(namespace) => snapshot.unread(kind, namespace.as_str()).is_some(),
        None => snapshot.not_read.iter().any(|list| list.is_of(kind)),
    };
    let object = object.map(|of| of.reference.clone());
    object.or_else(|| list().then(|| ResourceRef::cluster(kind.clone(), "*")))
}
