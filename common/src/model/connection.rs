//! A peer as the destination sees it: the identity that arrived, if any, and the address.

use std::net::IpAddr;

use super::Identity;

/// Who stands at the other end of a connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Peer {
    /// The identity of its certificate; `None` is plaintext.
    pub identity: Option<Identity>,
    /// Its address; `None` when it is not known.
    pub address: Option<IpAddr>,
}
