//! Waypoints that are asked for and not used, and policies that what goes past a waypoint does not meet.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::codes::{Code, Evidence};
use crate::istio::{Action, AuthorizationPolicy, TargetKind};
use crate::model::{DataPlane, FieldPath, Kind, Labels, Namespace, ResourceRef, Workload, WorkloadIndex};
use crate::policy::{Direction, Remark, Remarks};
use crate::snapshot::{
    Backend, Binding, MeshSnapshot, Object, Refusal, Service, USE_WAYPOINT, alike, asks_for_dry_run,
};

use super::attachments::targets;
use super::protection::{Guard, guard};
use super::survey::{Survey, nearest, owners, some_of};

/// Why a waypoint is not used.
pub(super) fn refused(snapshot: &MeshSnapshot, gateway: &ResourceRef, refusal: Refusal) -> String {
    let namespace = gateway.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
    let is_there = || snapshot.has_gateway(namespace, &gateway.name) == Some(true);
    let why = match refusal {
        Refusal::NotReady if is_there() => "which has no address",
        Refusal::NotReady => match alike_gateways(snapshot, gateway).as_str() {
            "" => "which does not exist",
            near => return format!("which does not exist (there is {near})"),
        },
        Refusal::NotAllowed => "whose listener does not let this namespace attach",
        Refusal::OtherTraffic => "which is for other traffic (`istio.io/waypoint-for`)",
    };
    why.to_owned()
}

/// Gateways of the same namespace that are called almost so.
fn alike_gateways(snapshot: &MeshSnapshot, gateway: &ResourceRef) -> String {
    let here = snapshot.gateways.iter().filter(|of| Some(of.namespace()) == gateway.namespace);
    nearest(alike(&gateway.name, here.map(|of| &*of.meta.name)))
}

/// Labels `istio.io/use-waypoint` that come to nothing, or seem to be misspelt: one finding for each object that has one.
pub(super) fn not_used(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let snapshot = survey.snapshot;
    let mut found: BTreeMap<ResourceRef, Remark> = BTreeMap::new();
    for service in &snapshot.services {
        let binding = snapshot.waypoint_of_service(service);
        let remark = |code, evidence| Remark {
            code,
            subject: service.reference.clone(),
            origin: service.origin,
            path: labels_of_metadata(),
            evidence,
            ignored: service.silence.covers(code),
        };
        add(survey, &service.reference, &service.labels, binding, remark, &mut found);
    }
    for workload in &snapshot.workloads {
        let binding = snapshot.waypoint_of_workload(workload);
        let remark = |code, evidence| Remark {
            subject: workload.owner.clone(),
            ..Remark::on_workload(workload, code, evidence)
        };
        add(survey, &workload.reference, &workload.labels, binding, remark, &mut found);
    }
    into.extend(found.into_values());
}

fn labels_of_metadata() -> FieldPath {
    FieldPath::default().field("metadata").field("labels")
}

/// Files a label under the object that has it: the object itself, else its Namespace. What a Namespace asks for and
/// is for other traffic is not asked for by everything in it.
fn add(
    survey: &Survey<'_>,
    object: &ResourceRef,
    labels: &Labels,
    binding: Binding,
    remark: impl FnOnce(Code, Evidence) -> Remark,
    into: &mut BTreeMap<ResourceRef, Remark>,
) {
    let snapshot = survey.snapshot;
    let (code, evidence) = match binding {
        Binding::Refused(_, Refusal::OtherTraffic) if labels.get(USE_WAYPOINT).is_none() => return,
        Binding::Refused(gateway, refusal) => {
            let evidence = Evidence::none().with("waypoint", &gateway);
            (Code::WaypointRefused, evidence.with("why", refused(snapshot, &gateway, refusal)))
        }
        Binding::Unknown(gateway) => match misspelt(survey, &gateway) {
            Some(evidence) => (Code::WaypointMisspelt, evidence),
            None => return,
        },
        Binding::Free | Binding::Bound(_) => return,
    };
    let remark = match labels.get(USE_WAYPOINT) {
        Some(_) => Some(remark(code, evidence)),
        None => on_namespace(survey, object, code, evidence),
    };
    if let Some(remark) = remark {
        into.entry(remark.subject.clone()).or_insert(remark);
    }
}

