//! What keeps an answer from being told.

use crate::codes::Reason;
use crate::model::{Kind, Namespace, ResourceRef};
use crate::snapshot::{Discovery, MeshSnapshot};

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

    /// An object of a kind that may stand in a namespace and could not be read, or a list of it that was not.
    #[must_use]
    pub fn unread(snapshot: &MeshSnapshot, kind: &'static str, namespace: &Namespace) -> Option<Self> {
        let kind = Kind::Other(kind.into());
        let of_kind = snapshot.unreadable.iter().filter(|unreadable| unreadable.is(&kind));
        let mut here = of_kind.filter(|unreadable| unreadable.may_stand_in(namespace));
        let object = here.next().map(|unreadable| unreadable.reference.clone());
        let list = || {
            let list = snapshot.unread(&kind, namespace.as_str());
            list.map(|_| ResourceRef::new(kind.clone(), namespace.clone(), "*"))
        };
        Some(Self { reason: Reason::PolicyUnreadable, object: object.or_else(list)? })
    }
}
