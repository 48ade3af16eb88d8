//! What a DestinationRule says of one port of a Service.

use crate::istio::{ClientTls, LoadBalancer, PortTrafficPolicy, TlsMode, TrafficPolicy};

/// What a rule says of one port of a Service.
pub(super) struct Settings<'a> {
    /// The TLS of the cluster: what is said of the port hides what is said of all (util.go, `GetPortLevelTrafficPolicy`).
    pub(super) cluster: Option<&'a ClientTls>,
    /// That of endpoints: only TLS hides TLS (mtls_checker.go, `trafficPolicyTLSModeForPort`).
    pub(super) endpoint: Option<TlsMode>,
    /// Whether it says something that is not judged.
    pub(super) is_odd: bool,
}

impl<'a> Settings<'a> {
    pub(super) fn of(policy: Option<&'a TrafficPolicy>, number: u16) -> Self {
        let Some(policy) = policy else { return Self { cluster: None, endpoint: None, is_odd: false } };
        let is_of_port = |of: &&PortTrafficPolicy| of.port.is_some_and(|port| port.number == number);
        let mut of_port = policy.port_level_settings.iter().filter(is_of_port);
        let first = of_port.clone().next();
        let cluster = first.map_or(policy.tls.as_ref(), |first| first.tls.as_ref());
        let endpoint = of_port.find_map(|of| of.tls.as_ref()).or(policy.tls.as_ref()).map(|tls| tls.mode);
        let balancer = first.map_or(policy.load_balancer.as_ref(), |first| first.load_balancer.as_ref());
        let is_odd = policy.tunnel.is_some()
            || policy.proxy_protocol.is_some()
            || balancer.is_some_and(LoadBalancer::is_passthrough)
            || policy.load_balancer.as_ref().is_some_and(LoadBalancer::is_passthrough);
        Self { cluster, endpoint, is_odd }
    }
}
