//! Lists that were not read, or not to their end: the gap that says so, and what may be in them.
//!
//! A cluster and a bundle of it say the same: both give [`NotRead`], and everything else follows here.

use crate::codes::{Code, Evidence};
use crate::model::{Kind, ResourceRef};

use super::resources::{RESOURCES, Resource, Topic};
use super::{Affects, Extent, Gap, GapKind, MeshSnapshot, Settings, Unreadable};

#[cfg(test)]
mod tests;

/// Why a list was not read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// The question did not seem to need it.
    NotAsked,
    /// The user may not.
    Forbidden,
    /// The API server has no such resource.
    Missing,
    /// No answer came in time, or none at all.
    TimedOut(String),
    /// An answer came that is of no use.
    Failed(String),
}

/// A list that was not read, or not to its end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NotRead {
    /// The name of the resource, as [`Resource::name`] gives it.
    pub resource: String,
    /// The namespaces that are missing.
    pub extent: Extent,
    /// Why.
    pub why: Why,
}

impl NotRead {
    fn table(&self) -> Option<&'static Resource> {
        Resource::named(&self.resource)
    }

    /// As we print it: `pods in namespace \`x\``.
    fn subject(&self) -> String {
        match self.table() {
            Some(resource) if resource.namespaced && !self.extent.is_all() => {
                format!("{} in {}", self.resource, self.extent)
            }
            _ => self.resource.clone(),
        }
    }

    /// Whether it may hold objects of a kind.
    #[must_use]
    pub fn is_of(&self, kind: &Kind) -> bool {
        self.why != Why::Missing && self.table().is_some_and(|resource| resource.model_kind() == *kind)
    }

    /// Whether it may hold objects of a kind in a namespace.
    pub(super) fn hides(&self, kind: &Kind, namespace: &str) -> bool {
        self.is_of(kind) && self.extent.covers(namespace)
    }

    /// What tells of it; nothing of what nobody asked for.
    pub(super) fn gap(&self) -> Gap {
        let subject = self.subject();
        let evidence = Evidence::none().with("subject", &subject);
        let (code, kind, evidence) = match &self.why {
            Why::NotAsked => (Code::ListNotAsked, GapKind::MissingKind, evidence),
            Why::Forbidden => (Code::ListForbidden, GapKind::Forbidden, self.permission(evidence)),
            Why::Missing => (Code::ResourceMissing, GapKind::MissingKind, evidence),
            Why::TimedOut(error) => (Code::ListTimedOut, GapKind::Timeout, evidence.with("error", error)),
            Why::Failed(error) => (Code::ListFailed, GapKind::Invalid, evidence.with("error", error)),
        };
        Gap { code, kind, subject, location: None, affects: self.affects(), evidence }
    }

    /// The rule that would cure it, and where it is needed.
    #[must_use]
    pub fn rbac(&self) -> String {
        let (group, plural) = self.group_and_plural();
        rule(group, &[plural], &self.place())
    }

    /// The rule, and its parts for whoever tells of several at once.
    fn permission(&self, evidence: Evidence) -> Evidence {
        let (group, plural) = self.group_and_plural();
        let parts = evidence.with("rbac", self.rbac()).with("apiGroup", group);
        parts.with("resource", plural).with("role", self.place())
    }

    fn group_and_plural(&self) -> (&'static str, &'static str) {
        self.table().map_or(("", ""), |resource| (resource.group, resource.plural))
    }

    /// The kind of role that a rule has to stand in.
    fn place(&self) -> String {
        match (&self.extent, self.table()) {
            (Extent::Only(only), Some(resource)) if resource.namespaced => {
                let names = only.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                format!("a Role of {names}")
            }
            _ => "a ClusterRole".to_owned(),
        }
    }

    /// Which answers what is missing could change. Settings that may not be read have defaults, which are
    /// assumptions; those that could not be read this time may say anything. What is bound to a Gateway that was
    /// not read is unknown anyway.
    fn affects(&self) -> Affects {
        if self.why == Why::Missing {
            return Affects::Nothing;
        }
        match self.table().map(|resource| (resource.topic, resource.namespaced)) {
            Some((Topic::Policies, _)) => Affects::Policies(self.extent.clone()),
            Some((Topic::Pods | Topic::Services | Topic::Namespaces, _)) => {
                Affects::Workloads(self.extent.clone())
            }
            Some((Topic::Network, true)) => Affects::Workloads(self.extent.clone()),
            Some((Topic::Settings, _)) if self.why != Why::Forbidden => Affects::Everything,
            Some((Topic::Network, false)) | None => Affects::Everything,
            Some(_) => Affects::Nothing,
        }
    }

    /// The objects that may be in it, when such objects decide.
    pub(super) fn unreadable(&self) -> Option<Unreadable> {
        let resource = self.table().filter(|_| self.why != Why::Missing)?;
        if !matches!(resource.topic, Topic::Policies | Topic::Network) {
            return None;
        }
        let kind: Kind = resource.model_kind();
        let reference = match &self.extent {
            Extent::Only(only) if only.len() == 1 => {
                let namespace = only.first()?.clone();
                ResourceRef::new(kind, namespace, "*")
            }
            _ => ResourceRef::cluster(kind, "*"),
        };
        Some(Unreadable { reference, extent: Some(self.extent.clone()), selector: None, gap: self.gap() })
    }
}

