//! YAML: documents, and lists whose items are read one by one.

use rayon::prelude::*;
use serde::de::DeserializeOwned;

use crate::model::{Kind, Name, Origin, ResourceRef, Within};
use crate::snapshot::Objects;
use crate::yaml::{self, Document, Node, Value, documents};

use super::decode::{Body, Decoder};
use super::{Context, Wrong};

/// Documents that one thread reads before it takes the next.
const CHUNK: usize = 16;

/// Reads the documents of a text, on all cores when there are many.
pub(super) fn read(context: &Context<'_>, text: &str) -> Vec<Objects> {
    let documents: Vec<Document<'_>> = documents(text).collect();
    let chunk = |documents: &[Document<'_>]| {
        let mut objects = Objects::default();
        for document in documents {
            read_document(context, *document, &mut objects);
        }
        objects
    };
    if documents.len() <= CHUNK {
        return vec![chunk(&documents)];
    }
    documents.par_chunks(CHUNK).map(chunk).collect()
}

fn read_document(context: &Context<'_>, document: Document<'_>, objects: &mut Objects) {
    let before = || context.sources.line(context.source, document.start).saturating_sub(1);
    let node = match yaml::parse(document.text) {
        Ok(node) => node,
        Err(error) => {
            let wrong =
                Wrong { line: before() + error.line.max(1), column: error.column, message: error.message };
            context.unreadable_document(&wrong, sketch(context, document.text), objects);
            return;
        }
    };
    let origin = Origin {
        source: context.source,
        start: document.start,
        len: document.text.len(),
        within: Within::Whole,
    };
    read_object(context, &node, origin, before, objects);
}

fn read_object(
    context: &Context<'_>,
    node: &Node,
    origin: Origin,
    before: impl Fn() -> usize + Copy,
    objects: &mut Objects,
) {
    let text = |field| node.get(field).and_then(Node::as_text);
    let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        objects.skipped += 1;
        return;
    };
    if let (true, Some(Value::List(items))) = (kind.ends_with("List"), node.get("items").map(|n| &n.value)) {
        let starts = item_starts(context.sources.text(&origin), items);
        for (index, item) in items.iter().enumerate() {
            let origin = item_origin(origin, &starts, index);
            read_object(context, item, origin, before, objects);
        }
        return;
    }
    let body = YamlBody { node, before };
    Decoder { context, objects, body, origin }.decode(api_version, kind);
}

/// Where the lines of the items start, when each item begins a line of its own.
fn item_starts(text: &str, items: &[Node]) -> Option<Vec<usize>> {
    let mut offsets = vec![0];
    offsets.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
    let start = |item: &Node| {
        let start = *offsets.get(item.line.checked_sub(1)?)?;
        let rest = text.get(start..)?.trim_start();
        rest.starts_with("- ").then_some(start)
    };
    let mut starts: Vec<usize> = items.iter().map(start).collect::<Option<_>>()?;
    starts.is_sorted_by(|a, b| a < b).then(|| {
        starts.push(text.len());
        starts
    })
}

/// An item that has lines of its own is found again without reading the whole list.
fn item_origin(list: Origin, starts: &Option<Vec<usize>>, index: usize) -> Origin {
    let lines = starts.as_ref().and_then(|starts| Some((*starts.get(index)?, *starts.get(index + 1)?)));
    match lines {
        // The last item ends where the list does, which only the whole text tells.
        Some((start, end)) if starts.as_ref().is_some_and(|starts| index + 2 < starts.len()) => {
            Origin { start: list.start + start, len: end - start, within: Within::OnlyItem, ..list }
        }
        _ => Origin { within: Within::Item(index), ..list },
    }
}

/// What a document that cannot be read is, when lines of its own tell: a template that was not rendered is
/// often harmless, and a policy is known by name.
fn sketch(context: &Context<'_>, text: &str) -> Option<ResourceRef> {
    let plain = |value: &str| {
        let value = value.trim().trim_matches(['"', '\'']);
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-./".contains(c);
        (!value.is_empty() && value.chars().all(is_name)).then(|| Name::from(value))
    };
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).and_then(plain);
    let kind = Kind::from_wire(&field("kind:")?);
    let namespace = match text.lines().find_map(|line| line.strip_prefix("  namespace:")) {
        Some(written) => plain(written)?,
        None => context.namespace(None),
    };
    Some(ResourceRef::new(kind, namespace, field("  name:").unwrap_or_else(|| "<unnamed>".into())))
}

struct YamlBody<'a, F> {
    node: &'a Node,
    /// Lines of the text before the document.
    before: F,
}

impl<F: Fn() -> usize> YamlBody<'_, F> {
    fn wrong(&self, error: yaml::Error) -> Wrong {
        Wrong { line: (self.before)() + error.line, column: error.column, message: error.message }
    }
}

impl<F: Fn() -> usize> Body for YamlBody<'_, F> {
    fn field<T: DeserializeOwned + Default>(&self, name: &'static str) -> Result<T, Wrong> {
        match self.node.get(name) {
            None | Some(Node { value: Value::Null, .. }) => Ok(T::default()),
            Some(node) => node.decode().map_err(|error| self.wrong(error)),
        }
    }

    fn whole<T: DeserializeOwned>(&self) -> Result<T, Wrong> {
        self.node.decode().map_err(|error| self.wrong(error))
    }

    fn place(&self) -> (usize, usize) {
        ((self.before)() + self.node.line, self.node.column)
    }

    fn has(&self, name: &'static str) -> bool {
        self.node.get(name).is_some_and(|node| node.value != Value::Null)
    }
}
