//! A server that never outlives the test process, however that ends.
//!
//! Each runs below a tiny shell whose standard input we hold. A line there is a signal to pass on; its end, which
//! also comes when the test process is killed, is SIGKILL. The shell has a process group of its own, so that what a
//! terminal or a supervisor sends to the tests does not take the shell before the server.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

const KEEPER: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{
    while read -r signal; do kill -s "$signal" "$server"; done
    kill -s KILL "$server"
} <&3 2>/dev/null &
keeper=$!
exec 3<&-
wait "$server"
status=$?
kill "$keeper" 2>/dev/null
exit "$status"
"#;

/// Removes a folder when its standard input ends. Servers that are being killed may still write.
const SWEEPER: &str = r#"
cat >/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$1" 2>/dev/null
    [ -e "$1" ] || exit 0
    sleep 0.2
done
exit 1
"#;

/// How long a server may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    name: &'static str,
    shell: Child,
    control: Option<ChildStdin>,
    log: PathBuf,
}

impl Server {
    /// Starts a program; its output goes to `<folder>/<name>.log`, behind what is there.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub(super) fn start(
        name: &'static str,
        folder: &Path,
        program: &Path,
        arguments: &[String],
        environment: &[(&str, String)],
    ) -> Self {
        let log = folder.join(format!("{name}.log"));
        let open = || File::options().create(true).append(true).open(&log);
        let (Ok(out), Ok(err)) = (open(), open()) else { panic!("cannot write `{}`", log.display()) };
        let mut shell = Command::new("sh")
            .args(["-c", KEEPER, name])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let control = shell.stdin.take();
        Self { name, shell, control, log }
    }

    /// Fails with the end of the log when the server has ended by itself.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub(super) fn expect_running(&mut self) {
        if let Ok(Some(status)) = self.shell.try_wait() {
            panic!("{} ended with {status}; its log ends:\n{}", self.name, self.log_end());
        }
    }

    /// Waits until something holds, at most so long.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub(super) fn wait_until(&mut self, what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
        let end = Instant::now() + limit;
        while !holds() {
            self.expect_running();
            if Instant::now() > end {
                panic!(
                    "{}: {what}: not within {} s; its log ends:\n{}",
                    self.name,
                    limit.as_secs(),
                    self.log_end()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The last lines of what it wrote.
    pub(super) fn log_end(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n")
    }

    /// Asks it to end, and kills it when it does not.
    pub(super) fn stop(mut self) {
        if let Some(control) = &mut self.control {
            let asked = control.write_all(b"TERM\n").and_then(|()| control.flush());
            let end = Instant::now() + PATIENCE;
            while asked.is_ok() && Instant::now() < end && matches!(self.shell.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

impl Drop for Server {
    /// Kills it, and waits until it is gone.
    fn drop(&mut self) {
        drop(self.control.take());
        drop(self.shell.wait());
    }
}

/// A temporary folder that vanishes when this is dropped or the test process ends.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    sweeper: Child,
}

impl Folder {
    /// Makes one.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub(super) fn new() -> Self {
        let path = tempfile::Builder::new()
            .prefix("mesh-test-cluster-")
            .tempdir()
            .unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"))
            .keep();
        let sweeper = Command::new("sh")
            .args(["-c", SWEEPER, "sweeper"])
            .arg(&path)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start sh: {error}"));
        Self { path, sweeper }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file into it.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.sweeper.stdin.take());
        drop(self.sweeper.wait());
    }
}
