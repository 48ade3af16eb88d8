//! The edges of an answer: each caller and what it gets to, with its ports.

use std::collections::{BTreeMap, BTreeSet};

use crate::render::ports::{Port, ports};
use crate::report::Verdict;
use crate::report::reachability::{Class, Reachability, Row, Way};

use super::ends::End;

/// Where this many identities at least, and more than half of all, get to a port, they are drawn as one.
const MANY_IDENTITIES: usize = 8;

/// Edges by their ends, and everything that has a node even without one.
#[derive(Debug, Default)]
pub(super) struct Edges {
    pub(super) ends: BTreeSet<End>,
    pub(super) all: BTreeMap<(End, End, Verdict), Said>,
}

/// What is said of an edge.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// On which ports.
    pub(super) ports: BTreeSet<Port>,
    /// Of how many identities, for how many ports.
    pub(super) notes: BTreeSet<String>,
    /// How many edges it stands for.
    pub(super) count: usize,
}

impl Said {
    /// More ports than this are told as a number.
    const MOST_PORTS: usize = 6;

    /// The text beside an edge.
    pub(super) fn label(&self, verdict: Verdict) -> String {
        let mut label = self.of_ports();
        let count = (self.count > 1).then(|| format!("{} edges", self.count));
        let verdict = (verdict != Verdict::Allowed).then(|| verdict.as_str().to_owned());
        for told in verdict.into_iter().chain(count).chain(self.notes.iter().cloned()) {
            label.push_str(", ");
            label.push_str(&told);
        }
        label
    }

    fn of_ports(&self) -> String {
        let (others, named): (Vec<&Port>, Vec<&Port>) = self.ports.iter().partition(|port| port.is_rest());
        let named: Vec<&str> = named.into_iter().map(Port::as_str).collect();
        let many = named.len() > Self::MOST_PORTS;
        let first = named.get(..Self::MOST_PORTS).filter(|_| many).unwrap_or(&named).join(", ");
        let more = if many { format!(" and {} more", named.len() - Self::MOST_PORTS) } else { String::new() };
        match (named.is_empty(), others.is_empty()) {
            (true, _) => "any port".to_owned(),
            (false, true) => format!("{first}{more}"),
            (false, false) => format!("{first}{more}, all others"),
        }
    }
}

impl Edges {
    /// The edges of a report.
    pub(super) fn of(report: &Reachability, asked: bool) -> Self {
        match report.direction {
            Way::From => Self::of_callers(report, asked),
            Way::To => Self::of_called(report),
        }
    }

    fn of_callers(report: &Reachability, asked: bool) -> Self {
        let mut edges = Self::default();
        for (name, rows) in by_target(report) {
            let target = End::object(name);
            edges.ends.insert(target.clone());
            let mut by_port: BTreeMap<Port, Vec<&Row>> = BTreeMap::new();
            for row in rows {
                if asked {
                    edges.ends.extend(End::peers(&row.peer));
                }
                for port in ports(row) {
                    by_port.entry(port).or_default().push(row);
                }
            }
            for (port, rows) in by_port {
                for (from, verdict, note) in callers(&rows, asked) {
                    edges.add(from, target.clone(), verdict, &port, note);
                }
            }
        }
        edges
    }

    fn of_called(report: &Reachability) -> Self {
        let mut edges = Self::default();
        let source = End::object(report.target.as_deref().unwrap_or_default());
        edges.ends.insert(source.clone());
        for row in &report.rows {
            for name in &row.peer.workloads {
                let target = End::object(name);
                edges.ends.insert(target.clone());
                if row.verdict != Verdict::Denied {
                    for port in ports(row) {
                        edges.add(source.clone(), target.clone(), row.verdict, &port, None);
                    }
                }
            }
        }
        edges
    }

    fn add(&mut self, from: End, to: End, verdict: Verdict, port: &Port, note: Option<String>) {
        self.ends.insert(from.clone());
        let said = self.all.entry((from, to, verdict)).or_default();
        said.ports.insert(port.clone());
        said.notes.extend(note);
        said.count = 1;
    }
}

fn by_target(report: &Reachability) -> BTreeMap<&str, Vec<&Row>> {
    let asked = report.target.as_deref().unwrap_or_default();
    let mut all: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &report.rows {
        all.entry(row.target.as_deref().unwrap_or(asked)).or_default().push(row);
    }
    if all.is_empty() && report.target.is_some() {
        all.insert(asked, Vec::new());
    }
    all
}

/// Who is not refused on one port of a target.
fn callers(rows: &[&Row], asked: bool) -> Vec<(End, Verdict, Option<String>)> {
    let open = || rows.iter().copied().filter(|row| row.verdict != Verdict::Denied);
    if !asked && let Some(verdict) = same_for_everyone(rows).filter(|verdict| *verdict != Verdict::Denied) {
        return vec![(End::class("everyone"), verdict, None)];
    }
    let all = count(rows.iter().copied());
    let mut found = Vec::new();
    for verdict in [Verdict::Allowed, Verdict::Conditional, Verdict::Unknown] {
        let of_verdict = || open().filter(move |row| row.verdict == verdict);
        let some = count(of_verdict());
        let stands_for_others = of_verdict().any(|row| row.peer.identity_count > 1);
        let is_one = !asked && (stands_for_others || (some >= MANY_IDENTITIES && some * 2 > all));
        if is_one {
            let note = format!("{some} of {all} identities");
            found.push((End::class("identities of the mesh"), verdict, Some(note)));
        }
        for row in of_verdict().filter(|row| !is_one || row.peer.class != Class::Identity) {
            found.extend(End::peers(&row.peer).into_iter().map(|end| (end, verdict, None)));
        }
    }
    found
}

/// The verdict that everyone gets: the lists of all four classes hold it.
fn same_for_everyone(rows: &[&Row]) -> Option<Verdict> {
    let has = |class| rows.iter().any(|row| row.peer.class == class);
    let first = rows.first()?.verdict;
    let is_whole = has(Class::NoIdentity) && has(Class::Outside);
    (is_whole && rows.iter().all(|row| row.verdict == first)).then_some(first)
}

/// How many identities rows are about.
fn count<'a>(rows: impl Iterator<Item = &'a Row>) -> usize {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let mut others = 0;
    for peer in rows.map(|row| &row.peer).filter(|peer| peer.class == Class::Identity) {
        match &peer.identity {
            Some(identity) => {
                named.insert(identity);
            }
            None => others += peer.identity_count,
        }
    }
    named.len() + others
}
