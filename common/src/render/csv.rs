//! CSV as RFC 4180 has it: a header, commas, quotes where they are needed, lists with blanks between.
//!
//! A spreadsheet opens it: what cannot be seen is escaped as in a table, and no cell begins a formula.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::report::Condition;
use crate::report::reachability::Row;

use super::text::escaped;

#[cfg(test)]
mod tests;

const COLUMNS: [&str; 18] = [
    "class",
    "identity",
    "namespace",
    "serviceAccount",
    "addresses",
    "workloads",
    "port",
    "verdict",
    "gate",
    "reason",
    "policy",
    "kind",
    "enforcedAs",
    "rule",
    "location",
    "matched",
    "candidates",
    "conditions",
];

/// Rows with some columns of their own in front.
pub(super) fn rows<'a>(
    out: &mut dyn Write,
    headers: bool,
    own: &[&str],
    rows: impl Iterator<Item = (Vec<String>, &'a Row)>,
) -> io::Result<()> {
    let names: Vec<&str> = own.iter().chain(&COLUMNS).copied().collect();
    let whole = |(mut fields, row): (Vec<String>, &Row)| {
        fields.extend(cells(row));
        fields
    };
    table(out, headers, &names, rows.map(whole))
}

/// Any table.
pub(super) fn table(
    out: &mut dyn Write,
    headers: bool,
    names: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> io::Result<()> {
    if headers {
        line(out, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    }
    rows.into_iter().try_for_each(|fields| line(out, &fields))
}

fn cells(row: &Row) -> Vec<String> {
    let by = row.decided_by.as_ref();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let class = serde_json::to_value(row.peer.class).ok();
    vec![
        class.and_then(|class| class.as_str().map(str::to_owned)).unwrap_or_default(),
        text(row.peer.identity.as_ref()),
        text(row.peer.namespace.as_ref()),
        text(row.peer.service_account.as_ref()),
        row.peer.addresses.join(" "),
        row.peer.workloads.join(" "),
        row.port.clone(),
        row.verdict.as_str().to_owned(),
        by.map(|by| by.gate.as_str().to_owned()).unwrap_or_default(),
        by.map(|by| by.reason.as_str().to_owned()).unwrap_or_default(),
        text(by.and_then(|by| by.policy.as_ref())),
        text(by.and_then(|by| by.kind.as_ref())),
        text(by.and_then(|by| by.enforced_as.as_ref())),
        by.and_then(|by| by.rule).map(|rule| rule.to_string()).unwrap_or_default(),
        text(by.and_then(|by| by.location.as_ref())),
        row.matched.join(" "),
        row.candidates.join(" "),
        row.conditions.iter().map(condition).collect::<Vec<_>>().join("; "),
    ]
}

fn condition(of: &Condition) -> String {
    format!("{}={}", of.attribute, of.values.join(" "))
}

fn line(out: &mut dyn Write, fields: &[String]) -> io::Result<()> {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        let field = harmless(field);
        if field.contains([',', '"']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// A field without what hides or breaks it. Spreadsheets take what begins with one of these signs for a formula,
/// and what begins with an apostrophe for text.
fn harmless(field: &str) -> Cow<'_, str> {
    match field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => Cow::Owned(format!("'{}", escaped(field))),
        false => escaped(field),
    }
}
