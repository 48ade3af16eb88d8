//! The answers of `who-can-reach` in every format.

use std::io::{self, Write};

use rustc_hash::FxHashSet;

use crate::report::Envelope;
use crate::report::Verdict;
use crate::report::reachability::Reachability;

use super::lists::{self, Lists};
use super::picture::Picture;
use super::text::escaped;
use super::{Format, Look, csv, dot, html, json, markdown, mermaid};

mod check;
mod diff;
pub(super) mod gates;
mod lines;

pub use check::reachability_check;
pub(in crate::render) use diff::cause;
pub use diff::{diff_summary, reachability_diff};

use lines::Lines;

/// Writes a report. `asked` tells that it is about callers who were named, not about everyone: then a table says what
/// every gate said, and a picture does not speak of everyone.
///
/// # Errors
/// When it cannot be written.
pub fn reachability(
    out: &mut dyn Write,
    envelope: &Envelope<Reachability>,
    format: Format,
    look: Look,
    asked: bool,
) -> io::Result<()> {
    let report = &envelope.body;
    match format {
        Format::Json => json::reachability(out, envelope, false),
        Format::Yaml => json::reachability(out, envelope, true),
        Format::Name => names(out, report, look.sorted),
        Format::Csv => {
            let own: &[&str] = if report.is_matrix() { &["target"] } else { &[] };
            let rows = report.rows.iter().map(|row| (row.target.iter().cloned().collect(), row));
            csv::rows(out, look.headers, own, rows)
        }
        Format::Markdown => {
            let lines = Lines { report, look: look.plain(), wide: false, lists: Lists::Whole };
            out.write_all(markdown::table(&lines.headers(), &lines.cells()).as_bytes())
        }
        Format::Dot => out.write_all(dot::graph(&Picture::of(envelope, asked)).as_bytes()),
        Format::Mermaid => out.write_all(mermaid::graph(&Picture::of(envelope, asked)).as_bytes()),
        Format::Html => html::page(out, envelope, asked),
        Format::Table | Format::Wide | Format::Sarif | Format::Junit | Format::Tap => {
            let wide = format == Format::Wide;
            out.write_all(fitted(report, look, wide).as_bytes())?;
            if asked {
                for row in &report.rows {
                    out.write_all(b"\n")?;
                    out.write_all(gates::of(report, row, look).as_bytes())?;
                }
            }
            Ok(())
        }
    }
}

/// The table as the terminal has room for it.
pub(super) fn fitted(report: &Reachability, look: Look, wide: bool) -> String {
    let lines = |lists| Lines { report, look, wide, lists };
    lists::fitted(look, wide, &lines(Lists::Whole).headers(), |lists| lines(lists).cells())
}

/// The workloads that get in, or that are reached, each once: by name, unless rows have an order.
fn names(out: &mut dyn Write, report: &Reachability, sorted: bool) -> io::Result<()> {
    let allowed = report.rows.iter().filter(|row| row.verdict == Verdict::Allowed);
    let mut names: Vec<&String> = allowed.flat_map(|row| &row.peer.workloads).collect();
    if !sorted {
        names.sort();
    }
    let mut known = FxHashSet::default();
    names.retain(|name| known.insert(*name));
    names.into_iter().try_for_each(|name| writeln!(out, "{}", escaped(name)))
}
