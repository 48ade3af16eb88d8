//! The lines of a table of answers.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::render::lists::Lists;
use crate::render::table::joined;
use crate::render::text::escaped;
use crate::render::{Look, sentences};
use crate::report::Verdict;
use crate::report::reachability::{Class, Reachability, Row, Way};

use super::gates;

/// How the lines of a report are written.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub(super) report: &'a Reachability,
    pub(super) look: Look,
    pub(super) wide: bool,
    pub(super) lists: Lists,
}

impl Lines<'_> {
    pub(super) fn headers(&self) -> Vec<&'static str> {
        let mut headers = Vec::new();
        if self.report.is_matrix() {
            headers.push("TARGET");
        }
        match self.report.direction {
            Way::From => headers.extend(["SOURCE", "WORKLOADS"]),
            Way::To => headers.push("DESTINATION"),
        }
        headers.extend(["PORT", "VERDICT", "DECIDED BY"]);
        if self.wide {
            headers.extend(["IDENTITY", "MTLS", "GATES", "LOCATION"]);
        }
        headers
    }

    /// The cells of every line; denied rows that the same thing decided are one.
    pub(super) fn cells(&self) -> Vec<Vec<String>> {
        let rest = Rest::of(self.report);
        grouped(self.report).into_iter().map(|rows| self.line(&rows, &rest)).collect()
    }

    fn line(&self, rows: &[&Row], rest: &Rest<'_>) -> Vec<String> {
        let Some(first) = rows.first() else { return Vec::new() };
        let mut cells = Vec::new();
        if self.report.is_matrix() {
            cells.push(escaped(first.target.as_deref().unwrap_or_default()).into_owned());
        }
        match self.report.direction {
            Way::From => {
                let names: Vec<String> = rows.iter().map(|row| rest.name(row)).collect();
                cells.extend([self.lists.names(&names), self.lists.workloads(&workloads(rows))]);
            }
            Way::To => cells.push(joined(&first.peer.workloads.to_vec())),
        }
        cells.push(escaped(&first.port).into_owned());
        cells.push(self.look.theme.verdict(first.verdict));
        cells.push(sentences::decided_by(first));
        if self.wide {
            let identities: Vec<String> = rows.iter().filter_map(|row| row.peer.identity.clone()).collect();
            let location = first.decided_by.as_ref().and_then(|by| by.location.as_deref());
            cells.push(self.lists.names(&identities));
            cells.push(gates::mtls(first).to_owned());
            cells.push(gates::outcomes(first));
            cells.push(escaped(location.unwrap_or("<none>")).into_owned());
        }
        cells
    }
}

/// What a person deployed, each once.
fn workloads(rows: &[&Row]) -> Vec<String> {
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| &row.peer.workloads).collect();
    names.into_iter().cloned().collect()
}

fn grouped(report: &Reachability) -> Vec<Vec<&Row>> {
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    for row in &report.rows {
        match groups
            .last_mut()
            .filter(|group| group.first().is_some_and(|known| is_merged(report, known, row)))
        {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// Whether two rows are told in one line. What is reached has a line of its own.
fn is_merged(report: &Reachability, known: &Row, row: &Row) -> bool {
    let is_denied = |row: &Row| row.verdict == Verdict::Denied && row.peer.class == Class::Identity;
    report.direction == Way::From
        && is_denied(known)
        && is_denied(row)
        && known.target == row.target
        && known.decided_by == row.decided_by
        && known.port == row.port
}

/// How many rows of a class have more addresses than can be listed. Blocks divide a class, so the only one that
/// has is about what the others leave.
struct Rest<'a>(FxHashMap<(Option<&'a str>, Class, &'a str), usize>);

impl<'a> Rest<'a> {
    fn of(report: &'a Reachability) -> Self {
        let mut counts = FxHashMap::default();
        for row in report.rows.iter().filter(|row| sentences::has_many_addresses(&row.peer)) {
            *counts.entry(Self::key(row)).or_default() += 1;
        }
        Self(counts)
    }

    fn key(row: &Row) -> (Option<&str>, Class, &str) {
        (row.target.as_deref(), row.peer.class, &row.port)
    }

    /// Who a row is about.
    fn name(&self, row: &Row) -> String {
        let is_rest = sentences::has_many_addresses(&row.peer) && self.0.get(&Self::key(row)) == Some(&1);
        if is_rest { sentences::rest(&row.peer) } else { sentences::peer(&row.peer) }
    }
}
