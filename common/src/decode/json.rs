//! JSON: a list is cut into its items without building them, then the items are read on all cores.

use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::model::{Origin, SourceId, Within};
use crate::snapshot::{Objects, Sources};
use crate::wire::wire;

use super::object::{Body, Decoder};
use super::shape::{Parent, Shape, shape};
use super::sketch::Sketch;
use super::{Context, Wrong};

mod fields;

use fields::Fields;

/// Items that one thread reads before it takes the next.
const CHUNK: usize = 64;

/// Reads the values of a text: one, or several behind each other.
pub(crate) fn read(context: &Context<'_>, text: &str) -> Vec<Objects> {
    let reader = Reader { context, text };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let mut fields = Fields::default();
        let (end, result) = fields.fill(rest);
        let value = rest.get(..end).unwrap_or(rest);
        match result {
            Ok(()) => batches.extend(reader.document(value, &fields)),
            Err(error) => {
                // Items that were complete before an error are kept.
                if let Shape::List(parent, _) = shape(fields.header(), None) {
                    batches.extend(reader.items(&fields, parent));
                }
                batches.push(reader.alone(|objects| reader.unreadable(rest, &error, objects)));
                break;
            }
        }
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    batches
}

/// The items of a list that an API server sent, as objects of the kind that was asked for: the header says
/// something else where only metadata was sent.
///
/// # Errors
/// When it is no list, or one of something else.
pub(crate) fn list(
    source: SourceId,
    text: &str,
    api_version: &str,
    kind: &str,
) -> Result<Vec<Objects>, String> {
    let fields = list_fields(text)?;
    check_kind(&fields, kind)?;
    let sources = Sources::default();
    let context = Context { source, sources: &sources, namespace: None };
    let reader = Reader { context: &context, text };
    let chunk = |items: &[&RawValue]| {
        reader.alone(|objects| items.iter().for_each(|item| reader.known(item, api_version, kind, objects)))
    };
    Ok(fields.items.par_chunks(CHUNK).map(chunk).collect())
}

/// A list of another kind, or with items that are no objects, would be taken for one that lacks what it should have.
fn check_kind(fields: &Fields<'_>, kind: &str) -> Result<(), String> {
    let found = fields.header().kind.text().unwrap_or_default();
    let is_it = found.strip_suffix("List").is_some_and(|of| of == kind);
    if !is_it && !matches!(found, "List" | "PartialObjectMetadataList") {
        return Err(format!("the answer is `{found}`, not `{kind}List`"));
    }
    match fields.items.iter().find(|item| !item.get().starts_with('{')) {
        Some(_) => Err("the answer has items that are no objects".to_owned()),
        None => Ok(()),
    }
}

/// The items of a list, cut out and not built.
///
/// # Errors
/// When it is no list.
pub(crate) fn items(text: &str) -> Result<Vec<&RawValue>, String> {
    Ok(list_fields(text)?.items)
}

/// Where a page of a list goes on; `None` on the last one.
///
/// # Errors
/// When it is no list.
pub(crate) fn continuation(text: &str) -> Result<Option<String>, String> {
    let fields = list_fields(text)?;
    let Some(metadata) = fields.metadata else { return Ok(None) };
    let metadata: ListMeta =
        serde_json::from_str(metadata.get()).map_err(|error| format!("its `metadata` is wrong: {error}"))?;
    let next = metadata.next.filter(|token| !token.is_empty());
    match metadata.remaining {
        Some(more) if more > 0 && next.is_none() => {
            Err(format!("it says that {more} more follow, and not where"))
        }
        _ => Ok(next),
    }
}

wire! {
    /// `metadata` of a list.
    struct ListMeta {
        /// The token of the next page.
        pub next: Option<String> = "continue",
        /// How many are on the pages behind it.
        pub remaining: Option<i64> = "remainingItemCount",
    }
}

fn list_fields(text: &str) -> Result<Fields<'_>, String> {
    let mut fields = Fields::default();
    let (_, result) = fields.fill(text);
    result.map_err(|error| format!("the answer is no JSON: {error}"))?;
    match shape(fields.header(), None) {
        Shape::List(_, None) => Ok(fields),
        Shape::List(_, Some(error)) | Shape::Wrong(error) => Err(format!("the answer is no list: {error}")),
        Shape::Object(..) | Shape::Foreign => Err("the answer is no list".to_owned()),
    }
}

/// A text of JSON.
#[derive(Clone, Copy)]
struct Reader<'a> {
    context: &'a Context<'a>,
    text: &'a str,
}

