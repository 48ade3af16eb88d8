//! The waypoint in front of a destination: which pods it is, as whom it calls on, what its Envoy enforces.
//!
//! Which Gateway is bound is told by `snapshot::waypoints`; what the gates say of the two stretches, by
//! `gates::waypoint`. A Gateway that a person wrote runs nothing yet: istiod makes its pods
//! (pilot/pkg/config/kube/gateway/deploymentcontroller.go), which are then known by what they are made with.

use std::sync::Arc;

use crate::istio::{GATEWAY_NAME, HBONE_PORT};
use crate::model::{Identity, Kind, Labels, Namespace, Readiness, ResourceRef, Workload, WorkloadIndex};
use crate::snapshot::{Binding, MeshSnapshot, Service, Waypoint as GatewayFacts};

use super::enforced::Enforced;
use super::envoy::{AttachedService, Known, Proxy, Request, Token};
use super::gates::resolve::{At, Destination};
use super::mesh::Mesh;
use super::routing::elsewhere;
use super::sidecar::inbound::Protocol;
use super::sidecar::{Unclear, may_change_waypoint};

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
    /// What its Envoy enforces in front of the destination.
    pub(super) enforced: Arc<Enforced>,
    /// What is known of the request, as the Envoy sees it.
    pub(super) request: Request,
    /// What refuses the token that is given.
    pub(super) refused: Option<ResourceRef>,
    /// The object because of which it may send elsewhere than to the destination.
    pub(super) elsewhere: Option<ResourceRef>,
}

/// What runs as a waypoint.
#[derive(Debug)]
pub(super) enum Instances {
    /// These pods or templates take connections.
    Running(Vec<WorkloadIndex>),
    /// Nothing was read that does; istiod will make it, and it will call with this identity.
    Written(Identity),
    /// Its pods are known, and none takes connections.
    NotReady,
}

impl InFront {
    /// What captured clients go through who call a destination.
    pub(super) fn of(mesh: &Mesh<'_>, destination: &Destination) -> Self {
        let addressed = addressed(mesh, destination);
        let binding = binding(mesh, destination);
        let object = bound_object(mesh, destination, addressed);
        let Some(object) = may_be_bound(&object, &binding) else { return Self::Nothing };
        let canary = |service: &Service| mesh.snapshot.may_have_canary_waypoint(service);
        let judged = match &binding {
            Binding::Bound(gateway) if !addressed.is_some_and(canary) => {
                waypoint(mesh, gateway, destination, addressed)
            }
            _ => None,
        };
        judged.map_or_else(|| Self::Unclear(object.clone()), |of| Self::Waypoint(Box::new(of)))
    }
}

/// Whether captured clients go through something on their way to a destination, or may.
pub(super) fn may_stand_in_front(mesh: &Mesh<'_>, destination: &Destination) -> bool {
    !matches!(binding(mesh, destination), Binding::Free | Binding::Refused(..))
}

/// What the Service that is addressed is bound to, else the pod.
fn binding(mesh: &Mesh<'_>, destination: &Destination) -> Binding {
    let workload = || destination.workload().and_then(|index| mesh.workload(index));
    match (addressed(mesh, destination), workload()) {
        (Some(service), _) => mesh.snapshot.waypoint_of_service(service),
        (None, Some(workload)) => binding_of_pod(mesh.snapshot, workload),
        (None, None) => Binding::Free,
    }
}

/// What a pod is bound to. No workload is found by the address of a node, so no waypoint stands at it (ztunnel
/// src/state/workload.rs, `insert`).
pub(super) fn binding_of_pod(snapshot: &MeshSnapshot, workload: &Workload) -> Binding {
    if workload.host_network { Binding::Free } else { snapshot.waypoint_of_workload(workload) }
}

/// What says that an object is bound to a waypoint, or may: the object itself, also where too little was read of the
/// Gateway, or the Namespace that was not read. One that istiod refuses to use is none: what is sent goes direct.
pub(super) fn may_be_bound<'a>(object: &'a ResourceRef, binding: &'a Binding) -> Option<&'a ResourceRef> {
    match binding {
        Binding::Free | Binding::Refused(..) => None,
        Binding::Unknown(namespace) if namespace.kind == Kind::Namespace => Some(namespace),
        Binding::Unknown(_) | Binding::Bound(_) => Some(object),
    }
}

/// The Service that is addressed. A headless one has no address of its own: its pods are.
pub(super) fn addressed<'a>(mesh: &Mesh<'a>, destination: &Destination) -> Option<&'a Service> {
    let service = destination.service.and_then(|at| mesh.snapshot.services.get(at));
    service.filter(|service| !service.headless)
}

/// What is bound: the Service, or the workload.
fn bound_object(mesh: &Mesh<'_>, destination: &Destination, service: Option<&Service>) -> ResourceRef {
    let workload = || destination.workload().and_then(|index| mesh.workload(index));
    let reference = service.map(|service| &service.reference).or_else(|| workload().map(|w| &w.reference));
    reference.cloned().unwrap_or_else(|| ResourceRef::cluster(Kind::Gateway, "*"))
}

/// A waypoint of the class that is judged; `None` for others, whose proxies are not known.
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
    let attached = service.and_then(|service| {
        let namespace = service.reference.namespace.as_ref()?;
        Some(AttachedService { namespace, name: &service.reference.name, entry: false })
    });
    let proxy = Proxy {
        namespace: &namespace,
        labels: &labels,
        waypoint: true,
        service: attached,
        root: &snapshot.settings.mesh.root_namespace,
        selector_based_gateway_policy: snapshot.settings.istiod.selects_gateways,
    };
    if may_change_waypoint(snapshot, &proxy.namespaces()) {
        return None;
    }
    let tokens = Tokens::of(mesh, &proxy);
    Some(Waypoint {
        gateway: gateway.clone(),
        instances: instances(mesh, gateway, identity),
        enforced: Enforced::by(mesh, &proxy, protocol(destination, service)),
        request: request(mesh, destination, service).with_tokens(tokens.may_be_valid()),
        refused: tokens.refused(),
        elsewhere: service.and_then(|service| elsewhere(snapshot, &namespace, service)).map(|of| of.object),
    })
}

