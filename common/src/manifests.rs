//! Manifests: files, directories and standard input become [`Objects`], with their places.
//!
//! Reads what `kubectl apply -f` reads and what `kubectl get -o yaml|json` prints. A document that cannot be
//! read is a gap with its place and loses nothing but itself. Nothing is decided here.

mod files;
#[cfg(test)]
mod tests;
mod yaml_documents;

pub use files::{InputError, load, load_any, reason};

use std::sync::Arc;

use crate::decode::{Context, json};
use crate::model::{Name, SourceId};
use crate::snapshot::{Format, Objects, Source};

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
    let context = Context { source, sources: &objects.sources, namespace: options.namespace.as_ref() };
    match format {
        Format::Json | Format::Api => json::read(&context, text),
        Format::Yaml => yaml_documents::read(&context, text),
    }
}