impl Reader<'_> {
    /// An object, or the items of a list on all cores.
    fn document(self, whole: &str, fields: &Fields<'_>) -> Vec<Objects> {
        let Shape::List(parent, wrong) = shape(fields.header(), None) else {
            return vec![self.alone(|objects| self.value(whole, fields, None, objects))];
        };
        let mut batches = self.items(fields, parent);
        if let Some(message) = wrong {
            batches.push(self.alone(|objects| self.wrong(whole, message, objects)));
        }
        batches
    }

    fn items(self, fields: &Fields<'_>, parent: Parent<'_>) -> Vec<Objects> {
        let chunk = |items: &[&RawValue]| {
            self.alone(|objects| items.iter().for_each(|item| self.item(item, parent, objects)))
        };
        fields.items.par_chunks(CHUNK).map(chunk).collect()
    }

    fn alone(self, read: impl Fn(&mut Objects)) -> Objects {
        let mut objects = Objects::default();
        read(&mut objects);
        objects
    }

    fn item(self, item: &RawValue, parent: Parent<'_>, objects: &mut Objects) {
        let mut fields = Fields::default();
        match fields.fill(item.get()).1 {
            Ok(()) => self.value(item.get(), &fields, Some(parent), objects),
            Err(error) => self.unreadable(item.get(), &error, objects),
        }
    }

    /// An object whose kind is known, whatever it says itself.
    fn known(self, item: &RawValue, api_version: &str, kind: &str, objects: &mut Objects) {
        let mut fields = Fields::default();
        match fields.fill(item.get()).1 {
            Ok(()) => self.object(item.get(), &fields, api_version, kind, objects),
            Err(error) => self.unreadable(item.get(), &error, objects),
        }
    }

    /// A document, or an item of the list that is its `parent`.
    fn value(self, whole: &str, fields: &Fields<'_>, parent: Option<Parent<'_>>, objects: &mut Objects) {
        if fields.is_null {
            return match parent {
                None => objects.skipped += 1,
                Some(_) => self.wrong(whole, "it is no object", objects),
            };
        }
        match shape(fields.header(), parent) {
            Shape::Object(api_version, kind) => self.object(whole, fields, api_version, kind, objects),
            Shape::List(parent, wrong) => {
                fields.items.iter().for_each(|item| self.item(item, parent, objects));
                if let Some(message) = wrong {
                    self.wrong(whole, message, objects);
                }
            }
            Shape::Foreign => objects.skipped += 1,
            Shape::Wrong(message) => self.wrong(whole, message, objects),
        }
    }

    fn object(self, whole: &str, fields: &Fields<'_>, version: &str, kind: &str, objects: &mut Objects) {
        let Self { context, text } = self;
        let start = offset(text, whole);
        let origin = Origin { source: context.source, start, len: whole.len(), within: Within::Whole };
        let body = JsonBody { context, text, whole, fields };
        Decoder { context, objects, body, origin }.decode(version, kind);
    }

    fn wrong(self, whole: &str, message: &str, objects: &mut Objects) {
        let (line, column) = self.context.sources.line_column(self.context.source, offset(self.text, whole));
        let wrong = Wrong { line, column, message: message.to_owned() };
        self.context.unreadable_document(&wrong, Sketch::unknown(), objects);
    }

    fn unreadable(self, part: &str, error: &serde_json::Error, objects: &mut Objects) {
        let wrong = wrong_in(self.context, self.text, part, error);
        self.context.unreadable_document(&wrong, Sketch::unknown(), objects);
    }
}

/// Where in `text` a part of it starts.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// The place of an error in a part of the text, from the top of the text.
fn wrong_in(context: &Context<'_>, text: &str, part: &str, error: &serde_json::Error) -> Wrong {
    let (line, column) = context.sources.line_column(context.source, offset(text, part));
    let place = match error.line() {
        0 | 1 => (line, column + error.column().saturating_sub(1)),
        more => (line + more - 1, error.column()),
    };
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    Wrong { line: place.0, column: place.1, message: message.to_owned() }
}

struct JsonBody<'a> {
    context: &'a Context<'a>,
    text: &'a str,
    whole: &'a str,
    fields: &'a Fields<'a>,
}

impl JsonBody<'_> {
    fn raw(&self, name: &str) -> Option<&str> {
        let raw = match name {
            "metadata" => self.fields.metadata,
            "spec" => self.fields.spec,
            "status" => self.fields.status,
            "data" => self.fields.data,
            _ => None,
        };
        raw.map(RawValue::get).filter(|text| *text != "null")
    }

    fn read<T: DeserializeOwned>(&self, part: &str) -> Result<T, Wrong> {
        serde_json::from_str(part).map_err(|error| wrong_in(self.context, self.text, part, &error))
    }
}

impl Body for JsonBody<'_> {
    fn field<T: DeserializeOwned + Default>(&self, name: &'static str) -> Result<T, Wrong> {
        self.raw(name).map_or_else(|| Ok(T::default()), |part| self.read(part))
    }

    fn whole<T: DeserializeOwned>(&self) -> Result<T, Wrong> {
        self.read(self.whole)
    }

    fn has(&self, name: &'static str) -> bool {
        self.raw(name).is_some()
    }

    fn check_ports(&self) -> Result<(), Wrong> {
        Ok(())
    }

    fn place(&self) -> (usize, usize) {
        self.context.sources.line_column(self.context.source, offset(self.text, self.whole))
    }
}
