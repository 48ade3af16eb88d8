//! Objects of a kind in the order in which istiod has them, found by their namespaces and by the hosts that they are about
//! without looking at all of them.

use std::ops::Deref;

use rustc_hash::FxHashMap;

use crate::istio::covers;
use crate::model::Namespace;
use crate::snapshot::Object;

/// Objects of a kind, in their order.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    all: Vec<Object<T>>,
    by_namespace: FxHashMap<Namespace, Vec<usize>>,
    by_host: FxHashMap<String, Vec<usize>>,
    /// Hosts that may be about several names, with whose they are.
    wildcards: Vec<(String, usize)>,
}

impl<T> Listed<T> {
    /// Of objects that are about no hosts.
    pub(super) fn new(all: Vec<Object<T>>) -> Self {
        Self::by_hosts(all, |_| Vec::new())
    }

    /// Of objects that are about these hosts.
    pub(super) fn by_hosts(all: Vec<Object<T>>, hosts: impl Fn(&Object<T>) -> Vec<String>) -> Self {
        let mut by_namespace: FxHashMap<Namespace, Vec<usize>> = FxHashMap::default();
        let mut by_host: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        let mut wildcards = Vec::new();
        for (at, object) in all.iter().enumerate() {
            by_namespace.entry(object.namespace()).or_default().push(at);
            for host in hosts(object) {
                match host.starts_with('*') {
                    true => wildcards.push((host, at)),
                    false => by_host.entry(host).or_default().push(at),
                }
            }
        }
        Self { all, by_namespace, by_host, wildcards }
    }

    /// Those of some namespaces.
    pub fn of<'a>(&'a self, namespaces: &[&Namespace]) -> impl Iterator<Item = &'a Object<T>> + use<'a, T> {
        let found = namespaces.iter().filter_map(|namespace| self.by_namespace.get(*namespace));
        self.at(found.flatten().copied().collect())
    }

    /// Those that are about a full name.
    pub fn covering<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Object<T>> + use<'a, T> {
        let exact = self.by_host.get(name).into_iter().flatten().copied();
        let wildcards = self.wildcards.iter().filter(|(host, _)| covers(host, name)).map(|(_, at)| *at);
        self.at(exact.chain(wildcards).collect())
    }

    fn at(&self, mut positions: Vec<usize>) -> impl Iterator<Item = &Object<T>> {
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().filter_map(|at| self.all.get(at))
    }
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<T> Deref for Listed<T> {
    type Target = [Object<T>];

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}
