//! What differs between two readings of a mesh, object by object, and readings in between: with some of the changes
//! and without the others.
//!
//! The pods of an owner change together with it: their names say nothing. Two objects differ when what is understood
//! of them does; what nobody reads (`resourceVersion`, `managedFields`, times) makes no difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug, Write};
use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::model::{FieldPath, Kind, Location, Name, Namespace, Origin, ResourceRef};

use super::objects::EachList;
use super::overlay::Retain;
use super::workloads::Owners;
use super::{Object, Objects, Why};

#[cfg(test)]
mod tests;

/// What changes as a whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unit {
    /// An object, with the pods that are made of it or the endpoints of it.
    Object(ResourceRef),
    /// That a namespace is taken for enrolled.
    Ambient(Name),
    /// That a flag of istiod is taken for set.
    Istiod(&'static str),
}

/// How something changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum How {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another.
    Modified,
    /// It is taken for true, or not any more.
    Assumed,
}

/// A change.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Change {
    /// Of what.
    pub unit: Unit,
    /// How.
    pub how: How,
    /// Where it is written, or was.
    pub location: Option<Location>,
}

/// Two readings, and what lies between them.
#[derive(Clone, Debug)]
pub struct Changes {
    before: Objects,
    after: Objects,
    /// In the order of what changes.
    pub all: Vec<Change>,
}

impl Changes {
    /// Between what was read first and what was read, or would be, then.
    #[must_use]
    pub fn between(mut before: Objects, mut after: Objects) -> Self {
        // Objects of either side may stand together: their places are those of one list of texts.
        after.stand_behind(std::mem::take(&mut before.sources));
        before.sources = after.sources.clone();
        let all = differences(&mut before, &mut after);
        Self { before, after, all }
    }

    /// The reading with these changes and no others.
    #[must_use]
    pub fn with(&self, wanted: &BTreeSet<Unit>) -> Objects {
        let mut mixed = self.before.clone();
        let mut rest = self.after.clone();
        part(&mut mixed, &Owners::new(&self.before), &|unit| !wanted.contains(unit));
        part(&mut rest, &Owners::new(&self.after), &|unit| wanted.contains(unit));
        rest.gaps.clear();
        rest.not_read.clear();
        let assumed = std::mem::take(&mut rest.assumed);
        mixed.append(rest);
        mixed.assumed.ambient.extend(assumed.ambient);
        mixed.assumed.istiod.extend(assumed.istiod);
        mixed.assumed.gone.extend(assumed.gone);
        mixed
    }

    /// What was read first.
    #[must_use]
    pub fn before(&self) -> &Objects {
        &self.before
    }

    /// What was read then.
    #[must_use]
    pub fn after(&self) -> &Objects {
        &self.after
    }
}

/// Keeps what belongs to some units.
fn part(objects: &mut Objects, owners: &Owners, keeps: &dyn Fn(&Unit) -> bool) {
    let keeps_object = |object: &ResourceRef| keeps(&Unit::Object(object.clone()));
    let is_own = |object: &ResourceRef| !is_of_another(&object.kind);
    objects.each_list(&mut Retain(&|object: &ResourceRef| !is_own(object) || keeps_object(object)));
    objects.pods.retain(|pod| keeps_object(&owner_of_pod(pod, owners)));
    objects
        .templates
        .retain(|of| keeps_object(&owner_of_template(of.reference(of.spec.kind.clone()), owners)));
    objects.endpoint_slices.retain(|slice| keeps_object(&service_of(slice, "EndpointSlice")));
    objects.endpoints.retain(|endpoints| keeps_object(&service_of(endpoints, "Endpoints")));
    objects.unreadable.retain(|unreadable| keeps_object(&unreadable.reference));
    objects.load_balancers.retain(|(service, _)| keeps_object(service));
    objects.namespace_assumed.retain(|(object, _)| keeps_object(object));
    objects.assumed.ambient.retain(|namespace| keeps(&Unit::Ambient(namespace.clone())));
    objects.assumed.gone.retain(keeps_object);
    objects.assumed.istiod.retain(|flag, _| keeps(&Unit::Istiod(flag)));
}

/// Kinds whose objects may change with another object.
fn is_of_another(kind: &Kind) -> bool {
    let templates =
        [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet, Kind::Job, Kind::CronJob];
    *kind == Kind::Pod || templates.contains(kind) || matches!(kind.wire(), "EndpointSlice" | "Endpoints")
}

fn owner_of_pod<T>(pod: &Object<T>, owners: &Owners) -> ResourceRef {
    owners.of_pod(&pod.meta).unwrap_or_else(|| pod.reference(Kind::Pod))
}

fn owner_of_template(template: ResourceRef, owners: &Owners) -> ResourceRef {
    owners.above(&template).cloned().unwrap_or(template)
}

