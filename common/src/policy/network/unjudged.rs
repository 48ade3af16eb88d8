//! What may isolate pods and is not judged: kinds of network plug-ins, objects that were not understood, lists that
//! were not read.

use rustc_hash::FxHashMap;

use crate::model::{Kind, Namespace, ResourceRef};
use crate::snapshot::{Extent, MeshSnapshot, Topic, Unreadable};

/// Objects that may isolate pods of a namespace, or of all.
#[derive(Debug, Default)]
pub(super) struct Unjudged<'a> {
    everywhere: Vec<ResourceRef>,
    by_namespace: FxHashMap<Namespace, Vec<ResourceRef>>,
    unread: Vec<(&'a Extent, &'a ResourceRef)>,
}

impl<'a> Unjudged<'a> {
    pub(super) fn new(snapshot: &'a MeshSnapshot) -> Self {
        let mut found = Self::default();
        for object in &snapshot.named_only {
            found.file(object.reference(object.spec.clone()));
        }
        for unreadable in snapshot.unreadable.iter().filter(|unreadable| isolates(unreadable)) {
            match &unreadable.extent {
                Some(extent) => found.unread.push((extent, &unreadable.reference)),
                None => found.file(unreadable.reference.clone()),
            }
        }
        found
    }

    fn file(&mut self, object: ResourceRef) {
        match &object.namespace {
            Some(namespace) => self.by_namespace.entry(namespace.clone()).or_default().push(object),
            None => self.everywhere.push(object),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.by_namespace.is_empty() && self.unread.is_empty()
    }

    /// The first by name of those that concern a namespace.
    pub(super) fn first(&self, namespace: &str) -> Option<&ResourceRef> {
        self.of(namespace).min()
    }

    /// Whether those that concern a namespace can only let in more, once a policy isolates: NetworkPolicies add up.
    pub(super) fn only_add(&self, namespace: &str) -> bool {
        self.of(namespace).all(|object| object.kind == Kind::NetworkPolicy && *object.name != *"*")
    }

    fn of(&self, namespace: &str) -> impl Iterator<Item = &ResourceRef> {
        let named = self.by_namespace.get(namespace).into_iter().flatten();
        let unread = self.unread.iter().filter(|(extent, _)| extent.covers(namespace));
        self.everywhere.iter().chain(named).chain(unread.map(|(_, reference)| *reference))
    }
}

/// Whether an object that was not understood, or a list that was not read, may isolate pods.
fn isolates(unreadable: &Unreadable) -> bool {
    let is_of_istio = unreadable.is(&Kind::AuthorizationPolicy) || unreadable.is(&Kind::PeerAuthentication);
    Topic::of(&unreadable.reference.kind) == Some(Topic::Network)
        || unreadable.extent.is_some() && !is_of_istio
}
