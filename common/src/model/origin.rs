//! Where something was written: which text, which object in it, which field of the object.
//!
//! Positions are kept as offsets and turned into lines only when they are shown: most never are.
//! `Sources::locate` in the snapshot does that.

use std::fmt;

use super::Name;

/// Which of the texts that were read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceId(pub u32);

/// The place of one object in a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Origin {
    /// The text.
    pub source: SourceId,
    /// Where the part of the text that holds the object starts, in bytes.
    pub start: usize,
    /// The length of that part in bytes.
    pub len: usize,
    /// Where in that part the object is.
    pub within: Within,
}

/// Where in its part of a text an object is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Within {
    /// The part is the object.
    Whole,
    /// The part is a YAML sequence with the object as its only item.
    OnlyItem,
    /// The part is a `List`, the object one of its `items`.
    Item(usize),
}

/// One step into an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Segment {
    /// A field by its wire name.
    Field(&'static str),
    /// An item of a list, from 0.
    Item(usize),
}

/// A field of an object, for instance `spec.rules[0].from[1].source`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// `spec`.
    #[must_use]
    pub fn spec() -> Self {
        Self::default().field("spec")
    }

    /// The path with a field added.
    #[must_use]
    pub fn field(mut self, name: &'static str) -> Self {
        self.0.push(Segment::Field(name));
        self
    }

    /// The path with a list position added.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        self.0.push(Segment::Item(index));
        self
    }

    /// The steps from the object's top.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if position == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A line of a file, as people and editors write it: `file:line`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Location {
    /// The file's name as it was given.
    pub file: Name,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, where it says something.
    pub column: Option<usize>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        match self.column {
            Some(column) => write!(f, ":{column}"),
            None => Ok(()),
        }
    }
}
