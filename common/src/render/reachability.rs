//! The answers of `who-can-reach` in every format.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::codes::Reason;
use crate::policy::{Gate, GateOutcome, Verdict};
use crate::report::Envelope;
use crate::report::reachability::{CheckResult, Class, Reachability, ReachabilityCheck, Row, Way};

use super::table::{joined, table, width};
use super::text::escaped;
use super::{Format, Look, csv, json, markdown, sentences};

/// Below this many columns WORKLOADS is a count.
const ROOM_FOR_WORKLOADS: usize = 100;

/// Writes a report. `gates` adds to a table what every gate said.
///
/// # Errors
/// When it cannot be written.
pub fn reachability(
    out: &mut dyn Write,
    envelope: &Envelope<Reachability>,
    format: Format,
    look: Look,
    gates: bool,
) -> io::Result<()> {
    let report = &envelope.body;
    match format {
        Format::Json => json::reachability(out, envelope, false),
        Format::Yaml => json::reachability(out, envelope, true),
        Format::Name => names(out, report),
        Format::Csv => {
            let own: &[&str] = if has_targets(report) { &["target"] } else { &[] };
            let rows = report.rows.iter().map(|row| (row.target.iter().cloned().collect(), row));
            csv::rows(out, look.headers, own, rows)
        }
        Format::Markdown => {
            let lines = lines(report, look, false);
            out.write_all(markdown::table(&headers(report, false), &lines).as_bytes())
        }
        Format::Table | Format::Wide => {
            let wide = format == Format::Wide;
            out.write_all(fitted(report, look, wide).as_bytes())?;
            if gates {
                for row in &report.rows {
                    out.write_all(b"\n")?;
                    out.write_all(gates_of(report, row, look).as_bytes())?;
                }
            }
            Ok(())
        }
    }
}

fn has_targets(report: &Reachability) -> bool {
    report.target.is_none()
}

/// The workloads that get in, or that are reached.
fn names(out: &mut dyn Write, report: &Reachability) -> io::Result<()> {
    let allowed = report.rows.iter().filter(|row| row.verdict == Verdict::Allowed);
    let names: BTreeSet<&String> = allowed.flat_map(|row| &row.peer.workloads).collect();
    names.into_iter().try_for_each(|name| writeln!(out, "{}", escaped(name)))
}

fn headers(report: &Reachability, wide: bool) -> Vec<&'static str> {
    let mut headers = Vec::new();
    if has_targets(report) {
        headers.push("TARGET");
    }
    headers.push(if report.direction == Way::From { "SOURCE" } else { "DESTINATION" });
    headers.extend(["WORKLOADS", "PORT", "VERDICT", "DECIDED BY"]);
    if wide {
        headers.extend(["IDENTITY", "MTLS", "GATES", "LOCATION"]);
    }
    headers
}

/// The table, shortened where the terminal has no room for it.
fn fitted(report: &Reachability, look: Look, wide: bool) -> String {
    let headers = headers(report, wide);
    let plain = Look { theme: super::Theme { color: false }, ..look };
    let fits = |lines: &[Vec<String>]| look.width.is_none_or(|columns| width(&headers, lines) <= columns);
    let roomy = look.width.is_none_or(|columns| columns >= ROOM_FOR_WORKLOADS);
    let short = !(roomy && fits(&rows_of(report, plain, wide, false)));
    table(look, &headers, rows_of(report, look, wide, short))
}

fn lines(report: &Reachability, look: Look, wide: bool) -> Vec<Vec<String>> {
    let plain = Look { theme: super::Theme { color: false }, ..look };
    rows_of(report, plain, wide, false)
}

/// The lines of a table; denied rows that the same thing decided are one.
fn rows_of(report: &Reachability, look: Look, wide: bool, short: bool) -> Vec<Vec<String>> {
    let groups = grouped(report);
    groups.into_iter().map(|rows| line(report, &rows, look, wide, short)).collect()
}

