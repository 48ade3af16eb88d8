//! The answers of `identities` in JSON and YAML.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::codes::Finding;
use crate::render::Listing;
use crate::report::Envelope;
use crate::report::identities::{Identities, IdentityEntry, Lint};

use super::{Head, Said, findings, head, said, write};

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
pub(in crate::render) fn identities<R: AsRef<Identities>>(
    out: &mut dyn Write,
    envelope: &Envelope<R>,
    yaml: bool,
) -> io::Result<()> {
    write(out, &IdentitiesJson::of(envelope), yaml)
}

impl<'a> IdentitiesJson<'a> {
    fn of<R: AsRef<Identities>>(envelope: &'a Envelope<R>) -> Self {
        let body = envelope.body.as_ref();
        Self {
            head: head(envelope),
            trust_domain: &body.trust_domain,
            identities: &body.identities,
            findings: body.findings.as_deref().map(findings),
        }
    }
}

impl Listing for Identities {
    type Row = IdentityEntry;

    fn rows(&mut self) -> &mut Vec<IdentityEntry> {
        &mut self.identities
    }

    fn row(entry: &IdentityEntry) -> serde_json::Result<Value> {
        serde_json::to_value(entry)
    }

    fn whole(envelope: &Envelope<Self>) -> serde_json::Result<Value> {
        serde_json::to_value(IdentitiesJson::of(envelope))
    }
}

impl Listing for Lint {
    type Row = Finding;

    fn rows(&mut self) -> &mut Vec<Finding> {
        self.0.findings.get_or_insert_with(Vec::new)
    }

    fn row(finding: &Finding) -> serde_json::Result<Value> {
        serde_json::to_value(said(finding, finding.code, &finding.evidence))
    }

    fn whole(envelope: &Envelope<Self>) -> serde_json::Result<Value> {
        serde_json::to_value(IdentitiesJson::of(envelope))
    }
}