/// Endpoints belong to their Service, of which they have the name.
fn service_of<T>(object: &Object<T>, kind: &'static str) -> ResourceRef {
    let named = match kind {
        "Endpoints" => Some(&*object.meta.name),
        _ => object.meta.labels.get("kubernetes.io/service-name"),
    };
    match named {
        Some(name) => ResourceRef::new(Kind::Service, object.namespace(), name),
        None => object.reference(Kind::Other(kind.into())),
    }
}

fn differences(before: &mut Objects, after: &mut Objects) -> Vec<Change> {
    let unread = after.not_read.clone();
    let (old, new) = (Contents::of(before), Contents::of(after));
    let units: BTreeSet<&Unit> = old.units.keys().chain(new.units.keys()).collect();
    let sources = &after.sources;
    let locate = |content: &Content| sources.locate(&content.origin?, &FieldPath::default());
    // What one side was not asked for is no difference of the mesh.
    let is_unasked = |unit: &Unit| match unit {
        Unit::Object(object) => unread.iter().any(|list| {
            let namespace = object.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
            list.why == Why::NotAsked && list.hides(&object.kind, namespace)
        }),
        Unit::Ambient(_) | Unit::Istiod(_) => false,
    };
    let change = |unit: &Unit| {
        let (how, place) = match (unit, old.units.get(unit), new.units.get(unit)) {
            (_, Some(old), Some(new)) if old.hashes == new.hashes => return None,
            (Unit::Ambient(_) | Unit::Istiod(_), ..) => (How::Assumed, None),
            (_, None, new) => (How::Added, new),
            (_, old, None) if is_unasked(unit) => return old.and(None),
            (_, old, None) => (How::Removed, old),
            (_, _, new) => (How::Modified, new),
        };
        Some(Change { unit: unit.clone(), how, location: place.and_then(locate) })
    };
    units.into_iter().filter_map(change).collect()
}

/// What is understood of everything that changes as a whole.
struct Contents {
    owners: Owners,
    units: BTreeMap<Unit, Content>,
}

/// What is understood of a unit, in a form that can be compared.
#[derive(Default)]
struct Content {
    hashes: BTreeSet<u64>,
    /// Where the object itself is written, else the first that belongs to it.
    origin: Option<Origin>,
}

impl Contents {
    fn of(objects: &mut Objects) -> Self {
        let mut this = Self { owners: Owners::new(objects), units: BTreeMap::new() };
        objects.each_list(&mut this);
        for slice in &objects.endpoint_slices {
            this.add(service_of(slice, "EndpointSlice"), &slice.spec, None);
        }
        for unreadable in &objects.unreadable {
            this.add(unreadable.reference.clone(), &unreadable.gap.code, None);
        }
        for (service, address) in &objects.load_balancers {
            this.add(service.clone(), address, None);
        }
        for namespace in &objects.assumed.ambient {
            this.put(Unit::Ambient(namespace.clone()), &true, None);
        }
        for (flag, value) in &objects.assumed.istiod {
            this.put(Unit::Istiod(flag), value, None);
        }
        this
    }

    fn add(&mut self, object: ResourceRef, content: &dyn Debug, origin: Option<Origin>) {
        self.put(Unit::Object(object), content, origin);
    }

    fn put(&mut self, unit: Unit, content: &dyn Debug, origin: Option<Origin>) {
        let known = self.units.entry(unit).or_default();
        known.hashes.insert(hash(content));
        known.origin = known.origin.or(origin);
    }
}

impl EachList for Contents {
    fn list<T: Debug>(&mut self, list: &mut Vec<Object<T>>, kind: impl Fn(&Object<T>) -> Kind) {
        for object in list {
            let kind = kind(object);
            let reference = object.reference(kind.clone());
            let unit = match kind.wire() {
                "Pod" => owner_of_pod(object, &self.owners),
                "EndpointSlice" => continue,
                "Endpoints" => service_of(object, "Endpoints"),
                _ => owner_of_template(reference.clone(), &self.owners),
            };
            // Which of two PeerAuthentications is older may decide.
            let created =
                object.meta.creation_timestamp.as_ref().filter(|_| kind == Kind::PeerAuthentication);
            let meta = &object.meta;
            let content = (&meta.labels, &meta.annotations, &meta.deletion_timestamp, created, &object.spec);
            let is_itself = unit == reference;
            self.add(unit.clone(), &content, Some(object.origin));
            if is_itself && let Some(known) = self.units.get_mut(&Unit::Object(unit)) {
                known.origin = Some(object.origin);
            }
        }
    }
}

/// Of the text that tools print of a value, without building it.
fn hash(content: &dyn Debug) -> u64 {
    struct Into(FxHasher);
    impl Write for Into {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut into = Into(FxHasher::default());
    // Hashing cannot fail.
    let _ = write!(into, "{content:?}");
    into.0.finish()
}
