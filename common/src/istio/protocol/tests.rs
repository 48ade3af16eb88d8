use super::*;
use crate::model::Name;

fn port(number: u16, name: &str, app_protocol: Option<&str>) -> ServicePort {
    ServicePort {
        name: (!name.is_empty()).then(|| Name::from(name)),
        port: number,
        app_protocol: app_protocol.map(Name::from),
        ..ServicePort::default()
    }
}

#[test]
fn the_protocol_is_what_the_port_says() {
    let cases = [
        (80, "http", None, PortProtocol::Http),
        (80, "http-web", None, PortProtocol::Http),
        (80, "HTTP2-x", None, PortProtocol::Http),
        (80, "grpc-web-x", None, PortProtocol::Http),
        (80, "grpc-webby", None, PortProtocol::Http),
        (80, "httpx", None, PortProtocol::Detected),
        (80, "web", None, PortProtocol::Detected),
        (80, "", None, PortProtocol::Detected),
        (443, "https", None, PortProtocol::Tls),
        (5432, "tcp-sql", None, PortProtocol::Tcp),
        (6379, "redis", None, PortProtocol::Tcp),
        // Servers that speak first are not detected, whatever the name is; a name that says HTTP counts.
        (3306, "db", None, PortProtocol::Tcp),
        (27017, "", None, PortProtocol::Tcp),
        (3306, "http", None, PortProtocol::Http),
        // appProtocol comes first, also when nobody knows it.
        (80, "http", Some("tcp"), PortProtocol::Tcp),
        (80, "http", Some("example.com/x"), PortProtocol::Detected),
        (80, "tcp", Some("kubernetes.io/h2c"), PortProtocol::Http),
        (80, "tcp", Some("kubernetes.io/ws"), PortProtocol::Http),
        (80, "tcp", Some("kubernetes.io/wss"), PortProtocol::Tls),
        (80, "http", Some(""), PortProtocol::Detected),
        (80, "udp-x", None, PortProtocol::Udp),
    ];
    for (number, name, app_protocol, expected) in cases {
        assert_eq!(
            PortProtocol::of(&port(number, name, app_protocol)),
            expected,
            "{number} {name} {app_protocol:?}"
        );
    }
}
