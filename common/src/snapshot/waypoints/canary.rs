//! The second waypoint that a share of the connections to a Service goes through.
//!
//! waypoints.go, `buildWeightedWaypoints`: only beside a waypoint that is used. Whatever is wrong with the second one
//! leaves all connections to the first.

use rustc_hash::FxHashMap;

use crate::model::{Labels, Name, Namespace, ResourceRef};
use crate::snapshot::{MeshSnapshot, Object, Objects, Service, Version};

use super::{Binding, Traffic, USE_WAYPOINT, gateway_ref};

/// Binds a Service to a second waypoint for a share of its connections.
pub(super) const CANARY: &str = "istio.io/use-waypoint-canary";
/// Says in which namespace that one is.
pub(super) const CANARY_NAMESPACE: &str = "istio.io/use-waypoint-canary-namespace";
/// How many of a hundred connections go through it; none without it.
pub(in crate::snapshot) const WEIGHT: &str = "istio.io/use-waypoint-canary-weight";

/// The first istiod and ztunnel that know of two waypoints (ztunnel src/state/service.rs, `weighted_waypoints`).
const FIRST: Version = (1, 31);

/// Through which of two waypoints connections go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Through {
    /// The one that is bound.
    First,
    /// That one, or this Gateway.
    Either(ResourceRef),
    /// This Gateway.
    Second(ResourceRef),
    /// Not known: this was not read, or not the part of it that decides.
    Unknown(ResourceRef),
}

/// The weights that Namespaces write.
pub(super) fn weights(objects: &Objects) -> FxHashMap<Name, Name> {
    let weight = |namespace: &Object<()>| {
        let text = namespace.meta.annotations.get(WEIGHT)?;
        Some((namespace.meta.name.clone(), Name::from(text)))
    };
    objects.namespaces.iter().filter_map(weight).collect()
}

impl MeshSnapshot {
    /// What a Service is bound to: its waypoint, and a second one, whatever its weight.
    #[must_use]
    pub fn waypoints_of_service(&self, service: &Service) -> Vec<Binding> {
        let first = self.waypoint_of_service(service);
        let second = match &first {
            Binding::Bound(bound) => self.second_waypoint(service, bound).map(|(binding, _)| binding),
            _ => None,
        };
        std::iter::once(first).chain(second).collect()
    }

    /// Through which waypoint the connections to a Service go that is bound to one.
    #[must_use]
    pub fn through_waypoint(&self, service: &Service, bound: &ResourceRef) -> Through {
        match self.second_waypoint(service, bound) {
            None | Some((_, 0)) => Through::First,
            Some((Binding::Unknown(what), _)) => Through::Unknown(what),
            Some((Binding::Bound(second), 100)) if !self.some_ztunnel_is_old() => Through::Second(second),
            Some((Binding::Bound(second), _)) => Through::Either(second),
            Some((Binding::Free | Binding::Refused(..), _)) => Through::First,
        }
    }

    /// The second waypoint of a Service that is bound to a first one, if istiod takes it, and how many of a hundred
    /// connections go through it.
    fn second_waypoint(&self, service: &Service, bound: &ResourceRef) -> Option<(Binding, u8)> {
        let namespace = service.reference.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        // `ResolveUseWaypointCanary`: the Namespace counts where the Service names no waypoint itself.
        let inherits = service.labels.get(USE_WAYPOINT).is_none();
        let of_namespace = if inherits { self.namespace_labels(namespace) } else { None };
        let asks = |labels: &&Labels| labels.get(CANARY).is_some();
        let labels = of_namespace.filter(|of| !asks(&&service.labels) && asks(of)).unwrap_or(&service.labels);
        let name = labels.get(CANARY).filter(|name| !name.is_empty() && *name != "none")?;
        let gateway = gateway_ref(labels.get(CANARY_NAMESPACE).unwrap_or(namespace), name);
        let inherited = || self.waypoints.weights.get(namespace).filter(|_| inherits);
        let weight = match service.canary_weight.as_ref().or_else(inherited) {
            None => 0,
            Some(text) => percentage(text)?,
        };
        if gateway == *bound {
            return None;
        }
        let of = gateway.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        match (self.bind(namespace, of, &gateway.name, Traffic::Service), self.knows_of_two()) {
            (Binding::Free | Binding::Refused(..), _) | (_, Some(false)) => None,
            (binding, Some(true)) => Some((binding, weight)),
            (_, None) => Some((Binding::Unknown(gateway), weight)),
        }
    }

    /// Whether istiod and any ztunnel know of two waypoints; `None` where a version decides that was not read.
    fn knows_of_two(&self) -> Option<bool> {
        let knows = |version: Option<Version>| version.map(|version| version >= FIRST);
        match (knows(self.settings.istiod.version), knows(self.settings.newest_ztunnel)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    /// While ztunnels are updated, some do as before.
    fn some_ztunnel_is_old(&self) -> bool {
        self.settings.ztunnel.is_some_and(|version| version < FIRST)
    }
}

/// As Go's `strconv.Atoi` reads it (`getCanaryWeight`): from 0 to 100.
fn percentage(text: &str) -> Option<u8> {
    text.parse::<i64>().ok().and_then(|number| u8::try_from(number).ok()).filter(|number| *number <= 100)
}
