//! The source as it would be, and two sources side by side.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::bundle;
use crate::codes::{Code, Evidence};
use crate::manifests;
use crate::report::SourceDescription;
use crate::snapshot::{Assumption, Changes, Edits, MeshSnapshot, Needs, Objects, SettingsOverride};

use super::super::arguments::Pending;
use super::{
    CliError, Console, EditArguments, Facts, ProgressLine, Read, Reading, SettingsArguments, SourceArguments,
};

/// What the source is held against.
#[derive(Clone, Copy, Debug)]
pub enum Against<'a> {
    /// Itself, without the edits.
    Unedited,
    /// A file, a directory or a bundle.
    Source(&'a str),
}

/// Two readings of a mesh.
#[derive(Debug)]
pub struct Comparison {
    /// The later one, with the edits.
    pub facts: Facts,
    /// What lies between them.
    pub changes: Changes,
    /// What a person says of both.
    pub given: SettingsOverride,
    /// What the earlier one was read from, when it is not the same source.
    pub against: Option<SourceDescription>,
}

impl Facts {
    /// Reads what a question needs, and makes the edits.
    ///
    /// # Errors
    /// When nothing can be read, or something that is to be edited is not there.
    pub fn edited(
        source: &SourceArguments,
        settings: &SettingsArguments,
        edits: &EditArguments,
        console: &Console,
        needs: &dyn Fn(&str, Option<&str>) -> Needs,
    ) -> Result<Self, CliError> {
        let given = SettingsOverride::from(settings);
        let reading = Reading::new(source, settings, &given, console)?;
        let (read, edited) = reading.with_edits(edits, needs)?;
        let namespace = read.namespace.clone();
        let objects = if edits.is_empty() { read.objects } else { edited.apply(read.objects, &namespace)? };
        let mut snapshot = MeshSnapshot::build(objects, &given);
        snapshot.assumptions.extend(what_if(edits));
        Ok(Self { snapshot, namespace, scope: read.scope, source: read.source })
    }
}

impl Comparison {
    /// Reads what a question needs of both.
    ///
    /// # Errors
    /// When nothing can be read, or something that is to be edited is not there.
    pub fn load(
        source: &SourceArguments,
        settings: &SettingsArguments,
        (edits, against): (&EditArguments, Against<'_>),
        console: &Console,
        needs: &dyn Fn(&str, Option<&str>) -> Needs,
    ) -> Result<Self, CliError> {
        let given = SettingsOverride::from(settings);
        let reading = Reading::new(source, settings, &given, console)?;
        if let Against::Source(path) = against {
            once(&[&edits.overlay, &source.filename, &vec![path.to_owned()]])?;
        }
        let (read, edited) = reading.with_edits(edits, needs)?;
        let (before, against) = match against {
            Against::Unedited => (read.objects.clone(), None),
            Against::Source(path) => {
                let (objects, kind) = reading.earlier(path, &read.namespace)?;
                (objects, Some(SourceDescription { kind, names: vec![path.to_owned()] }))
            }
        };
        let after = edited.apply(read.objects, &read.namespace)?;
        let changes = Changes::between(before, after);
        let snapshot = MeshSnapshot::build(changes.after().clone(), &given);
        let facts = Facts { snapshot, namespace: read.namespace, scope: read.scope, source: read.source };
        Ok(Self { facts, changes, given, against })
    }
}

impl<'a> Reading<'a> {
    fn new(
        source: &'a SourceArguments,
        settings: &SettingsArguments,
        given: &'a SettingsOverride,
        console: &'a Console,
    ) -> Result<Self, CliError> {
        source.check()?;
        settings.check()?;
        Ok(Self { source, given, console })
    }

    /// What was read, and the edits that are to be made.
    fn with_edits(
        self,
        edits: &EditArguments,
        needs: &dyn Fn(&str, Option<&str>) -> Needs,
    ) -> Result<(Read, Edits), CliError> {
        once(&[&edits.overlay, &self.source.filename])?;
        for path in edits.overlay.iter().filter(|path| *path != "-") {
            // What is not there is told before anything is asked of a cluster.
            std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        }
        let overlay = |namespace: &str| match edits.overlay.is_empty() {
            true => Ok(Objects::default()),
            false => self.manifests(&edits.overlay, Some(namespace), manifests::load_any),
        };
        let pending = Pending::new(edits.parse()?, &overlay);
        let with_edits =
            |namespace: &str, scope: Option<&str>| needs(namespace, scope).and(pending.needs(namespace));
        let read = self.any(&with_edits)?;
        let edits = pending.finish(&read.namespace)?;
        Ok((read, edits))
    }

    /// A bundle is known by how it begins.
    fn earlier(self, path: &str, namespace: &str) -> Result<(Objects, &'static str), CliError> {
        if path != "-" && is_compressed(path) {
            let bar = ProgressLine::new(self.console.is_quiet());
            return Ok((bundle::read(Path::new(path), &bar)?.objects(), "bundle"));
        }
        Ok((self.manifests(&[path.to_owned()], Some(namespace), manifests::load)?, "files"))
    }
}

fn is_compressed(path: &str) -> bool {
    let mut start = [0; 2];
    let is_file = Path::new(path).is_file();
    is_file
        && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start == [0x1f, 0x8b]
}

fn unreadable(path: &str, error: &std::io::Error) -> CliError {
    CliError::input(format!("`{path}` could not be read: {}", manifests::reason(error)))
}

/// Standard input can be read only once.
fn once(paths: &[&Vec<String>]) -> Result<(), CliError> {
    let asked = paths.iter().flat_map(|paths| paths.iter()).filter(|path| *path == "-");
    match asked.count() {
        0 | 1 => Ok(()),
        _ => Err(CliError::usage("standard input (`-`) can be read only once")),
    }
}

/// What is said of an answer about what would be.
fn what_if(edits: &EditArguments) -> Option<Assumption> {
    let named = |flag: &str, names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| format!("{flag} {}", names.join(", ")))
    };
    let said = [named("with", &edits.overlay), named("without", &edits.without)];
    let said: Vec<String> = said.into_iter().flatten().collect();
    let values = Evidence::none().with("edits", said.join(" and "));
    (!said.is_empty()).then_some(Assumption { code: Code::WhatIf, values })
}
