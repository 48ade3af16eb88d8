//! From a question to an answer: load, ask, print, and the exit status that follows.

use mesh_common::cli::{CliError, Console, ExitStatus, Facts};
use mesh_common::policy::Mesh;
use mesh_common::render::{self, Format, View};
use mesh_common::report::identities::{self, Identities, Lint, Selection};
use mesh_common::report::reachability::Answer;
use mesh_common::report::{Evidenced, GapEntry};
use mesh_common::snapshot::{Extent, Locator, Needs, NotFound, Topic};

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
            let needs = |namespace: &str, _: Option<&str>| needs(&arguments.names, namespace);
            let mut facts =
                Facts::edited(&arguments.source, &arguments.settings, &arguments.edits, &console, &needs)?;
            if arguments.certificates {
                let mesh = Mesh::new(&facts.snapshot);
                let selection = selection(&arguments, &console, &facts, &mesh, &query)?;
                let asked = facts.snapshot.ztunnels_of(&selection.identities(&mesh));
                facts.ask_ztunnels(&arguments.source, &console, &asked);
            }
            ask(&arguments, &console, &facts, &query)
        }
    }
}

/// Policies of any namespace may name an account, and whether one exists is asked of those of any. Who may not read
/// all namespaces reads those of the names.
fn needs(names: &[String], namespace: &str) -> Needs {
    let topics =
        [Topic::Accounts, Topic::Pods, Topic::Policies, Topic::Rbac, Topic::Services, Topic::Templates];
    let all = topics.into_iter().fold(Needs::basic(), |needs, topic| needs.with(topic, Extent::all()));
    // Names that are none are told later.
    let named = names.iter().filter_map(|name| name.parse::<Locator>().ok());
    named.fold(all, |needs, locator| needs.end(&locator, namespace, &[]))
}

fn ask(
    arguments: &Arguments,
    console: &Console,
    facts: &Facts,
    query: &Query,
) -> Result<ExitStatus, CliError> {
    let mesh = Mesh::new(&facts.snapshot);
    let selection = selection(arguments, console, facts, &mesh, query)?;
    let Answer { body, evidence } = match query.view {
        View::Findings => identities::lint(&mesh, &selection),
        View::Accounts | View::Policies => identities::identities(&mesh, &selection),
    };
    let status = ExitStatus::of(body.has_found(arguments.failure_threshold.into()), true, &evidence);
    let summary = body.findings.as_deref().map(render::summary);
    print(console, facts, query.view, &evidence, body)?;
    console.beside(&evidence);
    if let Some(summary) = summary {
        console.tell(&summary);
    }
    Ok(status)
}

/// What rows are is a matter of the view: accounts, or findings.
fn print(
    console: &Console,
    facts: &Facts,
    view: View,
    evidence: &Evidenced,
    body: Identities,
) -> Result<(), CliError> {
    if view == View::Findings {
        let mut envelope = facts.envelope("IdentityReport", evidence, Lint(body));
        return console.report(&mut envelope, |out, envelope, format| {
            render::identities(out, envelope, view, format, console.look)
        });
    }
    let mut envelope = facts.envelope("IdentityReport", evidence, body);
    console.report(&mut envelope, |out, envelope, format| {
        render::identities(out, envelope, view, format, console.look)
    })
}

/// The accounts that are asked about. With names -n says where they are, without it limits the list.
fn selection(
    arguments: &Arguments,
    console: &Console,
    facts: &Facts,
    mesh: &Mesh<'_>,
    query: &Query,
) -> Result<Selection, NotFound> {
    let labels = query.labels.clone();
    if arguments.names.is_empty() {
        let namespace = facts.scope();
        if let Some(namespace) = namespace {
            // A list of a namespace that is not there would be empty, and taken for an answer.
            facts.snapshot.all_of(namespace)?;
        }
        return Ok(Selection { labels, namespace: namespace.map(Into::into), only: None });
    }
    let named = Selection::named(mesh, &arguments.names, facts.namespace()).inspect_err(|_| {
        // What was asked about may be in what could not be read.
        let elsewhere = facts.snapshot.gaps.iter().map(GapEntry::of).collect();
        console.beside(&Evidenced { elsewhere, ..Evidenced::default() });
    })?;
    Ok(Selection { labels, ..named })
}
