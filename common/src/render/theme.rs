//! Colours by meaning. Everything reads the same without them.

use colored::{ColoredString, Colorize};

use crate::codes::Severity;
use crate::report::Verdict;

#[cfg(test)]
mod tests;

/// Whether there are colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Theme {
    /// Whether there are.
    pub color: bool,
}

impl Theme {
    fn paint(self, text: &str, paint: fn(&str) -> ColoredString) -> String {
        if self.color { paint(text).to_string() } else { text.to_owned() }
    }

    /// A verdict: green gets in, red does not, yellow is not certain.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> String {
        self.paint(
            verdict.as_str(),
            match verdict {
                Verdict::Allowed => |text| text.green(),
                Verdict::Denied => |text| text.red(),
                Verdict::Conditional | Verdict::Unknown => |text| text.yellow(),
            },
        )
    }

    /// Whether what was expected holds; nothing is said where nothing was expected.
    #[must_use]
    pub fn passed(self, expected: bool, passed: Option<bool>) -> String {
        match passed {
            Some(true) => self.paint("pass", |text| text.green()),
            Some(false) => self.paint("FAIL", |text| text.red().bold()),
            None if expected => self.paint("unclear", |text| text.yellow()),
            None => "-".to_owned(),
        }
    }

    /// A severity with its text.
    #[must_use]
    pub fn severity(self, severity: Severity, text: &str) -> String {
        self.paint(
            text,
            match severity {
                Severity::Error => |text| text.red(),
                Severity::Warning => |text| text.yellow(),
                Severity::Info => |text| text.cyan(),
            },
        )
    }

    /// What is wrong with the call itself.
    #[must_use]
    pub fn error(self, text: &str) -> String {
        self.paint(text, |text| text.red().bold())
    }

    /// A warning's label.
    #[must_use]
    pub fn warning(self, text: &str) -> String {
        self.paint(text, |text| text.yellow().bold())
    }

    /// A hint's label.
    #[must_use]
    pub fn hint(self, text: &str) -> String {
        self.paint(text, |text| text.cyan())
    }
}
