//! Where candidates come from: the cluster, the files or the bundle that the words before say.
//!
//! Where files or a bundle are given no cluster is contacted and no kubeconfig read. Where the words cannot be understood it is
//! not known whether files are given: nothing is read.

use std::ffi::OsString;
use std::iter::once;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, FromArgMatches};

use crate::cluster::{self, ConnectError, ConnectionFlags};
use crate::kubernetes::ServicePort;
use crate::model::Kind;
use crate::snapshot::RESOURCES;

use super::super::SourceArguments;

mod stored;

/// The most names that are asked for.
const NAMES: usize = 1000;

/// What a request may take, and a plugin that logs in: less than a person waits, so that nothing is left behind.
const REQUEST: Duration = Duration::from_millis(1800);

/// What the words before say of where names are.
pub(super) struct Facts {
    source: Option<SourceArguments>,
}

impl Facts {
    /// Understands the words, the last one included: that it is there keeps the one before it whole.
    pub(super) fn typed(command: &Command, words: &[OsString]) -> Self {
        let matches = matches(command, words);
        Self { source: matches.and_then(|matches| SourceArguments::from_arg_matches(&matches).ok()) }
    }

    /// The names of a kind: in a namespace, else in that of names without one.
    pub(super) fn names(&self, kind: &Kind, namespace: Option<&str>) -> Vec<String> {
        let Some(source) = &self.source else { return Vec::new() };
        // What `-n` says is no namespace yet while it is being typed.
        let own = source.namespace().filter(|_| *kind != Kind::Namespace);
        if let Some(stored) = stored::stored(source, own) {
            return stored.names(kind, namespace);
        }
        let namespace = namespace.or(source.namespace());
        let resource = RESOURCES.iter().find(|resource| resource.kind == kind.wire());
        let names = resource.map(|resource| cluster::names(&flags(source), resource, namespace, NAMES));
        names.and_then(Result::ok).unwrap_or_default()
    }

    /// The ports of a Service, each with its name.
    pub(super) fn ports(&self, namespace: Option<&str>, service: &str) -> Vec<(u16, String)> {
        let Some(source) = &self.source else { return Vec::new() };
        let shown = |port: &ServicePort| (port.port, port.name.as_deref().unwrap_or_default().to_owned());
        if let Some(stored) = stored::stored(source, source.namespace()) {
            return stored.ports(namespace, service).iter().map(shown).collect();
        }
        let namespace = namespace.or(source.namespace());
        let ports = cluster::service_ports(&flags(source), namespace, service);
        ports.unwrap_or_default().iter().map(shown).collect()
    }

    /// The contexts of the kubeconfig.
    pub(super) fn contexts(&self) -> Vec<String> {
        self.of_kubeconfig(cluster::contexts)
    }

    /// The clusters of the kubeconfig.
    pub(super) fn clusters(&self) -> Vec<String> {
        self.of_kubeconfig(cluster::clusters)
    }

    /// The users of the kubeconfig.
    pub(super) fn users(&self) -> Vec<String> {
        self.of_kubeconfig(cluster::users)
    }

    fn of_kubeconfig(&self, read: fn(&ConnectionFlags) -> Result<Vec<String>, ConnectError>) -> Vec<String> {
        let source = self.source.as_ref().filter(|source| source.is_cluster());
        source.and_then(|source| read(&flags(source)).ok()).unwrap_or_default()
    }
}

/// What the words mean; none when they make no sense. That something is missing yet is no matter.
fn matches(command: &Command, words: &[OsString]) -> Option<ArgMatches> {
    let parse = |command: Command| {
        let name = OsString::from(command.get_name());
        command.try_get_matches_from(once(name).chain(words.iter().cloned()))
    };
    match parse(command.clone()) {
        Ok(matches) => Some(matches),
        Err(error) => match error.kind() {
            ErrorKind::ArgumentConflict | ErrorKind::MissingRequiredArgument => {
                parse(command.clone().ignore_errors(true)).ok()
            }
            _ => None,
        },
    }
}

fn flags(source: &SourceArguments) -> ConnectionFlags {
    let flags = ConnectionFlags::from(&source.connection);
    let timeout = flags.request_timeout.map_or(REQUEST, |timeout| timeout.min(REQUEST));
    ConnectionFlags { request_timeout: Some(timeout), ..flags }
}
