//! The README must be true: its commands run, and say what it shows.
//!
//! The README shows what a terminal shows; here the commands write into a pipe, where nothing is shortened. So
//! lines of a table are compared cell by cell: a count stands for so many names, `X and N more` for a list that
//! begins with X.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run fails")]

use std::process::Command;

use mesh_tests::{read, root};

/// A command of the README and what it shows below it.
struct Shown {
    command: String,
    output: Vec<String>,
}

fn shown() -> Vec<Shown> {
    let text = read("README.md");
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut all: Vec<Shown> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => all.push(Shown { command: command.to_owned(), output: Vec::new() }),
            (None, Some(last)) => last.output.push(line.to_owned()),
            (None, None) => panic!("output without a command: {line}"),
        }
    }
    all
}

fn run(command: &str) -> Vec<String> {
    let words: Vec<&str> = command.split(' ').collect();
    let (program, arguments) = words.split_first().unwrap();
    let program = if *program == "cargo" { env!("CARGO") } else { program };
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    // --lint and --diff find something, and say so by their status.
    let expected = i32::from(command.contains("--lint") || command.contains("--diff"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{command}: {said}");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

fn cells(line: &str) -> Vec<&str> {
    line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// Whether a cell that a terminal shows stands for the whole one.
fn stands_for(shown: &str, whole: &str) -> bool {
    let names: Vec<&str> = if whole == "<none>" { Vec::new() } else { whole.split(',').collect() };
    let is_count = shown.parse().is_ok_and(|count: usize| count == names.len());
    let is_list = shown.split_once(" and ").is_some_and(|(first, more)| {
        names.first() == Some(&first) && more == format!("{} more", names.len() - 1)
    });
    shown == whole || is_count || is_list
}

fn agree(shown: &str, whole: &str) -> bool {
    let (shown, whole) = (cells(shown), cells(whole));
    shown.len() == whole.len() && shown.iter().zip(&whole).all(|(shown, whole)| stands_for(shown, whole))
}

#[test]
fn the_commands_on_the_example_say_what_is_shown() {
    let shown: Vec<Shown> = shown().into_iter().filter(|shown| shown.command.contains("examples/")).collect();
    assert_eq!(shown.len(), 4, "the README shows the main job, the mistake, what finds it, and a change");
    for Shown { command, output } in shown {
        let said = run(&command);
        assert_eq!(output.len(), said.len(), "{command}\n{}", said.join("\n"));
        for (shown, said) in output.iter().zip(&said) {
            assert!(agree(shown, said), "{command}\nshown: {shown}\nsaid:  {said}");
        }
    }
}

#[test]
fn shortened_cells_stand_for_what_they_shorten() {
    assert!(agree("a/b and 2 more   3   allowed", "a/b,a/c,a/d   x,y,z   allowed"));
    assert!(agree("outside   0   denied", "outside   <none>   denied"));
    assert!(!agree("a/b and 3 more   3   allowed", "a/b,a/c,a/d   x,y,z   allowed"));
    assert!(!agree("a/b   3   allowed", "a/b   x,y   allowed"));
    assert!(!agree("a/b   2   allowed", "a/b   x,y   denied"));
}

/// The test's command is what runs this very test, so it is not run again: it must be what `.ci/run` runs.
#[test]
fn the_command_for_the_tests_is_the_one_that_is_run() {
    let tests: Vec<String> =
        shown().into_iter().map(|shown| shown.command).filter(|c| c.starts_with("cargo test")).collect();
    assert_eq!(tests.len(), 1);
    assert!(read(".ci/run").contains(&tests[0]), ".ci/run does not run `{}`", tests[0]);
    assert!(read("Makefile").contains(&tests[0]), "the Makefile does not run `{}`", tests[0]);
}
