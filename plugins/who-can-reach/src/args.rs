//! From the command line to a question. Pure: nothing is read here.

use clap::{CommandFactory, Parser, ValueEnum, ValueHint};
use mesh_common::cli::{
    self, Against, CliError, EditArguments, OutputArguments, RequestArguments, SettingsArguments,
    SourceArguments, Takes, VerbosityArguments,
};
use mesh_common::codes::Code;
use mesh_common::model::LabelSelector;
use mesh_common::report::reachability::FailOn;

use crate::run::ALL_FORMATS;

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
  # what a change lets in, before it is applied
  kubectl mesh who-can-reach --all --diff --overlay change.yaml
  # the same of two states of the manifests
  kubectl mesh who-can-reach --all --diff --against main -f manifests -R -o md

Exit status:
  0  answered
  1  --from is denied, an expectation of --check failed, or --diff has what --fail-on names
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
    /// What the edits change: the source as it is against the source with them
    #[arg(long)]
    pub diff: bool,
    /// With --diff: a file, directory or bundle, against which the source is held
    #[arg(long, value_name = "FILE|DIR|BUNDLE", requires = "diff", value_hint = ValueHint::AnyPath)]
    pub against: Option<String>,
    /// With --diff: the changes that make it fail
    #[arg(long, value_name = "CHANGES", value_enum, requires = "diff", default_value_t = Minded::Widened)]
    pub fail_on: Minded,
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
    pub(crate) request: RequestArguments,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[command(flatten)]
    pub(crate) edits: EditArguments,
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) verbosity: VerbosityArguments,
}

/// The changes that make `--diff` fail.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Minded {
    /// More gets in
    Widened,
    /// Less gets in
    Narrowed,
    /// Any change
    Any,
}

impl From<Minded> for FailOn {
    fn from(minded: Minded) -> Self {
        match minded {
            Minded::Widened => Self::Widened,
            Minded::Narrowed => Self::Narrowed,
            Minded::Any => Self::Any,
        }
    }
}

/// What can be asked.
#[must_use]
pub fn command() -> clap::Command {
    let formats = "Output format: table, wide, json, yaml, name, csv, md, dot, mermaid, html; --check and --diff have \
                   junit and tap, and neither name nor pictures; --diff has sarif, and no csv; jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE, \
                   jsonpath-file=FILE, custom-columns=HEADER:PATH,…, custom-columns-file=FILE";
    Arguments::command().mut_arg("output", |output| output.help(formats).add(Takes::Format(ALL_FORMATS)))
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// Explain a code.
    Explain(Code),
    /// Print the schema of an answer.
    Schema(Kind),
    /// What became of expectations.
    Check(String),
    /// What changes.
    Diff(Query),
    /// An answer.
    Ask(Query),
}

/// The kinds of answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// `ReachabilityCheckReport`
    Check,
    /// `ReachabilityDiff`
    Diff,
    /// `ReachabilityReport`
    List,
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
            return Ok(Self::Schema(arguments.kind()));
        }
        let selector = arguments.selector.as_deref().map(str::parse::<LabelSelector>).transpose();
        let selector = selector.map_err(|error| CliError::usage(error.to_string()))?;
        one_question(arguments)?;
        something_to_compare(arguments)?;
        let ask = if arguments.diff { Self::Diff } else { Self::Ask };
        Ok(match (&arguments.check, &arguments.target) {
            (Some(file), _) => Self::Check(file.clone()),
            (None, None) => ask(Query::Matrix(selector)),
            (None, Some(target)) => ask(about(target.clone(), arguments)?),
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

impl Arguments {
    /// What kind of answer is asked for.
    pub(crate) fn kind(&self) -> Kind {
        match (&self.check, self.diff) {
            (Some(_), _) => Kind::Check,
            (None, true) => Kind::Diff,
            (None, false) => Kind::List,
        }
    }

    /// What the source is held against.
    pub(crate) fn held_against(&self) -> Against<'_> {
        self.against.as_deref().map_or(Against::Unedited, Against::Source)
    }
}

/// Refuses to compare what cannot differ.
fn something_to_compare(arguments: &Arguments) -> Result<(), CliError> {
    let Arguments { diff, against, check, edits, .. } = arguments;
    if check.is_some() && !arguments.request.is_empty() {
        let hint = "write it into the expectations: method, path, host, headers, sni, jwtClaims";
        return Err(CliError::usage("--check has a request for each expectation").hint(hint));
    }
    if *diff && check.is_some() {
        let hint = "leave out --diff: --check judges the source with its edits";
        return Err(CliError::usage("--check and --diff exclude each other").hint(hint));
    }
    if *diff && against.is_none() && edits.is_empty() {
        let hint = "give --overlay, --without, --assume-ambient or --assume-istiod, or --against";
        return Err(CliError::usage("--diff has nothing to compare with").hint(hint));
    }
    Ok(())
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
