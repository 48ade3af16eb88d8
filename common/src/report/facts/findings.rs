//! What was found on the objects that an answer rests on.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::codes::Finding;
use crate::lint::{Asked, beside_answers};
use crate::model::{Namespace, Workload};
use crate::policy::{Mesh, Remark};
use crate::snapshot::Places;

use super::Facts;

impl Facts {
    /// Remarks on the policies that could apply to the destinations, on the destinations themselves, and on what
    /// stands in front of them.
    pub(super) fn findings(&self, mesh: &Mesh<'_>) -> (Vec<Finding>, usize) {
        let mut by_namespace: FxHashMap<&Namespace, Vec<&Workload>> = FxHashMap::default();
        // They are about what ztunnel makes of policies.
        for workload in self.of_destinations(mesh).filter(|workload| !workload.has_envoy()) {
            by_namespace.entry(&workload.identity.namespace).or_default().push(workload);
        }
        let remarks = mesh.policies.remarks.iter().filter(|remark| concerns(mesh, &by_namespace, remark));
        let callers = self.callers.iter().filter_map(|index| mesh.workload(*index));
        let of_callers = callers.flat_map(|workload| mesh.remarks_on_capture(workload));
        let own = self.of_destinations(mesh).flat_map(|workload| mesh.remarks_on(workload)).chain(of_callers);
        let asked = Asked { workloads: &self.destinations, services: &self.services };
        let found = beside_answers(mesh, asked);
        told(mesh, remarks.cloned().chain(own).chain(found).collect())
    }
}

/// Remarks as reports hold them, the worst first, and how many more their objects ask to be silent about.
pub(in crate::report) fn told(mesh: &Mesh<'_>, remarks: Vec<Remark>) -> (Vec<Finding>, usize) {
    let (ignored, mut remarks): (Vec<Remark>, Vec<Remark>) =
        remarks.into_iter().partition(|remark| remark.ignored);
    // One object's together: its text is then parsed once.
    remarks.sort_by_key(|remark| remark.origin);
    let mut places = Places::new(&mesh.snapshot.sources);
    let mut found: Vec<Finding> = remarks.iter().map(|remark| finding(&mut places, remark)).collect();
    found.sort_by(|a, b| (Reverse(a.severity), a).cmp(&(Reverse(b.severity), b)));
    found.dedup();
    (found, ignored.len())
}

/// Whether the object of a remark could apply to one of the destinations.
fn concerns(mesh: &Mesh<'_>, destinations: &FxHashMap<&Namespace, Vec<&Workload>>, remark: &Remark) -> bool {
    let Some(namespace) = &remark.subject.namespace else { return false };
    let selector = mesh.selector_of(&remark.subject);
    let selected = |workload: &&Workload| match selector {
        Some(Some(wanted)) => workload.labels.is_empty() || workload.labels.contains_all(wanted),
        Some(None) | None => true,
    };
    if *namespace == mesh.snapshot.settings.mesh.root_namespace {
        return destinations.values().flatten().any(selected);
    }
    destinations.get(namespace).is_some_and(|workloads| workloads.iter().any(selected))
}

/// A remark with its line.
fn finding(places: &mut Places<'_>, remark: &Remark) -> Finding {
    let location = places.locate(&remark.origin, &remark.path);
    Finding {
        code: remark.code,
        severity: remark.code.severity(),
        subject: remark.subject.to_string(),
        location: location.map(|l| format!("{}:{}", l.file, l.line)),
        evidence: remark.evidence.clone(),
    }
}
