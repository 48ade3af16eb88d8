//! The one table of codes: what can be found, assumed or missing, with the sentences that explain it.
//!
//! A [`Code`] is what the rest of the code passes around; its sentences are read only by `render`, by
//! `--explain`, and by the generator of docs/codes.md. Numbers are never used twice: 01xx policies,
//! 02xx identities, 03xx redirection, 09xx assumptions and gaps.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

mod reason;
mod silence;
mod table;
#[cfg(test)]
mod tests;

pub use reason::Reason;
pub use silence::Silence;
pub use table::Code;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Probably not meant.
    Warning,
    /// Enforced differently from what is written.
    Error,
}

impl Severity {
    /// In lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a code stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Something that was found in what a person wrote.
    Finding(Severity),
    /// Something that was not there, and what was taken for it.
    Assumption,
    /// Something that could not be read or is not judged.
    Gap,
}

/// What the table says of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The number behind `MESH`.
    pub number: u16,
    /// What it stands for.
    pub class: Class,
    /// A few words.
    pub title: &'static str,
    /// One sentence; `{name}` stands for a piece of evidence.
    pub message: &'static str,
    /// What to do next, in a line.
    pub hint: &'static str,
    /// Why it is so.
    pub explanation: &'static str,
}

impl Code {
    /// How bad it is; what is no finding counts as its class does.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self.entry().class {
            Class::Finding(severity) => severity,
            Class::Assumption => Severity::Info,
            Class::Gap => Severity::Warning,
        }
    }

    /// The code that a person typed: `MESH0107` or `0107`, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_uppercase();
        let number: u16 = text.strip_prefix("MESH").unwrap_or(&text).parse().ok()?;
        Self::ALL.iter().copied().find(|code| code.entry().number == number)
    }

    /// The sentence of the code with its evidence filled in.
    #[must_use]
    pub fn message(self, evidence: &Evidence) -> String {
        fill(self.entry().message, evidence)
    }

    /// The next step in general, with the names of the evidence in capitals.
    #[must_use]
    pub fn advice(self) -> String {
        let mut out = String::new();
        let mut parts = self.entry().hint.split('{');
        out.extend(parts.next());
        for (name, rest) in parts.filter_map(|part| part.split_once('}')) {
            out.push_str(&name.to_ascii_uppercase());
            out.push_str(rest);
        }
        out
    }

    /// The next step with the evidence filled in.
    #[must_use]
    pub fn hint(self, evidence: &Evidence) -> String {
        fill(self.entry().hint, evidence)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MESH{:04}", self.entry().number)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was seen: names and values, in the order of the names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Evidence(BTreeMap<&'static str, String>);

impl Evidence {
    /// Nothing was seen.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With one more piece.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.insert(name, value.to_string());
        self
    }

    /// A piece by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Replaces `{name}` by the evidence of that name; what has none stays.
fn fill(template: &str, evidence: &Evidence) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match evidence.get(name) {
            Some(value) => out.push_str(value),
            None => out.extend(["{", name, "}"]),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Something in what a person wrote that deserves a look.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// The object: `Kind/namespace/name`.
    pub subject: String,
    /// `file:line`, when it was read from a file.
    pub location: Option<String>,
    /// What was seen.
    pub evidence: Evidence,
}
