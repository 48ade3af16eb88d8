//! Questions for programs of upstream's own code, one a line.

use std::io::{Error, Result, Write};

use serde_json::Value;

/// Prints the questions of the seeds that the command line asks for: `PROGRAM FIRST COUNT`.
///
/// # Errors
/// When it does not say so, or nobody reads what is printed.
pub fn print(program: &str, question: impl Fn(u64) -> Value) -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(first)), Some(Ok(count))) = (numbers.next(), numbers.next()) else {
        return Err(Error::other(format!("usage: {program} FIRST COUNT")));
    };
    let mut out = std::io::stdout().lock();
    (first..first.saturating_add(count)).try_for_each(|seed| writeln!(out, "{}", question(seed)))
}
