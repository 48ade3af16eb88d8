//! The answers of `identities` in every format: the accounts, the rules that name them, what was found.

use std::io::{self, Write};

use crate::codes::Code;
use crate::report::identities::{Identities, IdentityEntry};
use crate::report::{Envelope, GapEntry};

use super::text::escaped;
use super::{Format, Look, json, lists, markdown, table};

mod accounts;
mod findings;
mod policies;
#[cfg(test)]
mod tests;

use lists::Lists;

/// What of the answer is shown. JSON and YAML always have all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// The accounts.
    Accounts,
    /// The rules that name them.
    Policies,
    /// What was found.
    Findings,
}

/// Writes a report.
///
/// # Errors
/// When it cannot be written.
pub fn identities<R: AsRef<Identities>>(
    out: &mut dyn Write,
    envelope: &Envelope<R>,
    view: View,
    format: Format,
    look: Look,
) -> io::Result<()> {
    let report = envelope.body.as_ref();
    let misses = |resource| envelope.gaps.iter().any(|gap| hides(gap, resource));
    let read = accounts::Read { policies: !misses("authorizationpolicies"), pods: !misses("pods") };
    match format {
        Format::Json => json::identities(out, envelope, false),
        Format::Yaml => json::identities(out, envelope, true),
        Format::Name => report.identities.iter().try_for_each(|of| writeln!(out, "{}", name(report, of))),
        Format::Sarif => super::sarif::log(out, report.findings.as_deref().unwrap_or_default()),
        Format::Csv => match view {
            View::Accounts => accounts::csv(out, look.headers, report),
            View::Policies => policies::csv(out, look.headers, report),
            View::Findings => findings::csv(out, look.headers, report),
        },
        Format::Markdown => {
            let look = look.plain();
            let table = match view {
                View::Accounts => markdown::table(
                    &accounts::headers(false),
                    &accounts::rows(report, false, read, Lists::Whole),
                ),
                View::Policies => markdown::table(&policies::headers(false), &policies::rows(report, false)),
                View::Findings => {
                    markdown::table(&findings::headers(false), &findings::rows(report, look, false))
                }
            };
            out.write_all(table.as_bytes())
        }
        _ => {
            let wide = format == Format::Wide;
            let text = match view {
                View::Accounts => {
                    let cells = |lists| accounts::rows(report, wide, read, lists);
                    lists::fitted(look, wide, &accounts::headers(wide), cells)
                }
                View::Policies => table::table(look, &policies::headers(wide), &policies::rows(report, wide)),
                View::Findings => findings::text(report, look, wide),
            };
            out.write_all(text.as_bytes())
        }
    }
}

/// Whether objects of a resource may be missing.
fn hides(gap: &GapEntry, resource: &str) -> bool {
    matches!(gap.code, Code::ListForbidden | Code::ListTimedOut | Code::ListFailed)
        && gap.subject.starts_with(resource)
}

/// An account in the form that scripts should use.
fn name(report: &Identities, of: &IdentityEntry) -> String {
    let name = match of.trust_domain == report.trust_domain {
        true => format!("sa/{}/{}", of.namespace, of.service_account),
        false => of.identity.clone(),
    };
    escaped(&name).into_owned()
}

/// The name of an account in a table, beside its namespace.
fn account(report: &Identities, of: &IdentityEntry) -> String {
    let name = match of.trust_domain == report.trust_domain {
        true => of.service_account.clone(),
        false => format!("{} (of {})", of.service_account, of.trust_domain),
    };
    escaped(&name).into_owned()
}
