//! Which policies istiod looks at, and which of them can be understood.
//!
//! pilot/pkg/serviceregistry/ambient/ambientindex.go, `inRevision` and the filter of discoverySelectors
//! (pkg/kube/namespace/filter.go): an object of another revision, or in a namespace that is not discovered,
//! does not exist for istiod.

use rustc_hash::FxHashMap;

use crate::codes::{Code, Evidence};
use crate::istio::{Action, AuthorizationPolicy, PeerAuthentication, Rule, WorkloadSelector};
use crate::kubernetes::ObjectMeta;
use crate::model::{FieldPath, Kind, LabelSelector, Labels, Name, ResourceRef};

use super::settings::parse_bool;
use super::{Affects, Gap, GapKind, Object, Settings, Sources, Unreadable};

/// Why istiod does not look at an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hidden {
    /// Its label names another revision.
    Revision(Name),
    /// No discovery selector selects its namespace.
    Namespace,
}

/// Whether istiod looks at a namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discovery {
    /// It does.
    Discovered,
    /// It does not.
    Undiscovered,
    /// Labels of the Namespace decide, which was not read.
    Unread,
}

/// What decides whether istiod looks at an object.
pub(super) struct Visibility<'a> {
    pub(super) settings: &'a Settings,
    pub(super) namespaces: &'a FxHashMap<Name, Labels>,
}

impl Visibility<'_> {
    /// Why istiod does not look at an object, if it does not.
    pub(super) fn hidden(&self, meta: &ObjectMeta) -> Option<Hidden> {
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        if self.discovery(namespace) == Discovery::Undiscovered {
            return Some(Hidden::Namespace);
        }
        // pkg/config/model.go, LabelsInRevision: an istiod without revision looks at all.
        let (revision, own) = (meta.labels.get("istio.io/rev")?, &*self.settings.istiod.revision);
        (!own.is_empty() && revision != own).then(|| Hidden::Revision(revision.into()))
    }

    /// A policy of which it cannot be told whether istiod looks at it, as one that cannot be read.
    pub(super) fn doubtful<T>(
        &self,
        object: &Object<T>,
        kind: Kind,
        selector: Option<&WorkloadSelector>,
        sources: &Sources,
    ) -> Option<Unreadable> {
        let reference = object.reference(kind);
        let (code, kind, subject, evidence) = self.doubt(&object.meta, &reference)?;
        let gap = Gap {
            code,
            kind,
            location: sources.locate(&object.origin, &FieldPath::default()),
            affects: match object.meta.namespace.is_some() {
                true => Affects::Policies(object.namespace().into()),
                false => Affects::Everything,
            },
            evidence: evidence.with("subject", &subject),
            subject,
        };
        Some(Unreadable { reference, extent: None, selector: Some(selected_labels(selector)), gap })
    }

    /// What is missing to tell, of which object: its Namespace would say and was not read, or it is for one of
    /// several istiods, any of which may be the one that counts.
    fn doubt(&self, meta: &ObjectMeta, of: &ResourceRef) -> Option<(Code, GapKind, String, Evidence)> {
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        if self.discovery(namespace) == Discovery::Unread {
            let subject = ResourceRef::cluster(Kind::Namespace, namespace).to_string();
            return Some((Code::NamespaceNotRead, GapKind::MissingKind, subject, Evidence::none()));
        }
        let revision = meta.labels.get("istio.io/rev")?;
        let istiod = &self.settings.istiod;
        let looks = |own: &Name| own.is_empty() || **own == *revision;
        let differ = istiod.other_revisions.iter().any(|other| looks(other) != looks(&istiod.revision));
        let evidence = Evidence::none().with("revision", revision);
        differ.then(|| (Code::RevisionUnclear, GapKind::Unsupported, of.to_string(), evidence))
    }

    /// Whether istiod looks at a namespace.
    pub(super) fn discovery(&self, namespace: &str) -> Discovery {
        let selectors = self.settings.mesh.discovery_selectors.iter();
        let selected: Vec<Option<bool>> =
            selectors.map(|selector| is_selected(self.namespaces, namespace, selector)).collect();
        if selected.is_empty() || selected.contains(&Some(true)) {
            Discovery::Discovered
        } else if selected.contains(&None) {
            Discovery::Unread
        } else {
            Discovery::Undiscovered
        }
    }
}

/// Whether a selector selects a namespace. One that was not read is known by its name, which the API server adds to
/// its labels; `None` when others decide.
pub(super) fn is_selected(
    namespaces: &FxHashMap<Name, Labels>,
    namespace: &str,
    selector: &LabelSelector,
) -> Option<bool> {
    match namespaces.get(namespace) {
        Some(labels) => Some(selector.matches(labels)),
        None => selector.decided_by(&[(super::NAME_OF_NAMESPACE, namespace)].into_iter().collect()),
    }
}

/// Whether a policy is to be logged only. An annotation that is no Go boolean counts as not set.
pub(crate) fn asks_for_dry_run(meta: &ObjectMeta) -> bool {
    meta.annotations.get("istio.io/dry-run").and_then(parse_bool) == Some(true)
}

