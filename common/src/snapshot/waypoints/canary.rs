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

/// The first ztunnel that knows of two waypoints (src/state/service.rs, `weighted_waypoints`).
const FIRST: Version = (1, 31);

/// Which of two waypoints connections go through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Share {
    /// The one that is bound, and no other.
    All,
    /// Some through this Gateway.
    Some(ResourceRef),
    /// All through this Gateway.
    None(ResourceRef),
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
    /// Which share of the connections to a Service its waypoint has, where it is bound to one.
    #[must_use]
    pub fn share_of_waypoint(&self, service: &Service, bound: &ResourceRef) -> Share {
        if self.settings.newest_ztunnel.is_some_and(|version| version < FIRST) {
            return Share::All;
        }
        let namespace = service.reference.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        // `ResolveUseWaypointCanary`: the Namespace counts where the Service names no waypoint itself.
        let inherits = service.labels.get(USE_WAYPOINT).is_none();
        let of_namespace = if inherits { self.namespace_labels(namespace) } else { None };
        let asks = |labels: &&Labels| labels.get(CANARY).is_some();
        let labels = of_namespace.filter(|of| !asks(&&service.labels) && asks(of)).unwrap_or(&service.labels);
        let Some(name) = labels.get(CANARY).filter(|name| !name.is_empty() && *name != "none") else {
            return Share::All;
        };
        let gateway = gateway_ref(labels.get(CANARY_NAMESPACE).unwrap_or(namespace), name);
        let inherited = || self.waypoints.weights.get(namespace).filter(|_| inherits);
        let weight = match service.canary_weight.as_ref().or_else(inherited) {
            None => Some(0),
            Some(text) => percentage(text),
        };
        match weight {
            None | Some(0) => Share::All,
            _ if gateway == *bound => Share::All,
            Some(weight) => self.shared(namespace, &gateway, weight),
        }
    }

    fn shared(&self, from: &str, gateway: &ResourceRef, weight: u8) -> Share {
        let namespace = gateway.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        match self.bind(from, namespace, &gateway.name, Traffic::Service) {
            Binding::Bound(second) if weight == 100 && !self.some_ztunnel_is_old() => Share::None(second),
            Binding::Bound(second) => Share::Some(second),
            Binding::Unknown(what) => Share::Unknown(what),
            Binding::Free | Binding::Refused(..) => Share::All,
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
