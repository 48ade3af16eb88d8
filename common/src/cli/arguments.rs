//! Arguments that every command has, in kubectl's letters and meaning.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum, ValueHint};

mod connection;
mod edits;
mod request;

pub use connection::{ConnectionArguments, Timeout};
pub use edits::EditArguments;
pub(super) use edits::Pending;
pub use request::RequestArguments;

use crate::cluster::is_name;
use crate::model::Name;
use crate::snapshot::SettingsOverride;

use super::{CliError, Takes};

#[cfg(test)]
mod tests;

/// Where the facts come from.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Source of facts")]
pub struct SourceArguments {
    /// File, directory or `-` (standard input) with manifests, or what `kubectl get -o yaml|json` prints; repeatable
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-", value_hint = ValueHint::AnyPath)]
    pub filename: Vec<String>,
    /// Bundle that --save wrote: answers as the cluster did
    #[arg(long, value_name = "FILE", conflicts_with = "filename", value_hint = ValueHint::FilePath)]
    pub bundle: Option<PathBuf>,
    /// Write what was read of the cluster into a bundle
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filename", "bundle"], value_hint = ValueHint::FilePath)]
    pub save: Option<PathBuf>,
    /// Hash names in the bundle that is saved
    #[arg(long, requires = "save")]
    pub redact: bool,
    /// Read directories with everything below them
    #[arg(short = 'R', long)]
    pub recursive: bool,
    /// Namespace of names and objects that give none, and scope of lists
    #[arg(short = 'n', long, value_name = "NAMESPACE", add = Takes::Namespace)]
    pub namespace: Option<String>,
    /// All namespaces, whatever -n says
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// The cluster, when there is no other source
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

impl SourceArguments {
    /// Whether facts come from the cluster: neither files nor a bundle are given.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.filename.is_empty() && self.bundle.is_none()
    }

    /// The namespace that is given: an empty one is none, as in kubectl.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        given(self.namespace.as_ref())
    }

    /// Refuses a namespace that cannot be the name of one.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn check(&self) -> Result<(), CliError> {
        check_namespace("-n", self.namespace())
    }
}

/// What is known about the mesh without being read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Mesh")]
pub struct SettingsArguments {
    /// Namespace of istiod
    #[arg(long, value_name = "NAMESPACE", add = Takes::Namespace)]
    pub istio_namespace: Option<String>,
    /// Revision of istiod
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Trust domain of the mesh
    #[arg(long, value_name = "DOMAIN")]
    pub trust_domain: Option<String>,
    /// Namespace whose policies are for the whole mesh
    #[arg(long, value_name = "NAMESPACE", add = Takes::Namespace)]
    pub root_namespace: Option<String>,
}

impl SettingsArguments {
    /// Refuses namespaces that cannot be the names of any.
    ///
    /// # Errors
    /// When one is none.
    pub(super) fn check(&self) -> Result<(), CliError> {
        check_namespace("--istio-namespace", given(self.istio_namespace.as_ref()))?;
        check_namespace("--root-namespace", given(self.root_namespace.as_ref()))
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn check_namespace(flag: &str, namespace: Option<&str>) -> Result<(), CliError> {
    match namespace.filter(|namespace| !is_name(namespace)) {
        None => Ok(()),
        Some(namespace) => Err(CliError::usage(format!("{flag}: `{namespace}` is no name of a namespace"))
            .hint("names have letters, digits and `-`")),
    }
}

impl From<&SettingsArguments> for SettingsOverride {
    fn from(arguments: &SettingsArguments) -> Self {
        let name = |text: &Option<String>| given(text.as_ref()).map(Name::from);
        Self {
            istio_namespace: name(&arguments.istio_namespace),
            revision: name(&arguments.revision),
            trust_domain: name(&arguments.trust_domain),
            root_namespace: name(&arguments.root_namespace),
        }
    }
}

/// How answers are printed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// Output format: table, wide, json, yaml, name, csv, md, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE,
    /// jsonpath-file=FILE, custom-columns=HEADER:PATH,…, custom-columns-file=FILE
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    pub output: String,
    /// Sort the rows by a field of theirs in JSON, such as .port
    #[arg(long, value_name = "PATH")]
    pub sort_by: Option<String>,
    /// Whether jsonpath passes over fields that are missing
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub allow_missing_template_keys: bool,
    /// Leave out the line of headers
    #[arg(long)]
    pub no_headers: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}

/// How much is said beside answers.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct VerbosityArguments {
    /// Level of details beside the answer, on stderr
    #[arg(short = 'v', long = "v", value_name = "LEVEL", default_value_t = 0, hide_default_value = true)]
    pub verbose: u8,
    /// No warnings, no findings, no progress
    #[arg(short = 'q', long)]
    pub quiet: bool,
}

/// When colours are used.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ColorChoice {
    /// On a terminal that has them, unless NO_COLOR is set
    #[default]
    Auto,
    /// Also in a pipe
    Always,
    /// Not at all
    Never,
}

impl ColorChoice {
    /// Whether a stream gets colours, as kubectl decides it.
    #[must_use]
    pub fn for_stream(self, is_terminal: bool) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some();
        let has = |name: &str, value: &str| std::env::var_os(name).is_some_and(|found| found == value);
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if is_set("NO_COLOR") || has("CLICOLOR", "0") => false,
            Self::Auto if has("CLICOLOR_FORCE", "1") => true,
            Self::Auto => is_terminal && !has("TERM", "dumb") && (!cfg!(windows) || is_set("WT_SESSION")),
        }
    }
}
