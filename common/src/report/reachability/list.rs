//! Who reaches a target, and the matrix of all targets.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::codes::{Code, Evidence};
use crate::model::{PortRef, ResourceRef, WorkloadIndex};
use crate::policy::{
    Callers, Destination, Detail, Dialled, Mesh, Resolution, Target, Verdict, peers, refuses_plaintext,
};
use crate::report::Facts;

use super::row::{Row, Rows, settle};
use super::{Answer, Reachability, Way};

/// A target, and the port if one was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetQuestion {
    /// As we print it.
    pub name: String,
    /// What is asked about.
    pub target: Target,
    /// The port; without, every port worth a row.
    pub port: Option<PortRef>,
}

impl TargetQuestion {
    pub(super) fn ports(&self, mesh: &Mesh<'_>) -> Vec<Dialled> {
        match &self.port {
            Some(port) => vec![Dialled::Port(port.clone())],
            None => self.target.ports(mesh),
        }
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
    pub(super) fn touch(&self, facts: &mut Facts, resolution: &Resolution) {
        if let Target::Service(at) = &self.target {
            facts.service(*at);
        }
        if let Target::Address(address) = &self.target {
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

/// Who reaches a target.
#[must_use]
pub fn list(mesh: &Mesh<'_>, question: &TargetQuestion) -> Answer<Reachability> {
    let callers = Callers::new(mesh);
    let mut facts = Facts::default();
    facts.every_caller();
    let rows = rows(mesh, &callers, question, Detail::Each, &mut facts);
    let evidence = facts.evidence(mesh);
    let body = Reachability {
        target: Some(question.full_name()),
        direction: Way::From,
        rows,
        findings: evidence.findings.clone(),
    };
    Answer { body, evidence }
}

/// Who reaches each of these targets. Workloads of one owner that no answer tells apart are one target.
#[must_use]
pub fn matrix(mesh: &Mesh<'_>, workloads: &[WorkloadIndex]) -> Answer<Reachability> {
    let callers = Callers::new(mesh);
    let questions = by_owner(mesh, workloads);
    let answers: Vec<(Vec<Row>, Facts)> = questions
        .par_iter()
        .map(|question| {
            let mut facts = Facts::default();
            let mut rows = rows(mesh, &callers, question, Detail::Matrix, &mut facts);
            for row in &mut rows {
                row.target = Some(question.name.clone());
            }
            (rows, facts)
        })
        .collect();
    let mut facts = Facts::default();
    facts.every_caller();
    let mut rows = Vec::new();
    for (of_target, touched) in answers {
        rows.extend(of_target);
        facts.extend(&touched);
    }
    let evidence = facts.evidence(mesh);
    let body = Reachability { target: None, direction: Way::From, rows, findings: evidence.findings.clone() };
    Answer { body, evidence }
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

fn rows(
    mesh: &Mesh<'_>,
    callers: &Callers,
    question: &TargetQuestion,
    detail: Detail,
    facts: &mut Facts,
) -> Vec<Row> {
    let mut maker = Rows::new(mesh);
    let mut rows = Vec::new();
    for dialled in question.ports(mesh) {
        let resolution = question.target.resolve(mesh, &dialled);
        question.touch(facts, &resolution);
        let (answers, divided) = peers(mesh, callers, &question.target, &resolution, detail);
        if divided {
            facts.assume(Code::NoSourceNat, None, Evidence::none());
        }
        if refuses_plaintext(&answers) {
            facts.assume(Code::HostTrafficExempt, None, Evidence::none());
        }
        for answer in &answers {
            facts.decision(&answer.decision);
            rows.push(maker.row(maker.peer(answer), dialled.to_string(), &answer.decision));
        }
    }
    settle(rows)
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
