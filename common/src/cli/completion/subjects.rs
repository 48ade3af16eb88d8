//! `svc/edp/pg:5432` while it is being typed: first a kind, then a name, then a port.

use clap_complete::engine::CompletionCandidate;

use crate::model::Kind;

use super::facts::Facts;
use super::takes::{candidate, plain};

/// What an argument may name.
pub(super) struct Subjects {
    kinds: &'static [Kind],
    /// What a name without a kind is.
    bare: Kind,
    /// What is no object, and what it means.
    others: &'static [(&'static str, &'static str)],
    /// Whether a port may follow.
    ports: bool,
}

const EVERYTHING: &[Kind] = &[
    Kind::Service,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::Job,
    Kind::CronJob,
    Kind::Pod,
    Kind::ServiceAccount,
    Kind::Namespace,
    Kind::Node,
];

/// What runs as an account, and accounts.
const RUNNING: &[Kind] = &[
    Kind::ServiceAccount,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::Job,
    Kind::CronJob,
    Kind::Pod,
    Kind::Namespace,
];

/// What is called.
pub(super) const TARGET: Subjects =
    Subjects { kinds: EVERYTHING, bare: Kind::Pod, others: &[("ip/", "an address")], ports: true };

/// Who calls.
pub(super) const CALLER: Subjects = Subjects {
    kinds: EVERYTHING,
    bare: Kind::Pod,
    others: &[
        ("ip/", "an address"),
        ("outside", "no identity, and no address that is known"),
        ("spiffe://", "an identity"),
    ],
    ports: false,
};

/// An account, or what runs as one.
pub(super) const ACCOUNT: Subjects = Subjects {
    kinds: RUNNING,
    bare: Kind::ServiceAccount,
    others: &[("spiffe://", "an identity")],
    ports: false,
};

impl Subjects {
    /// What a word may become; others may be among it.
    pub(super) fn candidates(&self, word: &str, facts: &Facts) -> Vec<CompletionCandidate> {
        if let Some((subject, _)) = word.rsplit_once(':') {
            return if self.ports { ports(subject, facts) } else { Vec::new() };
        }
        match *word.split('/').collect::<Vec<_>>() {
            [_] => self.beginnings(facts),
            [kind, _] => self.names(kind, None, facts),
            [kind, namespace, _] => self.names(kind, Some(namespace), facts),
            _ => Vec::new(),
        }
    }

    fn beginnings(&self, facts: &Facts) -> Vec<CompletionCandidate> {
        let kind = |kind: &Kind| candidate(format!("{}/", kind.printed()), kind.wire());
        let mut found: Vec<_> = self.kinds.iter().map(kind).collect();
        found.extend(self.others.iter().map(|(value, meaning)| candidate(*value, *meaning)));
        found.extend(plain(facts.names(&self.bare, None)));
        found
    }

    /// The names behind a kind, in its spelling.
    fn names(&self, typed: &str, namespace: Option<&str>, facts: &Facts) -> Vec<CompletionCandidate> {
        let Some(kind) = Kind::from_typed(typed).filter(|kind| self.kinds.contains(kind)) else {
            return Vec::new();
        };
        let in_namespace = !matches!(kind, Kind::Namespace | Kind::Node);
        if namespace.is_some() && !in_namespace {
            return Vec::new();
        }
        let place = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let names = facts.names(&kind, namespace).into_iter();
        plain(names.map(|name| format!("{typed}/{place}{name}")))
    }
}

/// The ports of the Service before the colon.
fn ports(subject: &str, facts: &Facts) -> Vec<CompletionCandidate> {
    let parts: Vec<&str> = subject.split('/').collect();
    let (kind, namespace, name) = match *parts {
        [kind, name] => (kind, None, name),
        [kind, namespace, name] => (kind, Some(namespace), name),
        _ => return Vec::new(),
    };
    if Kind::from_typed(kind) != Some(Kind::Service) {
        return Vec::new();
    }
    let ports = facts.ports(namespace, name);
    ports.iter().map(|(port, name)| candidate(format!("{subject}:{port}"), name)).collect()
}
