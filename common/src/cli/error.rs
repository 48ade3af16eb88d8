//! Errors in the words of the house: one line in lower case, then hints.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind as ClapError;

use crate::bundle::BundleError;
use crate::cluster::ConnectError;
use crate::manifests::InputError;
use crate::render::Theme;
use crate::snapshot::{LocatorError, NotFound};

use super::ExitStatus;
use super::output::color_of_stderr;

#[cfg(test)]
mod tests;

/// Whose fault it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// The call.
    Usage,
    /// What was to be read.
    Input,
    /// Nothing has that name.
    NotFound,
    /// Writing the answer.
    Output,
}

/// Nothing could be answered.
#[derive(Debug)]
pub struct CliError {
    /// Whose fault it was.
    pub kind: ErrorKind,
    message: String,
    hints: Vec<String>,
    source: Option<io::Error>,
}

impl CliError {
    /// The call is wrong.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Usage, message: message.into(), hints: Vec::new(), source: None }
    }

    /// What was to be read is wrong.
    #[must_use]
    pub fn input(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Input, ..Self::usage(message) }
    }

    /// With something to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(super) fn report(&self) {
        let theme = Theme { color: color_of_stderr() };
        // Nobody can be told that nobody can be told.
        let _ = self.write(&mut io::stderr().lock(), theme);
    }

    fn write(&self, out: &mut dyn Write, theme: Theme) -> io::Result<()> {
        writeln!(out, "{} {}", theme.error("error:"), crate::render::harmless(&self.message))?;
        for hint in &self.hints {
            writeln!(out, "{} {}", theme.hint("hint:"), crate::render::harmless(hint))?;
        }
        Ok(())
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CliError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self {
            kind: ErrorKind::Output,
            message: format!("the answer could not be written: {error}"),
            hints: Vec::new(),
            source: Some(error),
        }
    }
}

impl From<InputError> for CliError {
    fn from(error: InputError) -> Self {
        Self { kind: ErrorKind::Input, message: error.message, hints: error.hints, source: None }
    }
}

impl From<ConnectError> for CliError {
    fn from(error: ConnectError) -> Self {
        Self { kind: ErrorKind::Input, message: error.message, hints: error.hints, source: None }
    }
}

impl From<LocatorError> for CliError {
    fn from(error: LocatorError) -> Self {
        let hint = "write KIND/NAME, KIND/NAMESPACE/NAME, ip/ADDRESS, outside or spiffe://…";
        Self { kind: ErrorKind::NotFound, ..Self::usage(error.to_string()) }.hint(hint)
    }
}

impl From<BundleError> for CliError {
    fn from(error: BundleError) -> Self {
        Self { kind: ErrorKind::Input, message: error.message, hints: error.hints, source: None }
    }
}

impl From<NotFound> for CliError {
    fn from(error: NotFound) -> Self {
        Self { kind: ErrorKind::NotFound, message: error.message, hints: error.hints, source: None }
    }
}

/// clap's own words: help and version are no errors.
pub(super) fn of_clap(error: &clap::Error) -> ExitCode {
    // A closed pipe is no failure.
    let _ = error.print();
    match error.kind() {
        ClapError::DisplayHelp | ClapError::DisplayVersion => ExitStatus::Holds.into(),
        _ => ExitStatus::Error.into(),
    }
}
