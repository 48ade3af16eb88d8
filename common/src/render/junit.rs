//! Cases as JUnit's XML, in the form that Jenkins, GitLab and GitHub's reporters read.
//!
//! What cannot be told is an `error`, what fails a `failure`; of what passes the answer is in `system-out`.

use std::io::{self, Write};

use super::cases::{Case, Outcome};
use super::text;

#[cfg(test)]
mod tests;

/// Writes the cases of one command.
pub(super) fn write(out: &mut dyn Write, command: &str, cases: &[Case]) -> io::Result<()> {
    let count = |outcome: Outcome| cases.iter().filter(|case| case.outcome == outcome).count();
    let totals = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        cases.len(),
        count(Outcome::Failed),
        count(Outcome::Unclear),
        count(Outcome::Skipped),
    );
    let name = escaped(command);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"kubectl mesh\" {totals}>")?;
    writeln!(out, "  <testsuite name=\"{name}\" {totals}>")?;
    cases.iter().try_for_each(|case| one(out, case))?;
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn one(out: &mut dyn Write, case: &Case) -> io::Result<()> {
    writeln!(out, "    <testcase classname=\"{}\" name=\"{}\">", escaped(&case.group), escaped(&case.name))?;
    let seen: Vec<String> = case.seen.iter().map(|line| escaped(line)).collect();
    let (first, all) = (case.seen.last().map(|line| escaped(line)).unwrap_or_default(), seen.join("\n"));
    match case.outcome {
        Outcome::Failed => writeln!(out, "      <failure message=\"{first}\">{all}</failure>")?,
        Outcome::Unclear => writeln!(out, "      <error message=\"{first}\">{all}</error>")?,
        Outcome::Skipped => writeln!(out, "      <skipped message=\"nothing is expected: {first}\"/>")?,
        Outcome::Passed if seen.is_empty() => {}
        Outcome::Passed => writeln!(out, "      <system-out>{all}</system-out>")?,
    }
    writeln!(out, "    </testcase>")
}

/// XML 1.0 has no way to write most controls: they are escaped as on a terminal.
fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in text::escaped(line).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Not characters of XML.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
