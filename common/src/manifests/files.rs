//! Files, directories and standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::codes::{Code, Evidence};
use crate::snapshot::{Affects, Format, Gap, GapKind, Objects, Progress};

use super::{Options, read_text};

#[cfg(test)]
mod tests;

/// What a directory is searched for, as kubectl does.
const EXTENSIONS: &[&str] = &["json", "yaml", "yml"];

/// Nothing could be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// One line.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// Reads files, directories and, for `-`, standard input. Those that cannot be read are gaps.
///
/// # Errors
/// When nothing at all could be read.
pub fn load(paths: &[String], options: &Options, progress: &dyn Progress) -> Result<Objects, InputError> {
    let mut input = Input { objects: Objects::default(), options, progress, problems: Vec::new() };
    for path in paths {
        input.path(path);
    }
    let Input { objects, problems, .. } = input;
    if objects.is_empty()
        && let Some(problem) = problems.into_iter().next()
    {
        return Err(problem);
    }
    if objects.is_empty() {
        return Err(nothing(&objects, paths));
    }
    Ok(objects)
}

fn nothing(objects: &Objects, paths: &[String]) -> InputError {
    let named = paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
    let Some(gap) = objects.gaps.first() else {
        let message = format!("no object of a mesh in {named}");
        return InputError {
            message,
            hints: vec!["give the manifests of workloads and policies".to_owned()],
        };
    };
    let place = gap.location.as_ref().map(|location| format!("{location}: ")).unwrap_or_default();
    InputError { message: format!("{place}{}", gap.code.message(&gap.evidence)), hints: Vec::new() }
}

struct Input<'a> {
    objects: Objects,
    options: &'a Options,
    progress: &'a dyn Progress,
    problems: Vec<InputError>,
}

impl Input<'_> {
    fn path(&mut self, path: &str) {
        if path == "-" {
            self.stdin();
            return;
        }
        let place = Path::new(path);
        match fs::metadata(place) {
            Ok(meta) if meta.is_dir() => self.directory(place),
            Ok(_) => self.file(place),
            Err(error) => self.problem(path, &reason(&error), None),
        }
    }

    fn directory(&mut self, directory: &Path) {
        let mut found = Found::default();
        found.collect(directory, self.options.recursive);
        found.files.sort();
        if found.files.is_empty() && found.unreadable.is_empty() {
            let hint = (found.has_folders && !self.options.recursive)
                .then_some("-R also reads what is in its folders");
            let shown = directory.display().to_string();
            self.problem(&shown, "it holds no *.yaml, *.yml or *.json file", hint);
        }
        for (path, error) in found.unreadable {
            self.problem(&path.display().to_string(), &reason(&error), None);
        }
        for file in found.files {
            self.file(&file);
        }
    }

    fn file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let size = fs::metadata(path).map(|meta| meta.len()).ok();
        self.progress.start(&name, size);
        match fs::read(path) {
            Ok(bytes) => {
                let is_json = path.extension().is_some_and(|extension| extension == "json");
                self.bytes(&name, bytes, is_json.then_some(Format::Json));
            }
            Err(error) => self.problem(&name, &reason(&error), None),
        }
    }

    fn stdin(&mut self) {
        let mut bytes = Vec::new();
        self.progress.start("standard input", None);
        match io::stdin().lock().read_to_end(&mut bytes) {
            Ok(_) => self.bytes("-", bytes, None),
            Err(error) => self.problem("-", &reason(&error), None),
        }
    }

    /// Bytes that are no text are replaced, so that nothing but their place is lost.
    fn bytes(&mut self, name: &str, bytes: Vec<u8>, format: Option<Format>) {
        let size = bytes.len() as u64;
        let text = match utf16(&bytes) {
            Some(text) => text,
            None => String::from_utf8(bytes).unwrap_or_else(|error| {
                let text = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
                let line = memchr::memchr_iter(b'\n', text).count() + 1;
                self.problem(name, &format!("line {line} is not UTF-8 text"), None);
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }),
        };
        read_text(&mut self.objects, name.into(), &text.into(), format, self.options);
        self.progress.advance(size);
    }

    /// What is missing may have held anything.
    fn problem(&mut self, subject: &str, error: &str, hint: Option<&str>) {
        let message = format!("`{subject}` could not be read: {error}");
        self.problems.push(InputError { message, hints: hint.into_iter().map(str::to_owned).collect() });
        self.objects.gaps.push(Gap {
            code: Code::FileUnreadable,
            kind: GapKind::Invalid,
            subject: subject.to_owned(),
            location: None,
            affects: Affects::Everything,
            evidence: Evidence::none().with("subject", format!("`{subject}`")).with("error", error),
        });
    }
}

/// What a directory holds.
#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    unreadable: Vec<(PathBuf, io::Error)>,
    has_folders: bool,
}

impl Found {
    /// Files below a directory. Links to directories are not followed: they may lead in circles.
    fn collect(&mut self, directory: &Path, recursive: bool) {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable.push((directory.to_owned(), error)),
        };
        for entry in entries {
            if let Err(error) = entry.and_then(|entry| self.entry(&entry, recursive)) {
                self.unreadable.push((directory.to_owned(), error));
            }
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, recursive: bool) -> io::Result<()> {
        let path = entry.path();
        let is_manifest = |path: &Path| path.extension().is_some_and(|e| EXTENSIONS.iter().any(|x| e == *x));
        if entry.file_type()?.is_dir() {
            self.has_folders = true;
            if recursive {
                self.collect(&path, recursive);
            }
        } else if is_manifest(&path) && !path.is_dir() {
            self.files.push(path);
        }
        Ok(())
    }
}

/// What PowerShell's `>` writes.
fn utf16(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().skip(1).map(|unit| read(*unit)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok())?
}

/// Why a file could not be read, without Rust's error number.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}
