//! The binary of a command, for tests that are not of its own package: always fresh.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// Builds a package, once in a process (nothing, when it is fresh), and says where its one binary is. Where the other
/// tests' binaries land, it lands too.
///
/// # Panics
/// When it cannot be built: a test never runs what was built of another state of the source.
#[must_use]
pub fn build(package: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(package.to_owned()).or_insert_with(|| build_now(package)).clone()
}

#[expect(clippy::panic, reason = "a test that cannot run fails")]
fn build_now(package: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut building = Command::new(cargo);
    // What cargo tells a test of its own package would make other packages look changed.
    for (name, _) in std::env::vars_os() {
        let is_of_a_package = |name: &str| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        };
        if name.to_str().is_some_and(is_of_a_package) {
            building.env_remove(&name);
        }
    }
    // All of the workspace's: with the features that the other tests' binaries have, so that little is built again.
    let built = building
        .args(["build", "--workspace", "--bins", "--message-format=json-render-diagnostics"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("cannot start cargo: {error}"));
    assert!(built.status.success(), "`{package}` cannot be built: {}", built.status);
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let parsed = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of = format!("#{package}@");
    let is_of = |message: &Value| message["package_id"].as_str().is_some_and(|id| id.contains(&of));
    let mut binaries =
        parsed.filter(is_of).filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    binaries.next().unwrap_or_else(|| panic!("`{package}` has no binary"))
}
