//! The findings that stand beside answers: those that say why a policy or a waypoint does not do to what is asked about
//! what is written. What is found of names and accounts is for who asks for all findings.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::Code;
use crate::istio::{Action, AuthorizationPolicy, TargetKind};
use crate::model::{Kind, Namespace, ResourceRef, Workload, WorkloadIndex};
use crate::policy::{Mesh, Remark};
use crate::snapshot::{Binding, MeshSnapshot, Object, Service, USE_WAYPOINT};

use super::attachments::targets;
use super::survey::Survey;
use super::{addresses, kept_out, targets, tcp_ports, waypoints};

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Workloads that are called.
    pub workloads: &'a BTreeSet<WorkloadIndex>,
    /// Services that are called, by their positions.
    pub services: &'a BTreeSet<usize>,
}

/// The checks that find them, but for what asks the engine of each Service.
const CHECKS: [fn(&Survey<'_>, &mut Vec<Remark>); 5] = [
    targets::targets_of_policies,
    waypoints::not_used,
    waypoints::bypassable,
    tcp_ports::deny,
    addresses::at_waypoints,
];

/// What of their findings stands beside answers.
const CODES: [Code; 7] = [
    Code::TargetWithoutWaypoint,
    Code::WaypointRefused,
    Code::WaypointMisspelt,
    Code::WaypointBypassable,
    Code::DenyWidenedAtTcp,
    Code::BlocksAtWaypoint,
    Code::WaypointKeptOut,
];

/// What is found that concerns what is asked about.
#[must_use]
pub fn beside_answers(mesh: &Mesh<'_>, asked: Asked<'_>) -> Vec<Remark> {
    if !may_find(mesh.snapshot) {
        return Vec::new();
    }
    let survey = Survey::new(mesh);
    let mut remarks = Vec::new();
    CHECKS.into_iter().for_each(|check| check(&survey, &mut remarks));
    let ends = Ends::new(&survey, asked);
    kept_out::in_front_of(&survey, ends.services.values().copied(), &mut remarks);
    remarks.retain(|remark| CODES.contains(&remark.code) && ends.concern(&survey, remark));
    remarks
}

/// Whether there is anything of which the checks may say something: most meshes have neither waypoints nor sidecars.
fn may_find(snapshot: &MeshSnapshot) -> bool {
    let policies = || snapshot.authorization_policies.iter().map(|policy| &policy.object.spec);
    let denies = || policies().any(|spec| spec.action == Action::Deny);
    let sidecars = || snapshot.workloads.iter().any(Workload::has_envoy);
    let labels = snapshot.namespaces.values();
    let labels = labels.chain(snapshot.services.iter().map(|service| &service.labels));
    let mut labels = labels.chain(snapshot.workloads.iter().map(|workload| &workload.labels));
    policies().any(AuthorizationPolicy::has_targets)
        || labels.any(|labels| labels.get(USE_WAYPOINT).is_some())
        || denies() && sidecars()
}

/// What is asked about, and what stands in front of it.
struct Ends<'a> {
    asked: Asked<'a>,
    services: BTreeMap<&'a ResourceRef, &'a Service>,
    objects: BTreeSet<&'a ResourceRef>,
    namespaces: BTreeSet<&'a Namespace>,
    gateways: BTreeSet<ResourceRef>,
}

impl<'a> Ends<'a> {
    fn new(survey: &Survey<'a>, asked: Asked<'a>) -> Self {
        let snapshot = survey.snapshot;
        let workloads = || asked.workloads.iter().filter_map(|index| snapshot.workload(*index));
        let in_front = asked.workloads.iter().flat_map(|index| survey.services_of(*index).iter().copied());
        let called = asked.services.iter().filter_map(|at| snapshot.services.get(*at));
        let services: Vec<&Service> = in_front.chain(called).collect();
        let bound = services.iter().flat_map(|service| snapshot.waypoints_of_service(service));
        let bound = bound.chain(workloads().map(|workload| snapshot.waypoint_of_workload(workload)));
        let gateways = bound.filter_map(|binding| match binding {
            Binding::Bound(gateway) | Binding::Refused(gateway, _) => Some(gateway),
            Binding::Unknown(of) => Some(of).filter(|of| of.kind == Kind::Gateway),
            Binding::Free => None,
        });
        let of_services = services.iter().filter_map(|service| service.reference.namespace.as_ref());
        Self {
            asked,
            gateways: gateways.collect(),
            objects: workloads().flat_map(|workload| [&workload.reference, &workload.owner]).collect(),
            namespaces: workloads().map(|of| &of.identity.namespace).chain(of_services).collect(),
            services: services.into_iter().map(|service| (&service.reference, service)).collect(),
        }
    }

    fn concern(&self, survey: &Survey<'a>, remark: &Remark) -> bool {
        let subject = &remark.subject;
        match subject.kind {
            Kind::AuthorizationPolicy => {
                let mut policies = survey.policies();
                let policy = policies.find(|policy| policy.reference(Kind::AuthorizationPolicy) == *subject);
                policy.is_some_and(|policy| self.are_for(survey, policy))
            }
            Kind::Namespace => self.namespaces.iter().any(|of| of.as_str() == &*subject.name),
            _ => self.services.contains_key(subject) || self.objects.contains(subject),
        }
    }

    /// Whether a policy is for something of it.
    fn are_for(&self, survey: &Survey<'a>, policy: &Object<AuthorizationPolicy>) -> bool {
        if !policy.spec.has_targets() {
            let selected = survey.selected_indexes(&policy.reference(Kind::AuthorizationPolicy));
            return selected.iter().any(|index| self.asked.workloads.contains(index));
        }
        let namespace = policy.namespace();
        let mut objects = targets(policy).filter_map(|target| target.object(&namespace));
        objects.any(|(kind, object)| match kind {
            TargetKind::Service => self.services.contains_key(&object),
            TargetKind::Gateway => self.gateways.contains(&object),
            TargetKind::GatewayClass => !self.gateways.is_empty(),
            TargetKind::ServiceEntry => false,
        })
    }
}
