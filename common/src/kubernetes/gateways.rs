//! Gateways, as far as istiod makes waypoints of them.

use crate::model::{LabelSelector, Name};
use crate::wire::wire;

use super::Condition;

wire! {
    /// `spec` of a Gateway.
    #[derive(Clone, Debug)]
    pub struct GatewaySpec {
        /// Its GatewayClass.
        pub class: Name = "gatewayClassName",
        /// What it listens on.
        pub listeners: Vec<Listener> = "listeners",
    }
}

wire! {
    /// A listener.
    #[derive(Clone, Debug)]
    pub struct Listener {
        /// `HBONE` is a waypoint's.
        pub protocol: Name = "protocol",
        /// Its port.
        pub port: u16 = "port",
        /// Who may attach to it.
        pub allowed_routes: AllowedRoutes = "allowedRoutes",
    }
}

wire! {
    /// Who may attach to a listener.
    #[derive(Clone, Debug)]
    pub struct AllowedRoutes {
        /// By namespace.
        pub namespaces: RouteNamespaces = "namespaces",
    }
}

wire! {
    /// The namespaces that may attach.
    #[derive(Clone, Debug)]
    pub struct RouteNamespaces {
        /// `Same`, which is also the default, `All` or `Selector`.
        pub from: Option<Name> = "from",
        /// For `Selector`; without one no namespace is selected.
        pub selector: Option<LabelSelector> = "selector",
    }
}

wire! {
    /// `status` of a Gateway.
    #[derive(Clone, Debug)]
    pub struct GatewayStatus {
        /// Where it is reached.
        pub addresses: Vec<GatewayAddress> = "addresses",
        /// What became of it. The API server itself writes the first ones.
        pub conditions: Vec<Condition> = "conditions",
    }
}

wire! {
    /// Where a Gateway is reached.
    #[derive(Clone, Debug)]
    pub struct GatewayAddress {
        /// `IPAddress`, which is also the default, or `Hostname`.
        pub kind: Option<Name> = "type",
        /// The address.
        pub value: Name = "value",
    }
}
