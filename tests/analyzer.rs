//! np-guard's netpol-analyzer as an oracle: what it is asked about a generated mesh, how its answers are kept
//! (tests/oracle/README.md), and whether the engine gives the same.

use std::collections::{BTreeMap, BTreeSet};

use mesh_testkit::isolated::{self, Size};
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod engine;
mod program;
mod ranges;

pub use engine::{Judged, judge};
pub use program::{Failure, ask, write_mesh};
pub use ranges::Ranges;

/// Addresses outside of the cluster, on both sides of what blocks of the generator say; none is a pod's or a node's.
pub const ADDRESSES: [&str; 12] = [
    "8.8.8.8",
    "127.255.255.255",
    "128.0.0.0",
    "192.168.250.1",
    "198.51.100.6",
    "198.51.100.7",
    "198.51.103.255",
    "203.0.113.0",
    "203.0.113.4",
    "203.0.113.64",
    "203.0.113.127",
    "203.0.113.128",
];

/// The seeds whose answers are kept.
pub const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

/// A generated mesh, and what can be asked about it.
pub struct Subject {
    /// The seed that it was made from.
    pub seed: u64,
    /// Its objects.
    pub objects: Vec<Value>,
    /// Its pods, as `namespace/name`.
    pub pods: Vec<String>,
    /// Ports between which nothing changes: each number that the mesh names, and the one behind it.
    pub ports: Vec<u16>,
}

impl Subject {
    /// The mesh of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let objects = isolated::mesh(seed, Size::of(seed));
        let pods = objects
            .iter()
            .filter(|object| object.get("kind").is_some_and(|kind| kind == "Pod"))
            .map(name)
            .collect();
        let mut ports = BTreeSet::from([1]);
        objects.iter().for_each(|object| numbers(object, &mut ports));
        Self { seed, pods, ports: ports.into_iter().collect(), objects }
    }

    /// What the mesh is written as.
    #[must_use]
    pub fn text(&self) -> String {
        isolated::list(&self.objects)
    }

    /// Who may call, or be called: pods, then addresses.
    pub fn ends(&self) -> impl Iterator<Item = &str> {
        self.pods.iter().map(String::as_str).chain(ADDRESSES)
    }

    /// Everybody with everybody else, but for addresses among themselves.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_pod = |end: &str| end.contains('/');
        let pair = move |to| self.ends().map(move |from| (from, to));
        self.ends().flat_map(pair).filter(move |(from, to)| from != to && (is_pod(from) || is_pod(to)))
    }
}

fn name(pod: &Value) -> String {
    let field = |field: &str| pod.pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    format!("{}/{}", field("/metadata/namespace"), field("/metadata/name"))
}

/// Every number of a port, and its successor.
fn numbers(value: &Value, found: &mut BTreeSet<u16>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let is_port = ["port", "endPort", "start", "end", "containerPort"].contains(&field.as_str());
                let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
                match number.filter(|_| is_port) {
                    Some(number) => found.extend([Some(number), number.checked_add(1)].into_iter().flatten()),
                    None => numbers(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| numbers(item, found)),
        _ => {}
    }
}

/// What was answered about a mesh: the TCP ports that are let through, of each pair that has any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answers {
    /// The mesh.
    pub head: Head,
    /// By destination, then by ports: the sources.
    pub rows: Vec<Row>,
}

/// The first line: which mesh this is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Its seed.
    pub seed: u64,
    /// The fingerprint of its text.
    pub fingerprint: String,
}

/// Another line: who gets to a destination on these ports, and on no others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The destination.
    pub to: String,
    /// Ports, as `80,5000-5999`.
    pub tcp: Ranges,
    /// The sources.
    pub from: Vec<String>,
}

impl Answers {
    /// Of one answer for each pair and port, in the order of [`Subject::pairs`] and [`Subject::ports`].
    #[must_use]
    pub fn new(subject: &Subject, answers: &[bool]) -> Self {
        let mut rows: BTreeMap<(&str, Ranges), Vec<String>> = BTreeMap::new();
        for ((from, to), allowed) in subject.pairs().zip(answers.chunks(subject.ports.len())) {
            let ranges = Ranges::between(&subject.ports, allowed);
            if !ranges.is_empty() {
                rows.entry((to, ranges)).or_default().push(from.to_owned());
            }
        }
        let row = |((to, tcp), from): ((&str, Ranges), Vec<String>)| Row { to: to.to_owned(), tcp, from };
        let head = Head { seed: subject.seed, fingerprint: isolated::fingerprint(&subject.text()) };
        Self { head, rows: rows.into_iter().map(row).collect() }
    }

    /// As lines of JSON.
    ///
    /// # Errors
    /// When serde cannot write it.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let mut lines = vec![serde_json::to_string(&self.head)?];
        for row in &self.rows {
            lines.push(serde_json::to_string(row)?);
        }
        Ok(lines.join("\n") + "\n")
    }

    /// From lines of JSON.
    ///
    /// # Errors
    /// When that is not what they are.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        let mut lines = text.lines();
        let head = serde_json::from_str(lines.next().unwrap_or_default())?;
        let rows = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self { head, rows })
    }
}