/// What travels through the port that is addressed; what is sent to a pod's address is always detected
/// (pilot/pkg/networking/core/listener_waypoint.go, `buildWaypointInternal`).
fn protocol(destination: &Destination, service: Option<&Service>) -> Protocol {
    let port =
        service.and_then(|service| service.ports.iter().find(|port| Some(port.port) == destination.dialled));
    port.map_or(Protocol::Detected, Protocol::of)
}

/// What a proxy makes of tokens.
#[derive(Debug)]
pub(super) enum Tokens {
    /// It finds none valid.
    None,
    /// It finds some valid, or may.
    Some,
    /// What is known of the token is of none that it accepts: it refuses the request, as this says.
    Refused(ResourceRef),
}

impl Tokens {
    /// By what is attached to the proxy. A request without a token passes, one with a token of another issuer does not
    /// (pilot/pkg/security/authn/policy_applier.go, `JwtFilter`: any of the issuers, or `allow_missing`).
    pub(super) fn of(mesh: &Mesh<'_>, proxy: &Proxy<'_>) -> Self {
        let snapshot = mesh.snapshot;
        let kind = || Kind::from_wire("RequestAuthentication");
        let here = snapshot.routing.request_authentications.of(&proxy.namespaces());
        let attached: Vec<_> = here
            .filter(|policy| proxy.accepts_tokens_of(policy) && !policy.spec.jwt_rules.is_empty())
            .collect();
        let unread = Unclear::unread(snapshot, &kind(), &proxy.namespaces()).is_some();
        let issuer = match &mesh.request.token {
            Token::Claims { claims, .. } => claims.get("iss").and_then(|issuer| issuer.as_str()),
            Token::Unknown | Token::Absent => None,
        };
        let mut rules = attached.iter().flat_map(|policy| &policy.spec.jwt_rules);
        match (attached.first(), issuer) {
            _ if unread => Self::Some,
            (None, _) => Self::None,
            (Some(first), Some(issuer)) if !rules.any(|rule| *rule.issuer == *issuer) => {
                Self::Refused(first.reference(kind()))
            }
            (Some(_), _) => Self::Some,
        }
    }

    /// Whether claims may count.
    pub(super) fn may_be_valid(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// What refuses the request.
    pub(super) fn refused(self) -> Option<ResourceRef> {
        match self {
            Self::Refused(object) => Some(object),
            Self::None | Self::Some => None,
        }
    }
}

/// The request as the Envoy of a waypoint has it: called is the Service's address and port, or the pod's
/// (pilot/pkg/xds/filters/filters.go, `ConnectAuthorityFilter`: what the client's ztunnel asked for).
fn request(mesh: &Mesh<'_>, destination: &Destination, service: Option<&Service>) -> Request {
    let port = if service.is_some() { destination.dialled } else { destination.port };
    let addresses = match (service, destination.workload().and_then(|index| mesh.workload(index))) {
        (Some(service), _) => service.addresses.as_slice(),
        (None, Some(workload)) => workload.addresses.as_slice(),
        (None, None) => &[],
    };
    // The names of TLS are looked at where some Service says that the port is one of TLS (`tlsInspector`).
    let looked_at = port.is_some_and(|port| mesh.may_be_tls(port));
    let server_name = if looked_at { mesh.request.server_name.clone() } else { Known::Absent };
    Request {
        server_name,
        destination_ip: match addresses {
            [only] => Known::Is(*only),
            _ => Known::Unknown,
        },
        destination_port: port.map_or(Known::Absent, Known::Is),
        ..mesh.request.clone()
    }
}

/// The pods of a Gateway that take connections. Whether other pods exist is known only where istiod's own work was
/// read: in a cluster.
fn instances(mesh: &Mesh<'_>, gateway: &ResourceRef, identity: Identity) -> Instances {
    let all = mesh.pods_of_gateway(gateway);
    let takes = |index: &&WorkloadIndex| {
        mesh.workload(**index).is_some_and(|workload| workload.readiness != Readiness::NotReady)
    };
    let ready: Vec<WorkloadIndex> = all.iter().filter(takes).copied().collect();
    match (ready.is_empty(), all.is_empty()) {
        (false, _) => Instances::Running(ready),
        (true, false) => Instances::NotReady,
        (true, true) if runs_nothing(mesh.snapshot, gateway) => Instances::NotReady,
        (true, true) => Instances::Written(identity),
    }
}

/// Whether it is known that no pod of a Gateway runs: its status and all pods of its namespace were read.
fn runs_nothing(snapshot: &MeshSnapshot, gateway: &ResourceRef) -> bool {
    let namespace = gateway.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
    snapshot.gateways_listed
        && !snapshot.waypoint(gateway).is_some_and(GatewayFacts::is_assumed)
        && snapshot.unread(&Kind::Pod, namespace).is_none()
}

impl Instances {
    /// Where connections into the waypoint end up.
    pub(super) fn destinations(&self) -> Vec<Destination> {
        let Self::Running(pods) = self else { return Vec::new() };
        let port = Some(HBONE_PORT);
        let destination = |index: &WorkloadIndex| Destination {
            at: At::Workload(*index),
            port,
            service: None,
            dialled: port,
        };
        pods.iter().map(destination).collect()
    }
}
