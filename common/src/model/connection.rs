//! A peer as the destination sees it: the identity that arrived, if any, the address, and what sent it.

use std::net::IpAddr;

use super::{Identity, Name, WorkloadIndex};

/// Who stands at the other end of a connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Peer {
    /// The identity of its certificate; `None` is plaintext.
    pub identity: Option<Identity>,
    /// Its address; `None` when it is not known.
    pub address: Option<IpAddr>,
    /// What a NetworkPolicy sees of it.
    pub sender: Sender,
}

/// What sends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Sender {
    /// Nothing that was read: with an identity a pod that does not run, without one whatever has the address.
    #[default]
    Unread,
    /// A pod or template.
    Workload(WorkloadIndex),
    /// The pod that is called: a pod cannot be kept from itself.
    Itself(WorkloadIndex),
    /// A process of a node.
    Node(Name),
}
