//! What the tests across the crates share: where the repository is, and how recorded data is read.

pub mod ambientz;
pub mod analyzer;
pub mod not_read;
pub mod rbac;
pub mod transport;

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The top of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A text file of the repository.
///
/// # Panics
/// When it cannot be read: a test that cannot run fails.
#[must_use]
#[expect(clippy::panic, reason = "a test that cannot run fails")]
pub fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A compressed text file of the repository.
///
/// # Panics
/// When it cannot be read: a test that cannot run fails.
#[must_use]
#[expect(clippy::panic, reason = "a test that cannot run fails")]
pub fn read_gz(path: &str) -> String {
    let path = root().join(path);
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    let read = flate2::read::GzDecoder::new(file).read_to_string(&mut text);
    if let Err(error) = read {
        panic!("{}: {error}", path.display());
    }
    text
}

/// The lines of a compressed file of the repository, each a JSON value.
///
/// # Panics
/// When one cannot be read: a test that cannot run fails.
#[must_use]
#[expect(clippy::panic, reason = "a test that cannot run fails")]
pub fn read_json_lines(path: &str) -> Vec<Value> {
    let value = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{path}: {error}"));
    read_gz(path).lines().map(value).collect()
}
