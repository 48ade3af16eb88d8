//! Blocks of addresses as policies of Istio write them; an address is a block of one.

use std::net::IpAddr;

use ipnet::IpNet;

/// The block that a text names.
pub(super) fn read(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
