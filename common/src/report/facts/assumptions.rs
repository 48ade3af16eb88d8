//! What was taken for what is not there, as far as an answer rests on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Evidence};
use crate::model::{Certainty, DataPlane, ProxyKind, Readiness, ResourceRef, Workload};
use crate::policy::Mesh;
use crate::policy::envoy::Token;
use crate::policy::ir::{PolicyIndex, Provenance};
use crate::report::AssumptionEntry;
use crate::snapshot::{Binding, Service};

use super::Facts;

/// More subjects than this are told as a number.
const MAX_SUBJECTS: usize = 5;

impl Facts {
    /// What was taken for what is not there.
    pub(in crate::report) fn assumptions(&self, mesh: &Mesh<'_>) -> Vec<AssumptionEntry> {
        let mut found: BTreeSet<AssumptionEntry> = self.extra.clone();
        found.extend(mesh.snapshot.assumptions.iter().map(AssumptionEntry::of));
        found.extend(self.enrolled_as_labelled(mesh));
        found.extend(self.enrolled_as_given(mesh));
        found.extend(self.ready_as_written(mesh));
        found.extend(self.endpoints_of_callers_node(mesh));
        found.extend(self.filled_namespaces(mesh));
        found.extend(self.version_of_ztunnel(mesh));
        let waypoints = self.waypoints_in_front(mesh);
        found.extend(waypoints_as_made(mesh, &waypoints));
        found.extend(self.valid_token(mesh, &waypoints));
        found.extend(class_as_made(mesh, &waypoints));
        found.extend(self.proxies_by_default(mesh));
        found.into_iter().collect()
    }

    fn enrolled_as_labelled(&self, mesh: &Mesh<'_>) -> Vec<AssumptionEntry> {
        let intended = |w: &&Workload| {
            w.capture.certainty == Certainty::Intent && w.capture.data_plane != DataPlane::None
        };
        let enrolled = self.workloads(mesh).filter(intended).map(|w| w.owner.clone());
        about(Code::EnrolledAsLabelled, &enrolled.collect())
    }

    fn enrolled_as_given(&self, mesh: &Mesh<'_>) -> Vec<AssumptionEntry> {
        let given = self.workloads(mesh).filter(|w| w.capture.certainty == Certainty::Assumed);
        about(Code::AmbientGiven, &given.map(Workload::namespace).collect())
    }

    fn ready_as_written(&self, mesh: &Mesh<'_>) -> Vec<AssumptionEntry> {
        if self.services.is_empty() {
            return Vec::new();
        }
        let assumed = self.of_destinations(mesh).filter(|w| w.readiness == Readiness::Assumed);
        about(Code::ReadyAsWritten, &assumed.map(|w| w.owner.clone()).collect())
    }

    fn endpoints_of_callers_node(&self, mesh: &Mesh<'_>) -> Vec<AssumptionEntry> {
        let placed =
            !self.all_callers && !self.callers.is_empty() && self.workloads(mesh).all(|w| w.node.is_some());
        let services =
            self.services.iter().filter_map(|at| mesh.snapshot.services.get(*at)).filter(|_| !placed);
        let local = services.filter(|service| service.local_only).map(|service| service.reference.clone());
        about(Code::EndpointOfCallersNode, &local.collect())
    }

    /// An older ztunnel enforces a dry-run policy that is sent.
    fn version_of_ztunnel(&self, mesh: &Mesh<'_>) -> Option<AssumptionEntry> {
        let mut applied = self.of_destinations(mesh).flat_map(|workload| mesh.applied(workload).policies);
        let is_dry = |policy: PolicyIndex| mesh.policies.get(policy).is_some_and(|policy| policy.dry_run);
        let matters = mesh.snapshot.settings.istiod.sends_dry_run
            && mesh.snapshot.settings.ztunnel.is_none()
            && applied.any(is_dry);
        matters.then(|| AssumptionEntry {
            code: Code::ZtunnelVersionAssumed,
            subject: None,
            values: Evidence::none(),
        })
    }

    /// Those that answers name, and where one of two waypoints is among them the other one: which of both an answer
    /// names that is the same at both does not matter to it.
    fn waypoints_in_front(&self, mesh: &Mesh<'_>) -> BTreeSet<ResourceRef> {
        if self.waypoints.is_empty() {
            return BTreeSet::new();
        }
        let services = self.services.iter().filter_map(|at| mesh.snapshot.services.get(*at));
        let of_service = |service: &Service| {
            let bound = mesh.snapshot.waypoints_of_service(service).into_iter();
            bound.filter_map(|binding| match binding {
                Binding::Bound(gateway) => Some(gateway),
                Binding::Free | Binding::Refused(..) | Binding::Unknown(_) => None,
            })
        };
        let of_services = services.map(|service| of_service(service).collect::<Vec<_>>());
        let of_two =
            of_services.filter(|all| all.len() > 1 && all.iter().any(|of| self.waypoints.contains(of)));
        self.waypoints.iter().cloned().chain(of_two.flatten()).collect()
    }

