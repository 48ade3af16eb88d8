//! What stands at the ends of an edge: a workload, an identity, a namespace, a class of peers.

use crate::render::sentences;
use crate::report::reachability::{Class, PeerEntry};

/// More workloads of one identity than this are one node.
const MOST_WORKLOADS: usize = 6;

/// What a node stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// Peers that have no name of their own.
    Class,
    /// A namespace, drawn as one.
    Namespace,
    /// An identity.
    Identity,
    /// What a person deployed, a Service, an address.
    Object,
}

/// One end of an edge.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct End {
    pub(super) kind: Kind,
    pub(super) namespace: Option<String>,
    /// The name without the namespace.
    pub(super) name: String,
}

impl End {
    /// A class of peers.
    pub(super) fn class(name: impl Into<String>) -> Self {
        Self { kind: Kind::Class, namespace: None, name: name.into() }
    }

    /// All of a namespace.
    pub(super) fn all_of(namespace: &str) -> Self {
        Self { kind: Kind::Namespace, namespace: None, name: format!("namespace {namespace}") }
    }

    /// Something by the name that we print.
    pub(super) fn object(name: &str) -> Self {
        let (namespace, name) = name_of(name);
        Self { kind: Kind::Object, namespace: namespace.map(str::to_owned), name }
    }

    fn identity(peer: &PeerEntry) -> Self {
        let namespace = peer.namespace.clone();
        let name = match (&namespace, &peer.service_account) {
            (Some(_), Some(account)) => match peer.workloads.len() {
                0 => format!("identity {account}"),
                count => format!("identity {account} ({count} workloads)"),
            },
            _ => sentences::peer(peer),
        };
        Self { kind: Kind::Identity, namespace, name }
    }

    /// Who a row is about: the workloads where they are few, else the identity; a class as such.
    pub(super) fn peers(peer: &PeerEntry) -> Vec<Self> {
        match (peer.class, peer.workloads.len()) {
            (Class::Identity, 1..=MOST_WORKLOADS) => {
                peer.workloads.iter().map(|name| Self::object(name)).collect()
            }
            (Class::Identity, _) if peer.identity.is_some() => vec![Self::identity(peer)],
            _ => vec![Self::class(sentences::peer(peer))],
        }
    }
}

/// The namespace in a name of the form `kind/namespace/name`, and the rest.
pub(in crate::render) fn name_of(name: &str) -> (Option<&str>, String) {
    let mut parts = name.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(kind), Some(namespace), Some(own)) if !kind.ends_with(':') => {
            (Some(namespace), format!("{kind}/{own}"))
        }
        _ => (None, name.to_owned()),
    }
}
