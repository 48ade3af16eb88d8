//! From a question to an answer: load, ask, print, and the exit status that follows.

use std::io::Read;
use std::mem::ManuallyDrop;

use mesh_common::cli::{CliError, Comparison, Console, ExitStatus, Facts};
use mesh_common::manifests;
use mesh_common::model::{LabelSelector, WorkloadIndex};
use mesh_common::policy::{Mesh, envoy};
use mesh_common::render::{self, Format};
use mesh_common::report::reachability::{
    self, Answer, Asked, Compared, Expectations, FailOn, Reachability, Scope, SourceQuestion, TargetQuestion,
};
use mesh_common::report::{Evidenced, GapEntry};
use mesh_common::snapshot::Affects;

use crate::args::{Arguments, Kind, Query, Request};
use crate::needs::Wanted;

const REACHABILITY_SCHEMA: &str = include_str!("../../../docs/schema/ReachabilityReport.json");
const DIFF_SCHEMA: &str = include_str!("../../../docs/schema/ReachabilityDiff.json");
const CHECK_SCHEMA: &str = include_str!("../../../docs/schema/ReachabilityCheckReport.json");

/// The formats of the other answers.
const FORMATS: &[Format] = &[
    Format::Table,
    Format::Wide,
    Format::Json,
    Format::Yaml,
    Format::Name,
    Format::Csv,
    Format::Markdown,
    Format::Dot,
    Format::Mermaid,
    Format::Html,
];

/// The formats of `--check`.
const CHECK_FORMATS: &[Format] = &[
    Format::Table,
    Format::Wide,
    Format::Json,
    Format::Yaml,
    Format::Csv,
    Format::Markdown,
    Format::Junit,
    Format::Tap,
];

/// The formats of `--diff`.
const DIFF_FORMATS: &[Format] = &[
    Format::Table,
    Format::Wide,
    Format::Json,
    Format::Yaml,
    Format::Markdown,
    Format::Junit,
    Format::Tap,
    Format::Sarif,
];

/// The formats of all answers together.
pub(crate) const ALL_FORMATS: &[Format] = &[
    Format::Table,
    Format::Wide,
    Format::Json,
    Format::Yaml,
    Format::Name,
    Format::Csv,
    Format::Markdown,
    Format::Dot,
    Format::Mermaid,
    Format::Html,
    Format::Junit,
    Format::Tap,
    Format::Sarif,
];

/// Answers.
///
/// # Errors
/// When nothing could be answered.
#[expect(clippy::needless_pass_by_value, reason = "the arguments end here")]
pub fn run(arguments: Arguments) -> Result<ExitStatus, CliError> {
    let request = Request::new(&arguments)?;
    let (what, formats) = match arguments.kind() {
        Kind::Check => ("--check", CHECK_FORMATS),
        Kind::Diff => ("--diff", DIFF_FORMATS),
        Kind::List => ("who-can-reach", FORMATS),
    };
    let console = Console::new(&arguments.output, &arguments.verbosity, what, formats)?;
    match request {
        Request::Explain(code) => {
            console.print(|out| out.write_all(render::explain(code).as_bytes()))?;
            Ok(ExitStatus::Holds)
        }
        Request::Schema(kind) => {
            let schema = match kind {
                Kind::Check => CHECK_SCHEMA,
                Kind::Diff => DIFF_SCHEMA,
                Kind::List => REACHABILITY_SCHEMA,
            };
            console.print(|out| out.write_all(schema.as_bytes()))?;
            Ok(ExitStatus::Holds)
        }
        Request::Check(file) => {
            let expectations = expectations(&file)?;
            let facts = load(&arguments, &console, &Wanted::of_expectations(&expectations))?;
            check(&console, &facts, &expectations)
        }
        Request::Diff(query) => diff(&arguments, &console, &query),
        Request::Ask(query) => {
            // Kept to the end of the process: to give back piece by piece what was read would only take time.
            let facts = ManuallyDrop::new(load(&arguments, &console, &Wanted::of(&query)?)?);
            ask(&console, &facts, &query, arguments.request.request()?)
        }
    }
}

fn load(arguments: &Arguments, console: &Console, wanted: &Wanted) -> Result<Facts, CliError> {
    let needs = |namespace: &str, scope: Option<&str>| wanted.needs(namespace, scope);
    Facts::edited(&arguments.source, &arguments.settings, &arguments.edits, console, &needs)
}

fn expectations(file: &str) -> Result<Expectations, CliError> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().lock().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(file).map(|read| text = read),
    };
    read.map_err(|error| {
        CliError::input(format!("`{file}` could not be read: {}", manifests::reason(&error)))
    })?;
    Expectations::parse(&text).map_err(|error| CliError::input(format!("{file}:{error}")))
}

