//! Which namespaces are meant: all, some, or all but some.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{Name, Namespace};

#[cfg(test)]
mod tests;

/// Namespaces.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Extent {
    /// These.
    Only(BTreeSet<Name>),
    /// All but these; with none it is the whole cluster.
    AllBut(BTreeSet<Name>),
}

impl Extent {
    /// Every namespace, and what stands in none.
    #[must_use]
    pub fn all() -> Self {
        Self::AllBut(BTreeSet::new())
    }

    /// No namespace.
    #[must_use]
    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// One namespace.
    #[must_use]
    pub fn one(namespace: impl Into<Name>) -> Self {
        Self::Only(BTreeSet::from([namespace.into()]))
    }

    /// Whether it is the whole cluster.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self, Self::AllBut(but) if but.is_empty())
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Only(only) if only.is_empty())
    }

    /// Whether a namespace is meant.
    #[must_use]
    pub fn covers(&self, namespace: &str) -> bool {
        match self {
            Self::Only(only) => only.contains(namespace),
            Self::AllBut(but) => !but.contains(namespace),
        }
    }

    /// What is meant by either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a.into_iter().chain(b).collect()),
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(a.intersection(&b).cloned().collect()),
            (Self::AllBut(but), Self::Only(only)) | (Self::Only(only), Self::AllBut(but)) => {
                Self::AllBut(but.difference(&only).cloned().collect())
            }
        }
    }

    /// Everything else.
    #[must_use]
    pub fn complement(self) -> Self {
        match self {
            Self::Only(only) => Self::AllBut(only),
            Self::AllBut(but) => Self::Only(but),
        }
    }
}

impl From<Namespace> for Extent {
    fn from(namespace: Namespace) -> Self {
        Self::one(namespace.as_str())
    }
}

impl From<&str> for Extent {
    fn from(namespace: &str) -> Self {
        Self::one(namespace)
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |names: &BTreeSet<Name>| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::AllBut(but) if but.is_empty() => f.write_str("all namespaces"),
            Self::AllBut(but) => write!(f, "namespaces other than {}", names(but)),
            Self::Only(only) if only.len() == 1 => write!(f, "namespace {}", names(only)),
            Self::Only(only) => write!(f, "namespaces {}", names(only)),
        }
    }
}
