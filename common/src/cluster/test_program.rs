//! Programs that tests write and run.

#![expect(clippy::unwrap_used, reason = "a test that cannot run fails")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a shell script that can be run at once. Another process writes it: a descriptor of ours that is open for
/// writing would be inherited by what other tests start at that moment, and the system runs no file that is.
pub(super) fn write(path: &Path, script: &str) {
    let mut writer = Command::new("/bin/sh");
    writer.args(["-c", r#"cat >"$0" && chmod 755 "$0""#]).arg(path).stdin(Stdio::piped());
    let mut writer = writer.spawn().unwrap();
    write!(writer.stdin.take().unwrap(), "#!/bin/sh\n{script}\n").unwrap();
    assert!(writer.wait().unwrap().success());
}
