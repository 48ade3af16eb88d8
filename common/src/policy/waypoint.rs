//! The waypoint in front of a destination: which pods it is, as whom it calls on, what its Envoy enforces.
//!
//! [`bound`] says what is bound, [`mod@instances`] what runs; what the gates say of the two stretches is in
//! `gates::waypoint`.

use std::sync::Arc;

use crate::istio::GATEWAY_NAME;
use crate::model::{Identity, Labels, Name, ResourceRef};
use crate::snapshot::{Binding, Service, Through};

use super::enforced::Enforced;
use super::envoy::{Known, Matcher, Proxy, Request, Tunnel};
use super::gates::resolve::Destination;
use super::mesh::Mesh;
use super::routing::elsewhere_at_waypoint;
use super::sidecar::inbound::Protocol;
use super::sidecar::{Change, changing_waypoint};
use super::tokens::Tokens;

mod behind;
mod bound;
mod instances;
pub(super) mod local;
mod server_names;

pub(super) use bound::{addressed, binding_of_pod, may_be_bound, may_stand_in_front};
use bound::{binding, bound_object};
pub(super) use instances::Instances;
use instances::{instances, ready_pods};

/// What stands between captured clients and a destination.
#[derive(Debug)]
pub(super) enum InFront {
    /// Nothing.
    Nothing,
    /// A waypoint.
    Waypoint(Box<Waypoint>),
    /// It is not known, or not judged, because of this object.
    Unclear(ResourceRef),
}

/// A waypoint, as one destination has it in front of it.
#[derive(Debug)]
pub(super) struct Waypoint {
    /// The Gateway.
    pub(super) gateway: ResourceRef,
    /// Its instances.
    pub(super) instances: Instances,
    /// What keeps it from being told what it enforces, and where it sends.
    pub(super) changed: Option<Change>,
    /// What its Envoy enforces in front of the destination.
    pub(super) enforced: Arc<Enforced>,
    /// What is known of the request, as the Envoy sees it.
    pub(super) request: Request,
    /// What it makes of the token that is given.
    pub(super) tokens: Tokens,
    /// The object because of which it may send elsewhere than to the destination.
    pub(super) elsewhere: Option<ResourceRef>,
}

impl Waypoint {
    /// Whether it takes connections of the same callers as without what changes it.
    pub(super) fn keeps_handshake(&self) -> bool {
        self.changed.as_ref().is_none_or(|change| change.keeps_handshake)
    }
}

impl InFront {
    /// What captured clients go through who call a destination: one thing, or either of two waypoints.
    pub(super) fn of(mesh: &Mesh<'_>, destination: &Destination) -> Vec<Self> {
        let addressed = addressed(mesh, destination);
        let binding = binding(mesh, destination);
        let object = bound_object(mesh, destination, addressed);
        let Some(object) = may_be_bound(&object, &binding) else { return vec![Self::Nothing] };
        let unclear = || Self::Unclear(object.clone());
        let Binding::Bound(bound) = &binding else { return vec![unclear()] };
        let judged = |gateway: &ResourceRef| match waypoint(mesh, gateway, destination, addressed) {
            Some(waypoint) => Self::Waypoint(Box::new(waypoint)),
            None => unclear(),
        };
        let Some(service) = addressed else { return vec![judged(bound)] };
        match mesh.snapshot.through_waypoint(service, bound) {
            Through::First => vec![judged(bound)],
            // Which endpoints are taken is said by the nodes of the pods of a waypoint, and by those of one only.
            Through::Either(_) | Through::Second(_) if service.local_only => vec![unclear()],
            Through::Either(second) => vec![judged(bound), judged(&second)],
            Through::Second(second) => vec![judged(&second)],
            Through::Unknown(_) => vec![unclear()],
        }
    }

    /// What it is called, where it is one of several.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Waypoint(waypoint) => waypoint.gateway.to_string(),
            Self::Unclear(object) => object.to_string(),
            Self::Nothing => String::new(),
        }
    }
}

/// A waypoint of the class that is judged; others' proxies are not known.
fn waypoint(
    mesh: &Mesh<'_>,
    gateway: &ResourceRef,
    destination: &Destination,
    service: Option<&Service>,
) -> Option<Waypoint> {
    let namespace = gateway.namespace.clone()?;
    let snapshot = mesh.snapshot;
    let written = snapshot.waypoint(gateway).filter(|waypoint| waypoint.is_of_istio())?;
    // The rules for the tunnel into it are not judged.
    if snapshot.settings.istiod.layers_waypoint_policies {
        return None;
    }
    let account = written.account.as_deref().unwrap_or(&gateway.name);
    let trust_domain = snapshot.settings.mesh.trust_domain.clone();
    let identity = Identity::new(trust_domain, namespace.as_str(), account);
    let labels: Labels = [(GATEWAY_NAME, &*gateway.name)].into_iter().collect();
    let proxy = Proxy::of_waypoint((&namespace, &labels), service, &snapshot.settings);
    let tokens = Tokens::of(mesh, &proxy);
    let enforced = Enforced::by(mesh, &proxy, protocol(destination, service));
    Some(Waypoint {
        gateway: gateway.clone(),
        instances: instances(mesh, gateway, identity),
        changed: changing_waypoint(snapshot, &proxy),
        request: tokens.seen_in(request(mesh, (gateway, destination), service, &enforced)),
        tokens,
        enforced,
        elsewhere: service
            .and_then(|service| elsewhere_at_waypoint(snapshot, &namespace, service))
            .map(|of| of.object),
    })
}

/// What travels through the port that is addressed; what is sent to a pod's address is always detected
/// (pilot/pkg/networking/core/listener_waypoint.go, `buildWaypointInternal`).
fn protocol(destination: &Destination, service: Option<&Service>) -> Protocol {
    let port =
        service.and_then(|service| service.ports.iter().find(|port| Some(port.port) == destination.dialled));
    port.map_or(Protocol::Detected, Protocol::of)
}

/// The request as the Envoy of a waypoint has it: called is the Service's address and port, or the pod's
/// (pilot/pkg/xds/filters/filters.go, `ConnectAuthorityFilter`: what the client's ztunnel asked for).
fn request(
    mesh: &Mesh<'_>,
    (gateway, destination): (&ResourceRef, &Destination),
    service: Option<&Service>,
    enforced: &Enforced,
) -> Request {
    let port = if service.is_some() { destination.dialled } else { destination.port };
    let addresses = match (service, destination.workload().and_then(|index| mesh.workload(index))) {
        (Some(service), _) => service.addresses.as_slice(),
        (None, Some(workload)) => workload.addresses.as_slice(),
        (None, None) => &[],
    };
    Request {
        server_name: match enforced.asks(|matcher| matches!(matcher, Matcher::ServerName(_))) {
            true => server_name(mesh, gateway, port),
            false => Known::Unknown,
        },
        destination_ip: match addresses {
            [only] => Known::Is(*only),
            _ => Known::Unknown,
        },
        destination_port: port.map_or(Known::Absent, Known::Is),
        tunnel: Tunnel::OfWaypoint,
        ..mesh.request.clone()
    }
}

/// The name that TLS asks for, where the waypoint looks at it.
fn server_name(mesh: &Mesh<'_>, gateway: &ResourceRef, port: Option<u16>) -> Known<Name> {
    match server_names::are_looked_at(mesh, gateway, port) {
        Some(true) => mesh.request.server_name.clone(),
        Some(false) => Known::Absent,
        None => Known::Unknown,
    }
}
