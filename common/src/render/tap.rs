//! Cases in the Test Anything Protocol, version 14 (testanything.org).
//!
//! What cannot be told is `not ok`, like what fails; its diagnostic says which of both.

use std::io::{self, Write};

use super::cases::{Case, Outcome};
use super::text;

#[cfg(test)]
mod tests;

/// Writes the cases.
pub(super) fn write(out: &mut dyn Write, cases: &[Case]) -> io::Result<()> {
    writeln!(out, "TAP version 14\n1..{}", cases.len())?;
    cases.iter().enumerate().try_for_each(|(at, case)| one(out, at + 1, case))
}

fn one(out: &mut dyn Write, number: usize, case: &Case) -> io::Result<()> {
    let name = description(&case.name);
    match case.outcome {
        Outcome::Passed => writeln!(out, "ok {number} - {name}")?,
        Outcome::Skipped => writeln!(out, "ok {number} - {name} # SKIP nothing is expected")?,
        Outcome::Failed | Outcome::Unclear => writeln!(out, "not ok {number} - {name}")?,
    }
    let severity = match case.outcome {
        Outcome::Failed => "fail",
        Outcome::Unclear => "unclear",
        Outcome::Passed | Outcome::Skipped => return Ok(()),
    };
    writeln!(out, "  ---\n  severity: {severity}\n  seen:")?;
    for line in &case.seen {
        // A string of JSON is one of YAML.
        let quoted = serde_json::to_string(&*text::escaped(line))?;
        writeln!(out, "  - {quoted}")?;
    }
    writeln!(out, "  ...")
}

/// A description ends where a directive begins.
fn description(name: &str) -> String {
    text::escaped(name).replace('\\', "\\\\").replace('#', "\\#")
}
