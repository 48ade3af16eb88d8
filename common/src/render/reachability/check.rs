//! What became of expectations, in every format.

use std::io::{self, Write};

use crate::render::table::table;
use crate::render::text::escaped;
use crate::render::{Format, Look, cases, csv, json, junit, markdown, sentences, tap};
use crate::report::Envelope;
use crate::report::reachability::{CheckResult, ReachabilityCheck};

use super::gates::{mtls, outcomes};

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
            csv::rows(out, look.headers, &own, results.iter().map(|result| (fields(result), &result.row)))
        }
        Format::Markdown => {
            let rows: Vec<Vec<String>> =
                results.iter().map(|result| line(result, look.plain(), false)).collect();
            out.write_all(markdown::table(&headers(false), &rows).as_bytes())
        }
        Format::Junit => junit::write(out, "who-can-reach --check", &cases::of_check(&envelope.body)),
        Format::Tap => tap::write(out, &cases::of_check(&envelope.body)),
        _ => {
            let wide = format == Format::Wide;
            let rows: Vec<_> = results.iter().map(|result| line(result, look, wide)).collect();
            out.write_all(table(look, &headers(wide), &rows).as_bytes())
        }
    }
}

fn headers(wide: bool) -> Vec<&'static str> {
    let mut headers = vec!["RESULT", "FROM", "TO", "PORT", "EXPECT", "VERDICT", "DECIDED BY", "NAME"];
    if wide {
        headers.extend(["MTLS", "GATES", "LOCATION"]);
    }
    headers
}

fn line(result: &CheckResult, look: Look, wide: bool) -> Vec<String> {
    let none = || "<none>".to_owned();
    let mut cells = vec![
        look.theme.passed(result.expect.is_some(), result.passed),
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
        cells.push(outcomes(&result.row));
        cells.push(escaped(location.unwrap_or("<none>")).into_owned());
    }
    cells
}

fn fields(result: &CheckResult) -> Vec<String> {
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
