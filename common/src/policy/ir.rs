//! What istiod sends to ztunnel: the policies in ztunnel's words, every level of nesting with its name.
//!
//! ztunnel src/rbac.rs, `Authorization` and `RbacMatch`. An [`Authorization`] has rules of which any may match;
//! a [`Rule`] has clauses that must all match; a [`Clause`] has matches of which any may match; in a [`Match`]
//! every field that is set must hold.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{FieldPath, Labels, Name, Namespace, Origin, ResourceRef, ServiceAccount};

/// The position of a policy in its [`super::PolicySet`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PolicyIndex(pub usize);

/// A policy as the data plane holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorization {
    /// The namespace under which the data plane knows it.
    pub namespace: Namespace,
    /// The name under which the data plane knows it: that of the object, or a derived one.
    pub name: Name,
    /// Which workloads it is for.
    pub scope: Scope,
    /// What happens to what it matches.
    pub action: Action,
    /// Any of these.
    pub rules: Vec<Rule>,
    /// Whether it is only logged.
    pub dry_run: bool,
    /// The labels by which it is attached to workloads; `None` when it is not attached by labels.
    pub selector: Option<Labels>,
    /// What a person wrote.
    pub provenance: Provenance,
}

impl Authorization {
    /// The name that the data plane prints.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Every match of every rule.
    pub fn matches(&self) -> impl Iterator<Item = &Match> {
        self.rules.iter().flat_map(Rule::matches)
    }
}

/// Where a policy of the data plane comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Provenance {
    /// An object, converted.
    Resource {
        /// The object.
        reference: ResourceRef,
        /// Where it was written.
        origin: Origin,
    },
    /// istiod makes it whenever there is any PeerAuthentication.
    Default,
}

/// Which workloads a policy is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// All of the mesh.
    Global,
    /// All of its namespace.
    Namespace,
    /// Those that it is attached to.
    WorkloadSelector,
}

/// What happens to what a policy matches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// It is let in.
    Allow,
    /// It is refused.
    Deny,
}

/// All of these clauses must match; without any it matches everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The clauses.
    pub clauses: Vec<Clause>,
    /// The position in `spec.rules` that it comes from.
    pub index: Option<usize>,
}

impl Rule {
    /// Whether every clause has something to compare with: an entry without any field is skipped, and a clause of
    /// nothing else never holds (ztunnel src/rbac.rs, `matches`).
    #[must_use]
    pub fn may_match(&self) -> bool {
        let holds =
            |clause: &Clause| clause.matches.is_empty() || clause.matches.iter().any(|m| !m.is_empty());
        self.clauses.iter().all(holds)
    }

    /// Every match of every clause.
    pub fn matches(&self) -> impl Iterator<Item = &Match> {
        self.clauses.iter().flat_map(|clause| &clause.matches)
    }
}

/// Any of these matches must match; without any it matches everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// The matches.
    pub matches: Vec<Match>,
}

/// Every field that is set must hold: of a positive one any item, of a negative one no item. Without any field
/// it is skipped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Match {
    /// Namespaces of the identity.
    pub namespaces: Field<StringMatch>,
    /// Accounts of the identity.
    pub service_accounts: Field<ServiceAccountMatch>,
    /// The identity without `spiffe://`.
    pub principals: Field<StringMatch>,
    /// The peer's address.
    pub source_ips: Field<Block>,
    /// The workload's address.
    pub destination_ips: Field<Block>,
    /// The workload's port.
    pub destination_ports: Field<u16>,
}

impl Match {
    /// Whether no field is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.namespaces.is_unset()
            && self.service_accounts.is_unset()
            && self.principals.is_unset()
            && self.source_ips.is_unset()
            && self.destination_ips.is_unset()
            && self.destination_ports.is_unset()
    }
}

/// A field with its positive and its negative form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field<T> {
    /// Any of these, when there are any.
    pub any_of: Vec<T>,
    /// None of these.
    pub none_of: Vec<T>,
}

impl<T> Field<T> {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        self.any_of.is_empty() && self.none_of.is_empty()
    }

    /// All items, of both forms.
    pub fn items(&self) -> impl Iterator<Item = &T> {
        self.any_of.iter().chain(&self.none_of)
    }
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self { any_of: Vec::new(), none_of: Vec::new() }
    }
}

/// A text that is compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StringMatch {
    /// Equal.
    Exact(Name),
    /// Begins with.
    Prefix(Name),
    /// Ends with.
    Suffix(Name),
    /// Not empty.
    Presence,
}

impl StringMatch {
    /// ztunnel's `StringMatch::matches`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => **exact == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Suffix(suffix) => text.ends_with(&**suffix),
            Self::Presence => !text.is_empty(),
        }
    }
}

impl fmt::Display for StringMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(exact) => f.write_str(exact),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Suffix(suffix) => write!(f, "*{suffix}"),
            Self::Presence => f.write_str("*"),
        }
    }
}

/// An account that is compared, whatever the trust domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServiceAccountMatch {
    /// Its namespace.
    pub namespace: Namespace,
    /// Its name.
    pub service_account: ServiceAccount,
}

/// A block of addresses. Bits behind the prefix do not count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Block(IpNet);

impl Block {
    /// The block, with the bits behind its prefix cleared.
    #[must_use]
    pub fn new(net: IpNet) -> Self {
        Self(net.trunc())
    }

    /// Whether an address is in it. The families never match each other.
    #[must_use]
    pub fn contains(&self, address: &IpAddr) -> bool {
        self.0.contains(address)
    }

    /// Whether it lies among the IPv4-mapped addresses. Those are seen as IPv4 before anything is compared
    /// (ztunnel src/socket.rs, `to_canonical`), so that it matches nothing.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        match self.0 {
            IpNet::V6(net) => net.prefix_len() >= 96 && net.network().to_ipv4_mapped().is_some(),
            IpNet::V4(_) => false,
        }
    }

    /// The block.
    #[must_use]
    pub fn net(&self) -> IpNet {
        self.0
    }
}

/// A rule of an object, for showing where something is written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleRef {
    /// The policy.
    pub policy: PolicyIndex,
    /// The position in `spec.rules`, where there is one.
    pub rule: Option<usize>,
}

impl RuleRef {
    /// The field that the rule is written in.
    #[must_use]
    pub fn path(&self) -> FieldPath {
        match self.rule {
            Some(index) => FieldPath::spec().field("rules").item(index),
            None => FieldPath::default(),
        }
    }
}
