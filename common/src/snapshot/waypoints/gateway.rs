//! What a Gateway is as a waypoint: whether it is ready, for which traffic, for which namespaces.
//!
//! waypoints.go, `gatewayToWaypointTransform`, `makeWaypoint`. Neither the class's name nor conditions make a
//! waypoint; an address does. Each answer is `None` where what was read does not tell.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::istio::{HBONE_PORT, WAYPOINT_CLASS};
use crate::kubernetes::{GatewayAddress, GatewayStatus, Listener, ObjectMeta, RouteNamespaces};
use crate::model::{Labels, Name};
use crate::snapshot::{GatewayObject, Object, Objects};

use super::Traffic;

/// Says what a waypoint is for.
const WAYPOINT_FOR: &str = "istio.io/waypoint-for";
/// Says how ztunnel sends to a waypoint's pods, and so which listener stands for it.
const INBOUND_BINDING: &str = "ambient.istio.io/waypoint-inbound-binding";
/// The protocol of the listener of a waypoint that takes PROXY protocol.
const PROXY_LISTENER: &str = "istio.io/PROXY";

/// Says which account the pods run as, where it is not one of the Gateway's name
/// (pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go, `GatewayServiceAccount`).
const ACCOUNT: &str = "gateway.istio.io/service-account";

/// The GatewayClasses.
pub(super) struct Classes<'a> {
    by_name: FxHashMap<&'a Name, &'a ObjectMeta>,
    /// Whether there are no others.
    listed: bool,
    /// Whether files are read, in which what istiod makes itself is not to be expected.
    written: bool,
}

impl<'a> Classes<'a> {
    pub(super) fn new(objects: &'a Objects) -> Self {
        let by_name = objects.gateway_classes.iter().map(|class| (&class.meta.name, &class.meta)).collect();
        let listed = super::listed(objects, "gatewayclasses").is_all();
        Self { by_name, listed, written: !objects.gateways_listed }
    }

    /// What a class says; `None` when it was not read, `Some(None)` when it says nothing.
    fn says<'b>(
        &self,
        class: &Name,
        of: impl Fn(&'a ObjectMeta) -> Option<&'b str>,
    ) -> Option<Option<&'b str>> {
        match self.by_name.get(class) {
            Some(meta) => Some(of(meta)),
            None if self.is_assumed(class) => Some(None),
            None => self.listed.then_some(None),
        }
    }

    /// Whether a class is taken for as istiod makes it: without labels and annotations
    /// (pilot/pkg/config/kube/gatewaycommon/gatewayclass.go).
    fn is_assumed(&self, class: &Name) -> bool {
        self.written && !self.by_name.contains_key(class) && **class == *WAYPOINT_CLASS
    }
}

/// A Gateway as a waypoint.
#[derive(Clone, Debug)]
pub struct Waypoint {
    /// Its GatewayClass.
    pub class: Name,
    /// Whether that was not read and is taken for as istiod makes it.
    pub class_assumed: bool,
    /// The account that its pods run as, where it says so.
    pub account: Option<Name>,
    status: Status,
    /// What it is for, in the label's words.
    handles: Option<Name>,
    /// Who may attach.
    allowed: Option<RouteNamespaces>,
}

/// What became of a Gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Status {
    /// It has an address that ztunnel can be told.
    Reached,
    /// It has addresses, of no kind that ztunnel can be told.
    OtherAddress,
    /// Somebody looked at it, and it has no address.
    NoAddress,
    /// Nobody has looked at it: a person wrote it. istiod will give it an address.
    Written,
    /// Nobody has looked at it, and who would is not known.
    Unknown,
}

impl Waypoint {
    pub(super) fn new(object: &Object<GatewayObject>, classes: &Classes<'_>) -> Self {
        let (meta, spec) = (&object.meta, &object.spec.spec);
        let of_class = |of: fn(&ObjectMeta) -> Option<&str>| match of(meta) {
            Some(own) => Some(Some(own)),
            None => classes.says(&spec.class, of),
        };
        let handles = of_class(|meta| meta.labels.get(WAYPOINT_FOR));
        let inbound = of_class(|meta| meta.annotations.get(INBOUND_BINDING));
        Self {
            class: spec.class.clone(),
            class_assumed: classes.is_assumed(&spec.class),
            account: meta.annotations.get(ACCOUNT).map(Name::from),
            status: status(&object.spec.status, &spec.class),
            handles: handles.map(|handles| handles.unwrap_or("service").into()),
            allowed: inbound.map(|inbound| allowed(&spec.listeners, inbound)),
        }
    }

