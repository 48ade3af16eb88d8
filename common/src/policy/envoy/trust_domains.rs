//! The trust domain and its aliases: a principal of one of them stands for all of them.
//!
//! pilot/pkg/security/trustdomain/bundle.go. ztunnel does nothing of the kind.

use std::collections::BTreeSet;

use crate::model::Name;

#[cfg(test)]
mod tests;

/// Stands for the local trust domain, whatever its name is (pkg/config/constants, `DefaultClusterLocalDomain`).
const CLUSTER_LOCAL: &str = "cluster.local";

/// MeshConfig's `trustDomain` and `trustDomainAliases`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrustDomains(Vec<Name>);

impl TrustDomains {
    /// `NewBundle`: the trust domain comes first.
    pub fn new(trust_domain: impl Into<Name>, aliases: impl IntoIterator<Item = Name>) -> Self {
        Self(std::iter::once(trust_domain.into()).chain(aliases).collect())
    }

    /// Whether it is the trust domain or an alias.
    #[must_use]
    pub fn contains(&self, trust_domain: &str) -> bool {
        self.0.iter().any(|own| **own == *trust_domain)
    }

    /// `ReplaceTrustDomainAliases`: the principals, each of ours once for every trust domain. Upstream leaves in what
    /// comes twice.
    pub(super) fn principals(&self, written: &[Name]) -> Vec<Name> {
        let mut seen = BTreeSet::new();
        let expanded = written.iter().flat_map(|principal| self.principal(principal));
        expanded.filter(|principal| seen.insert(principal.clone())).collect()
    }

    fn principal(&self, written: &Name) -> Vec<Name> {
        let Some((trust_domain, rest)) = five_parts(written).filter(|(domain, _)| *domain != "*") else {
            return vec![written.clone()];
        };
        if !self.stands_for(trust_domain) && trust_domain != CLUSTER_LOCAL {
            return vec![written.clone()];
        }
        let mut principals: Vec<Name> = Vec::new();
        for own in &self.0 {
            // `*-td` matches this one as it is written.
            let principal =
                if has_suffix(own, trust_domain) { written.clone() } else { format!("{own}/{rest}").into() };
            if !principals.contains(&principal) {
                principals.push(principal);
            }
        }
        principals
    }

    /// util.go, `stringMatch`: with a wildcard in either of the two.
    fn stands_for(&self, written: &str) -> bool {
        self.0.iter().any(|own| {
            written == &**own
                || &**own == "*"
                || has_prefix(written, own)
                || has_prefix(own, written)
                || has_suffix(written, own)
                || has_suffix(own, written)
        })
    }

    /// `ExpandTrustDomainAliases`: here only the whole name counts, `cluster.local` is none of ours unless it is one,
    /// and what is there twice goes.
    pub(super) fn trust_domains(&self, written: &[Name]) -> Vec<Name> {
        let mut expanded: Vec<Name> = Vec::new();
        for value in written {
            let stands_for =
                if self.contains(value) { self.0.as_slice() } else { std::slice::from_ref(value) };
            for one in stands_for {
                if !expanded.contains(one) {
                    expanded.push(one.clone());
                }
            }
        }
        expanded
    }
}

/// What stands before and behind the first slash, of a text with four of them.
fn five_parts(principal: &str) -> Option<(&str, &str)> {
    (principal.split('/').count() == 5).then(|| principal.split_once('/')).flatten()
}

fn has_prefix(text: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').is_some_and(|prefix| text.starts_with(prefix))
}

fn has_suffix(text: &str, pattern: &str) -> bool {
    pattern.strip_prefix('*').is_some_and(|suffix| text.ends_with(suffix))
}
