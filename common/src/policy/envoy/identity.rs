//! How Envoy compares the identity of a certificate: with texts and regular expressions on the whole
//! `spiffe://…`, which say more than their words.
//!
//! pilot/pkg/security/authz/model/generator.go, `srcPrincipalGenerator`, `srcNamespaceGenerator`,
//! `srcServiceAccountGenerator`, `srcTrustDomainGenerator`. The expressions are kept as what they were made of; what
//! they match is worked out here, without an engine for regular expressions.

use std::fmt;

use crate::model::identity::SCHEME;
use crate::model::{Name, Namespace};

#[cfg(test)]
mod tests;

/// One comparison with an identity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IdentityMatch {
    /// Any: `.+`.
    Any,
    /// This principal, without `spiffe://`.
    Principal(Name),
    /// A principal that begins so.
    PrincipalPrefix(Name),
    /// A principal that ends so.
    PrincipalSuffix(Name),
    /// A namespace, in which every `*` stands for anything, slashes among it: `.*/ns/<namespace>/.*`.
    Namespace(Name),
    /// An account, whatever the trust domain.
    ServiceAccount {
        /// Its namespace.
        namespace: Name,
        /// Its name.
        account: Name,
    },
    /// A trust domain; the first `*` stands for anything but a slash.
    TrustDomain(Name),
}

impl IdentityMatch {
    /// matcher/string.go, `StringMatcherWithPrefix`.
    pub(super) fn principal(value: &str) -> Self {
        if value == "*" {
            Self::Any
        } else if let Some(suffix) = value.strip_prefix('*') {
            Self::PrincipalSuffix(suffix.into())
        } else if let Some(prefix) = value.strip_suffix('*') {
            Self::PrincipalPrefix(prefix.into())
        } else {
            Self::Principal(value.into())
        }
    }

    /// `serviceAccountRegex`: without a slash it is of the policy's namespace.
    pub(super) fn service_account(value: &str, policy: &Namespace) -> Self {
        let (namespace, account) = value.split_once('/').unwrap_or((policy.as_str(), value));
        Self::ServiceAccount { namespace: namespace.into(), account: account.into() }
    }

    /// Whether an identity, `spiffe://` included, matches.
    #[must_use]
    pub fn matches(&self, uri: &str) -> bool {
        let principal = uri.strip_prefix(SCHEME);
        match self {
            Self::Any => !uri.is_empty(),
            Self::Principal(exact) => principal == Some(exact),
            Self::PrincipalPrefix(prefix) => principal.is_some_and(|p| p.starts_with(&**prefix)),
            Self::PrincipalSuffix(suffix) => principal.is_some_and(|p| p.ends_with(&**suffix)),
            Self::Namespace(namespace) => has_namespace(uri, namespace),
            Self::ServiceAccount { namespace, account } => {
                principal.is_some_and(|p| has_account(p, namespace, account))
            }
            Self::TrustDomain(wanted) => principal.is_some_and(|p| is_of_trust_domain(p, wanted)),
        }
    }
}

impl fmt::Display for IdentityMatch {
    /// As it is written in a policy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Principal(text) | Self::Namespace(text) | Self::TrustDomain(text) => f.write_str(text),
            Self::PrincipalPrefix(prefix) => write!(f, "{prefix}*"),
            Self::PrincipalSuffix(suffix) => write!(f, "*{suffix}"),
            Self::ServiceAccount { namespace, account } => write!(f, "{namespace}/{account}"),
        }
    }
}

/// `.*/ns/<literal>.*<literal>/.*`: the literals follow each other. What stands between them may hold slashes, so
/// that `*a` finds the `sa/` that every identity has.
fn has_namespace(uri: &str, glob: &str) -> bool {
    let literals = format!("/ns/{glob}/");
    let mut rest = uri;
    literals.split('*').all(|literal| match rest.find(literal) {
        Some(at) => {
            rest = rest.get(at + literal.len()..).unwrap_or_default();
            true
        }
        None => false,
    })
}

/// `.+/ns/<namespace>/(.+/|)sa/<account>(/.+)?` on what follows the scheme.
fn has_account(principal: &str, namespace: &str, account: &str) -> bool {
    let (namespace, account) = (format!("/ns/{namespace}/"), format!("sa/{account}"));
    let ends = |rest: &str| rest.is_empty() || rest.len() > 1 && rest.starts_with('/');
    let behind = |rest: &str| {
        rest.strip_prefix(&*account).is_some_and(ends)
            || rest
                .match_indices(&format!("/{account}"))
                .any(|(at, found)| at > 0 && rest.get(at + found.len()..).is_some_and(ends))
    };
    // Places may overlap: `/ns/ns/` has two.
    let places = principal.char_indices().map(|(at, _)| at).filter(|at| *at > 0);
    places.filter_map(|at| principal.get(at..)?.strip_prefix(&*namespace)).any(behind)
}

fn is_of_trust_domain(principal: &str, wanted: &str) -> bool {
    if wanted == "*" {
        return true;
    }
    let Some((prefix, suffix)) = wanted.split_once('*') else {
        return principal.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'));
    };
    // `spiffe://<prefix>[^/]*<suffix>/.*`
    let suffix = format!("{suffix}/");
    let Some(rest) = principal.strip_prefix(prefix) else { return false };
    let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    starts.any(|at| {
        let (between, behind) = rest.split_at(at);
        !between.contains('/') && behind.starts_with(&suffix)
    })
}