impl MeshSnapshot {
    /// Whether a gap tells of a list that was not read and may hold an object: `*` for any of its kind.
    #[must_use]
    pub fn tells_of_list(&self, gap: &Gap, object: &ResourceRef) -> bool {
        let is_there = |list: &&NotRead| match &object.namespace {
            Some(namespace) => list.hides(&object.kind, namespace.as_str()),
            None => list.is_of(&object.kind),
        };
        self.not_read.iter().filter(is_there).any(|list| list.subject() == gap.subject)
    }
}

/// What may be in lists that were not read, and the gaps that tell of them. Policies of the root namespace count
/// everywhere.
pub(super) fn may_hold(lists: &[NotRead], settings: &Settings) -> (Vec<Unreadable>, Vec<Gap>) {
    let root = settings.mesh.root_namespace.as_str();
    let widened = |gap: Gap| match &gap.affects {
        Affects::Policies(extent) if extent.covers(root) => Gap { affects: Affects::Everything, ..gap },
        _ => gap,
    };
    // An istiod that could not be seen this time may say anything about every answer.
    let of_istio = |list: &NotRead| {
        matches!(list.why, Why::TimedOut(_) | Why::Failed(_))
            && list.resource == "pods"
            && settings.istio_namespaces.iter().any(|namespace| list.extent.covers(namespace))
    };
    let told = lists.iter().filter(|list| list.why != Why::NotAsked).map(|list| match of_istio(list) {
        true => Gap { affects: Affects::Everything, ..list.gap() },
        false => widened(list.gap()),
    });
    let unreadable = lists.iter().filter_map(NotRead::unreadable);
    let unreadable = unreadable.map(|u| Unreadable { gap: widened(u.gap), ..u });
    (unreadable.collect(), told.collect())
}

/// The rules that would cure all that is forbidden, one for each API group and place.
#[must_use]
pub fn rules(not_read: &[NotRead]) -> Vec<String> {
    let forbidden = |resource: &Resource| {
        let name = resource.name();
        let lists = not_read.iter().filter(|list| list.why == Why::Forbidden && list.resource == name);
        lists.map(NotRead::place).collect::<Vec<_>>()
    };
    let mut places: Vec<((&str, String), Vec<&str>)> = Vec::new();
    // In the order of the table: what matters most comes first.
    for resource in RESOURCES {
        for place in forbidden(resource) {
            let key = (resource.group, place);
            match places.iter_mut().find(|(known, _)| *known == key) {
                Some((_, plurals)) => plurals.push(resource.plural),
                None => places.push((key, vec![resource.plural])),
            }
        }
    }
    places.iter().map(|((group, place), plurals)| rule(group, plurals, place)).collect()
}

/// The rule that lets somebody list resources of an API group, and the kind of role that it has to stand in.
#[must_use]
pub fn rule(group: &str, plurals: &[&str], place: &str) -> String {
    let plurals: Vec<String> = plurals.iter().map(|plural| format!("\"{plural}\"")).collect();
    let plurals = plurals.join(", ");
    format!("{{apiGroups: [\"{group}\"], resources: [{plurals}], verbs: [\"list\"]}} in {place}")
}
