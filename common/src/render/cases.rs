//! Answers as the cases of a test: what passes, what fails, what cannot be told.

use crate::report::reachability::{CheckResult, DiffRow, Difference, Effect, FailOn, ReachabilityCheck, Row};

use super::reachability::cause;
use super::sentences;

/// A case.
pub(super) struct Case {
    /// What it belongs to.
    pub(super) group: String,
    /// What is tested.
    pub(super) name: String,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// What was seen, a line each.
    pub(super) seen: Vec<String>,
}

/// What became of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Passed,
    Failed,
    /// It cannot be told.
    Unclear,
    /// Nothing was expected.
    Skipped,
}

/// What was expected.
pub(super) fn of_check(report: &ReachabilityCheck) -> Vec<Case> {
    report.results.iter().map(of_result).collect()
}

fn of_result(result: &CheckResult) -> Case {
    let expected = result.expect.map_or_else(String::new, |verdict| format!(" is {}", verdict.as_str()));
    let asked = format!("{} to {}:{}{expected}", result.from, result.to, result.row.port);
    let name = result.name.as_ref().map(|name| format!("{name}: {asked}")).unwrap_or(asked);
    let outcome = match (result.expect, result.passed) {
        (None, _) => Outcome::Skipped,
        (_, Some(true)) => Outcome::Passed,
        (_, Some(false)) => Outcome::Failed,
        (_, None) => Outcome::Unclear,
    };
    Case { group: result.to.clone(), name, outcome, seen: vec![answer(Some(&result.row))] }
}

/// What changed; a single case that passes when nothing did.
pub(super) fn of_diff(report: &Difference, fail_on: FailOn) -> Vec<Case> {
    if report.rows.is_empty() {
        let group = report.target.clone().unwrap_or_else(|| "every workload".to_owned());
        let name = "nothing changes".to_owned();
        return vec![Case { group, name, outcome: Outcome::Passed, seen: Vec::new() }];
    }
    report.rows.iter().map(|row| of_row(row, fail_on)).collect()
}

fn of_row(row: &DiffRow, fail_on: FailOn) -> Case {
    let outcome = if row.fails(fail_on) {
        Outcome::Failed
    } else if row.effect == Effect::Unclear {
        Outcome::Unclear
    } else {
        Outcome::Passed
    };
    Case { group: row.target.clone(), name: change(row), outcome, seen: seen(row) }
}

/// What became of whom, in a line.
pub(super) fn change(row: &DiffRow) -> String {
    let peer = sentences::peer(&row.peer);
    format!("{}: {peer} to {}:{}", row.gain.as_str(), row.target, row.port)
}

/// The answers and what is behind them.
pub(super) fn seen(row: &DiffRow) -> Vec<String> {
    let mut seen = vec![
        format!("before: {}", answer(row.before.as_ref())),
        format!("after: {}", answer(row.after.as_ref())),
    ];
    if !row.peer.workloads.is_empty() {
        seen.push(format!("workloads: {}", row.peer.workloads.join(", ")));
    }
    seen.extend(row.caused_by.iter().map(|of| {
        let place = of.location.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        format!("caused by: {}{place}", cause(of))
    }));
    seen
}

fn answer(row: Option<&Row>) -> String {
    let said = |row: &Row| format!("{} ({})", row.verdict.as_str(), sentences::decided_by(row));
    row.map_or_else(|| "not there".to_owned(), said)
}
