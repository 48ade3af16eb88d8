//! Callers, targets and ports of a page, and who gets which answer where.
//!
//! Ports of a target at which everyone gets the same are one column. A caller has one row on the page, whatever else
//! tells its answers apart: then a cell has several parts.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::render::picture::name_of;
use crate::render::ports::{Port, ports};
use crate::render::sentences;
use crate::report::reachability::{Class, Names, PeerEntry, Reachability, Row, Way};

use super::answers::Answers;
use super::data::harmless;

/// Who calls.
#[derive(Serialize)]
pub(super) struct SourceJson {
    name: String,
    ns: Option<String>,
    /// `identity`, `otherIdentities`, `noIdentity`, `outside`.
    kind: Class,
    identity: Option<String>,
    /// Ranges of workloads: first and last positions.
    w: Vec<usize>,
}

/// What is called.
#[derive(Serialize)]
pub(super) struct TargetJson {
    name: String,
    ns: Option<String>,
    ports: Vec<ColumnJson>,
}

/// Ports of a target where everyone gets the same.
#[derive(Serialize)]
struct ColumnJson {
    port: String,
    /// Answers, and the callers who get nothing else.
    a: Vec<(usize, Vec<usize>)>,
    /// Parts of callers: answer, caller, workloads, addresses.
    x: Vec<(usize, usize, Vec<usize>, Vec<String>)>,
    /// The answer of every identity that is not named here.
    rest: Option<usize>,
}

/// The matrix.
pub(super) struct Matrix {
    /// The names of workloads.
    pub(super) names: Vec<String>,
    /// Who calls.
    pub(super) sources: Vec<SourceJson>,
    /// Who is called.
    pub(super) targets: Vec<TargetJson>,
}

/// What makes a caller one row of the page.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key<'a> {
    class: Class,
    namespace: Option<&'a str>,
    identity: Option<&'a str>,
    /// Callers who were named stay apart.
    workloads: Option<&'a Names>,
    addresses: &'a [String],
}

impl<'a> Key<'a> {
    fn of(report: &'a Reachability, peer: &'a PeerEntry, asked: bool) -> Self {
        if report.direction == Way::To {
            let namespace = name_of(report.target.as_deref().unwrap_or_default()).0;
            return Self {
                class: Class::Identity,
                namespace,
                identity: None,
                workloads: None,
                addresses: &[],
            };
        }
        Self {
            class: peer.class,
            namespace: peer.namespace.as_deref().filter(|_| peer.class == Class::Identity),
            identity: peer.identity.as_deref(),
            workloads: asked.then_some(&peer.workloads),
            addresses: if asked { &peer.addresses } else { &[] },
        }
    }
}

/// Whether a row is about the identities that have none of their own.
fn is_rest(row: &Row) -> bool {
    row.peer.class == Class::Identity && row.peer.identity.is_none() && row.peer.identity_count > 0
}

struct Maker<'a> {
    report: &'a Reachability,
    asked: bool,
    numbers: FxHashMap<Key<'a>, usize>,
    /// Everything that runs as a caller.
    workloads: Vec<BTreeSet<&'a str>>,
    names: FxHashMap<&'a str, usize>,
}

impl Matrix {
    /// The matrix of a report; `asked`: of callers who were named.
    pub(super) fn of<'a>(report: &'a Reachability, asked: bool, answers: &mut Answers<'a>) -> Self {
        let mut callers: BTreeMap<Key<'a>, (&PeerEntry, BTreeSet<&str>)> = BTreeMap::new();
        let rows = report.rows.iter().filter(|row| !is_rest(row)).map(|row| &row.peer);
        for peer in rows.chain(&report.identities) {
            let entry =
                callers.entry(Key::of(report, peer, asked)).or_insert_with(|| (peer, BTreeSet::new()));
            if report.direction == Way::From {
                entry.1.extend(peer.workloads.iter().map(String::as_str));
            }
        }
        let names: BTreeSet<&str> = callers.values().flat_map(|(_, workloads)| workloads).copied().collect();
        let maker = Maker {
            report,
            asked,
            numbers: callers.keys().cloned().enumerate().map(|(at, key)| (key, at)).collect(),
            workloads: callers.values().map(|(_, workloads)| workloads.clone()).collect(),
            names: names.iter().enumerate().map(|(at, name)| (*name, at)).collect(),
        };
        let sources =
            callers.iter().map(|(key, (peer, workloads))| maker.source(key, peer, workloads)).collect();
        let targets = by_target(report);
        let targets = targets.into_iter().map(|(name, rows)| maker.target(name, &rows, answers)).collect();
        Self { names: names.into_iter().map(harmless).collect(), sources, targets }
    }
}

