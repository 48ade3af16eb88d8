//! Which waypoint istiod puts in front of a workload or a Service.
//!
//! istiod makes waypoints of Gateways (waypoints.go, `gatewayToWaypointTransform`), and labels bind what is called
//! to one of them (`fetchWaypointForTarget`). Only the binding is told here, not what a waypoint decides. Where
//! something decides that was not read (a Namespace, a Gateway or its status, a GatewayClass) nothing is guessed: the
//! binding is unknown.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::istio::{EAST_WEST_CONTROLLER, GATEWAY_NAME, MANAGED, MESH_CONTROLLER, ServiceEntry};
use crate::model::{Kind, Labels, Name, Namespace, ResourceRef, Workload};

use super::settings::parse_bool;
use super::{Discovery, Extent, MeshSnapshot, Object, Objects, Service, Unreadable, Why};

mod asked;
mod canary;
mod gateway;
#[cfg(test)]
mod tests;

pub use asked::waypoint_namespaces;
pub use canary::Through;
pub(super) use canary::WEIGHT;
pub use gateway::Waypoint;

/// Binds an object, or what is in a namespace, to a waypoint of this name; `none` opts out.
pub(crate) const USE_WAYPOINT: &str = "istio.io/use-waypoint";
/// Says in which namespace the waypoint is.
const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
/// Has gateways that let traffic in go through the waypoint of a Service.
const INGRESS_USE_WAYPOINT: &str = "istio.io/ingress-use-waypoint";
/// The controllers of waypoints and of east-west gateways.
const CONTROLLERS: [&str; 2] = [MESH_CONTROLLER, EAST_WEST_CONTROLLER];

/// The waypoint in front of something.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Binding {
    /// None is asked for.
    Free,
    /// What is called is called through this Gateway.
    Bound(ResourceRef),
    /// This Gateway is asked for and istiod does not use it: what is called is called directly.
    Refused(ResourceRef, Refusal),
    /// Not known: this was not read, or not the part of it that decides.
    Unknown(ResourceRef),
}

/// Why istiod does not use a waypoint that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// There is no such Gateway, or it has no address (yet).
    NotReady,
    /// It lets nothing of this namespace attach.
    NotAllowed,
    /// It is for other traffic.
    OtherTraffic,
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Traffic {
    Service,
    Workload,
}

/// The waypoints that istiod makes of Gateways.
#[derive(Clone, Debug)]
pub(super) struct Waypoints {
    by_namespace: FxHashMap<Name, FxHashMap<Name, Waypoint>>,
    /// Gateways of which only the name is known, if that.
    unclear: Vec<ResourceRef>,
    /// Where all Gateways are known.
    listed: Extent,
    /// By namespace, which share of the connections to its Services a second waypoint has, as it is written.
    weights: FxHashMap<Name, Name>,
    /// Gateways that are taken away.
    gone: BTreeSet<ResourceRef>,
}

/// What a name leads to.
enum Found<'a> {
    Waypoint(&'a Waypoint),
    Nothing,
    Unread,
}

impl Waypoints {
    pub(super) fn new(objects: &Objects, unreadable: &[Unreadable]) -> Self {
        let classes = gateway::Classes::new(objects);
        let mut by_namespace: FxHashMap<Name, FxHashMap<Name, Waypoint>> = FxHashMap::default();
        for object in &objects.gateways {
            let namespace = object.meta.namespace.clone().unwrap_or_default();
            let waypoint = Waypoint::new(object, &classes);
            by_namespace.entry(namespace).or_default().insert(object.meta.name.clone(), waypoint);
        }
        let unclear = unreadable.iter().filter(|u| u.is(&Kind::Gateway)).map(|u| u.reference.clone());
        Self {
            by_namespace,
            unclear: unclear.collect(),
            listed: listed(objects, "gateways"),
            weights: canary::weights(objects),
            gone: objects.assumed.gone.clone(),
        }
    }

    fn find(&self, namespace: &str, name: &str) -> Found<'_> {
        if let Some(waypoint) = self.by_namespace.get(namespace).and_then(|names| names.get(name)) {
            return Found::Waypoint(waypoint);
        }
        let may_be = |unclear: &ResourceRef| {
            let here = unclear.namespace.as_ref().is_none_or(|own| own.as_str() == namespace);
            here && (unclear.name.is_empty() || *unclear.name == *name)
        };
        let known = self.listed.covers(namespace) && !self.unclear.iter().any(may_be);
        let gone = || self.gone.contains(&gateway_ref(namespace, name));
        if known || gone() { Found::Nothing } else { Found::Unread }
    }
}

/// The namespaces of which all objects of a resource of Gateway API are known.
fn listed(objects: &Objects, plural: &str) -> Extent {
    if !objects.gateways_listed {
        return Extent::none();
    }
    let resource = format!("{plural}.gateway.networking.k8s.io");
    let unread = objects.not_read.iter().filter(|list| list.resource == resource && list.why != Why::Missing);
    unread.fold(Extent::none(), |all, list| all.union(list.extent.clone())).complement()
}

impl MeshSnapshot {
    /// The waypoint of what is sent to a workload's own address (workloads.go, `computeWaypoint`).
    #[must_use]
    pub fn waypoint_of_workload(&self, workload: &Workload) -> Binding {
        let (reference, labels) = (&workload.reference, &workload.labels);
        let binding = self.waypoint_of(reference, labels, Traffic::Workload);
        if !matches!(binding, Binding::Bound(_) | Binding::Unknown(_)) {
            return binding;
        }
        // waypoints.go, `fetchWaypointForInstance`: in front of a waypoint's own pods there is none.
        let namespace = reference.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        let Some(name) = labels.get(GATEWAY_NAME).filter(|name| !name.is_empty()) else { return binding };
        match self.is_waypoint(namespace, name) {
            Some(true) => Binding::Free,
            Some(false) => binding,
            None => Binding::Unknown(gateway_ref(namespace, name)),
        }
    }

