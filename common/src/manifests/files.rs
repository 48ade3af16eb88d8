//! Files, directories and standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::codes::{Code, Evidence};
use crate::snapshot::{Affects, Format, Gap, GapKind, Objects, Progress};

use super::{Options, read_text};

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
        let mut files = Vec::new();
        let mut has_folders = false;
        if let Err(error) = collect(directory, self.options.recursive, &mut files, &mut has_folders) {
            self.problem(&directory.display().to_string(), &reason(&error), None);
        }
        files.sort();
        if files.is_empty() {
            let hint =
                (has_folders && !self.options.recursive).then_some("-R also reads what is in its folders");
            let shown = directory.display().to_string();
            self.problem(&shown, "it holds no *.yaml, *.yml or *.json file", hint);
        }
        for file in files {
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

    fn bytes(&mut self, name: &str, bytes: Vec<u8>, format: Option<Format>) {
        let size = bytes.len() as u64;
        match String::from_utf8(bytes) {
            Ok(text) => read_text(&mut self.objects, name.into(), &text.into(), format, self.options),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line =
                    memchr::memchr_iter(b'\n', error.as_bytes().get(..at).unwrap_or_default()).count() + 1;
                self.problem(name, &format!("line {line} is not UTF-8 text"), None);
            }
        }
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

/// Files below a directory. Links to directories are not followed: they may lead in circles.
fn collect(
    directory: &Path,
    recursive: bool,
    files: &mut Vec<PathBuf>,
    has_folders: &mut bool,
) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            *has_folders = true;
            if recursive {
                collect(&path, recursive, files, has_folders)?;
            }
        } else if path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|e| extension == *e))
            && !path.is_dir()
        {
            files.push(path);
        }
    }
    Ok(())
}

/// The reason without Rust's error number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}