/// Whether istiod drops an AuthorizationPolicy for ztunnel before it reads its rules: a dry-run that is not
/// sent, `targetRefs`, an action that ztunnel does not know (authorization.go, `convertAuthorizationPolicy`).
pub(super) fn is_dropped(object: &Object<AuthorizationPolicy>, settings: &Settings) -> bool {
    asks_for_dry_run(&object.meta) && !settings.istiod.sends_dry_run
        || object.spec.has_targets()
        || matches!(object.spec.action, Action::Audit | Action::Custom)
}

/// The labels that a selector asks for; none without a selector.
fn selected_labels(selector: Option<&WorkloadSelector>) -> Option<Labels> {
    selector.map(|selector| selector.match_labels.clone().unwrap_or_default())
}

/// What of an AuthorizationPolicy cannot be judged: a field that this version does not know, or an entry
/// without its source or operation, which istiod itself would stumble over (authorization.go, `handleRule`).
pub(super) fn defect_of_authorization(
    object: &Object<AuthorizationPolicy>,
    sources: &Sources,
) -> Option<Unreadable> {
    let policy = &object.spec;
    let selector = policy.selector.as_ref();
    let unknown_in_selector = selector.and_then(|s| s.unknown.first());
    let defect = unknown(FieldPath::spec(), policy.unknown.first())
        .or_else(|| unknown(FieldPath::spec().field("selector"), unknown_in_selector))
        .or_else(|| policy.rules.iter().enumerate().find_map(|(index, rule)| defect_of_rule(index, rule)))?;
    Some(unreadable(object, Kind::AuthorizationPolicy, Some(selected_labels(selector)), defect, sources))
}

/// What of a PeerAuthentication cannot be judged.
pub(super) fn defect_of_peer_authentication(
    object: &Object<PeerAuthentication>,
    sources: &Sources,
) -> Option<Unreadable> {
    let selector = object.spec.selector.as_ref();
    let unknown_in_selector = selector.and_then(|s| s.unknown.first());
    let defect = unknown(FieldPath::spec(), object.spec.unknown.first())
        .or_else(|| unknown(FieldPath::spec().field("selector"), unknown_in_selector))?;
    Some(unreadable(object, Kind::PeerAuthentication, Some(selected_labels(selector)), defect, sources))
}

/// Where something is wrong, and what.
pub(super) struct Defect {
    pub(super) path: FieldPath,
    pub(super) unknown: Option<String>,
    pub(super) error: String,
}

pub(super) fn unknown(path: FieldPath, field: Option<&String>) -> Option<Defect> {
    Some(Defect { path, unknown: Some(field?.clone()), error: String::new() })
}

pub(super) fn missing(path: FieldPath, error: &str) -> Defect {
    Defect { path, unknown: None, error: error.to_owned() }
}

fn defect_of_rule(index: usize, rule: &Rule) -> Option<Defect> {
    let path = || FieldPath::spec().field("rules").item(index);
    let from = || path().field("from");
    let to = || path().field("to");
    let in_from = rule.sources().iter().enumerate().find_map(|(at, entry)| match &entry.source {
        None => Some(missing(from().item(at), "an entry of `from` without `source`")),
        Some(source) => unknown(from().item(at), entry.unknown.first())
            .or_else(|| unknown(from().item(at).field("source"), source.unknown.first())),
    });
    let in_to = || {
        rule.operations().iter().enumerate().find_map(|(at, entry)| match &entry.operation {
            None => Some(missing(to().item(at), "an entry of `to` without `operation`")),
            Some(operation) => unknown(to().item(at), entry.unknown.first())
                .or_else(|| unknown(to().item(at).field("operation"), operation.unknown.first())),
        })
    };
    let in_when = || {
        let mut entries = rule.when.iter().enumerate();
        entries.find_map(|(at, entry)| unknown(path().field("when").item(at), entry.unknown.first()))
    };
    unknown(path(), rule.unknown.first()).or(in_from).or_else(in_to).or_else(in_when)
}

pub(super) fn unreadable<T>(
    object: &Object<T>,
    kind: Kind,
    selector: Option<Option<Labels>>,
    defect: Defect,
    sources: &Sources,
) -> Unreadable {
    let subject = object.reference(kind.clone()).to_string();
    let evidence = Evidence::none().with("subject", &subject);
    let (code, gap_kind, evidence) = match defect.unknown {
        Some(field) => (
            Code::UnknownField,
            GapKind::Unsupported,
            evidence.with("field", format!("{}.{field}", defect.path)),
        ),
        None => (Code::ObjectInvalid, GapKind::Invalid, evidence.with("error", &defect.error)),
    };
    Unreadable {
        reference: object.reference(kind),
        extent: None,
        selector,
        gap: Gap {
            code,
            kind: gap_kind,
            location: sources.locate(&object.origin, &defect.path),
            affects: match object.meta.namespace.is_some() {
                true => Affects::Policies(object.namespace().into()),
                false => Affects::Everything,
            },
            evidence,
            subject,
        },
    }
}
