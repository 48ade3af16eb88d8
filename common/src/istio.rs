//! Istio's kinds as users write them.
//!
//! Only admission has looked at these objects, if at all: a file may hold anything. Every struct keeps the names
//! of the fields that it does not know, because a condition that is overlooked would make a rule wider than it is.

mod authorization_policy;
mod destination_rule;
mod gateways;
mod hosts;
mod mesh_config;
mod on_the_wire;
mod peer_authentication;
mod protocol;
mod request_authentication;
mod routing;
mod service_entry;
mod sidecar;
mod workload_entry;

pub use authorization_policy::{
    Action, AuthorizationPolicy, Condition, ExtensionProvider, From, Operation, Rule, Source, TargetKind,
    TargetReference, To, WorkloadSelector,
};
pub use destination_rule::{
    ClientTls, DestinationRule, LoadBalancer, PortTrafficPolicy, TlsMode, TrafficPolicy,
};
pub use gateways::{EAST_WEST_CONTROLLER, GATEWAY_NAME, MANAGED, MESH_CONTROLLER, WAYPOINT_CLASS};
pub use hosts::{covers, fully_qualified, service_host};
pub use mesh_config::{
    CaCertificate, ConfiguredProvider, ExternalAuthorizer, MeshConfigFile, ProxyConfig, ProxyMetadata,
};
pub use on_the_wire::{HBONE_PORT, HOST_PROBE, HOST_PROBE_V6};
pub use peer_authentication::{MtlsMode, MutualTls, PeerAuthentication, PortMtls};
pub use protocol::PortProtocol;
pub use request_authentication::{JwtRule, RequestAuthentication};
pub use routing::{
    ConfigPatch, EnvoyFilter, Extension, ExtensionSpec, ParentRef, Route, RouteSpec, VirtualService,
};
pub use service_entry::ServiceEntry;
pub use sidecar::{Egress, LabelsSelector, OutboundTrafficPolicy, Sidecar};
pub use workload_entry::WorkloadEntry;
