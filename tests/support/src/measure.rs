//! What commands cost, measured from outside: wall time, CPU time, peak memory. Linux only.
//!
//! Machines are shared and noisy: commands take turns in one run, and what counts is the ratio of their medians.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Linux counts the CPU time of processes in hundredths of a second, whatever the machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds from start to end.
    pub wall: f64,
    /// Seconds of CPU time.
    pub cpu: f64,
    /// The most memory, in MiB.
    pub peak_mib: f64,
}

/// Makes a command to run.
pub type Make<'a> = Box<dyn Fn() -> Command + 'a>;

/// Why there is no measurement.
pub type Failure = Box<dyn std::error::Error>;

/// Runs commands in turns.
///
/// # Errors
/// When one of them fails: an answer that rests on a gap (3) is one, an error is not.
pub fn turns(rounds: usize, commands: &[(&str, Make<'_>)]) -> Result<Vec<Vec<Cost>>, Failure> {
    let mut costs = vec![Vec::new(); commands.len()];
    for _ in 0..rounds {
        for ((name, command), costs) in commands.iter().zip(&mut costs) {
            costs.push(run(name, command())?);
        }
    }
    Ok(costs)
}

/// Runs a command; its output goes nowhere.
fn run(name: &str, mut command: Command) -> Result<Cost, Failure> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
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
    // A refusal ends with 1; an answer that rests on a gap, or on what is not judged, with 3.
    if !matches!(exit.code(), Some(0 | 1 | 3)) {
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

/// The median of one of the costs.
#[must_use]
pub fn median(costs: &[Cost], of: fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A table for people: medians, and their ratios to those of the first command.
#[must_use]
pub fn table(names: &[&str], costs: &[Vec<Cost>]) -> String {
    let base = costs.first().map(Vec::as_slice).unwrap_or_default();
    let first = names.first().copied().unwrap_or_default();
    let mut table = format!(
        "{:<24} {:>9} {:>9} {:>9}   wall, CPU, memory / {first}\n",
        "", "wall s", "CPU s", "peak MiB"
    );
    for (name, costs) in names.iter().zip(costs) {
        let (wall, cpu) = (median(costs, |cost| cost.wall), median(costs, |cost| cost.cpu));
        let memory = median(costs, |cost| cost.peak_mib);
        let of = |value: f64, part: fn(&Cost) -> f64| value / median(base, part);
        let ratios = [of(wall, |c| c.wall), of(cpu, |c| c.cpu), of(memory, |c| c.peak_mib)];
        let [of_wall, of_cpu, of_memory] = ratios;
        table.push_str(&format!(
            "{name:<24} {wall:>9.3} {cpu:>9.2} {memory:>9.0}   {of_wall:>6.2} {of_cpu:>6.2} {of_memory:>6.2}\n"
        ));
    }
    table
}
