//! Files, directories and standard input.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::codes::{Code, Evidence};
use crate::snapshot::{Affects, Format, Gap, GapKind, Objects, Progress};

use super::{Options, read_text};

mod found;
#[cfg(test)]
mod tests;

use found::{Found, has_extension};

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
    read_all(paths, options, progress, Objects::is_empty)
}

/// The same where any object is enough, though it be no mesh by itself: a lone NetworkPolicy.
///
/// # Errors
/// When nothing at all could be read.
pub fn load_any(paths: &[String], options: &Options, progress: &dyn Progress) -> Result<Objects, InputError> {
    read_all(paths, options, progress, Objects::is_blank)
}

fn read_all(
    paths: &[String],
    options: &Options,
    progress: &dyn Progress,
    is_nothing: fn(&Objects) -> bool,
) -> Result<Objects, InputError> {
    let mut input = Input { objects: Objects::default(), options, progress, problems: Vec::new() };
    for path in paths {
        input.path(path);
    }
    let Input { objects, problems, .. } = input;
    if is_nothing(&objects)
        && let Some(problem) = problems.into_iter().next()
    {
        return Err(problem);
    }
    if is_nothing(&objects) {
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
        let found = Found::below(directory, self.options.recursive);
        if found.files.is_empty() && found.not_read.is_empty() {
            let hint = (found.has_folders && !self.options.recursive)
                .then_some("-R also reads what is in its folders");
            let shown = directory.display().to_string();
            self.problem(&shown, "it holds no *.yaml, *.yml or *.json file", hint);
        }
        for (path, why) in found.not_read {
            self.problem(&path.display().to_string(), &why, None);
        }
        for file in found.files {
            self.file(&file);
        }
    }

    fn file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let meta = fs::metadata(path).ok();
        self.progress.start(&name, meta.as_ref().map(fs::Metadata::len));
        match fs::read(path) {
            // A command that failed behind `-f <(…)`.
            Ok(bytes) if is_blank(&bytes) && meta.is_some_and(|meta| !meta.is_file()) => {
                self.problem(&name, "it is empty", None);
            }
            Ok(bytes) => {
                let is_json = has_extension(path, "json");
                self.bytes(&name, bytes, is_json.then_some(Format::Json));
            }
            Err(error) => self.problem(&name, &reason(&error), None),
        }
    }

    fn stdin(&mut self) {
        let mut bytes = Vec::new();
        self.progress.start("standard input", None);
        match io::stdin().lock().read_to_end(&mut bytes) {
            // A command that failed before the `|`.
            Ok(_) if is_blank(&bytes) => self.problem("-", "standard input is empty", None),
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

fn is_blank(bytes: &[u8]) -> bool {
    bytes.trim_ascii().is_empty()
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
