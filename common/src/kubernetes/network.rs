//! Services, their endpoints, and network policies as far as they select.

use crate::model::{Labels, Name, PortRef, Protocol};
use crate::wire::wire;

wire! {
    /// `spec` of a Service.
    #[derive(Clone, Debug)]
    pub struct ServiceSpec {
        /// The pods behind it; empty: its endpoints are given by hand.
        pub selector: Labels = "selector",
        /// Its ports.
        pub ports: Vec<ServicePort> = "ports",
        /// `None` makes it headless.
        pub cluster_ip: Option<Name> = "clusterIP",
        /// All of its addresses.
        pub cluster_ips: Vec<Name> = "clusterIPs",
        /// Addresses at which nodes take connections for it.
        pub external_ips: Vec<Name> = "externalIPs",
        /// ClusterIP, NodePort, LoadBalancer or ExternalName.
        pub service_type: Option<Name> = "type",
        /// Whether pods that are not ready count.
        pub publish_not_ready_addresses: bool = "publishNotReadyAddresses",
        /// `Local`: only pods of the caller's node.
        pub internal_traffic_policy: Option<Name> = "internalTrafficPolicy",
    }
}

wire! {
    /// A port of a Service.
    #[derive(Clone, Debug)]
    pub struct ServicePort {
        /// Its name; may be absent when it is the only one.
        pub name: Option<Name> = "name",
        /// The number that clients use.
        pub port: u16 = "port",
        /// The pods' port, by number or name; absent: the same number.
        pub target_port: Option<PortRef> = "targetPort",
        /// The number at which every node takes connections for it.
        pub node_port: Option<u16> = "nodePort",
        /// Its transport.
        pub protocol: Protocol = "protocol",
        /// What travels through it.
        pub app_protocol: Option<Name> = "appProtocol",
    }
}

wire! {
    /// `status` of a Service.
    #[derive(Clone, Debug)]
    pub struct ServiceStatus {
        /// What takes connections for it.
        pub load_balancer: LoadBalancer = "loadBalancer",
    }
}

wire! {
    /// A load balancer.
    #[derive(Clone, Debug)]
    pub struct LoadBalancer {
        /// Where it takes them.
        pub ingress: Vec<Ingress> = "ingress",
    }
}

wire! {
    /// A point of a load balancer.
    #[derive(Clone, Debug)]
    pub struct Ingress {
        /// Its address, when it is not a name.
        pub ip: Option<Name> = "ip",
    }
}

wire! {
    /// An EndpointSlice: it has no `spec`.
    #[derive(Clone, Debug)]
    pub struct EndpointSlice {
        /// IPv4, IPv6 or FQDN.
        pub address_type: Option<Name> = "addressType",
        /// The ports of every endpoint in it.
        pub ports: Vec<EndpointPort> = "ports",
        /// The endpoints.
        pub endpoints: Vec<Endpoint> = "endpoints",
    }
}

wire! {
    /// A port of an EndpointSlice.
    #[derive(Clone, Debug)]
    pub struct EndpointPort {
        /// The name of the Service's port.
        pub name: Option<Name> = "name",
        /// The number at the endpoint.
        pub port: Option<u16> = "port",
        /// Its transport.
        pub protocol: Protocol = "protocol",
    }
}

wire! {
    /// An endpoint.
    #[derive(Clone, Debug)]
    pub struct Endpoint {
        /// Its addresses.
        pub addresses: Vec<Name> = "addresses",
        /// Whether it is ready.
        pub conditions: EndpointConditions = "conditions",
        /// The pod behind it.
        pub target_ref: Option<TargetRef> = "targetRef",
    }
}

wire! {
    /// The state of an endpoint.
    #[derive(Clone, Debug)]
    pub struct EndpointConditions {
        /// Absent counts as ready.
        pub ready: Option<bool> = "ready",
    }
}

wire! {
    /// The object behind an endpoint.
    #[derive(Clone, Debug)]
    pub struct TargetRef {
        /// Its kind.
        pub kind: Option<Name> = "kind",
        /// Its name.
        pub name: Option<Name> = "name",
    }
}
