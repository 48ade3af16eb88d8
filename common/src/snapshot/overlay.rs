//! What if: objects put over those that were read, objects taken away, enrolment and flags taken for true.
//!
//! Pure: from what was read to what would be read after the edits, before anything is understood of it. An object
//! takes the place of the one of the same kind, namespace and name, as after `kubectl apply`, and with it that one's
//! gaps; what others than its author fill in (`status`, addresses, the node) stays. A template whose pods would come
//! out differently takes the place of its pods too, which is what a rollout does.

use std::collections::BTreeSet;
use std::fmt::Debug;

use rustc_hash::FxHashSet;

use crate::model::{Kind, Name, Namespace, ResourceRef};

use super::lookup::{NotFound, nearest};
use super::objects::EachList;
use super::{Object, Objects, Sources};

mod filled_in;
mod flags;
mod removal;
mod rollout;
#[cfg(test)]
mod tests;

pub use flags::{KnownFlag, istiod_flag};
pub use removal::Removal;

/// An edit that cannot be made.
pub type EditError = NotFound;

/// What is edited, in the order in which it is done.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    /// Objects put over those that were read.
    pub overlay: Objects,
    /// Objects taken away.
    pub without: Vec<Removal>,
    /// Namespaces taken for enrolled in ambient.
    pub ambient: BTreeSet<Name>,
    /// Flags that istiod is taken to have.
    pub istiod: Vec<(KnownFlag, bool)>,
}

impl Edits {
    /// What would be read after the edits; names without a namespace are in `namespace`.
    ///
    /// # Errors
    /// When something that is to be edited is not there.
    pub fn apply(&self, mut objects: Objects, namespace: &str) -> Result<Objects, EditError> {
        put_over(&mut objects, self.overlay.clone());
        for removal in &self.without {
            removal.check(&mut objects, namespace)?;
        }
        for removal in &self.without {
            removal.apply(&mut objects, namespace);
        }
        for enrolled in &self.ambient {
            known_namespace(&mut objects, enrolled)?;
            objects.assumed.ambient.insert(enrolled.clone());
        }
        objects.assumed.istiod.extend(self.istiod.iter().map(|(flag, value)| (flag.name(), *value)));
        Ok(objects)
    }
}

/// Puts objects over those that were read.
fn put_over(objects: &mut Objects, mut overlay: Objects) {
    filled_in::keep(objects, &mut overlay);
    let replaced = rollout::replaced(objects, &overlay);
    let mut put = References::of(&mut overlay);
    put.0.extend(overlay.unreadable.iter().map(|unreadable| unreadable.reference.clone()));
    remove(objects, |object| put.0.contains(object) || replaced.contains(object));
    // A broken document that is known by name only says it in its gap.
    let told: FxHashSet<String> = overlay
        .gaps
        .iter()
        .map(|gap| gap.subject.clone())
        .chain(put.0.iter().map(ToString::to_string))
        .collect();
    objects.gaps.retain(|gap| !told.contains(&gap.subject));
    objects.take_over(overlay);
}

/// Takes objects away, and what is only known of them by name.
fn remove(objects: &mut Objects, is_meant: impl Fn(&ResourceRef) -> bool) {
    objects.each_list(&mut Retain(&|object: &ResourceRef| !is_meant(object)));
    objects.unreadable.retain(|unreadable| !is_meant(&unreadable.reference));
    objects.namespace_assumed.retain(|(object, _)| !is_meant(object));
}

fn known_namespace(objects: &mut Objects, wanted: &Name) -> Result<(), EditError> {
    let inside = References::of(objects).0;
    let named = inside.iter().filter_map(|object| match (&object.kind, &object.namespace) {
        (Kind::Namespace, _) => Some(object.name.clone()),
        (Kind::Pod, Some(namespace)) => Some(Name::from(namespace.as_str())),
        (_, Some(namespace)) if is_template(&object.kind) => Some(Name::from(namespace.as_str())),
        _ => None,
    });
    let known: BTreeSet<Name> = named.collect();
    if known.contains(wanted) {
        return Ok(());
    }
    let known: Vec<ResourceRef> =
        known.into_iter().map(|name| ResourceRef::cluster(Kind::Namespace, name)).collect();
    let near = nearest(wanted, known.iter().collect());
    let unread = objects.not_read.iter().find(|list| list.is_of(&Kind::Namespace));
    Err(NotFound::of(&format!("namespace `{wanted}`"), &near, unread))
}

fn is_template(kind: &Kind) -> bool {
    let templates =
        [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet, Kind::Job, Kind::CronJob];
    templates.contains(kind)
}

/// Keeps the objects of which something holds.
pub(super) struct Retain<'a>(pub(super) &'a dyn Fn(&ResourceRef) -> bool);

impl EachList for Retain<'_> {
    fn list<T: Debug>(&mut self, list: &mut Vec<Object<T>>, kind: impl Fn(&Object<T>) -> Kind) {
        list.retain(|object| (self.0)(&object.reference(kind(object))));
    }
}

/// The names of all objects.
struct References(BTreeSet<ResourceRef>);

impl References {
    fn of(objects: &mut Objects) -> Self {
        let mut this = Self(BTreeSet::new());
        objects.each_list(&mut this);
        this
    }
}

impl EachList for References {
    fn list<T: Debug>(&mut self, list: &mut Vec<Object<T>>, kind: impl Fn(&Object<T>) -> Kind) {
        self.0.extend(list.iter().map(|object| object.reference(kind(object))));
    }
}

/// Moves the places of objects behind texts that are there already.
struct Shift(u32);

impl EachList for Shift {
    fn list<T: Debug>(&mut self, list: &mut Vec<Object<T>>, _: impl Fn(&Object<T>) -> Kind) {
        for object in list {
            object.origin.source.0 = object.origin.source.0.saturating_add(self.0);
        }
    }
}

impl Objects {
    /// Takes over what was read elsewhere, with its texts.
    fn take_over(&mut self, mut other: Self) {
        other.stand_behind(std::mem::take(&mut self.sources));
        self.sources = std::mem::take(&mut other.sources);
        self.append(other);
    }

    /// Puts other texts before its own.
    pub(super) fn stand_behind(&mut self, texts: Sources) {
        let own = std::mem::replace(&mut self.sources, texts);
        let before = self.sources.append(own);
        self.each_list(&mut Shift(before));
    }

    /// Whether no object at all is among them, nor one that is known by name.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let mut all = Self { sources: Sources::default(), ..self.clone() };
        References::of(&mut all).0.is_empty() && self.unreadable.is_empty()
    }

    /// The namespaces and kinds of all objects: what has to be read to know what they replace.
    #[must_use]
    pub fn places(&self) -> BTreeSet<(Kind, Option<Namespace>)> {
        let mut all = Self { sources: Sources::default(), ..self.clone() };
        References::of(&mut all).0.into_iter().map(|object| (object.kind, object.namespace)).collect()
    }
}
