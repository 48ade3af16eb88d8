//! What was found: a line each, the worst first.

use std::io::{self, Write};

use crate::codes::Finding;
use crate::render::Look;
use crate::render::table::table;
use crate::render::text::escaped;
use crate::report::identities::Identities;

pub(super) fn headers(wide: bool) -> Vec<&'static str> {
    let mut headers = vec!["SEVERITY", "CODE", "SUBJECT", "LOCATION", "MESSAGE"];
    headers.extend(wide.then_some("HINT"));
    headers
}

const CSV: [&str; 6] = ["severity", "code", "subject", "location", "message", "hint"];

fn found(report: &Identities) -> &[Finding] {
    report.findings.as_deref().unwrap_or_default()
}

/// The table; where nothing was found there is nothing to show.
pub(super) fn text(report: &Identities, look: Look, wide: bool) -> String {
    let rows = rows(report, look, wide);
    if rows.is_empty() { String::new() } else { table(look, &headers(wide), &rows) }
}

pub(super) fn rows(report: &Identities, look: Look, wide: bool) -> Vec<Vec<String>> {
    let row = |finding: &Finding| {
        let hint = || escaped(&finding.code.hint(&finding.evidence)).into_owned();
        let mut cells = vec![
            look.theme.severity(finding.severity, finding.severity.as_str()),
            finding.code.to_string(),
            escaped(&finding.subject).into_owned(),
            escaped(finding.location.as_deref().unwrap_or("<none>")).into_owned(),
            escaped(&finding.code.message(&finding.evidence)).into_owned(),
        ];
        cells.extend(wide.then(hint));
        cells
    };
    found(report).iter().map(row).collect()
}

pub(super) fn csv(out: &mut dyn Write, headers: bool, report: &Identities) -> io::Result<()> {
    let row = |finding: &Finding| {
        vec![
            finding.severity.as_str().to_owned(),
            finding.code.to_string(),
            finding.subject.clone(),
            finding.location.clone().unwrap_or_default(),
            finding.code.message(&finding.evidence),
            finding.code.hint(&finding.evidence),
        ]
    };
    crate::render::csv::table(out, headers, &CSV, found(report).iter().map(row))
}