fn grouped(report: &Reachability) -> Vec<Vec<&Row>> {
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    for row in &report.rows {
        let same = |known: &&Row| {
            known.verdict == Verdict::Denied
                && row.verdict == Verdict::Denied
                && known.target == row.target
                && known.decided_by == row.decided_by
                && known.port == row.port
                && known.peer.class == Class::Identity
                && row.peer.class == Class::Identity
        };
        match groups.last_mut().filter(|group| group.first().is_some_and(same)) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

fn line(report: &Reachability, rows: &[&Row], look: Look, wide: bool, short: bool) -> Vec<String> {
    let Some(first) = rows.first() else { return Vec::new() };
    let mut cells = Vec::new();
    if has_targets(report) {
        cells.push(escaped(first.target.as_deref().unwrap_or_default()).into_owned());
    }
    cells.push(sources(report, rows, short));
    cells.push(workloads(rows, short));
    cells.push(escaped(&first.port).into_owned());
    cells.push(look.theme.verdict(first.verdict));
    cells.push(sentences::decided_by(first));
    if wide {
        let identities: Vec<String> = rows.iter().filter_map(|row| row.peer.identity.clone()).collect();
        cells.push(if short { shortened(&identities) } else { joined(&identities) });
        cells.push(mtls(first).to_owned());
        cells.push(gates(first));
        let location = first.decided_by.as_ref().and_then(|by| by.location.as_deref());
        cells.push(escaped(location.unwrap_or("<none>")).into_owned());
    }
    cells
}

fn sources(report: &Reachability, rows: &[&Row], short: bool) -> String {
    let name = |row: &&Row| match report.direction {
        Way::From => sentences::peer(&row.peer),
        Way::To => joined(&row.peer.workloads),
    };
    let names: Vec<String> = rows.iter().map(name).collect();
    if short { shortened(&names) } else { joined(&names) }
}

/// The first two, and how many more.
fn shortened(names: &[String]) -> String {
    match names {
        [] => "<none>".to_owned(),
        [first, second, rest @ ..] if rest.len() > 1 => format!("{first},{second} and {} more", rest.len()),
        _ => joined(names),
    }
}

fn workloads(rows: &[&Row], short: bool) -> String {
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| &row.peer.workloads).collect();
    if short {
        return names.len().to_string();
    }
    joined(&names.into_iter().cloned().collect::<Vec<_>>())
}

/// How the connection arrives.
fn mtls(row: &Row) -> &'static str {
    let transport = row.hops.iter().flat_map(|hop| &hop.gates).find(|gate| gate.gate == Gate::Transport);
    match transport.map(|gate| gate.detail) {
        Some(Reason::Hbone) => "HBONE",
        Some(Reason::Plaintext | Reason::InboundBypassed | Reason::HostExempt | Reason::NotCaptured) => {
            "plaintext"
        }
        _ => "<none>",
    }
}

/// The gates that had a say.
fn gates(row: &Row) -> String {
    let gates = row.hops.iter().flat_map(|hop| &hop.gates);
    let said = gates.filter(|gate| gate.outcome != GateOutcome::NotApplicable);
    said.map(|gate| format!("{}={}", gate.gate.as_str(), gate.outcome.as_str())).collect::<Vec<_>>().join(",")
}

