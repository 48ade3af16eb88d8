//! A bundle that cannot be written or read: one line, and what to do about it.

use std::io;
use std::path::Path;

/// Nothing was written, or nothing could be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct BundleError {
    /// One line.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

const WRITTEN_BY: &str = "a bundle is what --save FILE writes";

impl BundleError {
    /// The file cannot be written.
    pub(super) fn write(path: &Path, why: &str) -> Self {
        let message = format!("`{}` cannot be written: {why}", path.display());
        Self { message, hints: Vec::new() }
    }

    /// The file cannot be read.
    pub(super) fn read(path: &Path, why: &str) -> Self {
        let message = format!("`{}` could not be read: {why}", path.display());
        Self { message, hints: Vec::new() }
    }

    /// The file is something else.
    pub(super) fn no_bundle(path: &Path, why: &str) -> Self {
        let message = format!("`{}` is no bundle: {why}", path.display());
        Self { message, hints: vec![WRITTEN_BY.to_owned()] }
    }

    pub(super) fn hint(mut self, hint: &str) -> Self {
        self.hints = vec![hint.to_owned()];
        self
    }
}

/// Why something failed, without Rust's error number.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            // What reads archives repeats what it found in one.
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().to_lowercase()
        }
    }
}
