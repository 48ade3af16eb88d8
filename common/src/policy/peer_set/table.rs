//! The identities that something runs as, ordered so that conditions on them are ranges.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::model::{Identity, Namespace, TrustDomain};

use super::names::{NameMatch, Pair, names_in};
use crate::policy::ir::StringMatch;

/// Identities in the order of their namespaces and accounts.
#[derive(Clone, Debug)]
pub struct IdentityTable {
    trust_domain: TrustDomain,
    identities: Vec<Identity>,
    namespaces: FxHashMap<Namespace, Range<usize>>,
}

impl IdentityTable {
    /// The table of these identities; those of other trust domains are left out.
    #[must_use]
    pub fn new(trust_domain: TrustDomain, identities: impl Iterator<Item = Identity>) -> Self {
        let mut identities: Vec<Identity> = identities.filter(|i| i.trust_domain == trust_domain).collect();
        identities.sort();
        identities.dedup();
        let mut namespaces: FxHashMap<Namespace, Range<usize>> = FxHashMap::default();
        for (at, identity) in identities.iter().enumerate() {
            let range = namespaces.entry(identity.namespace.clone()).or_insert(at..at);
            range.end = at + 1;
        }
        Self { trust_domain, identities, namespaces }
    }

    /// The mesh's trust domain.
    #[must_use]
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// How many identities there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// Whether nothing runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// An identity by its position.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&Identity> {
        self.identities.get(position)
    }

    /// The position of an identity.
    #[must_use]
    pub fn position(&self, identity: &Identity) -> Option<usize> {
        if identity.trust_domain != self.trust_domain {
            return None;
        }
        self.position_of(identity.namespace.as_str(), identity.service_account.as_str())
    }

    /// The position of an account: those of one namespace are neighbours, and few.
    pub(super) fn position_of(&self, namespace: &str, account: &str) -> Option<usize> {
        let range = self.namespaces.get(namespace)?;
        let neighbours = self.identities.get(range.clone())?;
        let within =
            neighbours.binary_search_by(|identity| identity.service_account.as_str().cmp(account)).ok()?;
        Some(range.start + within)
    }

    /// The position of the running identity that a condition names in full.
    pub(super) fn named_by(&self, wanted: &StringMatch) -> Option<usize> {
        let StringMatch::Exact(principal) = wanted else { return None };
        let (namespace, account) = names_in(principal, self.trust_domain.as_str())?;
        self.position_of(namespace, account)
    }

    /// The positions of those that match: those of one namespace are neighbours.
    pub(super) fn matching<'a>(&'a self, pair: &'a Pair) -> impl Iterator<Item = usize> + 'a {
        let candidates = match &pair.namespace {
            NameMatch::Exact(namespace) => self.namespaces.get(&**namespace).cloned().unwrap_or_default(),
            _ => 0..self.identities.len(),
        };
        candidates.filter(move |at| self.identities.get(*at).is_some_and(|identity| pair.matches(identity)))
    }
}
