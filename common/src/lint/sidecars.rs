//! What is remarked of ztunnel says nothing where only Envoys read a policy: they judge HTTP, trust domains and
//! dry-runs, and read `selector: {}` as everything.

use crate::codes::Code;
use crate::model::{DataPlane, ResourceRef, Workload};
use crate::policy::Remark;

use super::survey::Survey;

/// Remarks that are about ztunnel and nobody else.
const OF_ZTUNNEL: &[Code] = &[
    Code::CustomActionDropped,
    Code::AuditActionDropped,
    Code::AllowRuleOmitted,
    Code::DenyRuleNeverMatches,
    Code::DenyRuleWidened,
    Code::DenyEntryIgnored,
    Code::TrustDomainsDropped,
    Code::RuleNeverMatches,
    Code::EmptySelector,
    Code::MappedAddress,
    Code::DryRunDropped,
    Code::DryRunLogged,
    Code::DryRunEnforced,
    Code::StrictPortOpens,
    Code::PortExemptionOpensAll,
    Code::PortDisableStaysStrict,
    Code::RootEmptySelector,
    Code::LiteralAsterisk,
];

/// Whether nobody goes by what is remarked: the policy is for workloads with an Envoy, and for no others.
pub(super) fn concerns_nobody(survey: &Survey<'_>, remark: &Remark) -> bool {
    if !OF_ZTUNNEL.contains(&remark.code) {
        return false;
    }
    let mut selected = selected(survey, &remark.subject).peekable();
    let has_envoy = |workload: &Workload| workload.capture.data_plane == DataPlane::Sidecar;
    // Those outside of the mesh go by no policy.
    selected.peek().is_some() && selected.all(has_envoy)
}

/// The workloads of the mesh that a policy is for, as Envoys read its selector.
fn selected<'a>(survey: &'a Survey<'a>, policy: &'a ResourceRef) -> impl Iterator<Item = &'a Workload> {
    let labels = survey.mesh.selector_of(policy).flatten();
    let everywhere = policy.namespace.as_ref().is_some_and(|namespace| survey.is_root(namespace));
    let in_reach =
        move |of: &Workload| everywhere || policy.namespace.as_ref() == Some(&of.identity.namespace);
    let workloads = survey.snapshot.workloads.iter();
    workloads.filter(move |workload| {
        workload.capture.data_plane != DataPlane::None
            && in_reach(workload)
            && labels.is_none_or(|labels| workload.labels.contains_all(labels))
    })
}