fn ask(
    console: &Console,
    facts: &Facts,
    query: &Query,
    request: envoy::Request,
) -> Result<ExitStatus, CliError> {
    let mesh = ManuallyDrop::new(Mesh::new(&facts.snapshot).asked(request));
    let Answer { body, evidence } = answer(facts, &mesh, query).inspect_err(|_| {
        // What was asked about may be in what could not be read: lists of workloads before all others.
        let mut gaps: Vec<_> = facts.snapshot.gaps.iter().collect();
        gaps.sort_by_key(|gap| !matches!(gap.affects, Affects::Workloads(_)));
        let elsewhere = gaps.into_iter().map(GapEntry::of).collect();
        console.beside(&Evidenced { elsewhere, ..Evidenced::default() });
    })?;
    if console.is(Format::Name) && body.leaves_out_names() {
        return Err(CliError::usage(
            "`-o name` would leave out workloads: the matrix has too many pairs to name all",
        )
        .hint("ask for a part of it with -n or -l, or about one target"));
    }
    let asks_a_caller = matches!(query, Query::From { .. });
    let status = ExitStatus::of(asks_a_caller && body.any_denied(), body.is_certain(), &evidence);
    let mut envelope = ManuallyDrop::new(facts.envelope("ReachabilityReport", &evidence, body));
    console.report(&mut envelope, |out, envelope, format| {
        render::reachability(out, envelope, format, console.look, asks_a_caller)
    })?;
    console.beside(&evidence);
    Ok(status)
}

fn answer(facts: &Facts, mesh: &Mesh<'_>, query: &Query) -> Result<Answer<Reachability>, CliError> {
    let namespace = facts.namespace();
    Ok(match query {
        Query::From { target, sources } => {
            let target = TargetQuestion::find(mesh, target, namespace)?;
            let sources: Vec<SourceQuestion> = sources
                .iter()
                .map(|source| SourceQuestion::find(mesh, source, namespace))
                .collect::<Result<_, _>>()?;
            reachability::from(mesh, &target, &sources)
        }
        Query::List(target) => reachability::list(mesh, &TargetQuestion::find(mesh, target, namespace)?),
        Query::ToPeers(source) => {
            let source = SourceQuestion::find(mesh, source, namespace)?;
            reachability::to_peers(mesh, &source, &selected(facts, None)?)
        }
        Query::Matrix(selector) => reachability::matrix(mesh, &selected(facts, selector.as_ref())?),
    })
}

/// The workloads in the scope of a list.
fn selected(facts: &Facts, selector: Option<&LabelSelector>) -> Result<Vec<WorkloadIndex>, CliError> {
    let all: Vec<WorkloadIndex> = match facts.scope() {
        Some(namespace) => facts.snapshot.all_of(namespace)?.to_vec(),
        None => facts.snapshot.indexes().collect(),
    };
    let matches = |index: &WorkloadIndex| {
        let labels = facts.snapshot.workload(*index).map(|workload| &workload.labels);
        selector.is_none_or(|selector| labels.is_some_and(|labels| selector.matches(labels)))
    };
    let found: Vec<WorkloadIndex> = all.into_iter().filter(matches).collect();
    if found.is_empty() {
        let place = facts.scope();
        let place = place.map_or_else(String::new, |namespace| format!(" in namespace `{namespace}`"));
        let with = if selector.is_some() { " with these labels" } else { "" };
        let error = CliError::input(format!("no workload{place}{with}"));
        return Err(match facts.scope() {
            Some(_) => error.hint("-A asks all namespaces, -n another one"),
            None => error,
        });
    }
    Ok(found)
}

fn diff(arguments: &Arguments, console: &Console, query: &Query) -> Result<ExitStatus, CliError> {
    let wanted = Wanted::of(query)?;
    let needs = |namespace: &str, scope: Option<&str>| wanted.needs(namespace, scope);
    let edited = (&arguments.edits, arguments.held_against());
    let Comparison { facts, changes, given, against } =
        Comparison::load(&arguments.source, &arguments.settings, edited, console, &needs)?;
    let compared = Compared { changes: &changes, given: &given, against: against.as_ref() };
    let (scope, sources) = match query {
        Query::List(target) => (Scope::Target(target), [].as_slice()),
        Query::From { target, sources } => (Scope::Target(target), sources.as_slice()),
        Query::ToPeers(source) => (Scope::All(facts.scope(), None), std::slice::from_ref(source)),
        Query::Matrix(selector) => (Scope::All(facts.scope(), selector.as_ref()), [].as_slice()),
    };
    let request = arguments.request.request()?;
    let asked = Asked { scope, sources, namespace: facts.namespace(), request: &request };
    let Answer { body, evidence } = reachability::diff(compared, &asked)?;
    let fail_on = FailOn::from(arguments.fail_on);
    // What a pipeline minds is certain; what else changed may not be.
    let status = ExitStatus::of(body.fails(fail_on), body.is_certain(), &evidence);
    let summary = render::diff_summary(&body);
    let mut envelope = facts.envelope("ReachabilityDiff", &evidence, body);
    console.report(&mut envelope, |out, envelope, format| {
        render::reachability_diff(out, envelope, format, console.look, fail_on)
    })?;
    console.beside(&evidence);
    console.tell(&summary);
    Ok(status)
}

fn check(console: &Console, facts: &Facts, expectations: &Expectations) -> Result<ExitStatus, CliError> {
    let mesh = Mesh::new(&facts.snapshot);
    let namespace = facts.namespace();
    let Answer { body, evidence } = reachability::check(&mesh, expectations, namespace);
    let failed = body.results.iter().any(|result| result.passed == Some(false));
    let status = ExitStatus::of(failed, body.is_certain(), &evidence);
    let mut envelope = facts.envelope("ReachabilityCheckReport", &evidence, body);
    console.report(&mut envelope, |out, envelope, format| {
        render::reachability_check(out, envelope, format, console.look)
    })?;
    console.beside(&evidence);
    Ok(status)
}
