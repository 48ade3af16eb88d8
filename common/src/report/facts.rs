//! What an answer rests on: the objects of the question, and with them the assumptions, gaps and findings that
//! travel with it.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::codes::{Code, Evidence, Finding, Reason};
use crate::model::{DataPlane, Evidence as CaptureEvidence, Namespace, Readiness, ResourceRef};
use crate::model::{Workload, WorkloadIndex};
use crate::policy::ir::Provenance;
use crate::policy::{By, Decision, GateOutcome, Mesh, Remark};
use crate::snapshot::{Affects, Assumption, Gap, GapKind};

use super::evidence::{AssumptionEntry, Evidenced, GapEntry};

/// More subjects than this are told as a number.
const MAX_SUBJECTS: usize = 5;

/// What a question and its answers touched.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    destinations: BTreeSet<WorkloadIndex>,
    callers: BTreeSet<WorkloadIndex>,
    all_callers: bool,
    services: BTreeSet<usize>,
    objects: BTreeSet<(Code, ResourceRef)>,
    extra: BTreeSet<AssumptionEntry>,
    extra_gaps: BTreeSet<GapEntry>,
}

impl Facts {
    /// A workload that was asked about.
    pub fn destination(&mut self, index: WorkloadIndex) {
        self.destinations.insert(index);
    }

    /// A workload that calls.
    pub fn caller(&mut self, index: WorkloadIndex) {
        self.callers.insert(index);
    }

    /// Whoever may call was asked about.
    pub fn every_caller(&mut self) {
        self.all_callers = true;
    }

    /// A Service that was addressed.
    pub fn service(&mut self, at: usize) {
        self.services.insert(at);
    }

    /// Something that was assumed on the way.
    pub fn assume(&mut self, code: Code, subject: Option<String>, values: Evidence) {
        self.extra.insert(AssumptionEntry { code, subject, values });
    }

    /// Something that was missing on the way.
    pub fn miss(&mut self, gap: GapEntry) {
        self.extra_gaps.insert(gap);
    }

    /// What an answer could not judge.
    pub fn decision(&mut self, decision: &Decision) {
        for judgement in decision.gates.iter().filter(|judgement| judgement.outcome == GateOutcome::Unknown) {
            let code = match judgement.reason {
                Reason::NetworkPolicyNotJudged => Code::NetworkPolicyNotJudged,
                Reason::WaypointNotJudged => Code::WaypointNotJudged,
                Reason::SidecarNotJudged => Code::SidecarNotJudged,
                _ => continue,
            };
            if let Some(By::Object(object)) = &judgement.by {
                let other = code == Code::NetworkPolicyNotJudged && object.kind.wire() != "NetworkPolicy";
                self.objects.insert((if other { Code::KindNotJudged } else { code }, object.clone()));
            }
        }
    }

    /// Adds what another question touched.
    pub fn extend(&mut self, other: &Self) {
        self.destinations.extend(&other.destinations);
        self.callers.extend(&other.callers);
        self.all_callers |= other.all_callers;
        self.services.extend(&other.services);
        self.objects.extend(other.objects.iter().cloned());
        self.extra.extend(other.extra.iter().cloned());
        self.extra_gaps.extend(other.extra_gaps.iter().cloned());
    }

    /// What travels with the answers.
    #[must_use]
    pub fn evidence(&self, mesh: &Mesh<'_>) -> Evidenced {
        let (gaps, elsewhere) = self.gaps(mesh);
        let (findings, ignored) = self.findings(mesh);
        Evidenced { assumptions: self.assumptions(mesh), gaps, elsewhere, findings, ignored }
    }

