//! The list of accounts.

use std::io::{self, Write};

use crate::render::lists::Lists;
use crate::render::table::joined;
use crate::render::text::escaped;
use crate::report::identities::{CertificateEntry, DataPlaneWord, Identities, IdentityEntry};

use super::account;

const CSV: [&str; 9] = [
    "identity",
    "namespace",
    "serviceAccount",
    "workloads",
    "dataPlane",
    "certificate",
    "notAfter",
    "policies",
    "mayCreatePods",
];

pub(super) fn headers(wide: bool) -> Vec<&'static str> {
    let mut headers =
        vec!["NAMESPACE", "SERVICE ACCOUNT", "WORKLOADS", "DATA PLANE", "CERTIFICATE", "POLICIES"];
    if wide {
        headers.extend(["IDENTITY", "MAY CREATE PODS"]);
    }
    headers
}

/// What was read to its end: of the rest it is not known that there is none.
#[derive(Clone, Copy)]
pub(super) struct Read {
    pub(super) policies: bool,
    pub(super) pods: bool,
}

/// The rows of a table.
pub(super) fn rows(report: &Identities, wide: bool, read: Read, lists: Lists) -> Vec<Vec<String>> {
    let policies = |of: &IdentityEntry| match policies(of) {
        none if none.is_empty() && !read.policies => "unknown".to_owned(),
        names => lists.names(&names),
    };
    let unknown = |of: &IdentityEntry| of.workloads.is_empty() && !read.pods;
    let row = |of: &IdentityEntry| {
        let mut cells = vec![
            escaped(&of.namespace).into_owned(),
            account(report, of),
            if unknown(of) { "unknown".to_owned() } else { lists.workloads(&of.workloads) },
            of.data_plane
                .map_or(if unknown(of) { "unknown" } else { "<none>" }, DataPlaneWord::as_str)
                .to_owned(),
            certificate(&of.certificate),
            policies(of),
        ];
        if wide {
            cells.push(escaped(&of.identity).into_owned());
            cells.push(of.may_create_pods.as_deref().map_or_else(|| "unknown".to_owned(), joined));
        }
        cells
    };
    report.identities.iter().map(row).collect()
}

fn certificate(of: &CertificateEntry) -> String {
    match &of.not_after {
        Some(time) => format!("{} until {}", of.state.as_str(), escaped(time)),
        None => of.state.as_str().to_owned(),
    }
}

/// The policies that name it, each once.
fn policies(of: &IdentityEntry) -> Vec<String> {
    let mut names: Vec<String> = of.policies.iter().map(|entry| entry.policy.clone()).collect();
    names.dedup();
    names
}

pub(super) fn csv(out: &mut dyn Write, headers: bool, report: &Identities) -> io::Result<()> {
    let row = |of: &IdentityEntry| {
        vec![
            of.identity.clone(),
            of.namespace.clone(),
            of.service_account.clone(),
            of.workloads.join(" "),
            of.data_plane.map(|word| word.as_str().to_owned()).unwrap_or_default(),
            of.certificate.state.as_str().to_owned(),
            of.certificate.not_after.clone().unwrap_or_default(),
            policies(of).join(" "),
            of.may_create_pods.as_ref().map(|of| of.join(" ")).unwrap_or_default(),
        ]
    };
    crate::render::csv::table(out, headers, &CSV, report.identities.iter().map(row))
}
