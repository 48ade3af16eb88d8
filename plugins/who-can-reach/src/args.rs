//! From the command line to a question. Pure: nothing is read here.

use clap::{CommandFactory, Parser};
use mesh_common::cli::{CliError, OutputArguments, SettingsArguments, SourceArguments, VerbosityArguments};
use mesh_common::codes::Code;
use mesh_common::model::LabelSelector;

/// Who gets to a workload of the mesh, and which policy decides.
///
/// TARGET is KIND/NAME or KIND/NAMESPACE/NAME (pod, deploy, sts, ds, rs, job, cj, svc, sa, ns, node), ip/ADDRESS,
/// or a pod's bare name; with :PORT one port of it. Without --from the answer covers everyone: each identity that
/// runs, any other identity, plaintext from the cluster, outside.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "kubectl-mesh-who_can_reach",
    bin_name = "kubectl mesh who-can-reach",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  # everyone who gets to a Service, from manifests
  kubectl mesh who-can-reach svc/edp/edp-postgresql -f manifests -R
  # may this caller, and why not
  kubectl mesh who-can-reach svc/edp/edp-postgresql:5432 --from deploy/chatqa/llm-usvc -f manifests -R
  # what is expected, in a pipeline
  kubectl mesh who-can-reach --check expectations.yaml -f manifests -R

Exit status: 0 answered; 1 --from is denied, or an expectation of --check failed; 2 nothing could be answered;
3 an answer is conditional or unknown, or rests on what could not be read."
)]
pub struct Arguments {
    /// What is called
    #[arg(value_name = "TARGET[:PORT]")]
    pub target: Option<String>,
    /// Who calls: as TARGET, or outside, spiffe://…; repeatable
    #[arg(long, value_name = "SOURCE")]
    pub from: Vec<String>,
    /// The matrix: every workload as a target (of namespace -n)
    #[arg(long)]
    pub all: bool,
    /// Turn the question round: whom TARGET gets to
    #[arg(long)]
    pub to_peers: bool,
    /// Judge the expectations of a file (- is standard input)
    #[arg(long, value_name = "FILE")]
    pub check: Option<String>,
    /// Targets: workloads with these labels
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Explain a code, such as MESH0104
    #[arg(long, value_name = "CODE")]
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
    Arguments::command()
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Query {
    /// Explain a code.
    Explain(Code),
    /// Print the schema of a check, or of the other answers.
    Schema { check: bool },
    /// Who gets to a target.
    List(String),
    /// What these callers get.
    From { target: String, sources: Vec<String> },
    /// Whom a caller gets to.
    ToPeers(String),
    /// Who gets to each of the workloads that are selected.
    Matrix(Option<LabelSelector>),
    /// What became of expectations.
    Check(String),
}

impl Query {
    /// The question of the arguments.
    ///
    /// # Errors
    /// When they contradict each other, or ask nothing.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, CliError> {
        if let Some(code) = &arguments.explain {
            let unknown =
                || CliError::usage(format!("there is no code `{code}`")).hint("docs/codes.md lists all");
            return Code::parse(code).map(Self::Explain).ok_or_else(unknown);
        }
        if arguments.schema {
            return Ok(Self::Schema { check: arguments.check.is_some() });
        }
        let selector = arguments.selector.as_deref().map(str::parse::<LabelSelector>).transpose();
        let selector = selector.map_err(|error| CliError::usage(error.to_string()))?;
        let asked = [
            ("--check", arguments.check.is_some()),
            ("--all", arguments.all),
            ("-l", selector.is_some()),
            ("TARGET", arguments.target.is_some()),
        ];
        let asked: Vec<&str> = asked.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect();
        match asked.as_slice() {
            [] => {
                return Err(CliError::usage("nothing is asked: TARGET, --all, -l or --check is needed")
                    .hint("for example: kubectl mesh who-can-reach svc/NAMESPACE/NAME -f DIRECTORY"));
            }
            ["--all", "-l"] | [_] => {}
            [first, second, ..] => {
                return Err(CliError::usage(format!("{first} and {second} exclude each other")));
            }
        }
        let of_target = [("--from", !arguments.from.is_empty()), ("--to-peers", arguments.to_peers)];
        for (flag, given) in of_target {
            if given && arguments.target.is_none() {
                return Err(CliError::usage(format!("{flag} needs a TARGET")));
            }
        }
        match (&arguments.target, &arguments.check) {
            (Some(_), _) if arguments.to_peers && !arguments.from.is_empty() => {
                Err(CliError::usage("--from and --to-peers exclude each other"))
            }
            (Some(target), _) if arguments.to_peers => Ok(Self::ToPeers(target.clone())),
            (Some(target), _) if arguments.from.is_empty() => Ok(Self::List(target.clone())),
            (Some(target), _) => Ok(Self::From { target: target.clone(), sources: arguments.from.clone() }),
            (None, Some(file)) => Ok(Self::Check(file.clone())),
            (None, None) => Ok(Self::Matrix(selector)),
        }
    }
}
