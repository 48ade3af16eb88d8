//! Who reaches a target, and the matrix of all targets.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::codes::{Code, Evidence};
use crate::model::{ResourceRef, WorkloadIndex};
use crate::policy::{
    Callers, Destination, Detail, Dialled, Mesh, PeerAnswer, PeerClass, Resolution, Target, Verdict, peers,
    refuses_plaintext,
};
use crate::report::Facts;
use crate::snapshot::{Backend, Service};

use super::question::TargetQuestion;
use super::row::{Class, Owners, PeerEntry, Row, Rows, of_identity, settle_at};
use super::{Answer, Reachability, Way};

#[cfg(test)]
mod tests;

impl TargetQuestion {
    pub(super) fn ports(&self, mesh: &Mesh<'_>) -> Vec<Dialled> {
        match &self.port {
            Some(port) => vec![Dialled::Port(port.clone())],
            None => self.target.ports(mesh),
        }
    }

    /// One question for each thing that a person deployed, where the target stands for several.
    pub(super) fn each(&self, mesh: &Mesh<'_>) -> Vec<TargetQuestion> {
        let Target::Workloads(workloads) = &self.target else { return Vec::new() };
        let mut each = by_owner(mesh, workloads);
        if each.len() > 1 || self.name.starts_with("ns/") {
            each.extend(of_services(mesh, workloads));
        }
        for question in &mut each {
            question.port.clone_from(&self.port);
        }
        each
    }

    /// The name with the port, as it was asked.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.port {
            Some(port) => format!("{}:{port}", self.name),
            None => self.name.clone(),
        }
    }

    /// Notes what the question touches.
    pub(super) fn touch(&self, mesh: &Mesh<'_>, facts: &mut Facts, resolution: &Resolution) {
        if let Target::Service(at) = &self.target {
            facts.service(*at);
        }
        if let Target::Address(address) = &self.target
            && mesh.snapshot.entry_at(*address).is_none()
        {
            let subject = format!("ip/{address}");
            facts.assume(
                Code::AddressUnknown,
                Some(subject.clone()),
                Evidence::none().with("subject", subject),
            );
        }
        if let Target::Workloads(workloads) = &self.target {
            workloads.iter().for_each(|index| facts.destination(*index));
        }
        if let Resolution::Destinations(destinations) = resolution {
            destinations.iter().filter_map(Destination::workload).for_each(|index| facts.destination(index));
        }
    }
}

/// A matrix of more pairs of identity and target than this puts the identities with the most common answer at a
/// target into one row: it would grow with the pairs.
const MOST_PAIRS: usize = 100_000;

/// Who reaches a target. What stands for several things that people deployed (a namespace, an account) has rows
/// for each of them.
#[must_use]
pub fn list(mesh: &Mesh<'_>, question: &TargetQuestion) -> Answer<Reachability> {
    let each = question.each(mesh);
    let (rows, facts) = if each.len() > 1 {
        of_all(mesh, &each)
    } else {
        let mut facts = Facts::default();
        let callers = (&Callers::new(mesh), &Owners::new(mesh));
        (rows(mesh, callers, question, Detail::Each, &mut facts), facts)
    };
    answer(mesh, Some(question.full_name()), rows, facts)
}

/// Who reaches each of these targets. Workloads of one owner that no answer tells apart are one target.
#[must_use]
pub fn matrix(mesh: &Mesh<'_>, workloads: &[WorkloadIndex]) -> Answer<Reachability> {
    let (rows, facts) = of_all(mesh, &targets(mesh, workloads));
    answer(mesh, None, rows, facts)
}

fn answer(mesh: &Mesh<'_>, target: Option<String>, listed: Listed, mut facts: Facts) -> Answer<Reachability> {
    facts.every_caller();
    let evidence = facts.evidence(mesh);
    let Listed { rows, leaves_out_workloads } = listed;
    let stands_for_others = |row: &Row| row.peer.class == Class::Identity && row.peer.identity.is_none();
    let identities = if rows.iter().any(stands_for_others) { arriving(mesh) } else { Vec::new() };
    let findings = evidence.findings.clone();
    let direction = Way::From;
    let body = Reachability { target, direction, rows, identities, leaves_out_workloads, findings };
    Answer { body, evidence }
}

/// Every identity that arrives, with what a person deployed of what runs as it.
fn arriving(mesh: &Mesh<'_>) -> Vec<PeerEntry> {
    let maker = Rows::new(mesh);
    let callers = Callers::new(mesh);
    let entry = |(row, workloads): (usize, Vec<WorkloadIndex>)| {
        let identity = mesh.identities().get(row)?;
        let workloads = maker.owners(&workloads);
        Some(PeerEntry { workloads, ..of_identity(Class::Identity, identity) })
    };
    callers.arriving().filter_map(entry).collect()
}

/// The rows of several targets, each with the name of its own.
fn of_all(mesh: &Mesh<'_>, questions: &[TargetQuestion]) -> (Listed, Facts) {
    let callers = Callers::new(mesh);
    let owners = Owners::new(mesh);
    let senders = mesh.identities().len().max(mesh.network.class_count());
    let pairs = senders.saturating_mul(questions.len());
    let detail = if pairs > MOST_PAIRS { Detail::Matrix } else { Detail::Each };
    let answers: Vec<(Listed, Facts)> = questions
        .par_iter()
        .map(|question| {
            let mut facts = Facts::default();
            let mut listed = rows(mesh, (&callers, &owners), question, detail, &mut facts);
            for row in &mut listed.rows {
                row.target = Some(question.name.clone());
            }
            (listed, facts)
        })
        .collect();
    let mut facts = Facts::default();
    let mut all = Listed::default();
    for (of_target, touched) in answers {
        all.rows.extend(of_target.rows);
        all.leaves_out_workloads |= of_target.leaves_out_workloads;
        facts.extend(&touched);
    }
    (all, facts)
}

