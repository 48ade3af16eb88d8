//! What is remarked of ztunnel says nothing where only Envoys read a policy: they judge HTTP, trust domains and
//! dry-runs, and read `selector: {}` as everything. Where they are sidecars, it says what enrolling them in ambient
//! would change.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::codes::{Code, Evidence, Silence};
use crate::istio::MtlsMode;
use crate::model::{FieldPath, Kind, Namespace, ResourceRef, Workload};
use crate::policy::{Remark, Remarks};

use super::envoys::has_sidecar;
use super::survey::{Survey, owners, some_of};

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
    Code::ForeignPrincipal,
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
    OF_ZTUNNEL.contains(&remark.code) && is_for_envoys(survey, &remark.subject)
}

fn is_for_envoys(survey: &Survey<'_>, policy: &ResourceRef) -> bool {
    let planes = survey.planes_of(policy);
    planes.envoy && !planes.ambient
}

/// Policies that sidecars read as written and ztunnel would not: what is remarked of ztunnel, where nothing of it is
/// there yet.
pub(super) fn changes_in_ambient(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let silences = silences(survey);
    let of_ztunnel = survey.mesh.policies.remarks.iter();
    for remark in of_ztunnel.filter(|remark| concerns_nobody(survey, remark)) {
        if survey.planes_of(&remark.subject).sidecar {
            let evidence = Evidence::none().with("what", remark.code.message(&remark.evidence));
            let evidence = evidence.with("code", remark.code);
            into.push(Remark {
                code: Code::AmbientReadsOtherwise,
                evidence,
                ignored: silences
                    .get(&remark.subject)
                    .is_some_and(|silence| silence.covers(Code::AmbientReadsOtherwise)),
                ..remark.clone()
            });
        }
    }
    disabled(survey, into);
}

/// The policies of both kinds, with what they ask for silence about.
fn silences(survey: &Survey<'_>) -> FxHashMap<ResourceRef, Silence> {
    let authorization = survey.policies();
    let authorization =
        authorization.map(|policy| (policy.reference(Kind::AuthorizationPolicy), policy.meta.silence()));
    let authentication = survey.snapshot.peer_authentications.iter().map(|policy| &policy.object);
    let authentication =
        authentication.map(|policy| (policy.reference(Kind::PeerAuthentication), policy.meta.silence()));
    authorization.chain(authentication).collect()
}

/// PeerAuthentications that switch mTLS off: a sidecar then takes none, and ztunnel takes HBONE all the same
/// (authorization.go, `convertPeerAuthentication`).
fn disabled(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let seen = survey.snapshot.peer_authentications.iter().filter(|policy| policy.hidden.is_none());
    for object in seen.map(|policy| &policy.object) {
        let reference = object.reference(Kind::PeerAuthentication);
        let disables = object.spec.mtls.mode == MtlsMode::Disable;
        if disables && is_for_envoys(survey, &reference) && survey.planes_of(&reference).sidecar {
            let what = "DISABLE is read as PERMISSIVE: what arrives over HBONE is taken";
            let path = FieldPath::spec().field("mtls").field("mode");
            let mut remarks = Remarks::on(object, Kind::PeerAuthentication, into);
            remarks.add(Code::AmbientReadsOtherwise, path, Evidence::none().with("what", what));
        }
    }
}

/// What of a namespace is in the mesh, by its data plane.
#[derive(Default)]
struct Planes<'a> {
    sidecars: Vec<&'a Workload>,
    ambient: Vec<&'a Workload>,
}

/// Namespaces of which some pods have a sidecar and others are in ambient.
pub(super) fn mixed(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let mut planes: BTreeMap<&Namespace, Planes<'_>> = BTreeMap::new();
    for (_, workload) in survey.workloads().filter(|(_, workload)| !workload.is_unclear()) {
        let of_namespace = planes.entry(&workload.identity.namespace).or_default();
        if has_sidecar(workload) {
            of_namespace.sidecars.push(workload);
        } else if workload.is_captured() {
            of_namespace.ambient.push(workload);
        }
    }
    planes.retain(|_, of| !of.sidecars.is_empty() && !of.ambient.is_empty());
    for (namespace, of) in planes {
        let Some((origin, silence)) = survey.snapshot.written_namespaces.get(namespace.as_str()) else {
            continue;
        };
        into.push(Remark {
            code: Code::MixedDataPlanes,
            subject: ResourceRef::cluster(Kind::Namespace, namespace.as_str()),
            origin: *origin,
            path: FieldPath::default(),
            evidence: Evidence::none()
                .with("sidecars", some_of(owners(of.sidecars.into_iter())))
                .with("ambient", some_of(owners(of.ambient.into_iter()))),
            ignored: silence.covers(Code::MixedDataPlanes),
        });
    }
}
