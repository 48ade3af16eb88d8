//! The answers of `identities` in JSON and YAML.

use std::io::{self, Write};

use serde::Serialize;

use crate::codes::Finding;
use crate::report::Envelope;
use crate::report::identities::{Identities, IdentityEntry};

use super::{Head, Said, findings, head, write};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentitiesJson<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    trust_domain: &'a str,
    identities: &'a [IdentityEntry],
    findings: Option<Vec<Said<'a, Finding>>>,
}

/// The report in JSON, or in YAML.
pub(in crate::render) fn identities(
    out: &mut dyn Write,
    envelope: &Envelope<Identities>,
    yaml: bool,
) -> io::Result<()> {
    let report = IdentitiesJson {
        head: head(envelope),
        trust_domain: &envelope.body.trust_domain,
        identities: &envelope.body.identities,
        findings: envelope.body.findings.as_deref().map(findings),
    };
    write(out, &report, yaml)
}
