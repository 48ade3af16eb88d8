//! Where answers and notes go, and how they look there.

use std::io::{self, BufWriter, IsTerminal, Write};

use crate::render::{ExpressionError, Format, Listing, Look, Notes, Output, SortBy, Theme, notes, skipped};
use crate::report::{Envelope, Evidenced};

use super::{CliError, OutputArguments, VerbosityArguments, expression};

#[cfg(test)]
mod tests;

/// What the terminal and the arguments make of an answer.
#[derive(Clone, Debug)]
pub struct Console {
    /// What was asked for.
    pub output: Output,
    /// How tables look.
    pub look: Look,
    sort_by: Option<SortBy>,
    notes: Notes,
    quiet: bool,
}

impl Console {
    /// The console of a call. `available` are the formats that this answer has.
    ///
    /// # Errors
    /// When another format is asked for.
    pub fn new(
        output: &OutputArguments,
        verbosity: &VerbosityArguments,
        what: &str,
        available: &[Format],
    ) -> Result<Self, CliError> {
        let wanted = expression::output(output, what, available)?;
        let sort_by = expression::sort_by(output.sort_by.as_deref())?;
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let color = output.color.for_stream(terminal);
        let width = terminal.then(columns).flatten();
        let notes = Notes {
            theme: Theme { color: output.color.for_stream(io::stderr().is_terminal()) },
            verbose: verbosity.verbose > 0,
        };
        let sorted = sort_by.is_some();
        let look = Look { theme: Theme { color }, width, headers: !output.no_headers, sorted };
        colored::control::set_override(true);
        Ok(Self { output: wanted, look, sort_by, notes, quiet: verbosity.quiet })
    }

    /// Whether a form of ours was asked for.
    #[must_use]
    pub fn is(&self, format: Format) -> bool {
        self.output == Output::Fixed(format)
    }

    /// Writes a report to stdout, in the order and the form that were asked for; `fixed` writes it in ours.
    ///
    /// # Errors
    /// When it has no such order, is not what an expression takes it for, or cannot be written.
    pub fn report<R: Listing>(
        &self,
        envelope: &mut Envelope<R>,
        fixed: impl FnOnce(&mut dyn Write, &Envelope<R>, Format) -> io::Result<()>,
    ) -> Result<(), CliError> {
        if let Some(by) = &self.sort_by {
            by.report(envelope).map_err(|error| CliError::usage(format!("--sort-by: {error}")))?;
        }
        let failed = |error: ExpressionError| CliError::usage(format!("-o: {error}"));
        let text = match &self.output {
            Output::Fixed(format) => return self.print(|out| fixed(out, envelope, *format)),
            Output::JsonPath(path) => path.report(envelope).map_err(failed)?,
            Output::Columns(columns) => columns.report(envelope, self.look).map_err(failed)?,
        };
        self.print(|out| out.write_all(text.as_bytes()))
    }

    /// Writes an answer to stdout. A reader that goes away before the end has what it wanted, and the answer is
    /// what it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CliError> {
        let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        let written = write(&mut out).and_then(|()| out.flush());
        Ok(unless_closed(written)?)
    }

    /// Whether nothing is said beside answers.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Writes what stands beside an answer to stderr.
    pub fn beside(&self, evidence: &Evidenced) {
        if !self.quiet {
            self.lines(&notes(self.notes, evidence));
        }
    }

    /// Writes a line to stderr.
    pub fn tell(&self, line: &str) {
        if !self.quiet {
            self.lines(&[line.to_owned()]);
        }
    }

    /// Writes a remark to stderr, when asked for details.
    pub fn verbose(&self, line: impl FnOnce() -> String) {
        if self.notes.verbose && !self.quiet {
            self.lines(&[line()]);
        }
    }

    /// Says how many documents were passed over, when asked for details.
    pub fn skipped(&self, documents: usize) {
        if self.notes.verbose && !self.quiet {
            self.lines(skipped(documents).as_slice());
        }
    }

    fn lines(&self, lines: &[String]) {
        let mut out = io::stderr().lock();
        for line in lines {
            // Nobody can be told that nobody can be told.
            let _ = writeln!(out, "{line}");
        }
    }
}

fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// The width of the terminal: `COLUMNS` when it is set, else what the terminal says.
fn columns() -> Option<usize> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let told = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    set.or_else(told).filter(|columns| *columns > 0)
}

/// Whether stderr gets colours, before any argument is known.
pub(super) fn color_of_stderr() -> bool {
    super::arguments::ColorChoice::Auto.for_stream(io::stderr().is_terminal())
}

/// The time of a report, in the form that Kubernetes uses.
#[must_use]
pub fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
