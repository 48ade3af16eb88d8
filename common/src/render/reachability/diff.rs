//! What changed, in every format.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::render::lists::{self, Lists};
use crate::render::text::escaped;
use crate::render::{Format, Look, cases, json, junit, markdown, sarif, sentences, tap};
use crate::report::Envelope;
use crate::report::reachability::{Cause, Class, DiffRow, Difference, FailOn, Gain, Row};

/// Writes what changed; `fail_on` says which rows are failures where a format knows such.
///
/// # Errors
/// When it cannot be written.
pub fn reachability_diff(
    out: &mut dyn Write,
    envelope: &Envelope<Difference>,
    format: Format,
    look: Look,
    fail_on: FailOn,
) -> io::Result<()> {
    let report = &envelope.body;
    match format {
        Format::Json => json::diff(out, envelope, false),
        Format::Yaml => json::diff(out, envelope, true),
        Format::Markdown => {
            writeln!(out, "{}\n", headline(report))?;
            if report.rows.is_empty() {
                return Ok(());
            }
            let lines = Lines { report, look: look.plain(), wide: false };
            out.write_all(markdown::table(&lines.headers(), &lines.cells(Lists::Whole)).as_bytes())
        }
        Format::Junit => junit::write(out, "who-can-reach --diff", &cases::of_diff(report, fail_on)),
        Format::Tap => tap::write(out, &cases::of_diff(report, fail_on)),
        Format::Sarif => sarif::changes(out, report, fail_on),
        _ => {
            let lines = Lines { report, look, wide: format == Format::Wide };
            let table = lists::fitted(look, lines.wide, &lines.headers(), |lists| lines.cells(lists));
            out.write_all(table.as_bytes())
        }
    }
}

/// How much changed, in a line.
#[must_use]
pub fn diff_summary(report: &Difference) -> String {
    let count = |gain: Gain| report.rows.iter().filter(|row| row.gain == gain).count();
    let told = [Gain::Gained, Gain::Lost, Gain::Changed].map(|gain| (gain, count(gain)));
    let told = told.into_iter().filter(|(_, count)| *count > 0);
    let told: Vec<String> = told.map(|(gain, count)| format!("{count} {}", gain.as_str())).collect();
    if told.is_empty() { "nothing changes".to_owned() } else { told.join(", ") }
}

fn headline(report: &Difference) -> String {
    let what = report.target.as_deref().map_or("every workload", |target| target);
    let what = escaped(what);
    format!("**Who can reach {}: {}**", markdown::text(&what), diff_summary(report))
}

/// How the lines of a report are written.
struct Lines<'a> {
    report: &'a Difference,
    look: Look,
    wide: bool,
}

impl Lines<'_> {
    fn headers(&self) -> Vec<&'static str> {
        let mut headers = vec!["CHANGE"];
        if self.report.is_matrix() {
            headers.push("TARGET");
        }
        headers.extend(["SOURCE", "WORKLOADS", "PORT", "BEFORE", "AFTER", "CAUSED BY"]);
        if self.wide {
            headers.extend(["IDENTITY", "LOCATION"]);
        }
        headers
    }

    /// A line for each row; identities that fare the same share one.
    fn cells(&self, lists: Lists) -> Vec<Vec<String>> {
        let mut groups: Vec<Vec<&DiffRow>> = Vec::new();
        for row in &self.report.rows {
            match groups.last_mut().filter(|group| group.first().is_some_and(|known| is_merged(known, row))) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        groups.iter().map(|rows| self.line(rows, lists)).collect()
    }

    fn line(&self, rows: &[&DiffRow], lists: Lists) -> Vec<String> {
        let Some(first) = rows.first() else { return Vec::new() };
        let mut cells = vec![first.gain.as_str().to_owned()];
        if self.report.is_matrix() {
            cells.push(escaped(&first.target).into_owned());
        }
        let names: Vec<String> = rows.iter().map(|row| sentences::peer(&row.peer)).collect();
        let workloads: BTreeSet<&String> = rows.iter().flat_map(|row| &row.peer.workloads).collect();
        let workloads: Vec<String> = workloads.into_iter().cloned().collect();
        cells.extend([lists.names(&names), lists.workloads(&workloads)]);
        cells.push(escaped(&first.port).into_owned());
        cells.push(self.answer(first.before.as_ref()));
        cells.push(self.answer(first.after.as_ref()));
        cells.push(lists.names(&first.caused_by.iter().map(cause).collect::<Vec<_>>()));
        if self.wide {
            let identities: Vec<String> = rows.iter().filter_map(|row| row.peer.identity.clone()).collect();
            let locations = first.caused_by.iter().filter_map(|cause| cause.location.clone());
            cells.push(lists.names(&identities));
            cells.push(lists.names(&locations.collect::<Vec<_>>()));
        }
        cells
    }

    fn answer(&self, row: Option<&Row>) -> String {
        match row {
            Some(row) => {
                format!("{} ({})", self.look.theme.verdict(row.verdict), sentences::decided_by(row))
            }
            None => "<none>".to_owned(),
        }
    }
}

/// Whether two rows are told in one line.
fn is_merged(known: &DiffRow, row: &DiffRow) -> bool {
    let said = |row: &Option<Row>| row.as_ref().map(|row| (row.verdict, sentences::decided_by(row)));
    let is_identity = |row: &DiffRow| row.peer.class == Class::Identity;
    is_identity(known)
        && is_identity(row)
        && (known.gain, &known.target, &known.port) == (row.gain, &row.target, &row.port)
        && known.caused_by == row.caused_by
        && said(&known.before) == said(&row.before)
        && said(&known.after) == said(&row.after)
}

/// What is behind a row, in words.
pub(in crate::render) fn cause(cause: &Cause) -> String {
    match cause.change {
        "assumeAmbient" => format!("{} in ambient", cause.subject),
        "assumeIstiod" => format!("istiod with {}", cause.subject),
        change => format!("{change} {}", cause.subject),
    }
}
