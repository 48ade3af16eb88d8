//! Nothing of a cluster is left behind, however a test ends.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mesh_testkit::test_cluster::{Options, TestCluster};

/// The programs that name the folder among their arguments: every server does.
fn programs_of(folder: &Path) -> Vec<String> {
    let stated = Command::new("ps").args(["-A", "-ww", "-o", "args="]).output().unwrap();
    let needle = folder.to_string_lossy().into_owned();
    let lines = String::from_utf8_lossy(&stated.stdout).into_owned();
    lines.lines().filter(|line| line.contains(&needle)).map(str::to_owned).collect()
}

fn assert_gone(folder: &Path) {
    let end = Instant::now() + Duration::from_secs(5);
    while !programs_of(folder).is_empty() || folder.exists() {
        assert!(Instant::now() < end, "left: {:?}, folder: {}", programs_of(folder), folder.exists());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_panic_stops_everything() {
    let mut folder = PathBuf::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let cluster = TestCluster::start(&Options::default());
        folder = cluster.folder().to_owned();
        assert!(programs_of(&folder).len() >= 4, "{:?}", programs_of(&folder));
        panic!("as a failing test does");
    }));
    assert!(panicked.is_err());
    assert_gone(&folder);
}

/// Says to the test below that it is the process to be killed.
const DOOMED: &str = "MESH_TEST_DOOMED";

#[test]
fn a_killed_process_leaves_nothing() {
    if std::env::var_os(DOOMED).is_some() {
        return run_until_killed();
    }
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ending::a_killed_process_leaves_nothing", "--nocapture"])
        .env(DOOMED, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let folder = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("folder ").map(PathBuf::from));
    let folder = folder.unwrap();
    assert!(programs_of(&folder).len() >= 4, "{:?}", programs_of(&folder));
    process.kill().unwrap();
    process.wait().unwrap();
    assert_gone(&folder);
}

#[expect(clippy::print_stdout, reason = "the other process reads it")]
fn run_until_killed() {
    let cluster = TestCluster::start(&Options::default());
    println!("\nfolder {}", cluster.folder().display());
    std::thread::sleep(Duration::from_secs(600));
}
