//! From a question to an answer: load, ask, print, and the exit status that follows.

use mesh_common::cli::{CliError, Console, ExitStatus, envelope, load};
use mesh_common::policy::Mesh;
use mesh_common::render::{self, Format, View};
use mesh_common::report::identities::{self, Identities, Selection};
use mesh_common::report::reachability::Answer;
use mesh_common::report::{Evidenced, GapEntry};
use mesh_common::snapshot::{MeshSnapshot, NotFound};

use crate::args::{Arguments, Query, Request};

const SCHEMA: &str = include_str!("../../../docs/schema/IdentityReport.json");

/// The formats of accounts and of the rules that name them.
const FORMATS: &[Format] =
    &[Format::Table, Format::Wide, Format::Json, Format::Yaml, Format::Name, Format::Csv, Format::Markdown];

/// The formats of `--lint`.
const LINT_FORMATS: &[Format] =
    &[Format::Table, Format::Wide, Format::Json, Format::Yaml, Format::Csv, Format::Markdown, Format::Sarif];

/// Answers.
///
/// # Errors
/// When nothing could be answered.
#[expect(clippy::needless_pass_by_value, reason = "the arguments end here")]
pub fn run(arguments: Arguments) -> Result<ExitStatus, CliError> {
    let request = Request::new(&arguments)?;
    let (what, formats) = match arguments.view() {
        View::Findings => ("--lint", LINT_FORMATS),
        View::Accounts | View::Policies => ("identities", FORMATS),
    };
    let console = Console::new(&arguments.output, &arguments.verbosity, what, formats)?;
    match request {
        Request::Explain(code) => {
            console.print(|out| out.write_all(render::explain(code).as_bytes()))?;
            Ok(ExitStatus::Holds)
        }
        Request::Schema => {
            console.print(|out| out.write_all(SCHEMA.as_bytes()))?;
            Ok(ExitStatus::Holds)
        }
        Request::Ask(query) => {
            let snapshot = load(&arguments.source, &arguments.settings, &console)?;
            ask(&arguments, &console, &snapshot, &query)
        }
    }
}

fn ask(
    arguments: &Arguments,
    console: &Console,
    snapshot: &MeshSnapshot,
    query: &Query,
) -> Result<ExitStatus, CliError> {
    let mesh = Mesh::new(snapshot);
    let selection = selection(arguments, &mesh, query).inspect_err(|_| {
        // What was asked about may be in what could not be read.
        let elsewhere = snapshot.gaps.iter().map(GapEntry::of).collect();
        console.beside(&Evidenced { elsewhere, ..Evidenced::default() });
    })?;
    let Answer { body, evidence } = match query.view {
        View::Findings => identities::lint(&mesh, &selection),
        View::Accounts | View::Policies => identities::identities(&mesh, &selection),
    };
    let status = status_of(arguments, &body, &evidence);
    let summary = body.findings.as_deref().map(render::summary);
    let envelope = envelope(&arguments.source, "IdentityReport", &evidence, body);
    console.print(|out| render::identities(out, &envelope, query.view, console.format, console.look))?;
    console.beside(&evidence);
    console.tell(summary);
    Ok(status)
}

/// The accounts that are asked about. With names -n says where they are, without it limits the list.
fn selection(arguments: &Arguments, mesh: &Mesh<'_>, query: &Query) -> Result<Selection, NotFound> {
    let labels = query.labels.clone();
    if !arguments.names.is_empty() {
        let namespace = arguments.source.namespace_of_names();
        return Ok(Selection { labels, ..Selection::named(mesh, &arguments.names, namespace)? });
    }
    let namespace = arguments.source.scope();
    Ok(Selection { labels, namespace: namespace.map(Into::into), only: None })
}

fn status_of(arguments: &Arguments, body: &Identities, evidence: &Evidenced) -> ExitStatus {
    if body.has_found(arguments.failure_threshold.into()) {
        ExitStatus::Finding
    } else if evidence.gaps.is_empty() {
        ExitStatus::Holds
    } else {
        ExitStatus::Incomplete
    }
}
