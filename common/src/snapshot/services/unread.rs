//! Whether everything was read that may stand behind a Service. What does is found beside; nothing is decided.

use rustc_hash::FxHashSet;

use crate::istio::WorkloadEntry;
use crate::kubernetes::{EndpointSlice, ServiceSpec};
use crate::model::{Kind, Labels, Namespace};
use crate::snapshot::{NotRead, Object, Objects};

/// Whether something may stand behind a Service that nothing tells of. Of Endpoints that a person writes a
/// controller makes slices, which then tell; it makes one at least for every Service with a selector. No slice
/// tells of a WorkloadEntry that a selector finds.
pub(super) fn is_not_known(
    objects: &Objects,
    service: &Object<ServiceSpec>,
    slices: &[&EndpointSlice],
    unread: &Unread<'_>,
) -> bool {
    let namespace = service.namespace();
    let selector = &service.spec.selector;
    if unread.of(&Kind::Other("EndpointSlice".into()), &namespace) {
        return true;
    }
    if selector.is_empty() {
        let is_of = |of: &Object<()>| of.namespace() == namespace && of.meta.name == service.meta.name;
        return objects.endpoint_slices.is_empty()
            || slices.is_empty() && objects.endpoints.iter().any(is_of);
    }
    let mut entries = objects.workload_entries.iter();
    unread.of(&Kind::Other("WorkloadEntry".into()), &namespace)
        || unread.of(&Kind::Pod, &namespace) && slices.is_empty()
        || entries.any(|entry| entry.namespace() == namespace && entry_has(entry, selector))
}

/// What may hold endpoints and was not read, or not to its end.
pub(super) struct Unread<'a> {
    lists: &'a [NotRead],
    objects: FxHashSet<(&'a Kind, Option<&'a Namespace>)>,
}

impl<'a> Unread<'a> {
    pub(super) fn new(objects: &'a Objects) -> Self {
        let unreadable = objects.unreadable.iter().map(|object| &object.reference);
        Self {
            lists: &objects.not_read,
            objects: unreadable.map(|object| (&object.kind, object.namespace.as_ref())).collect(),
        }
    }

    /// Whether objects of a kind in a namespace may be there and are not known.
    pub(super) fn of(&self, kind: &Kind, namespace: &Namespace) -> bool {
        self.lists.iter().any(|list| list.hides(kind, namespace.as_str()))
            || self.objects.contains(&(kind, Some(namespace)))
    }
}

/// Whether a WorkloadEntry has all of these labels. It has those of its metadata, then those of its spec
/// (pilot/pkg/serviceregistry/serviceentry/conversion.go, `ConvertClientWorkloadEntry`).
fn entry_has(entry: &Object<WorkloadEntry>, wanted: &Labels) -> bool {
    let label = |key| entry.meta.labels.get(key).or_else(|| entry.spec.labels.get(key));
    wanted.iter().all(|(key, value)| label(key) == Some(value))
}
