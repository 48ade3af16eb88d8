//! What has to be known of sidecars before a connection to or from one can be judged.
//!
//! [`mtls`] says which mode a sidecar enforces at a port, [`inbound`] what stands at that port, [`outbound`] how a
//! sidecar sends to a destination, by the rules that [`destination_rules`] finds. None of them judges anything, and each
//! says so where an object keeps it from being told. What policies then say is `policy::envoy`'s.

pub mod destination_rules;
mod envoy_filters;
pub mod inbound;
pub mod mtls;
pub mod outbound;
mod routes;
mod sidecars;
mod unclear;

pub use envoy_filters::Change;
pub(super) use envoy_filters::changing_waypoint;
pub use unclear::Unclear;