/// One question for each thing that a person deployed, in the order of the names.
pub(super) fn by_owner(mesh: &Mesh<'_>, workloads: &[WorkloadIndex]) -> Vec<TargetQuestion> {
    let mut owned: FxHashMap<&ResourceRef, Vec<WorkloadIndex>> = FxHashMap::default();
    for index in workloads {
        if let Some(workload) = mesh.workload(*index) {
            owned.entry(&workload.owner).or_default().push(*index);
        }
    }
    let mut questions: Vec<TargetQuestion> = owned
        .into_iter()
        .map(|(owner, workloads)| TargetQuestion {
            name: owner.to_string(),
            target: Target::Workloads(workloads),
            port: None,
        })
        .collect();
    questions.sort_by(|a, b| a.name.cmp(&b.name));
    questions
}

/// The same, and the Services in front of these workloads whose addresses get something else than the pods.
pub(super) fn targets(mesh: &Mesh<'_>, workloads: &[WorkloadIndex]) -> Vec<TargetQuestion> {
    let mut all = by_owner(mesh, workloads);
    all.extend(of_services(mesh, workloads));
    all
}

fn of_services(mesh: &Mesh<'_>, workloads: &[WorkloadIndex]) -> Vec<TargetQuestion> {
    let wanted: FxHashSet<WorkloadIndex> = workloads.iter().copied().collect();
    let stands_before = |service: &Service| {
        let mut backends = service.backends.iter();
        backends.any(|of| matches!(of, Backend::Workload { index, .. } if wanted.contains(index)))
    };
    let services = mesh.snapshot.services.iter().enumerate();
    let found = services.filter(|(_, service)| stands_before(service) && mesh.is_own_target(service));
    found.map(|(at, service)| of_service(at, service)).collect()
}

/// The question about a Service, by its position.
pub(super) fn of_service(at: usize, service: &Service) -> TargetQuestion {
    TargetQuestion { name: service.reference.to_string(), target: Target::Service(at), port: None }
}

fn rows(
    mesh: &Mesh<'_>,
    (callers, owners): (&Callers, &Owners),
    question: &TargetQuestion,
    detail: Detail,
    facts: &mut Facts,
) -> Listed {
    let ports = question.ports(mesh);
    // What several ports have in common is one row before it has names.
    let mut known: FxHashMap<PeerAnswer, (usize, Vec<usize>)> = FxHashMap::default();
    for (at, dialled) in ports.iter().enumerate() {
        for answer in answers(mesh, callers, question, dialled, detail, facts).1 {
            let next = known.len();
            known.entry(answer).or_insert_with(|| (next, Vec::new())).1.push(at);
        }
    }
    let mut all: Vec<(PeerAnswer, (usize, Vec<usize>))> = known.into_iter().collect();
    all.sort_unstable_by_key(|(_, (first, _))| *first);
    let stands_for_many = |answer: &PeerAnswer| {
        answer.class == PeerClass::EachOtherWithoutIdentity && answer.decision.verdict() == Verdict::Allowed
    };
    let leaves_out_workloads = all.iter().any(|(answer, _)| stands_for_many(answer));
    let mut maker = Rows::sharing(mesh, owners);
    let row = |(answer, (_, at)): (PeerAnswer, (usize, Vec<usize>))| {
        (maker.row(maker.peer(&answer), String::new(), &answer.decision), at)
    };
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    Listed { rows: settle_at(all.into_iter().map(row), &ports), leaves_out_workloads }
}

/// Rows, and whether some that get in stand for workloads without an identity that none of them names.
#[derive(Default)]
struct Listed {
    rows: Vec<Row>,
    leaves_out_workloads: bool,
}

/// Where a port of a target leads, and what every peer gets there.
pub(super) fn answers(
    mesh: &Mesh<'_>,
    callers: &Callers,
    question: &TargetQuestion,
    dialled: &Dialled,
    detail: Detail,
    facts: &mut Facts,
) -> (Resolution, Vec<PeerAnswer>) {
    let resolution = question.target.resolve(mesh, dialled);
    question.touch(mesh, facts, &resolution);
    let (answers, divided) = peers(mesh, callers, &question.target, &resolution, detail);
    if divided {
        facts.assume(Code::NoSourceNat, None, Evidence::none());
    }
    if refuses_plaintext(&answers) {
        facts.assume(Code::HostTrafficExempt, None, Evidence::none());
    }
    answers.iter().for_each(|answer| facts.decision(&answer.decision));
    (resolution, answers)
}

impl Reachability {
    /// Whether every answer is certain.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.verdict, Verdict::Allowed | Verdict::Denied))
    }

    /// Whether an asked connection is refused.
    #[must_use]
    pub fn any_denied(&self) -> bool {
        self.rows.iter().any(|row| row.verdict == Verdict::Denied)
    }
}
