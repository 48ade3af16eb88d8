//! istiod's conversion of AuthorizationPolicies for ztunnel, with a remark on everything that is lost.
//!
//! As straightforward a translation as possible of pilot/pkg/serviceregistry/ambient/authorization.go
//! (`convertAuthorizationPolicy`, `handleRule`), held to it by tests/oracle. What istiod drops in silence is a
//! [`Remark`] here; what it would crash on never arrives here (`snapshot` keeps it as unreadable).

use crate::codes::{Code, Evidence, Silence};
use crate::istio::{self, AuthorizationPolicy};
use crate::model::{FieldPath, Kind, Labels, Origin, ResourceRef, Workload};
use crate::snapshot::{Hidden, Object, Policy, Settings, asks_for_dry_run};

use super::ir::{Action, Authorization, Provenance, Scope};

mod rules;
pub(super) mod strings;

/// Something that a reader of an object should know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Remark {
    /// What it is.
    pub code: Code,
    /// The object.
    pub subject: ResourceRef,
    /// Where the object was written.
    pub origin: Origin,
    /// The field that is meant.
    pub path: FieldPath,
    /// What was seen.
    pub evidence: Evidence,
    /// Whether the object asks for silence about it: annotation `kubectl-mesh/ignore`.
    pub ignored: bool,
}

impl Remark {
    /// About a workload as a whole.
    #[must_use]
    pub fn on_workload(workload: &Workload, code: Code, evidence: Evidence) -> Self {
        Self {
            code,
            subject: workload.reference.clone(),
            origin: workload.origin,
            path: FieldPath::default(),
            evidence,
            ignored: workload.silence.covers(code),
        }
    }
}

/// Collects remarks about one object.
pub(crate) struct Remarks<'a> {
    subject: ResourceRef,
    origin: Origin,
    silence: Silence,
    into: &'a mut Vec<Remark>,
}

impl<'a> Remarks<'a> {
    pub(crate) fn on<T>(object: &Object<T>, kind: Kind, into: &'a mut Vec<Remark>) -> Self {
        Self { subject: object.reference(kind), origin: object.origin, silence: object.meta.silence(), into }
    }

    pub(crate) fn add(&mut self, code: Code, path: FieldPath, evidence: Evidence) {
        let ignored = self.silence.covers(code);
        let (subject, origin) = (self.subject.clone(), self.origin);
        self.into.push(Remark { code, subject, origin, path, evidence, ignored });
    }
}

/// What a conversion needs to know of the mesh.
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
}

/// istiod's `convertAuthorizationPolicy`: what ztunnel gets, if it gets anything.
pub(super) fn authorization_policy(
    context: &Context<'_>,
    policy: &Policy<AuthorizationPolicy>,
    remarks: &mut Vec<Remark>,
) -> Option<Authorization> {
    let object = &policy.object;
    let mut remarks = Remarks::on(object, Kind::AuthorizationPolicy, remarks);
    if let Some(hidden) = &policy.hidden {
        remark_hidden(hidden, context, &object.reference(Kind::AuthorizationPolicy), &mut remarks);
        return None;
    }
    let dry_run = dry_run(context, object, &mut remarks)?;
    let spec = &object.spec;
    if spec.has_targets() {
        return None;
    }
    let action = action(spec.action, &mut remarks)?;
    if action == Action::Deny && spec.rules.is_empty() {
        let what =
            Evidence::none().with("field", "spec.rules").with("what", "DENY without rules denies nothing");
        remarks.add(Code::RefusedByAdmission, FieldPath::spec(), what);
    }
    let (scope, selector) = scope(context, object, &mut remarks);
    let converter = rules::Converter::new(context, object.namespace(), action);
    let rules = spec.rules.iter().enumerate();
    Some(Authorization {
        namespace: object.namespace(),
        name: object.meta.name.clone(),
        scope,
        action,
        rules: rules.filter_map(|(index, rule)| converter.rule(index, rule, &mut remarks)).collect(),
        dry_run,
        selector,
        provenance: Provenance::Resource {
            reference: object.reference(Kind::AuthorizationPolicy),
            origin: object.origin,
        },
    })
}

/// Says why istiod does not look at an object.
pub(super) fn remark_hidden(
    hidden: &Hidden,
    context: &Context<'_>,
    subject: &ResourceRef,
    remarks: &mut Remarks<'_>,
) {
    match hidden {
        Hidden::Revision(revision) => {
            let served = &context.settings.istiod.revision;
            let evidence = Evidence::none().with("revision", revision).with("served", served);
            remarks.add(
                Code::OtherRevision,
                FieldPath::default().field("metadata").field("labels"),
                evidence,
            );
        }
        Hidden::Namespace => {
            let namespace = subject.namespace.as_ref().map(ToString::to_string).unwrap_or_default();
            let evidence = Evidence::none().with("namespace", namespace);
            remarks.add(Code::NamespaceNotDiscovered, FieldPath::default(), evidence);
        }
    }
}

/// Whether the policy is only logged; `None` when it is not sent.
fn dry_run(
    context: &Context<'_>,
    object: &Object<AuthorizationPolicy>,
    remarks: &mut Remarks<'_>,
) -> Option<bool> {
    if !asks_for_dry_run(&object.meta) {
        return Some(false);
    }
    let path = || FieldPath::default().field("metadata").field("annotations");
    if !context.settings.istiod.sends_dry_run {
        remarks.add(Code::DryRunDropped, path(), Evidence::none());
        return None;
    }
    match context.settings.ztunnel {
        Some((major, minor)) if (major, minor) < (1, 29) => {
            let evidence = Evidence::none().with("version", format_args!("{major}.{minor}"));
            remarks.add(Code::DryRunEnforced, path(), evidence);
            Some(false)
        }
        _ => {
            remarks.add(Code::DryRunLogged, path(), Evidence::none());
            Some(true)
        }
    }
}

fn action(written: istio::Action, remarks: &mut Remarks<'_>) -> Option<Action> {
    let path = || FieldPath::spec().field("action");
    match written {
        istio::Action::Allow => Some(Action::Allow),
        istio::Action::Deny => Some(Action::Deny),
        istio::Action::Audit => {
            remarks.add(Code::AuditActionDropped, path(), Evidence::none());
            None
        }
        istio::Action::Custom => {
            remarks.add(Code::CustomActionDropped, path(), Evidence::none());
            None
        }
    }
}

/// The scope goes by the selector being there, the attachment by its labels being there: `selector: {}` is
/// neither for the namespace nor attached to anything (workloads.go, `buildWorkloadPolicies`: a nil
/// `GetLabelSelector()` is filtered out).
fn scope(
    context: &Context<'_>,
    object: &Object<AuthorizationPolicy>,
    remarks: &mut Remarks<'_>,
) -> (Scope, Option<Labels>) {
    let Some(selector) = &object.spec.selector else {
        let is_root = object.namespace() == context.settings.mesh.root_namespace;
        return (if is_root { Scope::Global } else { Scope::Namespace }, None);
    };
    if selector.match_labels.is_none() {
        remarks.add(Code::EmptySelector, FieldPath::spec().field("selector"), Evidence::none());
    }
    (Scope::WorkloadSelector, selector.match_labels.clone())
}
