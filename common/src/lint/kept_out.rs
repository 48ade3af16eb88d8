//! Policies for pods behind a waypoint that let the callers in and not the waypoint, which is who calls the pods.
//!
//! ztunnel goes by the certificate of the connection that it gets, and that is the waypoint's (ztunnel
//! src/proxy/inbound.rs, `build_inbound_request`).

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Evidence, Reason};
use crate::model::{FieldPath, Identity, Kind, ResourceRef, Serving, Workload, WorkloadIndex};
use crate::policy::ir::{Action, Provenance};
use crate::policy::{By, Gate, Remark, Remarks};
use crate::snapshot::{Backend, Binding, Service, Through, Waypoint};

use super::survey::{Survey, some_of};

/// What a policy keeps a waypoint from.
#[derive(Default)]
struct KeptOut {
    accounts: BTreeSet<Identity>,
    services: BTreeSet<String>,
    ports: BTreeSet<String>,
}

/// ALLOW policies for pods behind waypoints that are among those of which none lets the waypoint in.
pub(super) fn waypoints(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    in_front_of(survey, survey.snapshot.services.iter(), into);
}

/// The same of waypoints in front of these Services.
pub(super) fn in_front_of<'s>(
    survey: &Survey<'_>,
    services: impl Iterator<Item = &'s Service>,
    into: &mut Vec<Remark>,
) {
    if survey.snapshot.settings.istiod.auto_allows_waypoints {
        return;
    }
    let mut found: BTreeMap<(ResourceRef, ResourceRef), KeptOut> = BTreeMap::new();
    for service in services {
        let Some(gateway) = sends_on(survey, service) else { continue };
        for (workload, port, (policy, accounts)) in refusals(survey, service, &gateway) {
            let kept = found.entry((policy, gateway.clone())).or_default();
            kept.accounts.extend(accounts);
            kept.services.insert(service.reference.to_string());
            kept.ports.insert(format!("{port} of {}", workload.owner));
        }
    }
    for ((policy, gateway), kept) in found {
        kept.tell(survey, &policy, &gateway, into);
    }
}

impl KeptOut {
    fn tell(self, survey: &Survey<'_>, policy: &ResourceRef, gateway: &ResourceRef, into: &mut Vec<Remark>) {
        let mut policies = survey.policies();
        let found = policies.find(|of| of.reference(Kind::AuthorizationPolicy) == *policy);
        let Some(policy) = found else { return };
        let principals = self.accounts.iter().map(|of| of.to_string().replacen("spiffe://", "", 1));
        let evidence = Evidence::none()
            .with("waypoint", gateway)
            .with("principal", some_of(principals))
            .with("services", some_of(self.services))
            .with("ports", some_of(self.ports));
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        remarks.add(Code::WaypointKeptOut, FieldPath::spec(), evidence);
    }
}

/// The waypoint through which connections to a Service get to its pods; of two the first.
fn sends_on(survey: &Survey<'_>, service: &Service) -> Option<ResourceRef> {
    let Binding::Bound(bound) = survey.snapshot.waypoint_of_service(service) else { return None };
    let gateway = match survey.snapshot.through_waypoint(service, &bound) {
        // What is sent to the name of a headless Service goes to its pods.
        _ if service.headless => return None,
        Through::First | Through::Either(_) => bound,
        Through::Second(second) => second,
        Through::Unknown(_) => return None,
    };
    survey.snapshot.waypoint(&gateway).is_some_and(Waypoint::is_of_istio).then_some(gateway)
}

/// Where the pods of a Service let nothing in from a waypoint, and because of which policy.
fn refusals<'a>(
    survey: &Survey<'a>,
    service: &Service,
    gateway: &ResourceRef,
) -> Vec<(&'a Workload, u16, Refusal)> {
    let mut all = Vec::new();
    for (index, workload) in behind(survey, service) {
        let ports = service.ports.iter().filter_map(|port| Service::target_port(port, workload));
        all.extend(ports.filter_map(|port| Some((workload, port, refused(survey, gateway, index, port)?))));
    }
    all
}

/// A policy, and the accounts of a waypoint that it keeps out.
type Refusal = (ResourceRef, Vec<Identity>);

/// The pods of a Service whose ztunnel judges what the waypoint sends, by policies that let only some in.
fn behind<'a>(survey: &Survey<'a>, service: &Service) -> Vec<(WorkloadIndex, &'a Workload)> {
    let is_judged = |workload: &&Workload| {
        let judged = workload.is_captured() && workload.capture.serving == Serving::Served;
        judged && !workload.is_unclear() && lets_only_some_in(survey, workload)
    };
    let of_backend = |backend: &Backend| match backend {
        Backend::Workload { index, .. } => {
            Some((*index, survey.snapshot.workload(*index).filter(is_judged)?))
        }
        Backend::Address { .. } | Backend::Unclear => None,
    };
    service.backends.iter().filter_map(of_backend).collect()
}

fn lets_only_some_in(survey: &Survey<'_>, workload: &Workload) -> bool {
    let applied = survey.mesh.applied(workload).policies;
    let mut policies = applied.into_iter().filter_map(|index| survey.mesh.policies.get(index));
    policies.any(|policy| policy.action == Action::Allow && !policy.dry_run)
}

/// The first of the policies of which none lets a waypoint in, whichever of its accounts calls.
fn refused(survey: &Survey<'_>, gateway: &ResourceRef, index: WorkloadIndex, port: u16) -> Option<Refusal> {
    let mut policy = None;
    let mut accounts = Vec::new();
    for (identity, decision) in survey.mesh.behind_waypoint(gateway, index, port) {
        let judged = decision.gate(Gate::Authorization).filter(|of| of.reason == Reason::NoAllowMatched)?;
        let mut candidates = judged.candidates.iter().filter_map(|by| match by {
            By::Rule(rule) => match &survey.mesh.policies.get(rule.policy)?.provenance {
                Provenance::Resource { reference, .. } => Some(reference.clone()),
                Provenance::Default => None,
            },
            _ => None,
        });
        policy = policy.or_else(|| candidates.next());
        accounts.push(identity);
    }
    Some((policy?, accounts))
}
