//! An Envoy in a pod: what it is there for, and which connections come to it.

use std::collections::BTreeSet;

/// What an Envoy is there for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProxyKind {
    /// It stands beside an application.
    Sidecar,
    /// It is a gateway.
    Gateway,
    /// It is a waypoint.
    Waypoint,
    /// The pod was made by templates that are not Istio's, or speaks for itself.
    Unclear,
}

/// Ports from which connections come to an Envoy, or to which they go through it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Intercepted {
    /// All but these.
    AllBut(BTreeSet<u16>),
    /// These only.
    Only(BTreeSet<u16>),
    /// What is written is not judged, or nothing can read it.
    Unclear,
}

impl Intercepted {
    /// Whether a port is among them; without a number, a port that nothing names.
    #[must_use]
    pub fn takes(&self, port: Option<u16>) -> Option<bool> {
        let names = |ports: &BTreeSet<u16>| port.is_some_and(|port| ports.contains(&port));
        match self {
            Self::AllBut(ports) => Some(!names(ports)),
            Self::Only(ports) => Some(names(ports)),
            Self::Unclear => None,
        }
    }

    /// The ports that it names.
    pub fn named(&self) -> impl Iterator<Item = u16> {
        let ports = match self {
            Self::AllBut(ports) | Self::Only(ports) => Some(ports),
            Self::Unclear => None,
        };
        ports.into_iter().flatten().copied()
    }
}

/// An Envoy in a pod.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proxy {
    /// What it is there for.
    pub kind: ProxyKind,
    /// The ports of the pod at which connections come to it.
    pub inbound: Intercepted,
    /// The ports to which the application's connections go through it.
    pub outbound: Intercepted,
    /// Whether clients are told that it takes mTLS (label `security.istio.io/tlsMode`).
    pub takes_mtls: bool,
    /// Whether clients are told that it takes HBONE (label `networking.istio.io/tunnel`).
    pub takes_hbone: bool,
    /// Whether it sends HBONE to who takes it, as far as its own settings say; `None` where those cannot be read.
    pub sends_hbone: Option<bool>,
}
