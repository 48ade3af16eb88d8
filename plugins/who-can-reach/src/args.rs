//! From the command line to a question. Pure: nothing is read here.

use clap::{CommandFactory, Parser, ValueHint};
use mesh_common::cli::{
    self, CliError, OutputArguments, SettingsArguments, SourceArguments, Takes, VerbosityArguments,
};
use mesh_common::codes::Code;
use mesh_common::model::LabelSelector;

use crate::run::FORMATS;

/// Who gets to a workload of the mesh, and which policy decides.
///
/// TARGET is KIND/NAME or KIND/NAMESPACE/NAME (pod, deploy, sts, ds, rs, job, cj, svc, sa, ns, node), ip/ADDRESS,
/// or a pod's bare name; with :PORT one port of it. Without --from the answer covers everyone: each identity that
/// runs, any other identity, plaintext from the cluster, outside.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "kubectl-mesh-who_can_reach",
    bin_name = "kubectl mesh who-can-reach",
    display_name = "kubectl mesh who-can-reach",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  # everyone who gets to a Service of the cluster
  kubectl mesh who-can-reach svc/edp/edp-postgresql
  # may this caller, and why not
  kubectl mesh who-can-reach svc/edp/edp-postgresql:5432 --from deploy/chatqa/ui
  # whom a workload gets to, in any namespace
  kubectl mesh who-can-reach deploy/chatqa/ui --to-peers -A
  # the same of manifests
  kubectl mesh who-can-reach svc/edp/edp-postgresql -f manifests -R
  # a page to look around in
  kubectl mesh who-can-reach --all -f manifests -R -o html > mesh.html
  # what is expected, in a pipeline
  kubectl mesh who-can-reach --check expectations.yaml -f manifests -R

Exit status:
  0  answered
  1  --from is denied, or an expectation of --check failed
  2  nothing could be answered
  3  an answer is conditional or unknown, or rests on what could not be read"
)]
pub struct Arguments {
    /// What is called
    #[arg(value_name = "TARGET[:PORT]", add = Takes::Target)]
    pub target: Option<String>,
    /// Who calls: as TARGET, or outside, spiffe://…; repeatable
    #[arg(long, value_name = "SOURCE", add = Takes::Caller)]
    pub from: Vec<String>,
    /// The matrix: every workload as a target (of namespace -n)
    #[arg(long)]
    pub all: bool,
    /// Turn the question round: whom TARGET gets to
    #[arg(long)]
    pub to_peers: bool,
    /// Judge the expectations of a file (- is standard input)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub check: Option<String>,
    /// Targets: workloads with these labels
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Explain a code, such as MESH0104
    #[arg(long, value_name = "CODE", add = Takes::Code)]
    pub explain: Option<String>,
    /// Print the JSON schema of the answer
    #[arg(long)]
    pub schema: bool,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) verbosity: VerbosityArguments,
}

/// What can be asked.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command().mut_arg("output", |output| output.add(Takes::Format(FORMATS)))
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// Explain a code.
    Explain(Code),
    /// Print the schema of a check, or of the other answers.
    Schema { check: bool },
    /// What became of expectations.
    Check(String),
    /// An answer.
    Ask(Query),
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Query {
    /// Who gets to a target.
    List(String),
    /// What these callers get.
    From { target: String, sources: Vec<String> },
    /// Whom a caller gets to.
    ToPeers(String),
    /// Who gets to each of the workloads that are selected.
    Matrix(Option<LabelSelector>),
}

impl Request {
    /// What the arguments ask for.
    ///
    /// # Errors
    /// When they contradict each other, or ask nothing.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, CliError> {
        if let Some(code) = &arguments.explain {
            return cli::code(code).map(Self::Explain);
        }
        if arguments.schema {
            return Ok(Self::Schema { check: arguments.check.is_some() });
        }
        let selector = arguments.selector.as_deref().map(str::parse::<LabelSelector>).transpose();
        let selector = selector.map_err(|error| CliError::usage(error.to_string()))?;
        one_question(arguments)?;
        Ok(match (&arguments.check, &arguments.target) {
            (Some(file), _) => Self::Check(file.clone()),
            (None, None) => Self::Ask(Query::Matrix(selector)),
            (None, Some(target)) => Self::Ask(about(target.clone(), arguments)?),
        })
    }
}

/// Refuses what asks nothing, and what asks several things at once.
fn one_question(arguments: &Arguments) -> Result<(), CliError> {
    let asked = [
        ("--check", arguments.check.is_some()),
        ("--all", arguments.all),
        ("-l", arguments.selector.is_some()),
        ("TARGET", arguments.target.is_some()),
    ];
    let asked: Vec<&str> = asked.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect();
    let of_target = [("--from", !arguments.from.is_empty()), ("--to-peers", arguments.to_peers)];
    let needs_target = of_target.into_iter().find(|(_, given)| *given && arguments.target.is_none());
    if let Some((flag, _)) = needs_target {
        return Err(CliError::usage(format!("{flag} needs a TARGET")));
    }
    match asked.as_slice() {
        [] => Err(CliError::usage("nothing is asked: TARGET, --all, -l or --check is needed")
            .hint("for example: kubectl mesh who-can-reach svc/NAMESPACE/NAME -f DIRECTORY")),
        ["--all", "-l"] | [_] => Ok(()),
        [first, second, ..] => Err(CliError::usage(format!("{first} and {second} exclude each other"))),
    }
}

/// The question about a target.
fn about(target: String, arguments: &Arguments) -> Result<Query, CliError> {
    match (arguments.to_peers, arguments.from.is_empty()) {
        (true, false) => Err(CliError::usage("--from and --to-peers exclude each other")),
        (true, true) => Ok(Query::ToPeers(target)),
        (false, true) => Ok(Query::List(target)),
        (false, false) => Ok(Query::From { target, sources: arguments.from.clone() }),
    }
}
