//! Items of lists as istiod reads them: texts, accounts, ports, addresses.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::model::{Name, Namespace};
use crate::policy::ir::{Block, ServiceAccountMatch, StringMatch};

#[cfg(test)]
mod tests;

/// istiod's `stringToMatch`: `*`, `*suffix`, `prefix*`, otherwise exact.
pub(crate) fn text(value: &Name) -> StringMatch {
    if &**value == "*" {
        StringMatch::Presence
    } else if let Some(suffix) = value.strip_prefix('*') {
        StringMatch::Suffix(suffix.into())
    } else if let Some(prefix) = value.strip_suffix('*') {
        StringMatch::Prefix(prefix.into())
    } else {
        StringMatch::Exact(value.clone())
    }
}

/// istiod's `stringToServiceAccountMatch`: without a slash the account is of the policy's namespace.
pub(in crate::policy) fn account(value: &Name, policy_namespace: &Namespace) -> ServiceAccountMatch {
    match value.split_once('/') {
        Some((namespace, account)) => {
            ServiceAccountMatch { namespace: namespace.into(), service_account: account.into() }
        }
        None => {
            ServiceAccountMatch { namespace: policy_namespace.clone(), service_account: value.clone().into() }
        }
    }
}

/// istiod's `stringToPort`: Go's `ParseUint` in base 10, up to 65535.
pub(in crate::policy) fn port(value: &str) -> Option<u16> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    if digits { value.parse::<u64>().ok()?.try_into().ok() } else { None }
}

/// istiod's `stringToIP`.
pub(super) fn block(value: &str) -> Option<Block> {
    network(value).map(Block::new)
}

/// Go's `netip.ParsePrefix` with a slash, `netip.ParseAddr` without. Bits behind the prefix are kept.
pub(in crate::policy) fn network(value: &str) -> Option<IpNet> {
    if let Some((address, bits)) = value.rsplit_once('/') {
        let address: IpAddr = address.parse().ok()?;
        let leading = bits.len() > 1 && !bits.starts_with(|c: char| ('1'..='9').contains(&c));
        if leading || !bits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        return IpNet::new(address, bits.parse().ok()?).ok();
    }
    address(value).map(IpNet::from)
}

/// A single address may have a zone, which is then ignored.
fn address(value: &str) -> Option<IpAddr> {
    match value.split_once('%') {
        Some((address, zone)) if !zone.is_empty() => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => value.parse().ok(),
    }
}
