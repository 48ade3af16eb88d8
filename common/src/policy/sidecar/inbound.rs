//! What stands at a port of a pod with a sidecar: nothing, or which chains.
//!
//! pilot/pkg/networking/core/listener_inbound.go, `getFilterChainsByServicePort` and `buildInboundPassthroughChains`. The
//! protocol is that of the Services that select the pod, of the oldest where they differ (pilot/pkg/model/context.go,
//! `SetServiceTargets`); within a Service, of the first of its ports that leads there. Ports of no Service have chains
//! too: what is spoken there is detected.

use crate::istio::{HBONE_PORT, PortProtocol};
use crate::kubernetes::ServicePort;
use crate::model::{ContainerPort, Kind, PortRef, ProxyKind, Workload, WorkloadIndex};
use crate::snapshot::{Backend, MeshSnapshot, Service};

use super::Unclear;
use super::envoy_filters::{self, INBOUND};

#[cfg(test)]
mod tests;

/// The port of the listener itself: what is sent there would come back to it for ever.
const OF_THE_LISTENER: u16 = 15006;
/// Ports at which HBONE and what goes out come to Envoy.
const OF_THE_PROXY: [u16; 2] = [15001, HBONE_PORT];

/// Ports of the agent, of Envoy's own health and metrics, and of HBONE: no application has them.
pub const OF_NO_APPLICATION: [u16; 6] = [15001, OF_THE_LISTENER, HBONE_PORT, 15020, 15021, 15090];

/// What the chains of a port take connections for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// Requests.
    Http,
    /// Bytes.
    Tcp,
    /// What the first bytes look like.
    Detected,
}

impl Protocol {
    /// The chains that a Service's port gets: pilot/pkg/networking/networking.go, `ModelProtocolToListenerProtocol`, and
    /// for UDP what filterchain_options.go, `getFilterChainMatchOptions`, does with what it does not know.
    #[must_use]
    pub fn of(port: &ServicePort) -> Self {
        match PortProtocol::of(port) {
            PortProtocol::Http => Self::Http,
            PortProtocol::Tcp | PortProtocol::Tls | PortProtocol::Udp => Self::Tcp,
            PortProtocol::Detected => Self::Detected,
        }
    }
}

/// What stands at a port.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Inbound {
    /// Nothing: what is sent there comes to the application, or to the agent.
    Open,
    /// It leads nowhere.
    Blackhole,
    /// Chains for a protocol.
    Chains {
        /// What they take the connection for.
        protocol: Protocol,
        /// The Service that says so, by its position; none where nothing leads there.
        service: Option<usize>,
    },
    /// It cannot be told.
    Unclear(Unclear),
}

/// What stands at a port of a workload with a sidecar; without a port, at one that nothing names.
#[must_use]
pub fn at_port(snapshot: &MeshSnapshot, index: WorkloadIndex, port: Option<u16>) -> Inbound {
    match with_changes(snapshot, index, port) {
        (Inbound::Chains { .. }, Some(changed)) => Inbound::Unclear(changed),
        (inbound, _) => inbound,
    }
}

/// The same, and what comes in behind the handshakes of those chains, whose modes are as they would be without it.
#[must_use]
pub fn with_changes(
    snapshot: &MeshSnapshot,
    index: WorkloadIndex,
    port: Option<u16>,
) -> (Inbound, Option<Unclear>) {
    let Some(workload) = snapshot.workload(index) else { return (Inbound::Open, None) };
    if let Some(inbound) = without_chains(workload, port) {
        return (inbound, None);
    }
    let change = envoy_filters::changing(snapshot, workload, INBOUND);
    let (behind, before) = match change {
        Some(change) if change.keeps_handshake => (Some(change.by), None),
        change => (None, change.map(|change| change.by)),
    };
    if let Some(unclear) = replaced_by(snapshot, workload, before) {
        return (Inbound::Unclear(unclear), None);
    }
    let inbound = match port {
        Some(port) => of_services(snapshot, workload, port),
        None => Inbound::Chains { protocol: Protocol::Detected, service: None },
    };
    let is_chains = matches!(inbound, Inbound::Chains { .. });
    (inbound, behind.filter(|_| is_chains))
}

/// What stands at a port whatever Services there are.
fn without_chains(workload: &Workload, port: Option<u16>) -> Option<Inbound> {
    let not_judged = || Some(Inbound::Unclear(Unclear::not_judged(workload.owner.clone())));
    let Some(proxy) = workload.proxy.as_ref().filter(|proxy| proxy.kind == ProxyKind::Sidecar) else {
        return not_judged();
    };
    match proxy.inbound.takes(port) {
        _ if port.is_some_and(|port| OF_THE_PROXY.contains(&port)) => not_judged(),
        None => not_judged(),
        Some(false) => Some(Inbound::Open),
        Some(true) => (port == Some(OF_THE_LISTENER)).then_some(Inbound::Blackhole),
    }
}