    /// What a Gateway is as a waypoint; `None` when it was not read.
    #[must_use]
    pub fn waypoint(&self, gateway: &ResourceRef) -> Option<&Waypoint> {
        let namespace = gateway.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        match self.seen(namespace, &gateway.name) {
            Found::Waypoint(waypoint) => Some(waypoint),
            Found::Nothing | Found::Unread => None,
        }
    }

    /// The waypoint of what is sent to a Service's address (waypoints.go, `fetchWaypointForService`).
    #[must_use]
    pub fn waypoint_of_service(&self, service: &Service) -> Binding {
        if service.labels.get(MANAGED).is_some_and(|by| CONTROLLERS.contains(&by)) {
            return Binding::Free;
        }
        self.waypoint_of(&service.reference, &service.labels, Traffic::Service)
    }

    /// Whether gateways that let traffic in go through the waypoint of a Service: its label says so, else that of its
    /// Namespace (services.go, `ingressUseWaypointFromLabels`); `None` where that one was not read.
    #[must_use]
    pub fn takes_ingress_through_waypoint(&self, service: &Service) -> Option<bool> {
        let said =
            |labels: &Labels| labels.get(INGRESS_USE_WAYPOINT).map(|text| parse_bool(text) == Some(true));
        let namespace = service.reference.namespace.as_ref().map_or("", Namespace::as_str);
        let own = said(&service.labels);
        own.or_else(|| Some(self.namespace_labels(namespace).map(said)?.unwrap_or(false)))
    }

    /// The waypoint of what is sent to the hosts of a ServiceEntry (waypoints.go, `fetchWaypointForService`).
    #[must_use]
    pub fn waypoint_of_service_entry(&self, entry: &Object<ServiceEntry>) -> Binding {
        let reference = entry.reference(Kind::from_wire("ServiceEntry"));
        self.waypoint_of(&reference, &entry.meta.labels, Traffic::Service)
    }

    /// Whether there is a Gateway; `None` where not all of them are known.
    #[must_use]
    pub fn has_gateway(&self, namespace: &str, name: &str) -> Option<bool> {
        match self.waypoints.find(namespace, name) {
            Found::Waypoint(_) => Some(true),
            Found::Nothing => Some(false),
            Found::Unread => None,
        }
    }

    /// waypoints.go, `fetchWaypointForTarget`: the object's own label, whatever comes of it, else its namespace's.
    fn waypoint_of(&self, reference: &ResourceRef, own: &Labels, traffic: Traffic) -> Binding {
        let Some(namespace) = &reference.namespace else { return Binding::Free };
        let namespace = namespace.as_str();
        if self.discovery(namespace) == Discovery::Undiscovered {
            return Binding::Free;
        }
        let by_own_label = own.get(USE_WAYPOINT).is_some();
        let labels = match self.namespace_labels(namespace) {
            _ if by_own_label => own,
            Some(labels) => labels,
            None => return Binding::Unknown(ResourceRef::cluster(Kind::Namespace, namespace)),
        };
        let Some(name) = labels.get(USE_WAYPOINT).filter(|name| *name != "none") else {
            return Binding::Free;
        };
        let of = labels.get(USE_WAYPOINT_NAMESPACE).unwrap_or(namespace);
        match self.bind(namespace, of, name, traffic) {
            // `fetchWaypointForWorkload`: a namespace's waypoint for Services is not asked for by its pods.
            Binding::Refused(_, Refusal::OtherTraffic) if traffic == Traffic::Workload && !by_own_label => {
                Binding::Free
            }
            binding => binding,
        }
    }

    /// What comes of asking for a waypoint in a namespace. What is known to refuse decides, whatever was not read.
    fn bind(&self, from: &str, namespace: &str, name: &str, traffic: Traffic) -> Binding {
        let gateway = gateway_ref(namespace, name);
        let waypoint = match self.seen(namespace, name) {
            Found::Waypoint(waypoint) => waypoint,
            Found::Nothing => return Binding::Refused(gateway, Refusal::NotReady),
            Found::Unread => return Binding::Unknown(gateway),
        };
        let holds = [
            (waypoint.is_reached(), Refusal::NotReady),
            (waypoint.allows(namespace, from, self.namespace_labels(from)), Refusal::NotAllowed),
            (waypoint.takes(traffic), Refusal::OtherTraffic),
        ];
        if let Some((_, refusal)) = holds.iter().find(|(holds, _)| *holds == Some(false)) {
            return Binding::Refused(gateway, *refusal);
        }
        let all = holds.iter().all(|(holds, _)| *holds == Some(true));
        if all { Binding::Bound(gateway) } else { Binding::Unknown(gateway) }
    }

    /// A Gateway as istiod sees it: not where it does not look.
    fn seen(&self, namespace: &str, name: &str) -> Found<'_> {
        match self.discovery(namespace) {
            Discovery::Discovered => self.waypoints.find(namespace, name),
            Discovery::Undiscovered => Found::Nothing,
            Discovery::Unread => Found::Unread,
        }
    }

    fn is_waypoint(&self, namespace: &str, name: &str) -> Option<bool> {
        match self.seen(namespace, name) {
            Found::Waypoint(waypoint) => waypoint.has_address(),
            Found::Nothing => Some(false),
            Found::Unread => None,
        }
    }
}

fn gateway_ref(namespace: &str, name: &str) -> ResourceRef {
    ResourceRef::new(Kind::Gateway, namespace, name)
}
