//! What a word of an argument stands for: said beside the argument, so that completion follows it.

use clap::builder::ArgExt;
use clap_complete::engine::CompletionCandidate;

use crate::codes::Code;
use crate::model::Kind;
use crate::render::Format;

use super::facts::Facts;
use super::subjects;

/// What stands for a value; an argument gets it by `add = Takes::…`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// A namespace.
    Namespace,
    /// A context of the kubeconfig.
    Context,
    /// A cluster of the kubeconfig.
    Cluster,
    /// A user of the kubeconfig.
    User,
    /// What is called, with a port or without.
    Target,
    /// Who calls.
    Caller,
    /// An account, or what runs as one.
    Account,
    /// A code such as MESH0104.
    Code,
    /// One of these formats, or an expression as kubectl has them.
    Format(&'static [Format]),
}

impl ArgExt for Takes {}

/// What kubectl prints by a template or by columns.
const EXPRESSIONS: [&str; 5] =
    ["jsonpath=", "jsonpath-as-json=", "jsonpath-file=", "custom-columns=", "custom-columns-file="];

impl Takes {
    /// What the word may become; others may be among it.
    pub(super) fn candidates(self, word: &str, facts: &Facts) -> Vec<CompletionCandidate> {
        match self {
            Self::Namespace => plain(facts.names(&Kind::Namespace, None)),
            Self::Context => plain(facts.contexts()),
            Self::Cluster => plain(facts.clusters()),
            Self::User => plain(facts.users()),
            Self::Target => subjects::TARGET.candidates(word, facts),
            Self::Caller => subjects::CALLER.candidates(word, facts),
            Self::Account => subjects::ACCOUNT.candidates(word, facts),
            Self::Code => {
                Code::ALL.iter().map(|code| candidate(code.to_string(), code.entry().title)).collect()
            }
            Self::Format(formats) => {
                let expressions = EXPRESSIONS.into_iter().map(str::to_owned);
                plain(formats.iter().map(|format| format.as_str().to_owned()).chain(expressions))
            }
        }
    }
}

/// A value and what it means.
pub(super) fn candidate(value: impl Into<String>, meaning: impl Into<String>) -> CompletionCandidate {
    CompletionCandidate::new(value.into()).help(Some(meaning.into().into()))
}

/// Values that say themselves what they mean.
pub(super) fn plain(values: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    values.into_iter().map(CompletionCandidate::new).collect()
}
