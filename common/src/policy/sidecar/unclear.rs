//! What keeps an answer from being told.

use crate::codes::Reason;
use crate::model::{Kind, Namespace, ResourceRef};
use crate::snapshot::{Discovery, MeshSnapshot, Unreadable};

/// What keeps an answer from being told, and the object because of which.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Unclear {
    /// Why.
    pub reason: Reason,
    /// The object, or a list by the name `*`.
    pub object: ResourceRef,
}

impl Unclear {
    /// Something that is read and not judged.
    #[must_use]
    pub fn not_judged(object: ResourceRef) -> Self {
        Self { reason: Reason::SidecarNotJudged, object }
    }

    /// A namespace at which istiod does not look, or may not.
    #[must_use]
    pub fn not_discovered(snapshot: &MeshSnapshot, namespace: &str) -> Option<Self> {
        let reason = match snapshot.discovery(namespace) {
            Discovery::Discovered => return None,
            Discovery::Undiscovered => Reason::NotDiscovered,
            Discovery::Unread => Reason::NamespaceNotRead,
        };
        Some(Self { reason, object: ResourceRef::cluster(Kind::Namespace, namespace) })
    }

    /// An object of a kind that may stand in one of these namespaces and could not be read, or a list of it that was not.
    #[must_use]
    pub fn unread(snapshot: &MeshSnapshot, kind: &Kind, namespaces: &[&Namespace]) -> Option<Self> {
        let mut of_kind = snapshot.unreadable.iter().filter(|unreadable| unreadable.is(kind));
        let may_stand = |of: &&Unreadable| namespaces.iter().any(|namespace| of.may_stand_in(namespace));
        let object = of_kind.find(may_stand).map(|unreadable| unreadable.reference.clone());
        let mut lists = namespaces.iter().filter(|of| snapshot.unread(kind, of.as_str()).is_some());
        let list = || Some(ResourceRef::new(kind.clone(), (*lists.next()?).clone(), "*"));
        Some(Self { reason: Reason::PolicyUnreadable, object: object.or_else(list)? })
    }

    /// The same of any namespace.
    #[must_use]
    pub fn unread_anywhere(snapshot: &MeshSnapshot, kind: &Kind) -> Option<Self> {
        let object = snapshot.unreadable.iter().find(|unreadable| unreadable.is(kind));
        let object = object.map(|unreadable| unreadable.reference.clone());
        let is_list = || snapshot.not_read.iter().any(|list| list.is_of(kind));
        let list = || is_list().then(|| ResourceRef::cluster(kind.clone(), "*"));
        Some(Self { reason: Reason::PolicyUnreadable, object: object.or_else(list)? })
    }

    /// An object of a kind that could not be read, wherever it stands.
    #[must_use]
    pub fn unreadable(snapshot: &MeshSnapshot, kind: &Kind) -> Option<Self> {
        let mut of_kind = snapshot.unreadable.iter().filter(|unreadable| unreadable.is(kind));
        let object = of_kind.find(|unreadable| unreadable.extent.is_none())?.reference.clone();
        Some(Self { reason: Reason::PolicyUnreadable, object })
    }
}
