//! Manifests: files, directories and standard input become [`Objects`], with their places.
//!
//! Reads what `kubectl apply -f` reads and what `kubectl get -o yaml|json` prints. A document that cannot be
//! read is a [`Gap`] with its place and loses nothing but itself. Nothing is decided here.

mod decode;
mod files;
mod json;
mod shape;
mod sketch;
#[cfg(test)]
mod tests;
mod yaml_documents;

pub use files::{InputError, load, reason};

use std::sync::Arc;

use crate::codes::{Code, Evidence};
use crate::model::{Kind, Location, Name, SourceId};
use crate::snapshot::{Format, Gap, GapKind, Objects, Source, Sources, Unreadable};

use sketch::Sketch;

/// How manifests are read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether directories are read with what is below them.
    pub recursive: bool,
    /// The namespace of objects that name none; otherwise `default`.
    pub namespace: Option<Name>,
}

/// Reads a text that is at hand.
#[must_use]
pub fn from_text(name: &str, text: &str, options: &Options) -> Objects {
    let mut objects = Objects::default();
    read_text(&mut objects, name.into(), &text.into(), None, options);
    objects
}

/// Reads a text into `objects`. Where the format is not given it shows in the first character; `{` may also
/// begin YAML (or a template that was not rendered), which is tried when it is no JSON.
fn read_text(objects: &mut Objects, name: Name, text: &Arc<str>, format: Option<Format>, options: &Options) {
    let looks_like_json = || text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let first = format.unwrap_or_else(|| if looks_like_json() { Format::Json } else { Format::Yaml });
    let mut source = Source { name, format: first, text: text.clone() };
    let id = objects.sources.push(source.clone());
    let mut batches = read_as(objects, id, text, first, options);
    let nothing_in_json = || matches!(&*batches, [only] if only.is_empty() && only.skipped == 0);
    if format.is_none() && first == Format::Json && nothing_in_json() {
        source.format = Format::Yaml;
        objects.sources.replace(id, source);
        batches = read_as(objects, id, text, Format::Yaml, options);
    }
    for batch in batches {
        objects.append(batch);
    }
}

fn read_as(
    objects: &Objects,
    source: SourceId,
    text: &str,
    format: Format,
    options: &Options,
) -> Vec<Objects> {
    let context = Context { source, sources: &objects.sources, options };
    match format {
        Format::Json => json::read(&context, text),
        Format::Yaml => yaml_documents::read(&context, text),
    }
}

/// What reading an object needs to know of its text.
#[derive(Clone, Copy)]
struct Context<'a> {
    source: SourceId,
    sources: &'a Sources,
    options: &'a Options,
}

/// A place in a text that could not be read, and why. Lines count from the top of the text.
struct Wrong {
    line: usize,
    column: usize,
    message: String,
}

impl Context<'_> {
    fn location(&self, wrong: &Wrong) -> Location {
        let file = self.sources.name(self.source).cloned().unwrap_or_default();
        Location { file, line: wrong.line, column: Some(wrong.column).filter(|column| *column > 0) }
    }

    /// The line that is meant, shortened.
    fn snippet(&self, wrong: &Wrong) -> String {
        const LONGEST: usize = 100;
        self.sources.line_text(self.source, wrong.line).trim().chars().take(LONGEST).collect()
    }

    /// Notes a document that cannot be read; where it is certainly a policy, the policy is known by name.
    fn unreadable_document(&self, wrong: &Wrong, sketch: Sketch, objects: &mut Objects) {
        let location = self.location(wrong);
        let Sketch { reference, affects } = sketch;
        let subject = match &reference {
            Some(reference) => reference.to_string(),
            None => format!("a document in {}", location.file),
        };
        let gap = Gap {
            code: Code::DocumentInvalid,
            kind: GapKind::Invalid,
            subject,
            evidence: Evidence::none().with("error", &wrong.message).with("snippet", self.snippet(wrong)),
            location: Some(location),
            affects,
        };
        match reference {
            Some(reference) if decides(&reference.kind) => {
                objects.unreadable.push(Unreadable { reference, selector: None, gap });
            }
            _ => objects.gaps.push(gap),
        }
    }

    fn namespace(&self, written: Option<&Name>) -> Name {
        let given = written.filter(|namespace| !namespace.is_empty()).cloned();
        given.or_else(|| self.options.namespace.clone()).unwrap_or_else(|| "default".into())
    }
}

/// Kinds of which an unreadable object makes answers unknown.
fn decides(kind: &Kind) -> bool {
    matches!(kind, Kind::AuthorizationPolicy | Kind::PeerAuthentication | Kind::NetworkPolicy)
}
