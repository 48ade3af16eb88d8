//! JSON and YAML: the report as it is, with the sentences of the code table beside each code.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::codes::{Code, Evidence, Finding};
use crate::report::reachability::{CheckResult, Reachability, ReachabilityCheck, Row, Way};
use crate::report::{AssumptionEntry, Envelope, GapEntry, Metadata};

use super::output::Listing;
use super::sentences;

mod diff;
mod identities;
mod indented;
mod row;
mod rows;
#[cfg(test)]
mod tests;

pub(super) use diff::diff;
pub(super) use identities::identities;
use row::{ResultJson, RowJson};

/// An entry and what the code table says of it.
#[derive(Serialize)]
struct Said<'a, T> {
    #[serde(flatten)]
    entry: &'a T,
    message: String,
    hint: String,
}

fn said<'a, T>(entry: &'a T, code: Code, evidence: &Evidence) -> Said<'a, T> {
    Said { message: code.message(evidence), hint: code.hint(evidence), entry }
}

fn assumptions(entries: &[AssumptionEntry]) -> Vec<Said<'_, AssumptionEntry>> {
    let say =
        |entry| Said { message: sentences::assumption(entry), ..said(entry, entry.code, &entry.values) };
    entries.iter().map(say).collect()
}

fn gaps(entries: &[GapEntry]) -> Vec<Said<'_, GapEntry>> {
    entries.iter().map(|entry| said(entry, entry.code, &entry.evidence)).collect()
}

fn findings(findings: &[Finding]) -> Vec<Said<'_, Finding>> {
    findings.iter().map(|finding| said(finding, finding.code, &finding.evidence)).collect()
}

/// What every report begins with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: &'a Metadata,
    assumptions: Vec<Said<'a, AssumptionEntry>>,
    gaps: Vec<Said<'a, GapEntry>>,
}

fn head<T>(envelope: &Envelope<T>) -> Head<'_> {
    Head {
        api_version: envelope.api_version,
        kind: envelope.kind,
        metadata: &envelope.metadata,
        assumptions: assumptions(&envelope.assumptions),
        gaps: gaps(&envelope.gaps),
    }
}

#[derive(Serialize)]
struct ReachabilityJson<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    target: &'a Option<String>,
    direction: Way,
    rows: Vec<RowJson<'a>>,
    findings: Vec<Said<'a, Finding>>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    results: Vec<ResultJson<'a>>,
    findings: Vec<Said<'a, Finding>>,
}

impl<'a> ReachabilityJson<'a> {
    fn of(envelope: &'a Envelope<Reachability>) -> Self {
        let rows = envelope.body.rows.iter().map(RowJson::of).collect();
        Self { rows, ..Self::without_rows(envelope) }
    }

    fn without_rows(envelope: &'a Envelope<Reachability>) -> Self {
        Self {
            head: head(envelope),
            target: &envelope.body.target,
            direction: envelope.body.direction,
            rows: Vec::new(),
            findings: findings(&envelope.body.findings),
        }
    }
}

impl<'a> CheckJson<'a> {
    fn of(envelope: &'a Envelope<ReachabilityCheck>) -> Self {
        Self {
            head: head(envelope),
            results: envelope.body.results.iter().map(ResultJson::of).collect(),
            findings: findings(&envelope.body.findings),
        }
    }
}

impl Listing for Reachability {
    type Row = Row;

    fn rows(&mut self) -> &mut Vec<Row> {
        &mut self.rows
    }

    fn row(row: &Row) -> serde_json::Result<Value> {
        serde_json::to_value(RowJson::of(row))
    }

    fn whole(envelope: &Envelope<Self>) -> serde_json::Result<Value> {
        serde_json::to_value(ReachabilityJson::of(envelope))
    }
}

impl Listing for ReachabilityCheck {
    type Row = CheckResult;

    fn rows(&mut self) -> &mut Vec<CheckResult> {
        &mut self.results
    }

    fn row(result: &CheckResult) -> serde_json::Result<Value> {
        serde_json::to_value(ResultJson::of(result))
    }

    fn whole(envelope: &Envelope<Self>) -> serde_json::Result<Value> {
        serde_json::to_value(CheckJson::of(envelope))
    }
}

/// The report in JSON, or in YAML.
pub(super) fn reachability(
    out: &mut dyn Write,
    envelope: &Envelope<Reachability>,
    yaml: bool,
) -> io::Result<()> {
    if yaml {
        return write(out, &ReachabilityJson::of(envelope), yaml);
    }
    rows::write(out, &ReachabilityJson::without_rows(envelope), &envelope.body.rows)
}

/// The report of a check in JSON, or in YAML.
pub(super) fn check(
    out: &mut dyn Write,
    envelope: &Envelope<ReachabilityCheck>,
    yaml: bool,
) -> io::Result<()> {
    write(out, &CheckJson::of(envelope), yaml)
}

fn write<T: Serialize>(out: &mut dyn Write, report: &T, yaml: bool) -> io::Result<()> {
    if yaml {
        let text = crate::yaml::to_string(report).map_err(io::Error::other)?;
        return out.write_all(text.as_bytes());
    }
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}