/// What may put other chains in the place of those of Services: what changes handshakes, or another object.
fn replaced_by(snapshot: &MeshSnapshot, workload: &Workload, before: Option<Unclear>) -> Option<Unclear> {
    let namespace = &workload.identity.namespace;
    let root = &snapshot.settings.mesh.root_namespace;
    let of_sidecar = || {
        let sidecars = super::sidecars::of(snapshot, workload);
        let replacing = sidecars.into_iter().find(|sidecar| !sidecar.spec.ingress.is_empty());
        Some(Unclear::not_judged(replacing?.reference(Kind::Other("Sidecar".into()))))
    };
    let of_entry = || {
        let selecting = snapshot.routing.service_entries.of(&[namespace]).find(|entry| {
            let selector = entry.spec.spec.workload_selector.as_ref();
            selector.is_some_and(|of| workload.labels.contains_all(&of.labels))
        });
        Some(Unclear::not_judged(selecting?.reference(Kind::Other("ServiceEntry".into()))))
    };
    let kind = |wire: &str| Kind::from_wire(wire);
    let unread = |wire, namespace| Unclear::unread(snapshot, &kind(wire), &[namespace]);
    Unclear::not_discovered(snapshot, namespace.as_str())
        .or(before)
        .or_else(of_sidecar)
        .or_else(|| unread("Sidecar", namespace))
        .or_else(|| unread("Sidecar", root))
        .or_else(of_entry)
        .or_else(|| unread("ServiceEntry", namespace))
        .or_else(|| unread("Service", namespace))
}

/// The chains of Services that select the pod, or of none.
fn of_services(snapshot: &MeshSnapshot, workload: &Workload, port: u16) -> Inbound {
    let here = snapshot.services_in(&workload.identity.namespace);
    let (selecting, others): (Vec<_>, Vec<_>) =
        here.partition(|(_, s)| !s.selector.is_empty() && workload.labels.contains_all(&s.selector));
    // controller.go, GetProxyServiceTargets: endpoints given by hand count where nothing selects the pod.
    let by_hand = others.iter().find(|(_, s)| s.selector.is_empty() && stands_behind(snapshot, s, workload));
    if let (true, Some((_, service))) = (selecting.is_empty(), by_hand) {
        return Inbound::Unclear(Unclear::not_judged(service.reference.clone()));
    }
    let leading = |(at, service): (usize, &Service)| {
        let protocol = service.written_ports.iter().find(|of| leads_to(of, workload, port)).map(Protocol::of);
        Some((at, service.created.clone(), service.reference.name.clone(), protocol?))
    };
    let mut leading: Vec<_> = selecting.into_iter().filter_map(leading).collect();
    leading.sort_by(|a, b| (&a.1, &a.2).cmp(&(&b.1, &b.2)));
    let Some((at, _, _, protocol)) = leading.first() else {
        return Inbound::Chains { protocol: Protocol::Detected, service: None };
    };
    // Which of those without a time stamp is older is not known.
    let ages_known = leading.iter().all(|(_, created, _, _)| created.is_some());
    let differing = leading.iter().find(|(.., other)| other != protocol).filter(|_| !ages_known);
    match differing.and_then(|(other, ..)| snapshot.services.get(*other)) {
        Some(other) => Inbound::Unclear(Unclear::not_judged(other.reference.clone())),
        None => Inbound::Chains { protocol: *protocol, service: Some(*at) },
    }
}

fn stands_behind(snapshot: &MeshSnapshot, service: &Service, workload: &Workload) -> bool {
    let is_it = |index: &WorkloadIndex| {
        snapshot.workload(*index).is_some_and(|other| other.reference == workload.reference)
    };
    service.backends.iter().any(|backend| match backend {
        Backend::Workload { index, .. } => is_it(index),
        Backend::Address { address, .. } => workload.addresses.contains(address),
        Backend::Unclear => true,
    })
}

/// Whether a Service's port leads to a port of the pod.
fn leads_to(port: &ServicePort, workload: &Workload, wanted: u16) -> bool {
    port_of(port, workload) == Some(wanted)
}

/// The port of the pod to which a Service's port leads: `FindPort`, for any transport.
#[must_use]
pub fn port_of(port: &ServicePort, workload: &Workload) -> Option<u16> {
    match &port.target_port {
        None | Some(PortRef::Number(0)) => Some(port.port),
        Some(PortRef::Number(number)) => Some(*number),
        Some(PortRef::Name(name)) => {
            let named = |of: &&ContainerPort| of.protocol == port.protocol && of.name.as_ref() == Some(name);
            workload.ports.iter().find(named).map(|of| of.number)
        }
    }
}
