//! Istio's kinds as users write them.
//!
//! Only admission has looked at these objects, if at all: a file may hold anything. Every struct keeps the names
//! of the fields that it does not know, because a condition that is overlooked would make a rule wider than it is.

mod authorization_policy;
mod mesh_config;
mod on_the_wire;
mod peer_authentication;
mod protocol;
mod service_entry;
mod workload_entry;

pub use authorization_policy::{
    Action, AuthorizationPolicy, Condition, ExtensionProvider, From, Operation, Rule, Source,
    TargetReference, To, WorkloadSelector,
};
pub use mesh_config::{ConfiguredProvider, ExternalAuthorizer, MeshConfigFile};
pub use on_the_wire::{HBONE_PORT, HOST_PROBE, HOST_PROBE_V6};
pub use peer_authentication::{MtlsMode, MutualTls, PeerAuthentication, PortMtls};
pub use protocol::PortProtocol;
pub use service_entry::ServiceEntry;
pub use workload_entry::WorkloadEntry;
