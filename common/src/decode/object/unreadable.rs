//! Objects that could not be read: as much of their names as could, and what they could change.

use crate::codes::{Code, Evidence};
use crate::istio::WorkloadSelector;
use crate::model::{Kind, Labels, Name, ResourceRef};
use crate::snapshot::{Affects, Gap, GapKind, Unreadable};
use crate::wire::wire;

use super::{Body, Decoder, Wrong, is_cluster_wide};

#[cfg(test)]
mod tests;

impl<B: Body> Decoder<'_, B> {
    /// The name that is written, when that much can be read.
    pub(super) fn name(&self) -> Option<Name> {
        self.body.field::<NameOnly>("metadata").ok().map(|named| named.name)
    }

    /// Notes an object whose metadata cannot be read. It stands in the namespace that it says; where it says
    /// none, the namespace may be what is missing.
    pub(super) fn unnamed(&mut self, kind: &Kind, wrong: &Wrong) {
        let written = self.body.field::<NamespaceOnly>("metadata").ok();
        let written = written.and_then(|of| of.namespace).filter(|namespace| !namespace.is_empty());
        let name = self.name().unwrap_or_default();
        self.unreadable(kind, written.as_ref(), name, wrong);
    }

    /// Notes an object that could not be read; without a namespace, one that may stand in any.
    pub(super) fn unreadable(&mut self, kind: &Kind, namespace: Option<&Name>, name: Name, wrong: &Wrong) {
        let cluster_wide = is_cluster_wide(kind.wire());
        let namespace = namespace.filter(|_| !cluster_wide).cloned();
        let gap = self.gap(kind, namespace.as_ref(), &name, wrong);
        let reference = match namespace {
            Some(namespace) => ResourceRef::new(kind.clone(), namespace, name),
            None if cluster_wide => ResourceRef::cluster(kind.clone(), name),
            // Policies are looked up by their namespace: this one counts as a document that may be any.
            None => return self.objects.gaps.push(gap),
        };
        self.objects.unreadable.push(Unreadable { reference, extent: None, selector: self.selector(), gap });
    }

    fn gap(&self, kind: &Kind, namespace: Option<&Name>, name: &Name, wrong: &Wrong) -> Gap {
        let shown = if name.is_empty() { "<unnamed>" } else { name };
        let subject = match namespace {
            Some(namespace) => format!("{}/{namespace}/{shown}", kind.printed()),
            None => format!("{}/{shown}", kind.printed()),
        };
        let evidence = Evidence::none()
            .with("subject", &subject)
            .with("error", &wrong.message)
            .with("snippet", self.context.snippet(wrong));
        Gap {
            code: Code::ObjectInvalid,
            kind: GapKind::Invalid,
            location: self.context.location(wrong),
            affects: Affects::of(kind, namespace.cloned().map(Into::into)),
            evidence,
            subject,
        }
    }

    /// The selector of a policy whose rest cannot be read.
    fn selector(&self) -> Option<Option<Labels>> {
        let only: SelectorOnly = self.body.field("spec").ok()?;
        Some(only.selector.map(|selector| selector.match_labels.unwrap_or_default()))
    }
}

wire! {
    /// As much of `metadata` as names the object.
    struct NameOnly {
        /// Its name.
        pub name: Name = "name",
    }
}

wire! {
    /// As much of `metadata` as says where the object stands.
    struct NamespaceOnly {
        /// Its namespace.
        pub namespace: Option<Name> = "namespace",
    }
}

wire! {
    /// As much of a policy's `spec` as says whom it is about.
    struct SelectorOnly {
        /// The selector.
        pub selector: Option<WorkloadSelector> = "selector",
    }
}
