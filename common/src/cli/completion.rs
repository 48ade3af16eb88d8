//! kubectl's completion protocol: what may stand in the word that is being typed.
//!
//! kubectl gives the words behind the command, the last one possibly empty, and reads a candidate a line with what
//! it means behind a tab, then `:` and a number that says what the shell does with them (cobra's completions.go,
//! ShellCompDirective). Nothing else is ever printed, and nobody waits for longer than [`LIMIT`]: whatever goes
//! wrong, there are just no candidates.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::iter::once;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use super::ExitStatus;

mod facts;
mod subjects;
mod takes;
#[cfg(test)]
mod tests;

use facts::Facts;
pub use takes::Takes;

/// The word behind the name of a binary that asks for candidates.
const REQUEST: &str = "__complete";

/// How long a person who pressed a key is let wait.
const LIMIT: Duration = Duration::from_secs(2);

/// The words of a call that asks for candidates.
pub(super) fn asked(mut arguments: impl Iterator<Item = OsString>) -> Option<Vec<OsString>> {
    (arguments.nth(1)? == REQUEST).then(|| arguments.collect())
}

/// Prints the candidates for the last word.
pub(super) fn answer(command: Command, words: Vec<OsString>) -> ExitCode {
    let (tell, told) = channel();
    // What is still under way at the limit ends with the process.
    std::thread::spawn(move || tell.send(offer(command, &words)));
    let offered = told.recv_timeout(LIMIT).unwrap_or_default();
    // Nobody can be told that nobody can be told.
    let _ = io::stdout().write_all(offered.print().as_bytes());
    ExitStatus::Holds.into()
}

/// What the shell gets.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
struct Offer {
    /// Values, and what each means.
    candidates: Vec<(String, String)>,
    /// A file belongs here: shells know those best.
    files: bool,
}

impl Offer {
    fn print(&self) -> String {
        let mut out = String::new();
        for (value, meaning) in &self.candidates {
            // Writing into a String cannot fail.
            let _ = match meaning.as_str() {
                "" => writeln!(out, "{value}"),
                meaning => writeln!(out, "{value}\t{meaning}"),
            };
        }
        let _ = writeln!(out, ":{}", self.directive());
        out
    }

    fn directive(&self) -> u8 {
        const NO_SPACE: u8 = 2;
        const NO_FILES: u8 = 4;
        let goes_on = |(value, _): &(String, String)| value.ends_with(['/', '=']);
        match self {
            Self { files: true, .. } => 0,
            Self { candidates, .. } if candidates.iter().any(goes_on) => NO_SPACE | NO_FILES,
            Self { .. } => NO_FILES,
        }
    }
}

fn offer(mut command: Command, words: &[OsString]) -> Offer {
    let none = [OsString::new()];
    let words = if words.is_empty() { &none } else { words };
    let Some((last, before)) = words.split_last() else { return Offer::default() };
    let Some(word) = last.to_str() else { return Offer::default() };
    command.build();
    let facts = Arc::new(Facts::typed(&command, words));
    let files = Arc::new(AtomicBool::new(false));
    let mut command = command.mut_args(|arg| with_completer(arg, &facts, &files));
    let mut found = engine(&mut command, before, last);
    if word == "-" {
        // A flag with a letter is offered by it alone.
        found.extend(engine(&mut command, before, OsStr::new("--")));
    }
    let candidates = found.iter().filter_map(|candidate| shown(candidate, word)).collect();
    Offer { candidates, files: files.load(Ordering::Relaxed) }
}

fn engine(command: &mut Command, before: &[OsString], last: &OsStr) -> Vec<CompletionCandidate> {
    let name = OsString::from(command.get_name());
    let words: Vec<OsString> = once(name).chain(before.iter().cloned()).chain([last.into()]).collect();
    let at = words.len() - 1;
    complete(command, words, at, None).unwrap_or_default()
}

/// What completes an argument that says what it takes, or that takes a file.
fn with_completer(arg: Arg, facts: &Arc<Facts>, files: &Arc<AtomicBool>) -> Arg {
    if let Some(takes) = arg.get::<Takes>().copied() {
        let facts = facts.clone();
        let candidates = move |word: &OsStr| match word.to_str() {
            // A flag: the engine asks what else it could be, and no name begins like that.
            Some(word) if !word.starts_with('-') => takes.candidates(word, &facts),
            _ => Vec::new(),
        };
        return arg.add(ArgValueCompleter::new(candidates));
    }
    match arg.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath => {
            let files = files.clone();
            arg.add(ArgValueCompleter::new(move |_: &OsStr| {
                files.store(true, Ordering::Relaxed);
                Vec::new()
            }))
        }
        _ => arg,
    }
}

/// A candidate as it is printed, if it is one for this word.
fn shown(candidate: &CompletionCandidate, word: &str) -> Option<(String, String)> {
    let value = candidate.get_value().to_str()?;
    let asks_flags = word.starts_with('-');
    let is_printable = !value.is_empty() && !value.contains(char::is_control);
    if candidate.is_hide_set()
        || !is_printable
        || !value.starts_with(word)
        || !asks_flags && value.starts_with('-')
    {
        return None;
    }
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let line = help.lines().next().unwrap_or_default();
    let meaning: Vec<&str> = line.split_whitespace().collect();
    Some((value.to_owned(), crate::render::harmless(&meaning.join(" ")).into_owned()))
}
