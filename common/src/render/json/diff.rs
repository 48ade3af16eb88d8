//! What changed, in JSON and YAML.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::codes::Finding;
use crate::render::Listing;
use crate::report::reachability::{Cause, DiffRow, Difference, Effect, Gain, PeerEntry, Row};
use crate::report::{Envelope, SourceDescription};

use super::row::AnswerJson;
use super::{Head, Said, findings, head, write};

#[derive(Serialize)]
struct DiffJson<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    target: &'a Option<String>,
    against: &'a Option<SourceDescription>,
    gained: Vec<DiffRowJson<'a>>,
    lost: Vec<DiffRowJson<'a>>,
    changed: Vec<DiffRowJson<'a>>,
    findings: Vec<Said<'a, Finding>>,
}

/// A way that changed; `before` and `after` are the answers, null where caller or target is not there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiffRowJson<'a> {
    target: &'a str,
    peer: &'a PeerEntry,
    port: &'a str,
    effect: Effect,
    before: Option<AnswerJson<'a>>,
    after: Option<AnswerJson<'a>>,
    caused_by: &'a [Cause],
}

impl<'a> DiffRowJson<'a> {
    fn of(row: &'a DiffRow) -> Self {
        // Taken apart, so that a new field is not forgotten.
        let DiffRow { gain: _, effect, target, peer, port, before, after, caused_by } = row;
        let answer = |row: &'a Option<Row>| row.as_ref().map(AnswerJson::of);
        Self { target, peer, port, effect: *effect, before: answer(before), after: answer(after), caused_by }
    }
}

impl<'a> DiffJson<'a> {
    fn of(envelope: &'a Envelope<Difference>) -> Self {
        let body = &envelope.body;
        let rows = |gain: Gain| {
            body.rows.iter().filter(|row| row.gain == gain).map(DiffRowJson::of).collect::<Vec<_>>()
        };
        Self {
            head: head(envelope),
            target: &body.target,
            against: &body.against,
            gained: rows(Gain::Gained),
            lost: rows(Gain::Lost),
            changed: rows(Gain::Changed),
            findings: findings(&body.findings),
        }
    }
}

impl Listing for Difference {
    type Row = DiffRow;

    fn rows(&mut self) -> &mut Vec<DiffRow> {
        &mut self.rows
    }

    fn row(row: &DiffRow) -> serde_json::Result<Value> {
        serde_json::to_value(DiffRowJson::of(row))
    }

    fn whole(envelope: &Envelope<Self>) -> serde_json::Result<Value> {
        serde_json::to_value(DiffJson::of(envelope))
    }
}

/// The report in JSON, or in YAML.
pub(in crate::render) fn diff(
    out: &mut dyn Write,
    envelope: &Envelope<Difference>,
    yaml: bool,
) -> io::Result<()> {
    write(out, &DiffJson::of(envelope), yaml)
}
