//! DestinationRule, `networking.istio.io` v1, v1beta1 and v1alpha3 (the same fields): how proxies of clients send to a
//! host. Fields that say nothing about TLS are known by name only.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::WorkloadSelector;
use crate::model::Name;
use crate::wire::wire;

wire! {
    /// `spec` of a DestinationRule.
    #[derive(Clone, Debug)]
    pub struct DestinationRule {
        /// The host that it is about: a full name, a short one of its namespace, or a wildcard.
        pub host: Name = "host",
        /// How everything is sent there.
        pub traffic_policy: Option<TrafficPolicy> = "trafficPolicy",
        /// Groups of endpoints, which only routes name.
        pub subsets: Vec<IgnoredAny> = "subsets",
        /// The namespaces whose proxies heed it: `*`, `.`, or names; none: what MeshConfig says.
        pub export_to: Vec<Name> = "exportTo",
        /// The proxies that heed it, of its own namespace.
        pub workload_selector: Option<WorkloadSelector> = "workloadSelector",
    }
    unknown
}

wire! {
    /// How a proxy sends.
    #[derive(Clone, Debug)]
    pub struct TrafficPolicy {
        /// How it chooses among endpoints.
        pub load_balancer: Option<LoadBalancer> = "loadBalancer",
        /// Limits.
        pub connection_pool: IgnoredAny = "connectionPool",
        /// Which endpoints it leaves out.
        pub outlier_detection: IgnoredAny = "outlierDetection",
        /// Which TLS it begins.
        pub tls: Option<ClientTls> = "tls",
        /// The same for single ports of the Service.
        pub port_level_settings: Vec<PortTrafficPolicy> = "portLevelSettings",
        /// Through what it sends by CONNECT.
        pub tunnel: Option<IgnoredAny> = "tunnel",
        /// Whether it says first who called.
        pub proxy_protocol: Option<IgnoredAny> = "proxyProtocol",
        /// Limits.
        pub retry_budget: IgnoredAny = "retryBudget",
    }
    unknown
}

wire! {
    /// How a proxy sends to one port of a Service.
    #[derive(Clone, Debug)]
    pub struct PortTrafficPolicy {
        /// The port.
        pub port: Option<PortSelector> = "port",
        /// How it chooses among endpoints.
        pub load_balancer: Option<LoadBalancer> = "loadBalancer",
        /// Limits.
        pub connection_pool: IgnoredAny = "connectionPool",
        /// Which endpoints it leaves out.
        pub outlier_detection: IgnoredAny = "outlierDetection",
        /// Which TLS it begins.
        pub tls: Option<ClientTls> = "tls",
    }
    unknown
}

wire! {
    /// A port by its number.
    #[derive(Clone, Copy, Debug)]
    pub struct PortSelector {
        /// The number.
        pub number: u16 = "number",
    }
}

wire! {
    /// How a proxy chooses among endpoints, as far as it may choose none.
    #[derive(Clone, Debug)]
    pub struct LoadBalancer {
        /// One of the simple ways.
        pub simple: Option<Name> = "simple",
    }
}

impl LoadBalancer {
    /// Whether it sends to wherever the client meant to, and not to an endpoint.
    #[must_use]
    pub fn is_passthrough(&self) -> bool {
        self.simple.as_deref() == Some("PASSTHROUGH")
    }
}

/// The TLS that a proxy begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TlsMode {
    /// None; also what an absent field means.
    #[default]
    Disable,
    /// TLS without a certificate of its own.
    Simple,
    /// TLS with a certificate that the rule names.
    Mutual,
    /// TLS with the certificate of the mesh.
    IstioMutual,
}

wire! {
    /// TLS as a client.
    #[derive(Clone, Debug)]
    pub struct ClientTls {
        /// Which.
        pub mode: TlsMode = "mode",
        /// A file with a certificate.
        pub client_certificate: Option<Name> = "clientCertificate",
        /// A file with its key.
        pub private_key: Option<Name> = "privateKey",
        /// A file with the certificates that it trusts.
        pub ca_certificates: IgnoredAny = "caCertificates",
        /// A Secret with all of these.
        pub credential_name: Option<Name> = "credentialName",
        /// Who the server must be.
        pub subject_alt_names: Vec<Name> = "subjectAltNames",
        /// The name that it asks for.
        pub sni: IgnoredAny = "sni",
        /// Whether it takes any certificate.
        pub insecure_skip_verify: IgnoredAny = "insecureSkipVerify",
        /// A file with certificates that it does not take.
        pub ca_crl: IgnoredAny = "caCrl",
    }
    unknown
}

impl DestinationRule {
    /// A field that is not known, as deep as TLS is said, by its path below `spec`.
    #[must_use]
    pub fn unknown_field(&self) -> Option<String> {
        let first = |path: &str, unknown: &[String]| Some(format!("{path}{}", unknown.first()?));
        let of_tls = |path: &str, tls: Option<&ClientTls>| first(&format!("{path}tls."), &tls?.unknown);
        let of_port = |port: &PortTrafficPolicy| {
            let path = "trafficPolicy.portLevelSettings.";
            first(path, &port.unknown).or_else(|| of_tls(path, port.tls.as_ref()))
        };
        let of_policy = |policy: &TrafficPolicy| {
            let path = "trafficPolicy.";
            let of_ports = || policy.port_level_settings.iter().find_map(of_port);
            first(path, &policy.unknown).or_else(|| of_tls(path, policy.tls.as_ref())).or_else(of_ports)
        };
        let of_selector = || first("workloadSelector.", &self.workload_selector.as_ref()?.unknown);
        first("", &self.unknown).or_else(of_selector).or_else(|| of_policy(self.traffic_policy.as_ref()?))
    }
}
