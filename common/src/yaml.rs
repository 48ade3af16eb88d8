//! YAML as a tree whose nodes know their lines, wrapped so that the parser behind it can be replaced.
//!
//! One document becomes a [`Node`]; typed structs are then read from the node ([`Node::decode`]), so that an
//! error names the line and column of the very field, and an unreadable item of a list loses nothing but itself.
//! Numbers, booleans and nulls are told from strings as kubectl does (YAML 1.1: `yes`, `on`). Limits keep
//! aliases that explode from exhausting the machine.

mod decode;
mod documents;
mod node;
#[cfg(test)]
mod tests;

pub use documents::{Document, documents};
pub use node::{Key, Node, Value};

use std::fmt;

use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error as Unreadable, MessageFormatter, UserMessageFormatter};

/// Nodes of one document: a list of several thousand objects stays below it, and memory below a gigabyte.
const MAX_NODES: usize = 8_000_000;

/// Nodes of one document that aliases may stand for.
const MAX_NODES_OF_ALIASES: usize = 100_000;

/// Levels of nesting: Kubernetes objects stay below twenty.
const MAX_DEPTH: usize = 64;

/// A place in a document that could not be read, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// The line in the text that was given, from 1; 0 when it is not known.
    pub line: usize,
    /// The column, from 1; 0 when it is not known.
    pub column: usize,
    /// What is wrong, in one line.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { line: 0, column: 0, message: message.to_string() }
    }
}

/// Reads one document.
///
/// # Errors
/// The first place that is no YAML, has a key twice, or exceeds the limits.
pub fn parse(text: &str) -> Result<Node, Error> {
    serde_saphyr::from_str_with_options::<Node>(text, options()).map_err(|error| describe(&error))
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: None,
            max_events: MAX_NODES.saturating_mul(2),
            max_nodes: MAX_NODES,
            max_depth: MAX_DEPTH,
            max_total_scalar_bytes: usize::MAX,
            // One anchor may well be used everywhere: what counts is how much its uses expand to.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES_OF_ALIASES },
        with_snippet: false,
    }
}

fn describe(error: &Unreadable) -> Error {
    let location = error.location();
    let place = |f: fn(serde_saphyr::Location) -> u64| {
        location.map_or(0, |l| usize::try_from(f(l)).unwrap_or(usize::MAX))
    };
    Error { line: place(|l| l.line()), column: place(|l| l.column()), message: words(error) }
}

/// What is wrong in the words of people who write manifests, without the place.
fn words(error: &Unreadable) -> String {
    let said = match error {
        Unreadable::WithSnippet { error, .. } | Unreadable::AliasError { error, .. } => return words(error),
        Unreadable::Budget { breach: BudgetBreach::Depth { .. }, .. } => "nested too deeply".into(),
        Unreadable::AliasReplayLimitExceeded { .. }
        | Unreadable::AliasReplayStackDepthExceeded { .. }
        | Unreadable::Budget { breach: BudgetBreach::RecordedAnchorEvents { .. }, .. } => {
            "its aliases expand too far".into()
        }
        Unreadable::Budget { .. } => "too large for one document".into(),
        Unreadable::RecursiveReferencesRequireWeakTypes { .. } => "an alias that contains itself".into(),
        Unreadable::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{key}` is given twice").into()
        }
        other => UserMessageFormatter.format_message(other),
    };
    said.lines().next().unwrap_or_default().to_owned()
}

/// Writes a value as YAML, as `-o yaml` prints it.
///
/// # Errors
/// When a value has no YAML form.
pub fn to_string<T: serde::Serialize>(value: &T) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(value)
}
