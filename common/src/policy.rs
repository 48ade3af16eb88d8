//! The engine: what the data plane decides about a connection, and about all peers at once.
//!
//! [`PolicySet::compile`] makes of a snapshot what istiod sends to ztunnel; [`evaluate()`] judges one connection,
//! [`reach()`] every peer of a workload; both go through one fold (`fold`) and one list of `gates`. Pure: no
//! I/O, no clock, no printing. Answers are data with their evidence; sentences are written in `render`.

mod arrival;
mod beside;
mod bits;
mod callers;
mod compile;
mod decision;
mod enforced;
pub mod envoy;
mod envoys;
mod evaluate;
mod family;
pub mod fold;
mod gates;
pub mod ir;
mod join;
mod mesh;
mod naming;
mod network;
mod peer_authentication;
pub mod peer_set;
mod peers;
mod reach;
mod routing;
mod select;
pub mod sets;
pub mod sidecar;
mod tokens;
mod waypoint;

pub use arrival::{Arrival, Caller};
pub use callers::Callers;
pub use compile::Remark;
pub(crate) use compile::Remarks;
pub(crate) use compile::strings::text as read_text;
pub use decision::{By, Cell, Condition, Decision, EnvoyRule, Gate, GateOutcome, Hop, Judgement, Verdict};
pub use evaluate::{evaluate, judge_peer};
pub use family::Family;
pub use gates::resolve::{Destination, Dialled, Resolution, Target};
pub use join::{Attribute, combine};
pub use mesh::Mesh;
pub use naming::{NamedItem, Naming, Pattern, items, namings};
pub use network::{ClassSet, Direction, EndKind, NetworkPolicies, NetworkRule, PodClass};
pub use peer_authentication::{Effective, PeerAuthenticationIndex, PeerAuthentications};
pub use peer_set::{CellLabel, IdentityTable, PeerSet, Senders, Universe, Who, may_match};
pub use peers::{Detail, Others, PeerAnswer, PeerClass, peers, refuses_plaintext};
pub use reach::{Reach, reach};
pub use select::{Applied, PolicySet};
