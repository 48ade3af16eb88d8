//! Findings as code scanning reads them: SARIF 2.1.0 (OASIS), as little of it as says everything.
//!
//! A finding that stands in no file has the name of its object for a place.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::codes::{Code, Finding, Severity};
use crate::report::reachability::{Difference, FailOn};

mod changes;

#[cfg(test)]
mod tests;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Text,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    logical_locations: [Logical<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'a> {
    fully_qualified_name: &'a str,
    kind: &'static str,
}

/// Writes what changed, at what is behind it, and what was found on the way.
pub(super) fn changes(out: &mut dyn Write, report: &Difference, fail_on: FailOn) -> io::Result<()> {
    let (mut rules, mut results) = of_findings(&report.findings);
    let first = rules.len();
    rules.extend(changes::GAINS.iter().map(|gain| changes::rule(*gain)));
    results.extend(report.rows.iter().map(|row| changes::result(row, fail_on, first)));
    write(out, rules, results)
}

/// Writes the findings that stand in files.
pub(super) fn log(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    let (rules, results) = of_findings(findings);
    write(out, rules, results)
}

fn of_findings(findings: &[Finding]) -> (Vec<Rule>, Vec<SarifResult<'_>>) {
    let codes: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let results = findings.iter().filter_map(|finding| result(finding, &codes)).collect();
    (codes.iter().map(|code| rule(*code)).collect(), results)
}

fn write(out: &mut dyn Write, rules: Vec<Rule>, results: Vec<SarifResult<'_>>) -> io::Result<()> {
    let driver = Driver { name: "kubectl-mesh", version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    serde_json::to_writer_pretty(&mut *out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })?;
    out.write_all(b"\n")
}

fn rule(code: Code) -> Rule {
    let entry = code.entry();
    let text = |text: &str| Text { text: text.to_owned() };
    Rule {
        id: code.to_string(),
        name: format!("{code:?}"),
        short_description: text(entry.title),
        full_description: text(entry.explanation),
        help: Text { text: code.advice() },
        default_configuration: Configuration { level: level(code.severity()) },
    }
}

fn result<'a>(finding: &'a Finding, codes: &[Code]) -> Option<SarifResult<'a>> {
    let logical = Logical { fully_qualified_name: &finding.subject, kind: "resource" };
    let message = finding.code.message(&finding.evidence);
    let hint = finding.code.hint(&finding.evidence);
    let physical_location = finding.location.as_deref().and_then(physical);
    Some(SarifResult {
        rule_id: finding.code.to_string(),
        rule_index: codes.binary_search(&finding.code).ok()?,
        level: level(finding.severity),
        message: Text { text: format!("{}: {message}\nhint: {hint}", finding.subject) },
        locations: vec![Location { physical_location, logical_locations: [logical] }],
    })
}

fn physical(location: &str) -> Option<Physical> {
    let (file, line) = location.rsplit_once(':')?;
    Some(Physical {
        artifact_location: Artifact { uri: uri(file) },
        region: Region { start_line: line.parse().ok()? },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A file's name as a reference of RFC 3986: relative as it was given, or absolute.
fn uri(file: &str) -> String {
    let file = file.strip_prefix("./").unwrap_or(file);
    let mut uri = String::from(if file.starts_with('/') { "file://" } else { "" });
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            // Writing into a String cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}
