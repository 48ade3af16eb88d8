//! np-guard's netpol-analyzer against the engine: `compare-with-netpol-analyzer PROGRAMS [record]`.
//!
//! Asks both about the same generated meshes, from seeds that nobody has seen (`MESH_SEED` begins with another), and
//! prints where they differ; then measures both. PROGRAMS is where `tests/env/build --netpol-analyzer` put the
//! analyzer. `record` writes what it says about the kept seeds into tests/oracle instead. Needs the release binary and
//! Linux's /proc.

#![expect(clippy::print_stdout, reason = "what it found is for people")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use mesh_testkit::isolated::{self, Size};
use mesh_testkit::measure::{Make, table, turns};
use mesh_tests::analyzer::{Failure, SEEDS, Subject, ask, judge, write_mesh};

/// Meshes of a comparison.
const MESHES: u64 = 20;
/// Differences that are printed of a mesh.
const SHOWN: usize = 5;
/// Rounds of the measurement.
const ROUNDS: usize = 3;

fn main() -> Result<ExitCode, Failure> {
    let mut arguments = std::env::args().skip(1);
    let programs = PathBuf::from(arguments.next().ok_or("say where the analyzer's programs are")?);
    match arguments.next().as_deref() {
        Some("record") => record(&programs).map(|()| ExitCode::SUCCESS),
        Some(other) => Err(format!("`{other}` is neither `record` nor nothing").into()),
        None => {
            let differences = compare(&programs)?;
            measure(&programs)?;
            Ok(if differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn record(programs: &Path) -> Result<(), Failure> {
    let folder = mesh_tests::root().join("tests/oracle/network-policies");
    std::fs::create_dir_all(&folder)?;
    for seed in SEEDS {
        let answers = ask(programs, &Subject::new(seed))?;
        std::fs::write(folder.join(format!("seed-{seed:02}.jsonl")), answers.write()?)?;
        println!("seed {seed}: {} rows", answers.rows.len());
    }
    Ok(())
}

fn compare(programs: &Path) -> Result<usize, Failure> {
    let first = match std::env::var("MESH_SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs(),
    };
    let mut differences = 0;
    for seed in first..first + MESHES {
        let subject = Subject::new(seed);
        let judged = judge(&subject, &ask(programs, &subject)?);
        let (allowed, denied, different) = (judged.allowed, judged.denied, judged.different.len());
        println!("MESH_SEED={seed}: {allowed} allowed and {denied} denied by both, {different} different");
        judged.different.iter().take(SHOWN).for_each(|difference| println!("  {difference}"));
        differences += different;
    }
    Ok(differences)
}

fn measure(programs: &Path) -> Result<(), Failure> {
    let target = mesh_tests::root().join("target").canonicalize()?;
    let ours = target.join("release/kubectl-mesh-who_can_reach");
    let small = mesh(&target, Size::plain(300))?;
    let large = mesh(&target, Size::plain(3_000))?;
    let analyzer = || {
        let mut command = Command::new(programs.join("netpolicy"));
        command.args(["list", "-q", "-o", "json", "--dirpath"]).arg(&small);
        command
    };
    let who_can_reach = |folder: &Path| {
        let mut command = Command::new(&ours);
        command.args(["--all", "-o", "json", "-f"]).arg(folder);
        command
    };
    let commands: [(&str, Make<'_>); 3] = [
        ("netpolicy list, 300", Box::new(analyzer)),
        ("--all, 300", Box::new(|| who_can_reach(&small))),
        ("--all, 3000", Box::new(|| who_can_reach(&large))),
    ];
    let costs = turns(ROUNDS, &commands)?;
    print!("{}", table(&commands.map(|(name, _)| name), &costs));
    Ok(())
}

/// A folder with a mesh of pods and half as many NetworkPolicies.
fn mesh(target: &Path, size: Size) -> Result<PathBuf, Failure> {
    let folder = target.join(format!("bench/isolated-{}", size.pods));
    std::fs::create_dir_all(&folder)?;
    write_mesh(&folder, &isolated::mesh(1, size))?;
    Ok(folder)
}
