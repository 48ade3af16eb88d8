//! What ztunnels say of the certificates that they hold: one for each identity that runs on their node.
//!
//! Only a cluster has this; nothing here asks for it.

use std::collections::BTreeMap;

use crate::model::{Identity, Name};

#[cfg(test)]
mod tests;

/// What became of a certificate at one ztunnel (src/identity/manager.rs, `CertState`), the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CertificateState {
    /// It is there.
    Available,
    /// That ztunnel was not asked, or did not answer.
    Unknown,
    /// It was asked for, and has not come yet.
    Initializing,
    /// It could not be had.
    Unavailable,
    /// That ztunnel has none, though something runs as the account on its node.
    Absent,
}

/// A certificate at one ztunnel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeCertificate {
    /// The ztunnel's node.
    pub node: Name,
    /// What became of it.
    pub state: CertificateState,
    /// When it expires: RFC 3339 in UTC, which sorts as text.
    pub not_after: Option<Name>,
}

/// The certificates of an identity, taken together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// The worst state.
    pub state: CertificateState,
    /// The first expiry.
    pub not_after: Option<Name>,
}

/// The certificates that ztunnels hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Certificates(BTreeMap<Identity, Vec<NodeCertificate>>);

impl Certificates {
    /// Adds what one ztunnel says.
    pub fn add(&mut self, identity: Identity, certificate: NodeCertificate) {
        self.0.entry(identity).or_default().push(certificate);
    }

    /// The certificates of an identity, taken together; `None` where no ztunnel holds one.
    #[must_use]
    pub fn of(&self, identity: &Identity) -> Option<Certificate> {
        let held = self.0.get(identity)?;
        Some(Certificate {
            state: held.iter().map(|certificate| certificate.state).max()?,
            not_after: held.iter().filter_map(|certificate| certificate.not_after.clone()).min(),
        })
    }
}
