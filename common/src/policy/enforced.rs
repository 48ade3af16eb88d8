//! What an Envoy enforces, be it a waypoint or beside an application: the filters that its policies become, compiled once
//! for all Envoys that have the same, whoever asks.
//!
//! What stands in them is for `policy::envoy` to say; what they decide, for `gates::envoy`.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::istio::{Action, AuthorizationPolicy};
use crate::model::{Kind, Labels, Name, Namespace};
use crate::snapshot::{Policy, Unreadable};

use super::decision::{By, EnvoyRule};
use super::envoy::{self, AttachedService, Chain, Matcher, Proxy, Request, told_apart};
use super::envoys::is_provider_missing;
use super::gates::envoy::{Chains, in_chain};
use super::ir::Match;
use super::mesh::Mesh;
use super::sidecar::inbound::Protocol;

/// What an Envoy enforces.
#[derive(Debug)]
pub(super) struct Enforced {
    /// By the traffic that it may be.
    pub(super) chains: Chains,
    /// A policy that may count there and cannot be read.
    pub(super) unreadable: Option<By>,
}

/// What was compiled so far.
#[derive(Debug, Default)]
pub(super) struct Compiled(Mutex<FxHashMap<Key, Arc<Enforced>>>);

/// What Envoys have in common that enforce the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    namespace: Namespace,
    labels: Labels,
    waypoint: bool,
    service: Option<(Namespace, Name, bool)>,
    protocol: Protocol,
}

impl Enforced {
    /// What a proxy enforces where this is spoken. A request that is given is one of HTTP.
    pub(super) fn by(mesh: &Mesh<'_>, proxy: &Proxy<'_>, protocol: Protocol) -> Arc<Self> {
        let protocol = match (protocol, mesh.request.speaks_http()) {
            (Protocol::Detected, Some(true)) => Protocol::Http,
            (Protocol::Detected, Some(false)) => Protocol::Tcp,
            (protocol, _) => protocol,
        };
        let key = Key::of(proxy, protocol);
        let compiled = mesh.compiled();
        compiled.find(&key).unwrap_or_else(|| compiled.keep(key, Self::compile(mesh, proxy, protocol)))
    }

    /// Everything about peers that it looks at in a request.
    pub(super) fn told_apart(&self, request: &Request) -> Vec<Match> {
        let of = |(protocol, filters): &(&str, _)| told_apart(filters, &in_chain(protocol, request));
        self.chains.iter().map(of).collect()
    }

    /// Whether something in it makes such a comparison.
    pub(super) fn asks(&self, is_it: impl Fn(&Matcher) -> bool) -> bool {
        self.chains.iter().any(|(_, filters)| filters.matchers().any(&is_it))
    }

    fn compile(mesh: &Mesh<'_>, proxy: &Proxy<'_>, protocol: Protocol) -> Self {
        let selected = envoy::select(proxy, policies(mesh, proxy).map(|(_, policy)| &policy.object));
        let compiled = |(name, chain)| (name, envoy::compile(mesh.envoys(), chain, &selected));
        let chains = chains(protocol).iter().copied().map(compiled).collect();
        Self { chains, unreadable: unreadable(mesh, proxy) }
    }
}

/// The chains for what may arrive.
fn chains(protocol: Protocol) -> &'static [(&'static str, Chain)] {
    match protocol {
        Protocol::Http => &[("http", Chain::Http)],
        Protocol::Tcp => &[("tcp", Chain::Tcp)],
        Protocol::Detected => &[("http", Chain::Http), ("tcp", Chain::Tcp)],
    }
}

/// The policies that are attached to a proxy, with their positions in the snapshot.
fn policies<'a>(
    mesh: &Mesh<'a>,
    proxy: &Proxy<'_>,
) -> impl Iterator<Item = (usize, &'a Policy<AuthorizationPolicy>)> {
    let of_namespaces =
        proxy.namespaces().into_iter().flat_map(|namespace| mesh.authorization_policies_of(namespace));
    of_namespaces.filter(|(_, policy)| policy.hidden.is_none() && proxy.enforces(&policy.object))
}

/// A policy that is attached to a proxy, or may be, and cannot be read.
fn unreadable(mesh: &Mesh<'_>, proxy: &Proxy<'_>) -> Option<By> {
    let is_unclear = |policy: &Policy<AuthorizationPolicy>| {
        let spec = &policy.object.spec;
        policy.unclear
            || spec.action == Action::Custom && is_provider_missing(mesh.snapshot, &spec.provider.name)
    };
    let unclear = policies(mesh, proxy).find(|(_, policy)| is_unclear(policy)).map(|(policy, of)| {
        let enforced_as = of.object.reference(Kind::AuthorizationPolicy).key().into();
        By::Envoy(EnvoyRule { policy, rule: None, enforced_as })
    });
    let namespaces = proxy.namespaces();
    let may_count = |one: &Unreadable| {
        one.is(&Kind::AuthorizationPolicy) && namespaces.iter().any(|namespace| one.may_stand_in(namespace))
    };
    let unread = || mesh.policies.unreadables().find(|(_, one)| may_count(one));
    unclear.or_else(|| unread().map(|(at, _)| By::Unreadable(at)))
}

impl Compiled {
    fn find(&self, key: &Key) -> Option<Arc<Enforced>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: Key, enforced: Enforced) -> Arc<Enforced> {
        let enforced = Arc::new(enforced);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, enforced.clone());
        enforced
    }
}

impl Key {
    fn of(proxy: &Proxy<'_>, protocol: Protocol) -> Self {
        let service = |of: AttachedService<'_>| (of.namespace.clone(), of.name.clone(), of.entry);
        Self {
            namespace: proxy.namespace.clone(),
            labels: proxy.labels.clone(),
            waypoint: proxy.waypoint,
            service: proxy.service.map(service),
            protocol,
        }
    }
}
