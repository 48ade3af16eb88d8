//! The whole program against `jq length`, which only parses the same file: `compare-with-jq [ROUNDS]`.
//!
//! Machines are shared and noisy, so the two take turns and what counts is the ratio of their medians. Needs
//! the release binary (`cargo build --release -p kubectl-mesh-who-can-reach`), jq, and Linux's /proc.

#![expect(clippy::print_stdout, reason = "a table for people is what it is for")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mesh_testkit::large::{Size, list, mesh};

/// Linux counts the CPU time of processes in hundredths of a second, whatever the machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a run took.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
    peak_mib: f64,
}

/// Makes a command to run.
type Make<'a> = Box<dyn Fn() -> Command + 'a>;

type Failure = Box<dyn std::error::Error>;

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
    let mut costs: [Vec<Cost>; 4] = Default::default();
    for _ in 0..rounds {
        for ((name, command), costs) in commands.iter().zip(&mut costs) {
            costs.push(run(name, command())?);
        }
    }
    report(&commands.map(|(name, _)| name), &costs);
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
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    if !file.as_os_str().is_empty() {
        command.arg(file);
    }
    command
}

fn run(name: &str, mut command: Command) -> Result<Cost, Failure> {
    let before = cpu_of_children()?;
    let started = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("{name}: {error}"))?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mib = 0.0;
    let exit = loop {
        peak_mib = peak(&status).unwrap_or(peak_mib);
        match child.try_wait()? {
            Some(exit) => break exit,
            None => std::thread::sleep(Duration::from_micros(200)),
        }
    };
    let wall = started.elapsed().as_secs_f64();
    // An answer that rests on a gap, or on what is not judged, ends with 3.
    if !matches!(exit.code(), Some(0 | 3)) {
        return Err(format!("{name}: {exit}").into());
    }
    Ok(Cost { wall, cpu: cpu_of_children()? - before, peak_mib })
}

/// The CPU time of all children that ended, in seconds: proc_pid_stat(5), cutime and cstime.
fn cpu_of_children() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let fields = behind_name.split_whitespace().skip(13).take(2);
    let ticks: f64 = fields.map(str::parse::<f64>).sum::<Result<_, _>>()?;
    Ok(ticks / TICKS_PER_SECOND)
}

/// The most memory that a process has had so far.
fn peak(status: &str) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

fn median(costs: &[Cost], of: fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn report(names: &[&str], costs: &[Vec<Cost>]) {
    let base = costs.first().map(Vec::as_slice).unwrap_or_default();
    println!(
        "{:<12} {:>9} {:>9} {:>9} {:>10} {:>10}",
        "", "wall s", "CPU s", "peak MiB", "wall / jq", "CPU / jq"
    );
    for (name, costs) in names.iter().zip(costs) {
        let (wall, cpu) = (median(costs, |cost| cost.wall), median(costs, |cost| cost.cpu));
        let memory = median(costs, |cost| cost.peak_mib);
        let (of_wall, of_cpu) = (wall / median(base, |cost| cost.wall), cpu / median(base, |cost| cost.cpu));
        println!("{name:<12} {wall:>9.3} {cpu:>9.2} {memory:>9.0} {of_wall:>10.2} {of_cpu:>10.2}");
    }
}