    fn workloads<'a>(&'a self, mesh: &'a Mesh<'_>) -> impl Iterator<Item = &'a Workload> {
        let callers: Box<dyn Iterator<Item = WorkloadIndex>> = if self.all_callers {
            Box::new(mesh.snapshot.indexes())
        } else {
            Box::new(self.callers.iter().copied())
        };
        let destinations = self.destinations.iter().copied();
        destinations.chain(callers).filter_map(|index| mesh.workload(index))
    }

    fn of_destinations<'a>(&'a self, mesh: &'a Mesh<'_>) -> impl Iterator<Item = &'a Workload> {
        self.destinations.iter().filter_map(|index| mesh.workload(*index))
    }

    fn assumptions(&self, mesh: &Mesh<'_>) -> Vec<AssumptionEntry> {
        let snapshot = mesh.snapshot;
        let mut found: BTreeSet<AssumptionEntry> = self.extra.clone();
        found.extend(snapshot.assumptions.iter().map(AssumptionEntry::of));
        let intended = |w: &&Workload| {
            w.capture.evidence == CaptureEvidence::Intent && w.capture.data_plane != DataPlane::None
        };
        let enrolled = self.workloads(mesh).filter(intended).map(|w| w.owner.clone());
        found.extend(about(Code::EnrolledAsLabelled, enrolled.collect()));
        if !self.services.is_empty() {
            let assumed = self.of_destinations(mesh).filter(|w| w.readiness == Readiness::Assumed);
            found.extend(about(Code::ReadyAsWritten, assumed.map(|w| w.owner.clone()).collect()));
        }
        let unread = |w: &&Workload| {
            let namespace = w.identity.namespace.as_str();
            w.capture.evidence == CaptureEvidence::Intent && snapshot.namespace_labels(namespace).is_none()
        };
        let namespaces: BTreeSet<Namespace> =
            self.workloads(mesh).filter(unread).map(|w| w.identity.namespace.clone()).collect();
        found.extend(namespaces.into_iter().map(|namespace| AssumptionEntry {
            code: Code::NamespaceNotRead,
            subject: Some(format!("ns/{namespace}")),
            values: Evidence::none(),
        }));
        found.extend(
            self.services.iter().filter_map(|at| snapshot.services.get(*at)).filter(|s| s.local_only).map(
                |service| {
                    let assumption =
                        Assumption::about(Code::EndpointOfCallersNode, &service.reference, Evidence::none());
                    AssumptionEntry::of(&assumption)
                },
            ),
        );
        found.extend(self.filled_namespaces(mesh));
        found.into_iter().collect()
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
        let mut by_namespace: std::collections::BTreeMap<&str, BTreeSet<ResourceRef>> = Default::default();
        for (object, namespace) in all.iter().filter_map(|object| Some((object, filled.get(object)?))) {
            by_namespace.entry(namespace).or_default().insert(object.clone());
        }
        let entries = by_namespace.into_iter().flat_map(|(namespace, objects)| {
            let mut entries = about(Code::NamespaceAssumed, objects);
            for entry in &mut entries {
                entry.values = entry.values.clone().with("value", namespace);
            }
            entries
        });
        entries.collect()
    }

    /// What could change the answer, and what could not.
    fn gaps(&self, mesh: &Mesh<'_>) -> (Vec<GapEntry>, Vec<GapEntry>) {
        let destinations: FxHashSet<&Namespace> =
            self.of_destinations(mesh).map(|w| &w.identity.namespace).collect();
        let ends: FxHashSet<&Namespace> = self.workloads(mesh).map(|w| &w.identity.namespace).collect();
        let touches = |gap: &&Gap| match &gap.affects {
            Affects::Everything => true,
            Affects::Policies(namespace) => destinations.contains(namespace),
            Affects::Workloads(namespace) => self.all_callers || ends.contains(namespace),
            Affects::Nothing => false,
        };
        let (here, elsewhere): (Vec<&Gap>, Vec<&Gap>) = mesh.snapshot.gaps.iter().partition(touches);
        let mut here: BTreeSet<GapEntry> = here.into_iter().map(GapEntry::of).collect();
        here.extend(self.extra_gaps.iter().cloned());
        here.extend(self.objects.iter().map(|(code, object)| {
            let subject = object.to_string();
            GapEntry::of(&Gap {
                code: *code,
                kind: GapKind::Unsupported,
                location: None,
                affects: Affects::of(&object.kind, object.namespace.clone()),
                evidence: Evidence::none().with("subject", &subject),
                subject,
            })
        }));
        let elsewhere: BTreeSet<GapEntry> = elsewhere.into_iter().map(GapEntry::of).collect();
        (here.into_iter().collect(), elsewhere.into_iter().collect())
    }

    /// Remarks on the policies that could apply to the destinations, and on the destinations themselves.
    fn findings(&self, mesh: &Mesh<'_>) -> (Vec<Finding>, usize) {
        let mut by_namespace: FxHashMap<&Namespace, Vec<&Workload>> = FxHashMap::default();
        for workload in self.of_destinations(mesh) {
            by_namespace.entry(&workload.identity.namespace).or_default().push(workload);
        }
        let remarks = mesh.policies.remarks.iter().filter(|remark| concerns(mesh, &by_namespace, remark));
        let own = self.of_destinations(mesh).flat_map(|workload| mesh.remarks_on(workload));
        let mut ignored = 0;
        let mut found: Vec<Finding> = Vec::new();
        for remark in remarks.cloned().chain(own) {
            if remark.ignored {
                ignored += 1;
            } else {
                found.push(finding(mesh, &remark));
            }
        }
        found.sort_by(|a, b| (std::cmp::Reverse(a.severity), a).cmp(&(std::cmp::Reverse(b.severity), b)));
        found.dedup();
        (found, ignored)
    }
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

/// One entry for each subject, or one for so many.
fn about(code: Code, subjects: BTreeSet<ResourceRef>) -> Vec<AssumptionEntry> {
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

/// A remark with its line.
fn finding(mesh: &Mesh<'_>, remark: &Remark) -> Finding {
    let location = mesh.snapshot.sources.locate(&remark.origin, &remark.path);
    let subject = match &remark.subject.namespace {
        Some(namespace) => format!("{}/{namespace}/{}", remark.subject.kind.wire(), remark.subject.name),
        None => format!("{}/{}", remark.subject.kind.wire(), remark.subject.name),
    };
    Finding {
        code: remark.code,
        severity: remark.code.severity(),
        subject,
        location: location.map(|l| format!("{}:{}", l.file, l.line)),
        evidence: remark.evidence.clone(),
    }
}
