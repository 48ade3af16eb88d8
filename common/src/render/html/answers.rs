//! The answers of a page, each once: many peers and targets share one.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::render::reachability::gates;
use crate::render::sentences;
use crate::report::reachability::{DecidedBy, GateEntry, Hop, Row};
use crate::report::{Condition, Verdict};

use super::data::harmless;

/// An answer.
#[derive(Serialize)]
pub(super) struct AnswerJson {
    v: Verdict,
    /// Who decided.
    by: String,
    place: Option<String>,
    conditions: Vec<String>,
    /// Everything else that has to be mended.
    also: Vec<String>,
    /// The objects that it names, as `Kind/namespace/name`.
    objects: Vec<String>,
    hops: Vec<HopJson>,
}

#[derive(Serialize)]
struct HopJson {
    hop: &'static str,
    gates: Vec<usize>,
}

/// What a gate said: which, how, in words.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub(super) struct LineJson(&'static str, &'static str, String);

/// What must be equal for two rows to have the same answer.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    verdict: Verdict,
    conditions: &'a [Condition],
    decided_by: Option<&'a DecidedBy>,
    matched: &'a [String],
    candidates: &'a [String],
    hops: &'a [Hop],
}

/// The answers so far.
#[derive(Default)]
pub(super) struct Answers<'a> {
    known: FxHashMap<Key<'a>, usize>,
    answers: Vec<AnswerJson>,
    known_lines: FxHashMap<LineJson, usize>,
    lines: Vec<LineJson>,
}

impl<'a> Answers<'a> {
    /// The number of a row's answer.
    pub(super) fn number(&mut self, row: &'a Row) -> usize {
        let key = Key {
            verdict: row.verdict,
            conditions: &row.conditions,
            decided_by: row.decided_by.as_ref(),
            matched: &row.matched,
            candidates: &row.candidates,
            hops: &row.hops,
        };
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let answer = self.answer(row);
        self.answers.push(answer);
        self.known.insert(key, self.answers.len() - 1);
        self.answers.len() - 1
    }

    /// All of them, and what gates said in them.
    pub(super) fn done(self) -> (Vec<AnswerJson>, Vec<LineJson>) {
        (self.answers, self.lines)
    }

    fn answer(&mut self, row: &Row) -> AnswerJson {
        let hops = row.hops.iter().map(|hop| HopJson {
            hop: hop.hop.as_str(),
            gates: hop.gates.iter().map(|gate| self.line(&gates::said(row, hop, gate), gate)).collect(),
        });
        AnswerJson {
            v: row.verdict,
            hops: hops.collect(),
            by: sentences::decided_by(row),
            place: row.decided_by.as_ref().and_then(|by| by.location.as_deref()).map(harmless),
            conditions: gates::conditions(row).iter().map(|condition| harmless(condition)).collect(),
            also: gates::also(row).iter().map(|text| harmless(text)).collect(),
            objects: objects(row),
        }
    }

    fn line(&mut self, said: &str, gate: &GateEntry) -> usize {
        let line = LineJson(gate.gate.as_str(), gate.outcome.as_str(), harmless(said));
        if let Some(known) = self.known_lines.get(&line) {
            return *known;
        }
        self.lines.push(line.clone());
        self.known_lines.insert(line, self.lines.len() - 1);
        self.lines.len() - 1
    }
}

/// What decided, whatever else gates name, and the policies that deny or do not let in.
fn objects(row: &Row) -> Vec<String> {
    let decider =
        row.decided_by.as_ref().and_then(|by| Some(format!("{}/{}", by.kind.as_ref()?, by.policy.as_ref()?)));
    let gates = row.hops.iter().flat_map(|hop| &hop.gates).filter_map(|gate| gate.by.clone());
    let policies =
        row.matched.iter().chain(&row.candidates).map(|name| format!("AuthorizationPolicy/{name}"));
    let mut all: Vec<String> =
        decider.into_iter().chain(gates).chain(policies).map(|of| harmless(&of)).collect();
    all.sort();
    all.dedup();
    all
}
