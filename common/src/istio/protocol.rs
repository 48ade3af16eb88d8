//! What a Service says about the traffic of a port (pkg/config/kube/conversion.go, `ConvertProtocol`;
//! pkg/config/protocol/instance.go). Envoys go by it; ztunnel does not.

use crate::kubernetes::ServicePort;
use crate::model::Protocol;

#[cfg(test)]
mod tests;

/// What travels through a port of a Service, as an Envoy takes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PortProtocol {
    /// Requests.
    Http,
    /// Connections of which nothing is read.
    Tcp,
    /// Connections of which the Envoy reads the server name that TLS asks for.
    Tls,
    /// The Envoy finds out at each connection whether it is HTTP.
    Detected,
    /// Datagrams.
    Udp,
}

/// Ports whose servers speak first, so that nothing is detected there: SMTP, DNS, MySQL, MongoDB.
const SERVER_FIRST: [u16; 4] = [25, 53, 3306, 27017];

impl PortProtocol {
    /// By `appProtocol`, else by the name up to its first `-`, whatever their case.
    #[must_use]
    pub fn of(port: &ServicePort) -> Self {
        if port.protocol == Protocol::Udp {
            return Self::Udp;
        }
        let said = match port.app_protocol.as_deref() {
            Some("kubernetes.io/h2c" | "kubernetes.io/ws") => return Self::Http,
            Some("kubernetes.io/wss") => return Self::Tls,
            Some(said) => said,
            None => port.name.as_deref().unwrap_or_default(),
        };
        match Self::named(&said.to_ascii_lowercase()) {
            Self::Detected if SERVER_FIRST.contains(&port.port) => Self::Tcp,
            protocol => protocol,
        }
    }

    fn named(lower: &str) -> Self {
        // It holds a hyphen itself.
        if lower.starts_with("grpc-web") {
            return Self::Http;
        }
        match lower.split('-').next().unwrap_or_default() {
            "http" | "http2" | "http_proxy" | "grpc" => Self::Http,
            "https" | "tls" => Self::Tls,
            "tcp" | "mongo" | "redis" | "mysql" => Self::Tcp,
            "udp" => Self::Udp,
            _ => Self::Detected,
        }
    }
}
