//! What the engine says to the same questions.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mesh_common::manifests;
use mesh_common::model::{PortRef, WorkloadIndex};
use mesh_common::policy::{Caller, Dialled, Mesh, Target, Verdict, evaluate};
use mesh_common::snapshot::{MeshSnapshot, SettingsOverride};
use mesh_testkit::isolated;

use super::{Answers, Ranges, Subject};

/// How many connections are judged alike, and the others.
#[derive(Default)]
pub struct Judged {
    /// How many were let through by both.
    pub allowed: usize,
    /// How many were refused by both.
    pub denied: usize,
    /// The others, each in a sentence.
    pub different: Vec<String>,
}

/// Compares the engine's verdicts with answers, for every pair and port.
///
/// # Panics
/// When the mesh cannot be read: a test that cannot run fails.
#[must_use]
pub fn judge(subject: &Subject, answers: &Answers) -> Judged {
    let text = subject.text();
    assert_eq!(answers.head.fingerprint, isolated::fingerprint(&text), "seed {}: another mesh", subject.seed);
    let objects = manifests::from_text("mesh.json", &text, &manifests::Options::default());
    assert_eq!(objects.gaps, [], "seed {}", subject.seed);
    let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
    let mesh = Mesh::new(&snapshot);
    let places = places(&snapshot);
    let expected = by_pair(answers);
    let nothing = Ranges::default();
    let mut judged = Judged::default();
    for (from, to) in subject.pairs() {
        let (Some(from_place), Some(to_place)) = (place(&places, from), place(&places, to)) else {
            judged.different.push(format!("seed {}: {from} or {to} is not in the mesh", subject.seed));
            continue;
        };
        let expected = expected.get(&(from, to)).copied().unwrap_or(&nothing);
        for port in &subject.ports {
            let resolution = to_place.target().resolve(&mesh, &Dialled::Port(PortRef::Number(*port)));
            let verdict = evaluate(&mesh, &from_place.caller(), &resolution).verdict();
            match (verdict, expected.contains(*port)) {
                (Verdict::Allowed, true) => judged.allowed += 1,
                (Verdict::Denied, false) => judged.denied += 1,
                (verdict, expected) => judged.different.push(format!(
                    "seed {}: {from} → {to}:{port} is {}, not {}",
                    subject.seed,
                    verdict.as_str(),
                    if expected { "allowed" } else { "denied" },
                )),
            }
        }
    }
    judged
}

#[derive(Clone, Copy)]
enum Place {
    Pod(WorkloadIndex),
    Address(IpAddr),
}

impl Place {
    fn caller(self) -> Caller {
        match self {
            Self::Pod(index) => Caller::Workload(index),
            Self::Address(address) => Caller::Address(address),
        }
    }

    fn target(self) -> Target {
        match self {
            Self::Pod(index) => Target::Workloads(vec![index]),
            Self::Address(address) => Target::Address(address),
        }
    }
}

fn places(snapshot: &MeshSnapshot) -> BTreeMap<String, WorkloadIndex> {
    let name = |index| Some((snapshot.workload(index)?.reference.key().clone(), index));
    snapshot.indexes().filter_map(name).map(|(name, index)| (name.to_string(), index)).collect()
}

fn place(places: &BTreeMap<String, WorkloadIndex>, end: &str) -> Option<Place> {
    let pod = places.get(end).copied().map(Place::Pod);
    pod.or_else(|| end.parse().ok().map(Place::Address))
}

fn by_pair(answers: &Answers) -> BTreeMap<(&str, &str), &Ranges> {
    let of = answers.rows.iter().flat_map(|row| row.from.iter().map(move |from| (row, from)));
    of.map(|(row, from)| ((from.as_str(), row.to.as_str()), &row.tcp)).collect()
}
