//! What may send elsewhere than to the Service that is addressed, whichever proxy sends: VirtualServices for its host, and
//! routes of the Gateway API that are attached to it, of which istiod makes the former. What they then do is not judged.

use crate::istio::{VirtualService, service_host};
use crate::model::{Kind, Name, Namespace};
use crate::snapshot::{MeshSnapshot, Object, Service};

use super::sidecar::Unclear;

/// The kinds of routes of the Gateway API.
const ROUTES: [&str; 4] = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"];

/// The object because of which a proxy of a namespace may send elsewhere, or the list that may hold it.
pub(super) fn elsewhere(snapshot: &MeshSnapshot, proxy: &Namespace, service: &Service) -> Option<Unclear> {
    Heeding { snapshot, proxy, only_of: None }.elsewhere(service)
}

/// The same of a waypoint, which heeds what stands in its own namespace and the Service's only
/// (pilot/pkg/networking/core/listener_waypoint.go, `getVirtualServiceForWaypoint`).
pub(super) fn elsewhere_at_waypoint(
    snapshot: &MeshSnapshot,
    waypoint: &Namespace,
    service: &Service,
) -> Option<Unclear> {
    let of_service = service.reference.namespace.as_ref().unwrap_or(waypoint);
    Heeding { snapshot, proxy: waypoint, only_of: Some([waypoint, of_service]) }.elsewhere(service)
}

/// The full name of a Service.
pub(super) fn host_of(service: &Service) -> String {
    service_host(&service.reference.name, service.reference.namespace.as_ref().map_or("", Namespace::as_str))
}

/// What a proxy heeds.
struct Heeding<'a> {
    snapshot: &'a MeshSnapshot,
    proxy: &'a Namespace,
    /// The namespaces of what counts; `None`: any.
    only_of: Option<[&'a Namespace; 2]>,
}

impl Heeding<'_> {
    fn elsewhere(&self, service: &Service) -> Option<Unclear> {
        self.virtual_service(service).or_else(|| self.route(service))
    }

    /// A VirtualService for the host that the proxy may heed.
    fn virtual_service(&self, service: &Service) -> Option<Unclear> {
        let host = host_of(service);
        let mut all = self.snapshot.routing.virtual_services.covering(&host);
        let found = all.find(|of| self.counts(of.meta.namespace.as_ref()) && is_heeded(of, self.proxy));
        let kind = Kind::from_wire("VirtualService");
        let found = found.map(|of| Unclear::not_judged(of.reference(kind.clone())));
        found.or_else(|| self.unread(&kind))
    }

    /// A route of the Gateway API whose parent is the Service.
    fn route(&self, service: &Service) -> Option<Unclear> {
        let mut all = self.snapshot.routing.routes.covering(&host_of(service));
        let found = all.find(|route| self.counts(route.meta.namespace.as_ref()));
        let found = found.map(|route| Unclear::not_judged(route.reference(route.spec.kind.clone())));
        found.or_else(|| ROUTES.into_iter().find_map(|kind| self.unread(&Kind::from_wire(kind))))
    }

    fn counts(&self, namespace: Option<&Name>) -> bool {
        let is = |of: &Namespace| namespace.is_some_and(|namespace| **namespace == *of.as_str());
        self.only_of.is_none_or(|only| only.into_iter().any(is))
    }

    /// An object of a kind that was not read, where one would count.
    fn unread(&self, kind: &Kind) -> Option<Unclear> {
        match &self.only_of {
            Some(only) => Unclear::unread(self.snapshot, kind, only),
            None => Unclear::unread_anywhere(self.snapshot, kind),
        }
    }
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
