//! What a directory holds, as kubectl looks at it, and what of it is not read.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::reason;

/// What a directory is searched for; in any case, as on the systems that write `A.YAML`.
const EXTENSIONS: &[&str] = &["json", "yaml", "yml"];

/// What a directory holds.
#[derive(Default)]
pub(super) struct Found {
    pub(super) files: Vec<PathBuf>,
    /// What may hold manifests and is not read, and why.
    pub(super) not_read: Vec<(PathBuf, String)>,
    pub(super) has_folders: bool,
}

impl Found {
    /// Files below a directory, in the order of their names.
    pub(super) fn below(directory: &Path, recursive: bool) -> Self {
        let mut found = Self::default();
        found.collect(directory, recursive);
        found.files.sort();
        found.not_read.sort();
        found
    }

    fn collect(&mut self, directory: &Path, recursive: bool) {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.not_read.push((directory.to_owned(), reason(&error))),
        };
        for entry in entries {
            if let Err(error) = entry.and_then(|entry| self.entry(&entry, recursive)) {
                self.not_read.push((directory.to_owned(), reason(&error)));
            }
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, recursive: bool) -> io::Result<()> {
        let (path, own) = (entry.path(), entry.file_type()?);
        if own.is_symlink() {
            self.link(path, recursive);
        } else if own.is_dir() {
            self.has_folders = true;
            if recursive {
                self.collect(&path, recursive);
            }
        } else {
            self.file(path, own);
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, own: fs::FileType) {
        if !is_manifest(&path) {
            return;
        }
        if own.is_file() {
            self.files.push(path);
        } else {
            // Opening a pipe waits for somebody to write into it.
            self.not_read.push((path, "it is a pipe, a socket or a device".to_owned()));
        }
    }

    /// Links to directories are not followed: they may lead in circles.
    fn link(&mut self, path: PathBuf, recursive: bool) {
        match fs::metadata(&path) {
            Ok(target) if !target.is_dir() => self.file(path, target.file_type()),
            Ok(_) if recursive && !is_of_a_mount(&path) => {
                self.not_read.push((path, "a link to a directory is not followed".to_owned()));
            }
            Ok(_) => {}
            // What leads nowhere holds nothing, unless it is named as a manifest.
            Err(error) if is_manifest(&path) || recursive && error.kind() != ErrorKind::NotFound => {
                self.not_read.push((path, reason(&error)));
            }
            Err(_) => {}
        }
    }
}

/// `..data` of a mounted ConfigMap: it leads to a directory beside it.
fn is_of_a_mount(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".."))
}

fn is_manifest(path: &Path) -> bool {
    EXTENSIONS.iter().any(|extension| has_extension(path, extension))
}

/// In any case.
pub(super) fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}
