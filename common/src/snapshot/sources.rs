//! The texts that objects were read from, kept so that a line is computed only when it is shown.

use std::sync::{Arc, OnceLock};

use crate::model::{FieldPath, Location, Name, Origin, Segment, SourceId, Within};
use crate::yaml::{self, Node};

#[cfg(test)]
mod tests;

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Documents of YAML.
    Yaml,
    /// Values of JSON.
    Json,
    /// What an API server sent: no file that a person could open, so nothing in it has a place.
    Api,
}

/// A text and its name.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file, as it was named.
    pub name: Name,
    /// How it is written.
    pub format: Format,
    /// What it holds.
    pub text: Arc<str>,
}

/// All texts of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Entry>);

/// A text, and where its lines start once that was asked for.
#[derive(Clone, Debug)]
struct Entry {
    source: Source,
    line_starts: OnceLock<Vec<usize>>,
}

impl Entry {
    fn new(source: Source) -> Self {
        Self { source, line_starts: OnceLock::new() }
    }

    /// Counted once: a text with a hundred thousand places to tell is not read as often.
    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.source.text.as_bytes());
            std::iter::once(0).chain(breaks.map(|at| at + 1)).collect()
        })
    }

    /// The line and the column of an offset, from 1.
    fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.source.text.len());
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset).max(1);
        (line, offset - starts.get(line - 1).copied().unwrap_or_default() + 1)
    }

    /// A line, counted from 1, with its end.
    fn line_text(&self, line: usize) -> Option<&str> {
        let starts = self.line_starts();
        let start = *starts.get(line.checked_sub(1)?)?;
        let end = starts.get(line).copied().unwrap_or(self.source.text.len());
        self.source.text.get(start..end)
    }
}

impl Sources {
    /// Adds a text.
    pub fn push(&mut self, source: Source) -> SourceId {
        self.0.push(Entry::new(source));
        SourceId(u32::try_from(self.0.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// Adds all of some texts; says how many stood before them.
    pub fn append(&mut self, others: Self) -> u32 {
        let before = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.extend(others.0);
        before
    }

    /// Puts another in the place of a text.
    pub fn replace(&mut self, id: SourceId, source: Source) {
        if let Some(place) = usize::try_from(id.0).ok().and_then(|at| self.0.get_mut(at)) {
            *place = Entry::new(source);
        }
    }

    fn entry(&self, id: SourceId) -> Option<&Entry> {
        self.0.get(usize::try_from(id.0).ok()?)
    }

    fn get(&self, id: SourceId) -> Option<&Source> {
        self.entry(id).map(|entry| &entry.source)
    }

    /// A whole text.
    #[must_use]
    pub fn whole(&self, id: SourceId) -> &str {
        self.get(id).map_or("", |source| &source.text)
    }

    /// The text that an object was read from.
    #[must_use]
    pub fn text(&self, origin: &Origin) -> &str {
        let end = origin.start.saturating_add(origin.len);
        self.whole(origin.source).get(origin.start..end).unwrap_or_default()
    }

    /// The line of a field, as far as the path leads; the line of the object for an empty path.
    #[must_use]
    pub fn locate(&self, origin: &Origin, path: &FieldPath) -> Option<Location> {
        Places::new(self).locate(origin, path)
    }

    fn located(&self, origin: &Origin, path: &FieldPath, node: Option<&Node>) -> Option<Location> {
        let source = self.get(origin.source)?;
        let (line, column) = match source.format {
            Format::Api => return None,
            Format::Yaml => {
                let node = node?;
                let container: &[Segment] = match origin.within {
                    Within::Whole => &[],
                    Within::OnlyItem => &[Segment::Item(0)],
                    Within::Item(index) => &[Segment::Field("items"), Segment::Item(index)],
                };
                let steps: Vec<Segment> = container.iter().chain(path.segments()).copied().collect();
                let (line, column) = node.locate(&steps);
                (self.line(origin.source, origin.start) + line.saturating_sub(1), column)
            }
            Format::Json => {
                let offset = json_offset(self.text(origin), path.segments());
                self.line_column(origin.source, origin.start + offset)
            }
        };
        Some(Location { file: source.name.clone(), line, column: Some(column) })
    }

    /// The line of an offset, from 1.
    #[must_use]
    pub fn line(&self, id: SourceId, offset: usize) -> usize {
        self.line_column(id, offset).0
    }

    /// The line and the column of an offset, from 1.
    #[must_use]
    pub fn line_column(&self, id: SourceId, offset: usize) -> (usize, usize) {
        self.entry(id).map_or((1, 1), |entry| entry.line_column(offset))
    }

    /// The text of a line, counted from 1; empty where there is none.
    #[must_use]
    pub fn line_text(&self, id: SourceId, line: usize) -> &str {
        self.entry(id).and_then(|entry| entry.line_text(line)).unwrap_or_default()
    }

    /// The name of a text that a person can open.
    #[must_use]
    pub fn file(&self, id: SourceId) -> Option<&Name> {
        self.get(id).filter(|source| source.format != Format::Api).map(|source| &source.name)
    }

    /// The name of a text.
    #[must_use]
    pub fn name(&self, id: SourceId) -> Option<&Name> {
        self.get(id).map(|source| &source.name)
    }
}

/// Finds many places one after the other: of places in one text it is parsed once, so ask for those of an object
/// together.
pub struct Places<'a> {
    sources: &'a Sources,
    /// The text that was parsed last.
    last: Option<(SourceId, usize, usize)>,
    node: Option<Node>,
}

impl<'a> Places<'a> {
    /// Has parsed nothing yet.
    #[must_use]
    pub fn new(sources: &'a Sources) -> Self {
        Self { sources, last: None, node: None }
    }

    /// As [`Sources::locate`].
    #[must_use]
    pub fn locate(&mut self, origin: &Origin, path: &FieldPath) -> Option<Location> {
        let is_yaml = self.sources.get(origin.source)?.format == Format::Yaml;
        let text = (origin.source, origin.start, origin.len);
        if is_yaml && self.last != Some(text) {
            self.node = yaml::parse(self.sources.text(origin)).ok();
            self.last = Some(text);
        }
        self.sources.located(origin, path, self.node.as_ref())
    }
}

/// How far into the text of an object the value at a path starts.
fn json_offset(text: &str, path: &[Segment]) -> usize {
    use serde_json::value::RawValue;
    let mut value = text;
    for segment in path {
        let next: Option<&RawValue> = match segment {
            Segment::Field(name) => {
                serde_json::from_str::<std::collections::HashMap<String, &RawValue>>(value)
                    .ok()
                    .and_then(|fields| fields.get(*name).copied())
            }
            Segment::Item(index) => serde_json::from_str::<Vec<&RawValue>>(value)
                .ok()
                .and_then(|items| items.get(*index).copied()),
        };
        match next {
            Some(next) => value = next.get(),
            None => break,
        }
    }
    (value.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}
