//! Transcripts of a command: what was typed, the exit status, stdout and stderr, compared as a whole.
//!
//! A file holds any number of commands:
//!
//! ```text
//! # a remark
//! $ kubectl mesh who-can-reach svc/edp/pg -f mesh.yaml
//! exit 0
//! --- stdout
//! SOURCE   …
//! --- stderr
//! ```
//!
//! Commands run in the folder of the file; ` < FILE` gives standard input, `NAME=VALUE` before the command sets a
//! variable of its environment. `UPDATE=1` writes what the commands say into the files: look at the difference
//! before you keep it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One command of a transcript and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Remarks and blank lines before it.
    pub before: String,
    /// As typed, behind `$ `.
    pub command: String,
    /// The exit status.
    pub exit: i32,
    /// What went to stdout.
    pub stdout: String,
    /// What went to stderr.
    pub stderr: String,
}

/// Runs every transcript of a folder and compares.
///
/// # Panics
/// When one differs, or when there is none: a test that cannot run fails.
#[expect(clippy::panic, reason = "this is a test")]
pub fn check(folder: &Path, binary: &Path, prefix: &str) {
    let mut differing = Vec::new();
    let files = files(folder);
    assert!(!files.is_empty(), "no transcript in {}", folder.display());
    for file in &files {
        let text = read(file);
        let steps: Vec<Step> =
            parse(&text).into_iter().map(|step| run(&step, folder, binary, prefix)).collect();
        let now = print(&steps);
        if now == text {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(file, &now).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        } else {
            differing.push(format!("{}:\n{}", file.display(), difference(&text, &now)));
        }
    }
    assert!(differing.is_empty(), "{}\nUPDATE=1 writes what the commands say now", differing.join("\n"));
}

/// Every step of every transcript of a folder.
///
/// # Panics
/// When a file cannot be read.
#[must_use]
pub fn steps(folder: &Path) -> Vec<Step> {
    files(folder).iter().flat_map(|file| parse(&read(file))).collect()
}

#[expect(clippy::panic, reason = "this is a test")]
fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[expect(clippy::panic, reason = "this is a test")]
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
    files.sort();
    files
}

fn parse(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut before = String::new();
    let mut part = Part::Before;
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let before = std::mem::take(&mut before);
            let command = command.to_owned();
            steps.push(Step { before, command, exit: 0, stdout: String::new(), stderr: String::new() });
            part = Part::Before;
            continue;
        }
        match line {
            "--- stdout" => part = Part::Stdout,
            "--- stderr" => part = Part::Stderr,
            "---" => part = Part::Before,
            _ => {}
        }
        if line.starts_with("---") && matches!(line, "--- stdout" | "--- stderr" | "---") {
            continue;
        }
        let target = match (part, steps.last_mut()) {
            (Part::Before, Some(step)) if line.starts_with("exit ") => {
                step.exit = line.trim_start_matches("exit ").parse().unwrap_or_default();
                continue;
            }
            (Part::Stdout, Some(step)) => &mut step.stdout,
            (Part::Stderr, Some(step)) => &mut step.stderr,
            _ => &mut before,
        };
        target.push_str(line);
        target.push('\n');
    }
    steps
}

#[derive(Clone, Copy)]
enum Part {
    Before,
    Stdout,
    Stderr,
}

fn print(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        // Writing into a String cannot fail.
        let _ = write!(out, "{}$ {}\nexit {}\n", step.before, step.command, step.exit);
        for (name, text) in [("stdout", &step.stdout), ("stderr", &step.stderr)] {
            if !text.is_empty() {
                let _ = write!(out, "--- {name}\n{text}");
            }
        }
        out.push_str("---\n");
    }
    out
}

#[expect(clippy::panic, reason = "this is a test")]
fn run(step: &Step, folder: &Path, binary: &Path, prefix: &str) -> Step {
    let (variables, typed): (Vec<String>, Vec<String>) =
        words(&step.command).into_iter().partition(|word| is_variable(word));
    let mut typed = typed.join("\u{0}");
    let Some(arguments) = typed.strip_prefix(&prefix.replace(' ', "\u{0}")) else {
        panic!("`{}` does not begin with `{prefix}`", step.command);
    };
    typed = arguments.to_owned();
    let mut arguments: Vec<&str> = typed.split('\u{0}').skip(1).collect();
    let mut command = Command::new(binary);
    command.current_dir(folder).stdin(Stdio::null()).env_clear().env("HOME", "/nowhere");
    if let Some(at) = arguments.iter().position(|word| *word == "<") {
        let name = arguments.get(at + 1).copied().unwrap_or_default();
        let file = fs::File::open(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        command.stdin(file);
        arguments.truncate(at);
    }
    for (name, value) in variables.iter().filter_map(|variable| variable.split_once('=')) {
        command.env(name, value);
    }
    let output = command.args(arguments).output().unwrap_or_else(|error| panic!("{}: {error}", step.command));
    Step {
        exit: output.status.code().unwrap_or(-1),
        stdout: filtered(&output.stdout),
        stderr: filtered(&output.stderr),
        ..step.clone()
    }
}

fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    })
}

/// Words as a shell splits them, with single and double quotes; `''` is an empty word.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What differs from run to run is replaced.
fn filtered(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        match line.split_once("generatedAt") {
            Some((before, after)) => {
                let end = if after.trim_end().ends_with(',') { "," } else { "" };
                let separator = if after.starts_with('"') { "\": \"[TIME]\"" } else { ": [TIME]" };
                out.push_str(&format!("{before}generatedAt{separator}{end}"));
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// The first lines that differ.
fn difference(expected: &str, found: &str) -> String {
    const SHOWN: usize = 12;
    let (mut expected, mut found) = (expected.lines(), found.lines());
    let mut out = String::new();
    let mut shown = 0;
    let mut number = 0;
    loop {
        let (a, b) = (expected.next(), found.next());
        number += 1;
        if a.is_none() && b.is_none() || shown == SHOWN {
            return out;
        }
        if a != b {
            shown += 1;
            let _ =
                writeln!(out, "  line {number}\n  - {}\n  + {}", a.unwrap_or("<end>"), b.unwrap_or("<end>"));
        }
    }
}
