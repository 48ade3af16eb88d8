//! The whole program against `jq length`, which only parses the same file: `compare-with-jq [ROUNDS]`.
//!
//! Machines are shared and noisy, so the two take turns and what counts is the ratio of their medians. Needs
//! the release binary (`cargo build --release -p kubectl-mesh-who-can-reach`), jq, and Linux's /proc.

#![expect(clippy::print_stdout, reason = "a table for people is what it is for")]

use std::path::{Path, PathBuf};
use std::process::Command;

use mesh_testkit::large::{Size, list, mesh};
use mesh_testkit::measure::{Failure, Make, table, turns};

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(7);
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").canonicalize()?;
    let ours = target.join("release/kubectl-mesh-who_can_reach");
    let file = write_mesh(&target)?;
    let jq = || command("jq", &["length"], &file);
    let commands: [(&str, Make<'_>); 4] = [
        ("jq length", Box::new(jq)),
        ("one target", Box::new(|| who_can_reach(&ours, "deploy/team-7/app-7", &file))),
        ("--all", Box::new(|| who_can_reach(&ours, "--all", &file))),
        ("--help", Box::new(|| command(&ours.to_string_lossy(), &["--help"], Path::new("")))),
    ];
    let costs = turns(rounds, &commands)?;
    print!("{}", table(&commands.map(|(name, _)| name), &costs));
    Ok(())
}

fn write_mesh(target: &Path) -> Result<PathBuf, Failure> {
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("mesh.json");
    let text = list(&mesh(1, Size::FULL));
    println!("generated mesh: {} MB of JSON, seed 1", text.len() / 1_000_000);
    std::fs::write(&file, text)?;
    Ok(file)
}

fn who_can_reach(binary: &Path, target: &str, file: &Path) -> Command {
    let file = file.to_string_lossy();
    command(&binary.to_string_lossy(), &[target, "-o", "json", "-f", &file], Path::new(""))
}

fn command(program: &str, arguments: &[&str], file: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    if !file.as_os_str().is_empty() {
        command.arg(file);
    }
    command
}