    /// Whether its Envoys are istiod's waypoints, with the policies that istiod attaches to those
    /// (pkg/config/constants, `WaypointGatewayClassName`).
    #[must_use]
    pub fn is_of_istio(&self) -> bool {
        *self.class == *WAYPOINT_CLASS
    }

    /// Whether it is only written, and taken to be ready once it is applied.
    #[must_use]
    pub fn is_assumed(&self) -> bool {
        self.status == Status::Written
    }

    /// Whether istiod makes a waypoint of it.
    pub(super) fn has_address(&self) -> Option<bool> {
        match self.status {
            Status::Reached | Status::OtherAddress | Status::Written => Some(true),
            Status::NoAddress => Some(false),
            Status::Unknown => None,
        }
    }

    /// Whether ztunnel is told where it is.
    pub(super) fn is_reached(&self) -> Option<bool> {
        self.has_address().map(|_| matches!(self.status, Status::Reached | Status::Written))
    }

    pub(super) fn takes(&self, traffic: Traffic) -> Option<bool> {
        let wanted = match traffic {
            Traffic::Service => "service",
            Traffic::Workload => "workload",
        };
        self.handles.as_ref().map(|handles| **handles == *wanted || **handles == *"all")
    }

    /// Whether what is in a namespace with these labels may attach to the waypoint, which is in another or the same
    /// (`AllowsAttachmentFromNamespace`).
    pub(super) fn allows(&self, own: &str, from: &str, labels: Option<&Labels>) -> Option<bool> {
        let allowed = self.allowed.as_ref()?;
        match (allowed.from.as_deref(), &allowed.selector) {
            (Some("All"), _) => Some(true),
            (Some("Selector"), None) => Some(false),
            (Some("Selector"), Some(selector)) => labels.map(|labels| selector.matches(labels)),
            _ => Some(own == from),
        }
    }
}

fn status(status: &GatewayStatus, class: &str) -> Status {
    if status.addresses.iter().any(is_told) {
        Status::Reached
    } else if !status.addresses.is_empty() {
        Status::OtherAddress
    } else if status.conditions.is_empty() && class == WAYPOINT_CLASS {
        Status::Written
    } else if status.conditions.is_empty() {
        Status::Unknown
    } else {
        Status::NoAddress
    }
}

/// `getGatewayAddress`. The API server writes the type where nobody does.
fn is_told(address: &GatewayAddress) -> bool {
    match address.kind.as_deref() {
        Some("Hostname") => true,
        // An address may name the interface that it is of.
        None | Some("IPAddress") => {
            let ip = address.value.split_once('%').map_or(&*address.value, |(ip, _)| ip);
            ip.parse::<IpAddr>().is_ok()
        }
        Some(_) => false,
    }
}

/// Who may attach: as the listener says that stands for the waypoint, which without one are those of its namespace
/// (`makeAllowedRoutes`).
fn allowed(listeners: &[Listener], inbound: Option<&str>) -> RouteNamespaces {
    let bound = inbound.and_then(Inbound::parse);
    let bound = bound.and_then(|bound| listeners.iter().find(|listener| bound.is(listener)));
    let hbone = || listeners.iter().find(|l| *l.protocol == *"HBONE" && l.port == HBONE_PORT);
    bound.or_else(hbone).map(|listener| listener.allowed_routes.namespaces.clone()).unwrap_or_default()
}

/// How ztunnel sends to the waypoint's pods, when it is not over HBONE.
struct Inbound {
    proxy: bool,
    /// 0 is none.
    port: u32,
}

impl Inbound {
    /// `PROTOCOL` or `PROTOCOL/PORT`; anything else counts as not there (`makeInboundBinding`).
    fn parse(text: &str) -> Option<Self> {
        let (protocol, port) = text.split_once('/').unwrap_or((text, ""));
        let proxy = match protocol {
            "NONE" => false,
            "PROXY" => true,
            _ => return None,
        };
        // A port that is no number is none; one that is too big is the biggest, which nobody listens on.
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let number = if is_number { port.parse().unwrap_or(u32::MAX) } else { 0 };
        (!port.contains('/')).then_some(Self { proxy, port: number })
    }

    /// `findBoundListener`
    fn is(&self, listener: &Listener) -> bool {
        match self.port {
            0 => self.proxy && *listener.protocol == *PROXY_LISTENER,
            port => u32::from(listener.port) == port,
        }
    }
}
