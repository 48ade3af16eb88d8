//! What a template was parsed into: paths of steps.

/// What stands in braces, or on one side of a comparison: each step works on the values of the one before.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Path(pub(super) Vec<Step>);

/// One step: from values to values.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Step {
    /// This text, once.
    Text(String),
    /// This number, for each value.
    Integer(i64),
    /// This number, for each value.
    Float(f64),
    /// For each value.
    Bool(bool),
    /// The field of this name.
    Field(String),
    /// Everything directly below.
    Wildcard,
    /// The values and everything below that has something below it.
    Descent,
    /// One element of a list; from the end when negative.
    Index(i64),
    /// Some elements of a list.
    Slice(Slice),
    /// What each path finds, one path after the other.
    Union(Vec<Path>),
    /// The elements of a list for which a test holds.
    Filter(Filter),
}

/// `[start:end:step]`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) step: Option<i64>,
}

/// `[?(left operator right)]`, or `[?(left)]`: whether there is one.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Filter {
    /// As written.
    pub(super) text: String,
    pub(super) left: Path,
    pub(super) right: Option<(Operator, Path)>,
}

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Operator {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterEqual,
            _ => return None,
        })
    }
}
