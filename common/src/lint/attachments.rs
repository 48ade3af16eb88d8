//! What policies with `targetRefs` are attached to, and what is bound to which waypoint.
//!
//! pilot/pkg/model/policyattachment.go, `ShouldAttachPolicy`; pilot/pkg/serviceregistry/ambient/waypoints.go.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::istio::{AuthorizationPolicy, TargetKind, TargetReference};
use crate::model::{FieldPath, Kind, Name, Namespace, ResourceRef};
use crate::snapshot::{Binding, MeshSnapshot, Object, Service};

/// What is bound to waypoints.
pub(super) struct Bindings<'a> {
    /// Services by the Gateway that takes what they are sent, or would if it is one.
    services: FxHashMap<ResourceRef, Vec<&'a Service>>,
    /// The same by their names.
    by_name: FxHashMap<ResourceRef, &'a Service>,
    /// Gateways to which anything at all is bound, or may be.
    used: FxHashSet<ResourceRef>,
    /// Whether something may be bound to any: its Namespace was not read.
    unclear: bool,
}

impl<'a> Bindings<'a> {
    pub(super) fn new(snapshot: &'a MeshSnapshot) -> Self {
        let mut found = Self {
            services: FxHashMap::default(),
            by_name: FxHashMap::default(),
            used: FxHashSet::default(),
            unclear: false,
        };
        for service in &snapshot.services {
            for binding in snapshot.waypoints_of_service(service) {
                if let Some(gateway) = found.add(binding) {
                    found.services.entry(gateway).or_default().push(service);
                    found.by_name.insert(service.reference.clone(), service);
                }
            }
        }
        for entry in snapshot.routing.service_entries.iter() {
            found.add(snapshot.waypoint_of_service_entry(entry));
        }
        for workload in &snapshot.workloads {
            found.add(snapshot.waypoint_of_workload(workload));
        }
        found
    }

    /// Notes what is bound: to the Gateway that is, or may be, its waypoint.
    fn add(&mut self, binding: Binding) -> Option<ResourceRef> {
        let gateway = match binding {
            Binding::Bound(gateway) => gateway,
            Binding::Unknown(of) if of.kind == Kind::Gateway => of,
            Binding::Unknown(_) => {
                self.unclear = true;
                return None;
            }
            Binding::Free | Binding::Refused(..) => return None,
        };
        self.used.insert(gateway.clone());
        Some(gateway)
    }

    /// The Services in front of which a waypoint stands, or would if it were ready.
    pub(super) fn services_of(&self, gateway: &ResourceRef) -> &[&'a Service] {
        self.services.get(gateway).map(Vec::as_slice).unwrap_or_default()
    }

    /// A Service, if a waypoint stands in front of it, or would.
    pub(super) fn service(&self, reference: &ResourceRef) -> Option<&'a Service> {
        self.by_name.get(reference).copied()
    }

    /// The Services in front of which any waypoint stands, or would.
    pub(super) fn services(&self) -> impl Iterator<Item = &'a Service> {
        self.by_name.values().copied()
    }

    /// Whether nothing is bound to a Gateway.
    pub(super) fn is_unused(&self, gateway: &ResourceRef) -> bool {
        !self.unclear && !self.used.contains(gateway)
    }
}

/// A target of a policy, with its place.
pub(super) struct Target<'a> {
    pub(super) reference: &'a TargetReference,
    pub(super) path: FieldPath,
    /// As it is called in sentences.
    pub(super) place: String,
}

/// The targets of a policy.
pub(super) fn targets(policy: &Object<AuthorizationPolicy>) -> impl Iterator<Item = Target<'_>> {
    let single = policy.spec.target_refs.is_empty();
    policy.spec.targets().enumerate().map(move |(at, reference)| {
        if single {
            return Target {
                reference,
                path: FieldPath::spec().field("targetRef"),
                place: "targetRef".to_owned(),
            };
        }
        Target {
            reference,
            path: FieldPath::spec().field("targetRefs").item(at),
            place: format!("targetRefs[{at}]"),
        }
    })
}

impl Target<'_> {
    pub(super) fn name(&self) -> Name {
        self.reference.name.clone().unwrap_or_default()
    }

    /// The object that is meant, of the policy's namespace.
    pub(super) fn object(&self, namespace: &Namespace) -> Option<(TargetKind, ResourceRef)> {
        let kind = self.reference.target_kind()?;
        let of = |kind| ResourceRef::new(kind, namespace.clone(), self.name());
        Some((
            kind,
            match kind {
                TargetKind::Gateway => of(Kind::Gateway),
                TargetKind::Service => of(Kind::Service),
                TargetKind::ServiceEntry => of(Kind::from_wire("ServiceEntry")),
                TargetKind::GatewayClass => {
                    ResourceRef::cluster(Kind::from_wire("GatewayClass"), self.name())
                }
            },
        ))
    }
}
