//! The rules that name accounts: a line for each item.

use std::io::{self, Write};

use crate::render::text::escaped;
use crate::report::identities::{Identities, IdentityEntry, PolicyEntry};

use super::account;

const CSV: [&str; 12] = [
    "identity",
    "namespace",
    "serviceAccount",
    "policy",
    "action",
    "rule",
    "field",
    "value",
    "positive",
    "match",
    "atZtunnel",
    "location",
];

pub(super) fn headers(wide: bool) -> Vec<&'static str> {
    let mut headers = vec!["ACCOUNT", "POLICY", "ACTION", "NAMED", "FIELD", "VALUE", "AT ZTUNNEL"];
    if wide {
        headers.extend(["IDENTITY", "LOCATION"]);
    }
    headers
}

pub(super) fn rows(report: &Identities, wide: bool) -> Vec<Vec<String>> {
    let row = |of: &IdentityEntry, entry: &PolicyEntry| {
        let mut cells = vec![
            format!("{}/{}", escaped(&of.namespace), account(report, of)),
            escaped(&entry.policy).into_owned(),
            entry.action.to_owned(),
            named(entry),
            escaped(&entry.field).into_owned(),
            escaped(&entry.value).into_owned(),
            if entry.at_ztunnel { "yes" } else { "no" }.to_owned(),
        ];
        if wide {
            cells.push(escaped(&of.identity).into_owned());
            cells.push(escaped(entry.location.as_deref().unwrap_or("<none>")).into_owned());
        }
        cells
    };
    let all = report.identities.iter();
    all.flat_map(|of| of.policies.iter().map(move |entry| row(of, entry))).collect()
}

fn named(entry: &PolicyEntry) -> String {
    let sign = if entry.positive { "" } else { "not " };
    format!("{sign}{}", entry.way.as_str())
}

pub(super) fn csv(out: &mut dyn Write, headers: bool, report: &Identities) -> io::Result<()> {
    let row = |of: &IdentityEntry, entry: &PolicyEntry| {
        vec![
            of.identity.clone(),
            of.namespace.clone(),
            of.service_account.clone(),
            entry.policy.clone(),
            entry.action.to_owned(),
            entry.rule.to_string(),
            entry.field.clone(),
            entry.value.clone(),
            entry.positive.to_string(),
            entry.way.as_str().to_owned(),
            entry.at_ztunnel.to_string(),
            entry.location.clone().unwrap_or_default(),
        ]
    };
    let all = report.identities.iter();
    let rows = all.flat_map(|of| of.policies.iter().map(move |entry| row(of, entry)));
    crate::render::csv::table(out, headers, &CSV, rows)
}
