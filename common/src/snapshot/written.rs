//! Where objects were written that decide something, by their names.

use crate::model::{Kind, Namespace, Origin, ResourceRef};

use super::{MeshSnapshot, Object};

#[cfg(test)]
mod tests;

impl MeshSnapshot {
    /// Where an object was written; `None` when it was not read.
    #[must_use]
    pub fn origin_of(&self, reference: &ResourceRef) -> Option<Origin> {
        let routing = &self.routing;
        match (&reference.kind, reference.kind.wire()) {
            (Kind::Namespace, _) => self.written_namespaces.get(&reference.name).map(|(origin, _)| *origin),
            (Kind::Service, _) => {
                let at = self.services.binary_search_by(|of| of.reference.cmp(reference)).ok()?;
                self.services.get(at).map(|of| of.origin)
            }
            (Kind::Gateway, _) => find(&self.gateways, reference),
            (_, "DestinationRule") => find(&routing.destination_rules, reference),
            (_, "RequestAuthentication") => find(&routing.request_authentications, reference),
            (_, "Sidecar") => find(&routing.sidecars, reference),
            (_, "VirtualService") => find(&routing.virtual_services, reference),
            (_, "EnvoyFilter") => find(&routing.envoy_filters, reference),
            (_, "ServiceEntry") => find(&routing.service_entries, reference),
            (_, "WorkloadEntry") => find(&self.workload_entries, reference),
            (kind, _) => {
                let of_routes = routing.routes.iter().filter(|of| of.spec.kind == *kind);
                let of_extensions = routing.extensions.iter().filter(|of| of.spec.kind == *kind);
                let others = self.named_only.iter().filter(|of| of.spec == *kind);
                let mut found = of_routes
                    .filter_map(|of| is(of, reference))
                    .chain(of_extensions.filter_map(|of| is(of, reference)))
                    .chain(others.filter_map(|of| is(of, reference)));
                self.origin_of_workload(reference).or_else(|| found.next())
            }
        }
    }

    fn origin_of_workload(&self, reference: &ResourceRef) -> Option<Origin> {
        let at = self.workloads.binary_search_by(|of| of.reference.cmp(reference)).ok()?;
        self.workloads.get(at).map(|of| of.origin)
    }
}

fn find<T>(objects: &[Object<T>], reference: &ResourceRef) -> Option<Origin> {
    objects.iter().find_map(|object| is(object, reference))
}

/// Where an object was written, if it is that one.
fn is<T>(object: &Object<T>, reference: &ResourceRef) -> Option<Origin> {
    let meta = &object.meta;
    let namespace = reference.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
    let here = meta.namespace.as_deref().unwrap_or_default();
    (meta.name == reference.name && here == namespace).then_some(object.origin)
}
