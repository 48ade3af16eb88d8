//! From the command line to a question. Pure: nothing is read here.

use clap::{CommandFactory, Parser, ValueEnum};
use mesh_common::cli::{
    self, CliError, EditArguments, OutputArguments, SettingsArguments, SourceArguments, Takes,
    VerbosityArguments,
};
use mesh_common::codes::{Code, Severity};
use mesh_common::model::LabelSelector;
use mesh_common::render::{Format, View};

/// The accounts of the mesh: what runs as them, and which rules name them.
///
/// NAME is an account (NAME, sa/NAME, sa/NAMESPACE/NAME), an identity (spiffe://…), or what runs as one: KIND/NAME
/// or KIND/NAMESPACE/NAME (pod, deploy, sts, ds, rs, job, cj), ns/NAMESPACE for all of a namespace. Without NAME
/// every account that something runs as, or that a policy names.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "kubectl-mesh-identities",
    bin_name = "kubectl mesh identities",
    display_name = "kubectl mesh identities",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  # every account, from manifests
  kubectl mesh identities -f manifests -R
  # every rule that names an account
  kubectl mesh identities sa/edp/edp-chart --policies -f manifests -R
  # what is wrong with policies and accounts, in a pipeline
  kubectl mesh identities --lint -f manifests -R
  # the certificates of a namespace's accounts, from the ztunnels of a cluster
  kubectl mesh identities -n edp --certificates

Exit status:
  0  answered
  1  --lint found something at or above --failure-threshold
  2  nothing could be answered
  3  an answer is unknown, or rests on what could not be read"
)]
pub struct Arguments {
    /// Accounts, or what runs as them
    #[arg(value_name = "NAME", add = Takes::Account)]
    pub names: Vec<String>,
    /// Every rule that names an account, and how
    #[arg(long, conflicts_with = "lint")]
    pub policies: bool,
    /// All findings about policies and accounts
    #[arg(long)]
    pub lint: bool,
    /// Ask the ztunnels for the state and expiry of certificates: of the nodes where the accounts run, each through
    /// a port-forward, which needs the right to create and get pods/portforward in Istio's namespace
    #[arg(long, conflicts_with = "lint")]
    pub certificates: bool,
    /// The least severity that makes --lint fail
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = Threshold::Warning, requires = "lint")]
    pub failure_threshold: Threshold,
    /// Accounts whose ServiceAccount has these labels
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
    pub(crate) edits: EditArguments,
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) verbosity: VerbosityArguments,
}

/// The least severity that counts.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Threshold {
    /// Everything.
    Info,
    /// Warnings and errors.
    Warning,
    /// Errors.
    Error,
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Info => Self::Info,
            Threshold::Warning => Self::Warning,
            Threshold::Error => Self::Error,
        }
    }
}

/// The formats of all answers together.
const FORMATS: &[Format] = &[
    Format::Table,
    Format::Wide,
    Format::Json,
    Format::Yaml,
    Format::Name,
    Format::Csv,
    Format::Markdown,
    Format::Sarif,
];

/// What can be asked.
#[must_use]
pub fn command() -> clap::Command {
    let formats =
        "Output format: table, wide, json, yaml, name, csv, md; with --lint also sarif, and no name";
    Arguments::command().mut_arg("output", |output| output.help(formats).add(Takes::Format(FORMATS)))
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// Explain a code.
    Explain(Code),
    /// Print the schema.
    Schema,
    /// An answer.
    Ask(Query),
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// What of the answer is shown.
    pub(crate) view: View,
    /// The labels of the accounts.
    pub(crate) labels: Option<LabelSelector>,
}

impl Request {
    /// What the arguments ask for.
    ///
    /// # Errors
    /// When they cannot be understood.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, CliError> {
        if let Some(code) = &arguments.explain {
            return cli::code(code).map(Self::Explain);
        }
        if arguments.schema {
            return Ok(Self::Schema);
        }
        if arguments.certificates && !arguments.source.is_cluster() {
            return Err(no_ztunnel());
        }
        if arguments.certificates && arguments.source.save.is_some() {
            return Err(not_saved());
        }
        if arguments.certificates && !arguments.edits.is_empty() {
            return Err(no_ztunnel_of_what_would_be());
        }
        let labels = arguments.selector.as_deref().map(str::parse::<LabelSelector>).transpose();
        let labels = labels.map_err(|error| CliError::usage(error.to_string()))?;
        Ok(Self::Ask(Query { view: arguments.view(), labels }))
    }
}

fn no_ztunnel() -> CliError {
    CliError::usage("--certificates asks the ztunnels of a cluster; files and bundles have none")
        .hint("leave out `--certificates`, or `-f` and `--bundle`")
}

fn no_ztunnel_of_what_would_be() -> CliError {
    CliError::usage("--certificates asks the ztunnels of what is; edits are about what would be")
        .hint("leave out `--certificates`, or the edits")
}

/// A bundle answers as the call that saved it did.
fn not_saved() -> CliError {
    CliError::usage("--certificates and --save exclude each other; a bundle holds no certificates")
        .hint("save in one call, and ask the ztunnels in another")
}

impl Arguments {
    /// What of the answer is shown.
    pub(crate) fn view(&self) -> View {
        match (self.lint, self.policies) {
            (true, _) => View::Findings,
            (false, true) => View::Policies,
            (false, false) => View::Accounts,
        }
    }
}