/// A Gateway of which nothing was read, where one of almost the same name was.
fn misspelt(survey: &Survey<'_>, gateway: &ResourceRef) -> Option<Evidence> {
    let snapshot = survey.snapshot;
    let is_known = snapshot.waypoint(gateway).is_some()
        || snapshot.unreadable.iter().any(|unreadable| unreadable.is(&Kind::Gateway));
    if gateway.kind != Kind::Gateway || is_known {
        return None;
    }
    let known = alike_gateways(snapshot, gateway);
    (!known.is_empty()).then(|| Evidence::none().with("waypoint", gateway).with("known", known))
}

fn on_namespace(survey: &Survey<'_>, object: &ResourceRef, code: Code, evidence: Evidence) -> Option<Remark> {
    let name = object.namespace.as_ref()?.as_str();
    let (origin, silence) = survey.snapshot.written_namespaces.get(name)?;
    Some(Remark {
        code,
        subject: ResourceRef::cluster(Kind::Namespace, name),
        origin: *origin,
        path: labels_of_metadata(),
        evidence,
        ignored: silence.covers(code),
    })
}

/// Policies at waypoints of Services whose pods take what goes past the waypoint, because no policy at all guards the
/// pods: callers that dial a pod's own address or a headless Service, sidecars, and what is not in the mesh.
pub(super) fn bypassable(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    if survey.snapshot.settings.istiod.auto_allows_waypoints {
        return;
    }
    let mut open: FxHashMap<ResourceRef, Vec<&Workload>> = FxHashMap::default();
    for policy in survey.policies().filter(|policy| decides(policy)) {
        let mut workloads: Vec<&Workload> = Vec::new();
        let mut services: BTreeSet<String> = BTreeSet::new();
        for service in behind_waypoints(survey, policy) {
            let known = open.entry(service.reference.clone());
            let of_service = known.or_insert_with(|| unguarded(survey, service));
            if !of_service.is_empty() {
                services.insert(service.reference.to_string());
                workloads.extend(of_service.iter().copied());
            }
        }
        if !services.is_empty() {
            let evidence = Evidence::none()
                .with("services", some_of(services))
                .with("workloads", some_of(owners(workloads.into_iter())));
            let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
            remarks.add(Code::WaypointBypassable, FieldPath::spec(), evidence);
        }
    }
}

/// Whether a policy decides something at a waypoint.
fn decides(policy: &Object<AuthorizationPolicy>) -> bool {
    policy.spec.has_targets() && policy.spec.action != Action::Audit && !asks_for_dry_run(&policy.meta)
}

/// The Services in front of which a waypoint stands that enforces a policy, or would if it were ready.
pub(super) fn behind_waypoints<'a>(
    survey: &Survey<'a>,
    policy: &Object<AuthorizationPolicy>,
) -> Vec<&'a Service> {
    let (namespace, bindings) = (policy.namespace(), &survey.bindings);
    let of_target = |(kind, object): (TargetKind, ResourceRef)| match kind {
        TargetKind::Gateway => bindings.services_of(&object).to_vec(),
        TargetKind::Service => bindings.service(&object).into_iter().collect(),
        TargetKind::GatewayClass if survey.is_root(&namespace) => bindings.services().collect(),
        TargetKind::GatewayClass | TargetKind::ServiceEntry => Vec::new(),
    };
    targets(policy).filter_map(|target| target.object(&namespace)).flat_map(of_target).collect()
}

/// The workloads behind a Service that nothing guards but its waypoint.
fn unguarded<'a>(survey: &Survey<'a>, service: &Service) -> Vec<&'a Workload> {
    let of_backend = |backend: &Backend| match backend {
        Backend::Workload { index, .. } => Some(*index),
        Backend::Address { .. } | Backend::Unclear => None,
    };
    let indexes = service.backends.iter().filter_map(of_backend);
    indexes.filter(|index| is_open(survey, *index)).filter_map(|index| survey.mesh.workload(index)).collect()
}

fn is_open(survey: &Survey<'_>, index: WorkloadIndex) -> bool {
    let Some(workload) = survey.mesh.workload(index) else { return false };
    let applied = || survey.mesh.applied(workload);
    let open_to_mesh = match workload.capture.data_plane {
        DataPlane::Ambient => {
            !workload.is_unclear()
                && guard(survey.mesh, workload) == Guard::None
                && applied().unreadable.is_empty()
        }
        DataPlane::None => true,
        DataPlane::Sidecar => false,
    };
    let has_none =
        matches!(survey.snapshot.waypoint_of_workload(workload), Binding::Free | Binding::Refused(..));
    open_to_mesh
        && has_none
        && !workload.host_network
        && !survey.mesh.network.isolates(survey.mesh.network.class(index), Direction::Ingress)
}
