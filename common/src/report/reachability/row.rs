//! One answer, as it is handed out.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::Serialize;

use crate::codes::Reason;
use crate::policy::{self, Condition, Gate, GateOutcome, Verdict};

mod make;
mod names;
mod owners;

pub(super) use make::{Rows, of_class, of_identity};
pub use names::Names;
pub(super) use owners::Owners;

/// The class of a peer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// An identity that something runs as, and that arrives.
    Identity,
    /// Any other identity.
    OtherIdentities,
    /// No identity, in the cluster.
    NoIdentity,
    /// No identity, no address of the cluster.
    Outside,
}

/// Who gets an answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerEntry {
    /// Its class.
    pub class: Class,
    /// The identity, or a pattern with `*` for a group of other identities; null for several, or for the rest.
    pub identity: Option<String>,
    /// The namespace of the identity, where it is one of this mesh's.
    pub namespace: Option<String>,
    /// The account of the identity, where it is one of this mesh's.
    pub service_account: Option<String>,
    /// The addresses that are meant, where rules tell addresses apart.
    pub addresses: Vec<String>,
    /// What a person deployed, of what is meant.
    pub workloads: Names,
    /// How many running identities the row stands for.
    pub identity_count: usize,
}

/// Who decided at a gate, in the words of whoever has to mend it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecidedBy {
    /// Which gate.
    pub gate: Gate,
    /// Why.
    pub reason: Reason,
    /// `namespace/name` of what a person wrote.
    pub policy: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
    /// The name that the data plane prints.
    pub enforced_as: Option<String>,
    /// The position in `spec.rules`, from 0.
    pub rule: Option<usize>,
    /// `file:line`
    pub location: Option<String>,
}

/// What a gate said.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct GateEntry {
    /// Which gate.
    pub gate: Gate,
    /// What it said.
    pub outcome: GateOutcome,
    /// `Kind/namespace/name` of the object that decided.
    pub by: Option<String>,
    /// The reason.
    pub detail: Reason,
}

/// One stretch of the way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Hop {
    /// From where: `source` or `waypoint`.
    pub hop: policy::Hop,
    /// What the gates said.
    pub gates: Vec<GateEntry>,
}

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// What is called, where rows are about several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who.
    pub peer: PeerEntry,
    /// The ports: numbers, or `*` for all others.
    pub port: String,
    /// What it comes down to.
    pub verdict: Verdict,
    /// On what it depends.
    pub conditions: Vec<Condition>,
    /// Who decided.
    pub decided_by: Option<DecidedBy>,
    /// The data plane's names of everything that by itself denies.
    pub matched: Vec<String>,
    /// Where no ALLOW policy lets in, alone or beside a DENY: those there are.
    pub candidates: Vec<String>,
    /// What every gate said.
    pub hops: Vec<Hop>,
}

/// Rows that differ in their ports only become one; then the order of the contract: allowed, conditional,
/// unknown, denied; the classes; the names.
pub(super) fn settle(rows: Vec<Row>) -> Vec<Row> {
    let ports: Vec<String> = rows.iter().map(|row| row.port.clone()).collect();
    settle_at(rows.into_iter().enumerate().map(|(at, row)| (row, vec![at])), &ports)
}

/// The same for rows that are about some of these ports, by their positions.
pub(super) fn settle_at(rows: impl Iterator<Item = (Row, Vec<usize>)>, ports: &[String]) -> Vec<Row> {
    let mut merged: Vec<(Row, Vec<usize>)> = Vec::with_capacity(rows.size_hint().0);
    let mut known: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for (row, at) in rows {
        let same = known.entry(hash(&row)).or_default();
        let found = same.iter().find(|at| merged.get(**at).is_some_and(|(known, _)| are_one(known, &row)));
        match found.and_then(|at| merged.get_mut(*at)) {
            Some((_, all)) => all.extend(at),
            None => {
                same.push(merged.len());
                merged.push((row, at));
            }
        }
    }
    let named = |(mut row, mut at): (Row, Vec<usize>)| {
        at.sort_unstable();
        let mut all: Vec<&str> = at.iter().filter_map(|at| ports.get(*at)).map(String::as_str).collect();
        all.dedup();
        row.port = all.join(",");
        row
    };
    let mut merged: Vec<Row> = merged.into_iter().map(named).collect();
    merged.sort_by(|a, b| order(a).cmp(&order(b)));
    merged
}

/// Whether two rows differ in their ports only.
fn are_one(a: &Row, b: &Row) -> bool {
    // Taken apart, so that a new field is not forgotten.
    let Row { target, peer, port: _, verdict, conditions, decided_by, matched, candidates, hops } = a;
    let named = matched.iter().chain(candidates);
    (target, verdict, conditions, decided_by, hops)
        == (&b.target, &b.verdict, &b.conditions, &b.decided_by, &b.hops)
        && *peer == b.peer
        && named.eq(b.matched.iter().chain(&b.candidates))
}

/// A number that such rows have in common.
fn hash(row: &Row) -> u64 {
    let peer = &row.peer;
    // Lists of names are long, and compared where the rest is equal.
    let who = (peer.class, &peer.identity, &peer.addresses, peer.workloads.len(), peer.workloads.first());
    FxBuildHasher.hash_one((&row.target, who, row.verdict, &row.decided_by))
}

type Order<'a> = (Option<&'a String>, Verdict, Option<&'a DecidedBy>, &'a PeerEntry, &'a String);

fn order(row: &Row) -> Order<'_> {
    // Denied ones stand together by what decided.
    let decided = row.decided_by.as_ref().filter(|_| row.verdict == Verdict::Denied);
    (row.target.as_ref(), row.verdict, decided, &row.peer, &row.port)
}
