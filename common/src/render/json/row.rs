//! Answers in JSON: every field, whatever is in it.

use serde::Serialize;

use crate::report::reachability::{CheckResult, DecidedBy, Hop, PeerEntry, Row};
use crate::report::{AssumptionEntry, GapEntry};
use crate::report::{Condition, Verdict};

use super::{Said, assumptions, gaps};

/// A row of a list, of a matrix or about a caller: outside of a matrix no target is its own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowJson<'a> {
    target: &'a Option<String>,
    #[serde(flatten)]
    answer: AnswerJson<'a>,
}

impl<'a> RowJson<'a> {
    pub(super) fn of(row: &'a Row) -> Self {
        Self { target: &row.target, answer: AnswerJson::of(row) }
    }
}

/// What became of an expectation; `to` is its target.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultJson<'a> {
    index: usize,
    pair: usize,
    name: &'a Option<String>,
    from: &'a str,
    to: &'a str,
    expect: Option<Verdict>,
    passed: Option<bool>,
    #[serde(flatten)]
    answer: AnswerJson<'a>,
    assumptions: Vec<Said<'a, AssumptionEntry>>,
    gaps: Vec<Said<'a, GapEntry>>,
}

impl<'a> ResultJson<'a> {
    pub(super) fn of(result: &'a CheckResult) -> Self {
        Self {
            index: result.index,
            pair: result.pair,
            name: &result.name,
            from: &result.from,
            to: &result.to,
            expect: result.expect,
            passed: result.passed,
            answer: AnswerJson::of(&result.row),
            assumptions: assumptions(&result.assumptions),
            gaps: gaps(&result.gaps),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnswerJson<'a> {
    peer: &'a PeerEntry,
    port: &'a str,
    verdict: Verdict,
    conditions: &'a [Condition],
    decided_by: &'a Option<DecidedBy>,
    matched: &'a [String],
    candidates: &'a [String],
    hops: &'a [Hop],
}

impl<'a> AnswerJson<'a> {
    pub(super) fn of(row: &'a Row) -> Self {
        // Taken apart, so that a new field is not forgotten.
        let Row { target: _, peer, port, verdict, conditions, decided_by, matched, candidates, hops } = row;
        Self { peer, port, verdict: *verdict, conditions, decided_by, matched, candidates, hops }
    }
}
