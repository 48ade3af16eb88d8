//! Who a workload is: `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`.
//!
//! Read as ztunnel reads it (src/identity/manager.rs, `Identity::from_str`): exactly five parts, nothing
//! checked inside them. `"spiffe://cluster.local/ns/edp/sa/api".parse::<Identity>()`

use std::fmt;
use std::str::FromStr;

use super::Name;

#[cfg(test)]
mod tests;

/// What every identity starts with.
pub const SCHEME: &str = "spiffe://";

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Name);

        impl $name {
            /// The name as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Name>> From<T> for $name {
            fn from(name: T) -> Self {
                Self(name.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name_type! {
    /// The root of trust that issued an identity, `cluster.local` unless the mesh says otherwise.
    TrustDomain
}
name_type! {
    /// A Kubernetes namespace.
    Namespace
}
name_type! {
    /// The name of a service account inside its namespace.
    ServiceAccount
}

/// A workload's identity, as its certificate carries it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Identity {
    /// Who issued it.
    pub trust_domain: TrustDomain,
    /// The namespace of the account.
    pub namespace: Namespace,
    /// The account.
    pub service_account: ServiceAccount,
}

impl Identity {
    /// The identity of a service account under a trust domain.
    pub fn new(
        trust_domain: impl Into<TrustDomain>,
        namespace: impl Into<Namespace>,
        service_account: impl Into<ServiceAccount>,
    ) -> Self {
        Self {
            trust_domain: trust_domain.into(),
            namespace: namespace.into(),
            service_account: service_account.into(),
        }
    }

    /// The text that policies compare with: the identity without `spiffe://`.
    #[must_use]
    pub fn principal(&self) -> String {
        format!("{}/ns/{}/sa/{}", self.trust_domain, self.namespace, self.service_account)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/ns/{}/sa/{}", self.trust_domain, self.namespace, self.service_account)
    }
}

/// A text that is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an identity: expected spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT")]
pub struct InvalidIdentity(pub String);

impl FromStr for Identity {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidIdentity(text.to_owned());
        let mut parts = text.strip_prefix(SCHEME).ok_or_else(invalid)?.split('/');
        let mut next = || parts.next().ok_or_else(invalid);
        let (trust_domain, ns, namespace, sa, service_account) =
            (next()?, next()?, next()?, next()?, next()?);
        if ns != "ns" || sa != "sa" || parts.next().is_some() {
            return Err(invalid());
        }
        Ok(Self::new(trust_domain, namespace, service_account))
    }
}
