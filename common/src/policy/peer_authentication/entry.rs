//! One PeerAuthentication: how it selects, at which level it stands, how old it is.

use crate::istio::{MtlsMode, PeerAuthentication};
use crate::model::{Labels, Name, Namespace, Origin, ResourceRef};
use crate::snapshot::Policy;

use super::{CONVERTED, PeerAuthenticationIndex};

/// How a PeerAuthentication selects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) enum Selects {
    /// Without a selector: everything at its level.
    Everything,
    /// With a selector that has no labels.
    EmptySelector,
    /// By labels.
    Labels(Labels),
}

/// A PeerAuthentication that istiod looks at.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Entry {
    pub(in crate::policy) index: PeerAuthenticationIndex,
    pub(in crate::policy) reference: ResourceRef,
    pub(in crate::policy) origin: Origin,
    pub(in crate::policy) selects: Selects,
    pub(in crate::policy) mode: MtlsMode,
    pub(in crate::policy) ports: std::collections::BTreeMap<u16, MtlsMode>,
    pub(in crate::policy) created: Option<Name>,
}

/// Where an object stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::policy) enum Level {
    Mesh,
    Namespace,
    Workload,
    /// Labels in the root namespace: ignored.
    Nowhere,
}

impl Entry {
    pub(in crate::policy) fn new(at: usize, policy: &Policy<PeerAuthentication>) -> Self {
        let object = &policy.object;
        let selects = match &object.spec.selector {
            None => Selects::Everything,
            Some(selector) => match &selector.match_labels {
                Some(labels) if !labels.is_empty() => Selects::Labels(labels.clone()),
                _ => Selects::EmptySelector,
            },
        };
        Self {
            index: PeerAuthenticationIndex(at),
            reference: object.reference(crate::model::Kind::PeerAuthentication),
            origin: object.origin,
            selects,
            mode: object.spec.mtls.mode,
            ports: object.spec.port_level_mtls.0.clone(),
            created: object.meta.creation_timestamp.clone(),
        }
    }

    pub(in crate::policy) fn namespace(&self) -> Namespace {
        self.reference.namespace.clone().unwrap_or_else(|| "".into())
    }

    pub(in crate::policy) fn level(&self, root: &Namespace) -> Level {
        match (&self.selects, self.namespace() == *root) {
            (Selects::Labels(_), true) => Level::Nowhere,
            (Selects::Labels(_), false) => Level::Workload,
            (_, true) => Level::Mesh,
            (_, false) => Level::Namespace,
        }
    }

    pub(in crate::policy) fn converted_name(&self) -> String {
        format!("{CONVERTED}{}", self.reference.name)
    }

    /// Whether the converted policy is attached, given whether the workload is STRICT without its ports.
    pub(in crate::policy) fn is_attached(&self, strict: bool) -> bool {
        let has = |wanted: fn(MtlsMode) -> bool| self.ports.values().any(|mode| wanted(*mode));
        match self.mode {
            MtlsMode::Strict => has(MtlsMode::exempts),
            MtlsMode::Permissive | MtlsMode::Disable => has(|mode| mode == MtlsMode::Strict),
            // Under an inherited STRICT only PERMISSIVE is looked for; DISABLE alone is not seen.
            MtlsMode::Unset if strict => has(|mode| mode == MtlsMode::Permissive),
            MtlsMode::Unset => has(|mode| mode == MtlsMode::Strict),
        }
    }
}

/// Every object that may count as the oldest; `None` when there is no object.
pub(in crate::policy) fn choices<'a>(entries: &[&'a Entry]) -> Vec<Option<&'a Entry>> {
    if entries.is_empty() { vec![None] } else { oldest(entries).into_iter().map(Some).collect() }
}

/// The oldest by whole seconds. An object without a time stamp was never applied: it may be of any age.
pub(in crate::policy) fn oldest<'a>(entries: &[&'a Entry]) -> Vec<&'a Entry> {
    let first = entries.iter().filter_map(|entry| entry.created.as_ref()).min();
    entries
        .iter()
        .copied()
        .filter(|entry| entry.created.is_none() || entry.created.as_ref() == first)
        .collect()
}
