//! JSON: a list is cut into its items without building them, then the items are read on all cores.

use rayon::prelude::*;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::{Origin, Within};
use crate::snapshot::Objects;
use crate::wire::Key;

use super::decode::{Body, Decoder};
use super::{Context, Wrong};

/// Items that one thread reads before it takes the next.
const CHUNK: usize = 64;

/// Reads the values of a text: one, or several behind each other.
pub(super) fn read(context: &Context<'_>, text: &str) -> Vec<Objects> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let mut fields = Fields::default();
        let mut deserializer = serde_json::Deserializer::from_str(rest);
        let result = Collect(&mut fields).deserialize(&mut deserializer);
        let end = deserializer.into_iter::<IgnoredAny>().byte_offset();
        let value = rest.get(..end).unwrap_or(rest);
        // Items that were complete before an error are kept.
        if result.is_ok() || !fields.items.is_empty() {
            batches.extend(read_value(context, text, value, &fields));
        }
        if let Err(error) = result {
            let wrong = wrong_in(context, text, rest, &error);
            batches.push(unreadable(context, &wrong));
            break;
        }
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    batches
}

fn unreadable(context: &Context<'_>, wrong: &Wrong) -> Objects {
    let mut objects = Objects::default();
    context.unreadable_document(wrong, None, &mut objects);
    objects
}

/// An object, or the items of a list.
fn read_value(context: &Context<'_>, text: &str, value: &str, fields: &Fields<'_>) -> Vec<Objects> {
    let is_list =
        fields.kind.as_deref().is_none_or(|kind| kind.ends_with("List")) && !fields.items.is_empty();
    if !is_list {
        let mut objects = Objects::default();
        read_fields(context, text, value, fields, &mut objects);
        return vec![objects];
    }
    let chunk = |items: &[&RawValue]| {
        let mut objects = Objects::default();
        for item in items {
            read_item(context, text, item, &mut objects);
        }
        objects
    };
    fields.items.par_chunks(CHUNK).map(chunk).collect()
}

fn read_item(context: &Context<'_>, text: &str, item: &RawValue, objects: &mut Objects) {
    let mut fields = Fields::default();
    let mut deserializer = serde_json::Deserializer::from_str(item.get());
    match Collect(&mut fields).deserialize(&mut deserializer) {
        Ok(()) => read_fields(context, text, item.get(), &fields, objects),
        Err(error) => objects.append(unreadable(context, &wrong_in(context, text, item.get(), &error))),
    }
}

fn read_fields(context: &Context<'_>, text: &str, whole: &str, fields: &Fields<'_>, objects: &mut Objects) {
    let (Some(api_version), Some(kind)) = (&fields.api_version, &fields.kind) else {
        objects.skipped += 1;
        return;
    };
    let start = offset(text, whole);
    let origin = Origin { source: context.source, start, len: whole.len(), within: Within::Whole };
    let body = JsonBody { context, text, whole, fields };
    Decoder { context, objects, body, origin }.decode(api_version, kind);
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

/// The fields of an object that we look at, cut out and not built.
#[derive(Default)]
struct Fields<'a> {
    api_version: Option<String>,
    kind: Option<String>,
    metadata: Option<&'a RawValue>,
    spec: Option<&'a RawValue>,
    status: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    items: Vec<&'a RawValue>,
}

/// Fills [`Fields`] from outside, so that what was read before an error is not lost.
struct Collect<'f, 'a>(&'f mut Fields<'a>);

impl<'a> DeserializeSeed<'a> for Collect<'_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Collect<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let fields = self.0;
        while let Some(Key(key)) = map.next_key()? {
            match &*key {
                "apiVersion" => fields.api_version = map.next_value()?,
                "kind" => fields.kind = map.next_value()?,
                "metadata" => fields.metadata = map.next_value()?,
                "spec" => fields.spec = map.next_value()?,
                "status" => fields.status = map.next_value()?,
                "data" => fields.data = map.next_value()?,
                "items" => map.next_value_seed(CollectItems(&mut fields.items))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct CollectItems<'f, 'a>(&'f mut Vec<&'a RawValue>);

impl<'a> DeserializeSeed<'a> for CollectItems<'_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for CollectItems<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            self.0.push(item);
        }
        Ok(())
    }
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

    fn place(&self) -> (usize, usize) {
        self.context.sources.line_column(self.context.source, offset(self.text, self.whole))
    }
}
