//! YAML: documents, and lists whose items are read one by one.

use rayon::prelude::*;
use serde::de::DeserializeOwned;

use crate::decode::shape::{Header, Items, Parent, Said, Shape, shape};
use crate::decode::sketch::Sketch;
use crate::decode::{Body, Context, Decoder, Wrong};
use crate::model::{Origin, Within};
use crate::snapshot::Objects;
use crate::yaml::{self, Document, Key, Node, Value, documents};

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
    let mut reader = Reader { context, document, objects };
    match yaml::parse(document.text) {
        Ok(node) => {
            let (start, len) = (document.start, document.text.len());
            let origin = Origin { source: context.source, start, len, within: Within::Whole };
            reader.value(&node, origin, None);
        }
        Err(error) => {
            let line = reader.lines_before() + error.line.max(1);
            let wrong = Wrong { line, column: error.column, message: error.message };
            context.unreadable_document(&wrong, Sketch::of(document.text), reader.objects);
        }
    }
}

/// A document that is YAML.
struct Reader<'a> {
    context: &'a Context<'a>,
    document: Document<'a>,
    objects: &'a mut Objects,
}

impl Reader<'_> {
    fn lines_before(&self) -> usize {
        lines_before(self.context, self.document)
    }

    /// The document, or an item of the list that is its `parent`.
    fn value(&mut self, node: &Node, origin: Origin, parent: Option<Parent<'_>>) {
        match &node.value {
            Value::Map(_) => self.object(node, origin, parent),
            Value::Null if parent.is_none() => self.objects.skipped += 1,
            _ => self.wrong(node, "it is no object"),
        }
    }

    fn object(&mut self, node: &Node, origin: Origin, parent: Option<Parent<'_>>) {
        match shape(header(node), parent) {
            Shape::Object(api_version, kind) => {
                let body = YamlBody { node, context: self.context, document: self.document };
                Decoder { context: self.context, objects: self.objects, body, origin }
                    .decode(api_version, kind);
            }
            Shape::List(parent, wrong) => {
                self.items(node, origin, parent);
                if let Some(message) = wrong {
                    self.wrong(node, message);
                }
            }
            Shape::Foreign => self.objects.skipped += 1,
            Shape::Wrong(message) => self.wrong(node, message),
        }
    }

    fn items(&mut self, list: &Node, origin: Origin, parent: Parent<'_>) {
        let Some(Value::List(items)) = list.get("items").map(|node| &node.value) else { return };
        let starts = item_starts(self.document.text, items);
        for (index, item) in items.iter().enumerate() {
            let origin = item_origin(origin, self.document.start, &starts, index);
            self.value(item, origin, Some(parent));
        }
    }

    fn wrong(&mut self, node: &Node, message: &str) {
        let line = self.lines_before() + node.line;
        let wrong = Wrong { line, column: node.column, message: message.to_owned() };
        self.context.unreadable_document(&wrong, Sketch::unknown(), self.objects);
    }
}

/// Lines of the text before the document: counted only for what is wrong.
fn lines_before(context: &Context<'_>, document: Document<'_>) -> usize {
    context.sources.line(context.source, document.start).saturating_sub(1)
}

fn header(node: &Node) -> Header<'_> {
    let said = |field| node.get(field).map_or(Said::Absent, |node| Said::new(node.as_text()));
    let items = match node.get("items").map(|node| &node.value) {
        None => Items::Absent,
        Some(Value::Null) => Items::Null,
        Some(Value::List(_)) => Items::List,
        Some(_) => Items::Other,
    };
    Header { api_version: said("apiVersion"), kind: said("kind"), items }
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
fn item_origin(list: Origin, document: usize, starts: &Option<Vec<usize>>, index: usize) -> Origin {
    let lines = starts.as_ref().and_then(|starts| Some((*starts.get(index)?, *starts.get(index + 1)?)));
    match lines {
        // The last item ends where the list does, which only the whole text tells.
        Some((start, end)) if starts.as_ref().is_some_and(|starts| index + 2 < starts.len()) => {
            Origin { start: document + start, len: end - start, within: Within::OnlyItem, ..list }
        }
        _ if list.within == Within::Whole => Origin { within: Within::Item(index), ..list },
        // In a list inside a list: as far as the item of the outer one.
        _ => list,
    }
}

struct YamlBody<'a> {
    node: &'a Node,
    context: &'a Context<'a>,
    document: Document<'a>,
}

impl YamlBody<'_> {
    fn lines_before(&self) -> usize {
        lines_before(self.context, self.document)
    }

    fn wrong(&self, error: yaml::Error) -> Wrong {
        Wrong { line: self.lines_before() + error.line, column: error.column, message: error.message }
    }
}

impl Body for YamlBody<'_> {
    fn field<T: DeserializeOwned + Default>(&self, name: &'static str) -> Result<T, Wrong> {
        match self.node.get(name) {
            None | Some(Node { value: Value::Null, .. }) => Ok(T::default()),
            Some(node) => node.decode().map_err(|error| self.wrong(error)),
        }
    }

    fn whole<T: DeserializeOwned>(&self) -> Result<T, Wrong> {
        self.node.decode().map_err(|error| self.wrong(error))
    }

    fn check_ports(&self) -> Result<(), Wrong> {
        let ports = self.node.get("spec").and_then(|spec| spec.get("portLevelMtls"));
        let Some(Value::Map(entries)) = ports.map(|node| &node.value) else { return Ok(()) };
        match entries.iter().map(|(key, _)| key).find(|key| is_other_number(&key.text)) {
            Some(Key { line, column, text }) => Err(self.wrong(yaml::Error {
                line: *line,
                column: *column,
                message: format!("`{text}` is no decimal number: kubectl reads it as another port"),
            })),
            None => Ok(()),
        }
    }

    fn place(&self) -> (usize, usize) {
        (self.lines_before() + self.node.line, self.node.column)
    }

    fn has(&self, name: &'static str) -> bool {
        self.node.get(name).is_some_and(|node| node.value != Value::Null)
    }
}

/// YAML 1.1, which kubectl reads: `0443` is octal, `0x1bb` is hexadecimal, `4_43` is 443.
fn is_other_number(key: &str) -> bool {
    let digits = key.trim_start_matches(['+', '-']);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit());
    is_number && (digits.len() > 1 && digits.starts_with('0') || digits.contains('_'))
}
