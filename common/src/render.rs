//! Reports for people and programs: tables, JSON, YAML, names, CSV, Markdown, templates over the JSON, and the
//! sentences beside them.
//!
//! Sees reports only, never policies. Text that came from clusters and files is escaped before it meets a
//! terminal. Nothing is printed here: everything is written to what it is given.

mod cases;
mod columns;
mod csv;
mod dot;
mod html;
mod identities;
mod json;
mod jsonpath;
mod junit;
mod lists;
mod markdown;
mod mermaid;
mod notes;
mod output;
mod picture;
mod ports;
mod reachability;
mod sarif;
mod sentences;
mod sort;
mod table;
mod tap;
#[cfg(test)]
mod test_rows;
mod text;
mod theme;

pub use columns::{Columns, ColumnsError};
pub use identities::{View, identities};
pub use jsonpath::{EvaluationError, Missing, PathError, Template, TemplateError};
pub use notes::{Notes, explain, notes, skipped, summary};
pub use output::{ExpressionError, JsonPath, Listing, Output};
pub use reachability::{diff_summary, reachability, reachability_check, reachability_diff};
pub use sort::{SortBy, SortError};
pub use theme::Theme;

/// A text from elsewhere, made harmless for a terminal.
#[must_use]
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    text::escaped(text)
}

/// The output formats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people.
    Table,
    /// For people with room.
    Wide,
    /// For programs.
    Json,
    /// The same in YAML.
    Yaml,
    /// `kind/namespace/name`, a line each.
    Name,
    /// For spreadsheets.
    Csv,
    /// For pull requests.
    Markdown,
    /// For code scanning: findings that stand in files.
    Sarif,
    /// A graph for Graphviz.
    Dot,
    /// A graph for Markdown that is shown in a browser.
    Mermaid,
    /// A page to look around in.
    Html,
    /// For reports of tests, in JUnit's XML.
    Junit,
    /// For harnesses of tests, in the Test Anything Protocol.
    Tap,
}

impl Format {
    /// Every format by the name that people type.
    pub const ALL: &[(&str, Format)] = &[
        ("table", Self::Table),
        ("wide", Self::Wide),
        ("json", Self::Json),
        ("yaml", Self::Yaml),
        ("name", Self::Name),
        ("csv", Self::Csv),
        ("md", Self::Markdown),
        ("sarif", Self::Sarif),
        ("dot", Self::Dot),
        ("mermaid", Self::Mermaid),
        ("html", Self::Html),
        ("junit", Self::Junit),
        ("tap", Self::Tap),
    ];

    /// The format of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// The name that people type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("table", |(name, _)| name)
    }
}

/// How tables look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// The terminal's columns; `None` when it is no terminal: then nothing is cut.
    pub width: Option<usize>,
    /// Whether there is a line of headers.
    pub headers: bool,
    /// Whether rows are in an order that was asked for.
    pub sorted: bool,
}

impl Look {
    /// The same without colours.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { theme: Theme { color: false }, ..self }
    }
}
