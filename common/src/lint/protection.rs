//! The workload that was forgotten: no policy is for it, while most of its neighbours have one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::codes::{Code, Evidence};
use crate::model::{Namespace, Protocol, ResourceRef, Workload, WorkloadIndex};
use crate::policy::ir::{Action, Authorization, Rule};
use crate::policy::{Mesh, Remark};

use super::survey::Survey;

/// Workloads that take connections and for which no AuthorizationPolicy is, in a namespace where more of them
/// have one than have not.
pub(super) fn unlike_its_neighbours(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for (namespace, workloads) in by_namespace(survey) {
        // A policy of its own may be among what could not be read.
        let unreadable =
            workloads.iter().any(|workload| !survey.mesh.applied(workload).unreadable.is_empty());
        let has = |wanted: Guard| {
            let guarded = workloads.iter().filter(|workload| guard(survey.mesh, workload) == wanted);
            guarded.copied().collect::<Vec<&Workload>>()
        };
        let count = |of: &[&Workload]| of.iter().map(|w| &w.owner).collect::<BTreeSet<&ResourceRef>>().len();
        let (protected, all) = (count(&has(Guard::Some)), count(&workloads));
        if unreadable
            || has_waypoints(survey, namespace)
            || !survey.is_complete(namespace)
            || 2 * protected <= all
        {
            continue;
        }
        let evidence =
            Evidence::none().with("namespace", namespace).with("protected", protected).with("count", all);
        let open = has(Guard::None).into_iter();
        let open: BTreeMap<&ResourceRef, &Workload> =
            open.map(|workload| (&workload.owner, workload)).collect();
        into.extend(open.into_iter().map(|(owner, workload)| Remark {
            subject: owner.clone(),
            ..Remark::on_workload(workload, Code::UnprotectedWorkload, evidence.clone())
        }));
    }
}

/// Whether policies for a waypoint may guard workloads of a namespace.
fn has_waypoints(survey: &Survey<'_>, namespace: &Namespace) -> bool {
    let in_reach = |of: &Namespace| of == namespace || survey.is_root(of);
    survey.policies().any(|policy| policy.spec.has_targets() && in_reach(&policy.namespace()))
}

/// The captured workloads that take connections.
fn by_namespace<'a>(survey: &Survey<'a>) -> BTreeMap<&'a Namespace, Vec<&'a Workload>> {
    let mut found: BTreeMap<&Namespace, Vec<&Workload>> = BTreeMap::new();
    for (index, workload) in survey.workloads() {
        if workload.is_captured() && !workload.is_unclear() && takes_connections(survey, index, workload) {
            found.entry(&workload.identity.namespace).or_default().push(workload);
        }
    }
    found
}

fn takes_connections(survey: &Survey<'_>, index: WorkloadIndex, workload: &Workload) -> bool {
    let declares = workload.ports.iter().any(|port| port.protocol == Protocol::Tcp);
    declares || !survey.services_of(index).is_empty()
}

/// Whether policies are for a workload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// One that may refuse something.
    Some,
    /// Only DENY policies whose rules never match, which is remarked on already.
    Dead,
    None,
}

pub(super) fn guard(mesh: &Mesh<'_>, workload: &Workload) -> Guard {
    let refuses = |policy: &&Arc<Authorization>| match policy.action {
        Action::Allow => true,
        Action::Deny => policy.rules.iter().any(Rule::may_match),
    };
    let applied = mesh.applied(workload).policies;
    let enforced = applied.into_iter().filter_map(|index| mesh.policies.get(index)).filter(|of| !of.dry_run);
    let enforced: Vec<&Arc<Authorization>> = enforced.collect();
    match enforced.iter().any(refuses) {
        true => Guard::Some,
        false if enforced.is_empty() => Guard::None,
        false => Guard::Dead,
    }
}