    /// What MeshConfig says of sidecars and gateways, at either end.
    fn proxies_by_default(&self, mesh: &Mesh<'_>) -> Option<AssumptionEntry> {
        let is_waypoint = |w: &Workload| w.proxy.as_ref().is_some_and(|of| of.kind == ProxyKind::Waypoint);
        let is_told = |w: &Workload| w.has_envoy() && !is_waypoint(w);
        let assumed = !mesh.snapshot.settings.mesh.was_read() && self.workloads(mesh).any(is_told);
        let code = Code::ProxySettingsAssumed;
        assumed.then(|| AssumptionEntry { code, subject: None, values: Evidence::none() })
    }

    /// Where no proxy finds any token valid, none is assumed.
    fn valid_token(&self, mesh: &Mesh<'_>, waypoints: &BTreeSet<ResourceRef>) -> Option<AssumptionEntry> {
        let services = || self.services.iter().filter_map(|at| mesh.snapshot.services.get(*at));
        let at_waypoint = |waypoint: &ResourceRef| {
            let mut in_front = services().map(Some).chain([None]);
            in_front.any(|service| mesh.may_take_token_at(waypoint, service))
        };
        let mut sidecars = self.of_destinations(mesh).filter(|workload| workload.has_envoy());
        let taken = matches!(mesh.request.token, Token::Claims { .. })
            && (waypoints.iter().any(at_waypoint) || sidecars.any(|of| mesh.may_take_token(of)));
        taken.then(|| AssumptionEntry { code: Code::TokenAssumed, subject: None, values: Evidence::none() })
    }

    /// Objects of the question whose namespace was filled in.
    fn filled_namespaces(&self, mesh: &Mesh<'_>) -> Vec<AssumptionEntry> {
        let filled = &mesh.snapshot.namespace_assumed;
        if filled.is_empty() {
            return Vec::new();
        }
        let workloads = self.workloads(mesh).map(|w| w.reference.clone());
        let services = self.services.iter().filter_map(|at| mesh.snapshot.services.get(*at));
        let applied = self.of_destinations(mesh).flat_map(|workload| mesh.applied(workload).policies);
        let policies = applied.filter_map(|index| match &mesh.policies.get(index)?.provenance {
            Provenance::Resource { reference, .. } => Some(reference.clone()),
            Provenance::Default => None,
        });
        let all: BTreeSet<ResourceRef> =
            workloads.chain(services.map(|service| service.reference.clone())).chain(policies).collect();
        let mut by_namespace: BTreeMap<&str, BTreeSet<ResourceRef>> = Default::default();
        for (object, namespace) in all.iter().filter_map(|object| Some((object, filled.get(object)?))) {
            by_namespace.entry(namespace).or_default().insert(object.clone());
        }
        let entries = by_namespace.into_iter().flat_map(|(namespace, objects)| {
            let mut entries = about(Code::NamespaceAssumed, &objects);
            for entry in &mut entries {
                entry.values = entry.values.clone().with("value", namespace);
            }
            entries
        });
        entries.collect()
    }
}

/// One entry for each subject, or one for so many.
fn about(code: Code, subjects: &BTreeSet<ResourceRef>) -> Vec<AssumptionEntry> {
    let entry = |subject: String| AssumptionEntry {
        code,
        values: Evidence::none().with("subject", &subject),
        subject: Some(subject),
    };
    if subjects.len() > MAX_SUBJECTS {
        return vec![entry(format!("{} objects", subjects.len()))];
    }
    subjects.iter().map(|subject| entry(subject.to_string())).collect()
}

fn waypoints_as_made<'a>(
    mesh: &'a Mesh<'_>,
    waypoints: &'a BTreeSet<ResourceRef>,
) -> impl Iterator<Item = AssumptionEntry> + 'a {
    let account = |gateway: &ResourceRef| mesh.account_of_unseen(gateway);
    let unseen = waypoints.iter().filter_map(move |gateway| Some((gateway, account(gateway)?)));
    unseen.map(|(gateway, account)| AssumptionEntry {
        code: Code::WaypointAssumed,
        subject: Some(gateway.to_string()),
        values: Evidence::none().with("subject", gateway).with("account", account),
    })
}

fn class_as_made(mesh: &Mesh<'_>, waypoints: &BTreeSet<ResourceRef>) -> Option<AssumptionEntry> {
    let waypoint = |gateway| mesh.snapshot.waypoint(gateway).is_some_and(|waypoint| waypoint.class_assumed);
    let assumed = waypoints.iter().any(waypoint);
    let code = Code::GatewayClassAssumed;
    assumed.then(|| AssumptionEntry { code, subject: None, values: Evidence::none() })
}
