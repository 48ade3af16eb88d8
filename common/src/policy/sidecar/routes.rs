//! What may send a client's connections elsewhere than to the Service that it addresses, or keep it from knowing the
//! Service: then nothing is told.
//!
//! VirtualServices and ServiceEntries for the host, routes of the Gateway API that are attached to the Service, Sidecars
//! that leave something out, EnvoyFilters, Services that are not for every namespace. Gateways heed none of the routes
//! for clients: which Service they send to is for their own, and is taken as it is asked.

use crate::istio::{Egress, Sidecar, covers};
use crate::model::{Kind, Name, Namespace, ProxyKind, ResourceRef, Workload};
use crate::policy::routing::{self, host_of};
use crate::snapshot::{MeshSnapshot, Object, Service};

use super::{Unclear, envoy_filters, sidecars};

#[cfg(test)]
mod tests;

/// What changes a client's proxy, wherever it comes in.
fn changed(snapshot: &MeshSnapshot, client: &Workload, context: &str) -> Option<Unclear> {
    envoy_filters::changing(snapshot, client, context).map(|change| change.by)
}

/// What may change what a client sends to a Service.
pub(super) fn changing(snapshot: &MeshSnapshot, client: &Workload, service: &Service) -> Result<(), Unclear> {
    let gateway = client.proxy.as_ref().is_some_and(|proxy| proxy.kind == ProxyKind::Gateway);
    let context = if gateway { "GATEWAY" } else { "SIDECAR_OUTBOUND" };
    let of = Of { snapshot, client, service };
    none(changed(snapshot, client, context))?;
    none(of.not_discovered())?;
    none(of.not_exported())?;
    if gateway {
        return Ok(());
    }
    none(of.sidecar())?;
    none(routing::elsewhere(snapshot, &client.identity.namespace, service))?;
    none(of.service_entry())
}

/// What may change what a client sends to no Service.
pub(super) fn changing_passthrough(snapshot: &MeshSnapshot, client: &Workload) -> Result<(), Unclear> {
    none(changed(snapshot, client, "SIDECAR_OUTBOUND"))?;
    none(unread_sidecar(snapshot, client))?;
    let policy = |of: &&Object<Sidecar>| of.spec.outbound_traffic_policy.is_some();
    let sidecars = sidecars::of(snapshot, client);
    none(sidecars.into_iter().find(policy).map(|of| Unclear::not_judged(of.reference(kind("Sidecar")))))?;
    let strict = snapshot.settings.mesh.clients.registry_only;
    let root = &snapshot.settings.mesh.root_namespace;
    none(strict.then(|| Unclear::not_judged(ResourceRef::new(kind("ConfigMap"), root.clone(), "istio"))))
}

fn none(unclear: Option<Unclear>) -> Result<(), Unclear> {
    unclear.map_or(Ok(()), Err)
}

fn kind(wire: &str) -> Kind {
    Kind::from_wire(wire)
}

fn unread_sidecar(snapshot: &MeshSnapshot, client: &Workload) -> Option<Unclear> {
    let root = &snapshot.settings.mesh.root_namespace;
    let places = [&client.identity.namespace, root];
    places.into_iter().find_map(|namespace| Unclear::unread(snapshot, &kind("Sidecar"), &[namespace]))
}

struct Of<'a> {
    snapshot: &'a MeshSnapshot,
    client: &'a Workload,
    service: &'a Service,
}

impl Of<'_> {
    /// What istiod does not look at nobody knows.
    fn not_discovered(&self) -> Option<Unclear> {
        let own = self.client.identity.namespace.as_str();
        let of_service = self.service.reference.namespace.as_ref().map_or("", Namespace::as_str);
        [own, of_service].into_iter().find_map(|of| Unclear::not_discovered(self.snapshot, of))
    }

    /// A Service that is not for every namespace is not judged.
    fn not_exported(&self) -> Option<Unclear> {
        let defaults = &self.snapshot.settings.mesh.clients.services_for;
        let everywhere = match &self.service.exported_to {
            Some(written) => written.split(',').any(|of| of.trim() == "*"),
            None => defaults.is_empty() || defaults.iter().any(|of| **of == *"*"),
        };
        (!everywhere).then(|| Unclear::not_judged(self.service.reference.clone()))
    }

    /// A Sidecar that does not clearly know the Service.
    fn sidecar(&self) -> Option<Unclear> {
        let sidecars = sidecars::of(self.snapshot, self.client);
        let own = &self.client.identity.namespace;
        let omitting = sidecars.into_iter().find(|sidecar| !self.is_known_to(&sidecar.spec, own));
        omitting
            .map(|sidecar| Unclear::not_judged(sidecar.reference(kind("Sidecar"))))
            .or_else(|| unread_sidecar(self.snapshot, self.client))
    }

    /// sidecar.go, `convertIstioListenerToWrapper`: hosts as `namespace/host`. Listeners for single ports and addresses
    /// are not judged.
    fn is_known_to(&self, sidecar: &Sidecar, own: &Namespace) -> bool {
        let plain =
            |egress: &Egress| egress.port.is_none() && egress.bind.is_none() && egress.capture_mode.is_none();
        if sidecar.egress.is_empty() {
            return true;
        }
        let names = |host: &Name| {
            let (of, host) = host.split_once('/').unwrap_or(("*", host));
            let namespace = self.service.reference.namespace.as_ref().map_or("", Namespace::as_str);
            let fits = match of {
                "*" => true,
                "." => namespace == own.as_str(),
                of => of == namespace,
            };
            fits && covers(host, &host_of(self.service))
        };
        sidecar.egress.iter().all(plain) && sidecar.egress.iter().flat_map(|of| &of.hosts).any(names)
    }

    /// A ServiceEntry with the host of the Service, or one that could not be read and may have it.
    fn service_entry(&self) -> Option<Unclear> {
        let kind = kind("ServiceEntry");
        let found = self.snapshot.routing.service_entries.covering(&host_of(self.service)).next();
        let found = found.map(|of| Unclear::not_judged(of.reference(kind.clone())));
        found.or_else(|| Unclear::unreadable(self.snapshot, &kind))
    }
}