/// The rows of each target.
fn by_target(report: &Reachability) -> BTreeMap<&str, Vec<&Row>> {
    let asked = report.target.as_deref().unwrap_or_default();
    let mut all: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &report.rows {
        let name = match report.direction {
            Way::From => row.target.as_deref().unwrap_or(asked),
            Way::To => row.peer.workloads.first().map_or("", String::as_str),
        };
        all.entry(name).or_default().push(row);
    }
    all
}

impl<'a> Maker<'a> {
    fn source(&self, key: &Key<'a>, peer: &PeerEntry, workloads: &BTreeSet<&str>) -> SourceJson {
        let name = match (self.report.direction, self.asked, peer.workloads.is_empty()) {
            (Way::To, _, _) => harmless(self.report.target.as_deref().unwrap_or_default()),
            (Way::From, true, false) => {
                format!("{} ({})", sentences::peer(peer), harmless(&peer.workloads.join(", ")))
            }
            (Way::From, true, true) => sentences::peer(peer),
            (Way::From, false, _) => sentences::peer(&PeerEntry { addresses: Vec::new(), ..peer.clone() }),
        };
        SourceJson {
            name,
            ns: key.namespace.map(harmless),
            kind: key.class,
            identity: key.identity.map(harmless),
            w: self.ranges(workloads.iter().copied()),
        }
    }

    fn target(&self, name: &str, rows: &[&'a Row], answers: &mut Answers<'a>) -> TargetJson {
        let mut of_port: BTreeMap<Port, Vec<usize>> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            for port in ports(row) {
                of_port.entry(port).or_default().push(at);
            }
        }
        let mut columns: Vec<(Vec<Port>, Vec<usize>)> = Vec::new();
        for (port, at) in of_port {
            match columns.iter_mut().find(|(_, same)| *same == at) {
                Some((ports, _)) => ports.push(port),
                None => columns.push((vec![port], at)),
            }
        }
        let column = |(ports, at): (Vec<Port>, Vec<usize>)| {
            let rows = at.iter().filter_map(|at| rows.get(*at).copied());
            let ports: Vec<&str> = ports.iter().map(Port::as_str).collect();
            self.column(harmless(&ports.join(",")), rows, answers)
        };
        let ports = columns.into_iter().map(column).collect();
        TargetJson { name: harmless(name), ns: name_of(name).0.map(harmless), ports }
    }

    fn column(
        &self,
        port: String,
        rows: impl Iterator<Item = &'a Row>,
        answers: &mut Answers<'a>,
    ) -> ColumnJson {
        let mut column = ColumnJson { port, a: Vec::new(), x: Vec::new(), rest: None };
        let mut whole: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for row in rows {
            let answer = answers.number(row);
            if is_rest(row) {
                column.rest = Some(answer);
                continue;
            }
            let key = Key::of(self.report, &row.peer, self.asked);
            let Some(source) = self.numbers.get(&key).copied() else { continue };
            if self.is_whole(source, &row.peer) {
                whole.entry(answer).or_default().push(source);
            } else {
                let workloads = self.ranges(row.peer.workloads.iter().map(String::as_str));
                let addresses = row.peer.addresses.iter().map(|block| harmless(block)).collect();
                column.x.push((answer, source, workloads, addresses));
            }
        }
        column.a = whole.into_iter().collect();
        column
    }

    /// Whether a row is about all that a caller is.
    fn is_whole(&self, source: usize, peer: &PeerEntry) -> bool {
        let all = self.workloads.get(source);
        self.report.direction == Way::To
            || peer.addresses.is_empty()
                && all.is_some_and(|all| {
                    peer.workloads.iter().all(|name| all.contains(name.as_str()))
                        && all.len() == peer.workloads.len()
                })
    }

    /// Names as ranges of their positions: what is nearly everything is short.
    fn ranges<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<usize> {
        let mut positions: Vec<usize> = names.filter_map(|name| self.names.get(name).copied()).collect();
        positions.sort_unstable();
        let mut ranges: Vec<usize> = Vec::new();
        for at in positions {
            match ranges.last_mut() {
                Some(last) if *last + 1 == at => *last = at,
                _ => ranges.extend([at, at]),
            }
        }
        ranges
    }
}