/// What every gate said of one answer, and everything else that would have refused it.
fn gates_of(report: &Reachability, row: &Row, look: Look) -> String {
    let from = match report.direction {
        Way::From => sentences::peer(&row.peer),
        Way::To => joined(&row.peer.workloads),
    };
    let to = report.target.as_deref().unwrap_or_default();
    let mut out =
        format!("{from} to {} port {}: {}\n", escaped(to), row.port, look.theme.verdict(row.verdict));
    let gates = row.hops.iter().flat_map(|hop| &hop.gates);
    let lines = gates.map(|gate| {
        let by = gate.by.as_deref().map(|by| format!(" ({by})")).unwrap_or_default();
        let text = format!("{}{by}", gate.detail.meaning().trim_end_matches('.'));
        let cells = [format!("  {}", gate.gate.as_str()), gate.outcome.as_str().to_owned()];
        cells.into_iter().chain([escaped(&text).into_owned()]).collect()
    });
    out.push_str(&table(Look { headers: false, ..look }, &[], lines.collect()));
    if let Some(location) = row.decided_by.as_ref().and_then(|by| by.location.as_deref()) {
        out.push_str(&format!("  decided at {}\n", escaped(location)));
    }
    let others: Vec<&String> = row.matched.iter().skip(usize::from(row.matched.len() == 1)).collect();
    if !others.is_empty() {
        let names = others.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        out.push_str(&format!("  each of these refuses it: {}\n", escaped(&names)));
    }
    for condition in &row.conditions {
        let text =
            format!("  allowed if {} is one of: {}\n", condition.attribute, condition.values.join(", "));
        out.push_str(&escaped(text.trim_end()));
        out.push('\n');
    }
    out
}

/// Writes the report of a check.
///
/// # Errors
/// When it cannot be written.
pub fn reachability_check(
    out: &mut dyn Write,
    envelope: &Envelope<ReachabilityCheck>,
    format: Format,
    look: Look,
) -> io::Result<()> {
    let results = &envelope.body.results;
    match format {
        Format::Json => json::check(out, envelope, false),
        Format::Yaml => json::check(out, envelope, true),
        Format::Csv => {
            let own = ["index", "pair", "name", "from", "to", "expect", "passed"];
            csv::rows(
                out,
                look.headers,
                &own,
                results.iter().map(|result| (check_fields(result), &result.row)),
            )
        }
        Format::Markdown => {
            let plain = Look { theme: super::Theme { color: false }, ..look };
            let rows: Vec<Vec<String>> =
                results.iter().map(|result| check_line(result, plain, false)).collect();
            out.write_all(markdown::table(&check_headers(false), &rows).as_bytes())
        }
        Format::Table | Format::Wide | Format::Name => {
            let wide = format == Format::Wide;
            let rows = results.iter().map(|result| check_line(result, look, wide)).collect();
            out.write_all(table(look, &check_headers(wide), rows).as_bytes())
        }
    }
}

fn check_headers(wide: bool) -> Vec<&'static str> {
    let mut headers = vec!["RESULT", "FROM", "TO", "PORT", "EXPECT", "VERDICT", "DECIDED BY", "NAME"];
    if wide {
        headers.extend(["MTLS", "GATES", "LOCATION"]);
    }
    headers
}

fn check_line(result: &CheckResult, look: Look, wide: bool) -> Vec<String> {
    let none = || "<none>".to_owned();
    let mut cells = vec![
        look.theme.passed(result.passed),
        escaped(&result.from).into_owned(),
        escaped(&result.to).into_owned(),
        escaped(&result.row.port).into_owned(),
        result.expect.map_or_else(none, |verdict| verdict.as_str().to_owned()),
        look.theme.verdict(result.row.verdict),
        sentences::decided_by(&result.row),
        result.name.as_deref().map_or_else(none, |name| escaped(name).into_owned()),
    ];
    if wide {
        let location = result.row.decided_by.as_ref().and_then(|by| by.location.as_deref());
        cells.push(mtls(&result.row).to_owned());
        cells.push(gates(&result.row));
        cells.push(escaped(location.unwrap_or("<none>")).into_owned());
    }
    cells
}

fn check_fields(result: &CheckResult) -> Vec<String> {
    vec![
        result.index.to_string(),
        result.pair.to_string(),
        result.name.clone().unwrap_or_default(),
        result.from.clone(),
        result.to.clone(),
        result.expect.map(|verdict| verdict.as_str().to_owned()).unwrap_or_default(),
        result.passed.map(|passed| passed.to_string()).unwrap_or_default(),
    ]
}
