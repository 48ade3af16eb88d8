//! From a template and a value to what its parts find: `FindResults` and `walk` of client-go.

use std::fmt;

use serde_json::Value;

use super::action::Part;
use super::below::{at, below, descent, each, field_of, list, sliced};
use super::compare::{holds, what};
use super::path::{Filter, Operator, Path, Step};

/// A value that a path found.
#[derive(Clone, Debug)]
pub(in crate::render) enum Found<'a> {
    /// A part of what the template is about.
    Part(&'a Value),
    /// Text, a number, true or false that stands in the template, or a byte of a text.
    Literal(Value),
}

impl Found<'_> {
    pub(in crate::render) fn value(&self) -> &Value {
        match self {
            Self::Part(value) => value,
            Self::Literal(value) => value,
        }
    }
}

/// What a part found.
pub(in crate::render) type Values<'a> = Vec<Found<'a>>;

/// The value is not what the template takes it for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvaluationError {
    message: String,
    out_of_bounds: bool,
}

impl EvaluationError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), out_of_bounds: false }
    }

    pub(super) fn out_of_bounds(message: String) -> Self {
        Self { message, out_of_bounds: true }
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvaluationError {}

/// What becomes of a field that nothing has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Missing {
    /// Nothing is printed.
    #[default]
    Allowed,
    /// It is an error.
    Refused,
}

/// What each part finds, in order.
pub(super) fn results<'a>(
    parts: &[Part],
    value: &'a Value,
    missing: Missing,
) -> Result<Vec<Values<'a>>, EvaluationError> {
    let mut found = Vec::new();
    Evaluation { parts, missing }.block(0, &Found::Part(value), &mut found)?;
    Ok(found)
}

#[derive(Clone, Copy)]
struct Evaluation<'t> {
    parts: &'t [Part],
    missing: Missing,
}

impl Evaluation<'_> {
    /// The parts from one on, up to the end of the range that they are in.
    fn block<'a>(
        self,
        from: usize,
        current: &Found<'a>,
        found: &mut Vec<Values<'a>>,
    ) -> Result<(), EvaluationError> {
        let mut at = from;
        while let Some(part) = self.parts.get(at) {
            at += 1;
            match part {
                Part::Text(text) => found.push(vec![literal(text.as_str())]),
                Part::Value(path) => found.push(self.walk(path, vec![current.clone()])?),
                Part::Range { over, resume } => {
                    for value in self.walk(over, vec![current.clone()])? {
                        self.block(at, &value, found)?;
                    }
                    at = *resume;
                }
                Part::End => return Ok(()),
            }
        }
        Ok(())
    }

    fn walk<'a>(self, path: &Path, input: Values<'a>) -> Result<Values<'a>, EvaluationError> {
        path.0.iter().try_fold(input, |values, step| self.step(step, &values))
    }

    fn step<'a>(self, step: &Step, input: &[Found<'a>]) -> Result<Values<'a>, EvaluationError> {
        match step {
            Step::Text(text) => Ok(vec![literal(text.as_str())]),
            Step::Integer(number) => Ok(input.iter().map(|_| literal(*number)).collect()),
            Step::Float(number) => Ok(input.iter().map(|_| literal(*number)).collect()),
            Step::Bool(bool) => Ok(input.iter().map(|_| literal(*bool)).collect()),
            Step::Field(name) => self.field(name, input),
            Step::Wildcard => Ok(input.iter().flat_map(below).collect()),
            Step::Descent => Ok(descent(input)),
            Step::Index(index) => each(input, |list| at(list, *index).map(|value| vec![value])),
            Step::Slice(slice) => each(input, |list| sliced(list, *slice)),
            Step::Union(paths) => {
                let found = paths.iter().map(|path| self.walk(path, input.to_vec()));
                Ok(found.collect::<Result<Vec<_>, _>>()?.concat())
            }
            Step::Filter(filter) => self.filtered(filter, input),
        }
    }

    fn field<'a>(self, name: &str, input: &[Found<'a>]) -> Result<Values<'a>, EvaluationError> {
        let found: Values<'a> = input.iter().filter_map(|value| field_of(value, name)).collect();
        if found.is_empty() && !input.is_empty() && self.missing == Missing::Refused {
            return Err(EvaluationError::new(format!("nothing has the field `{name}`")));
        }
        Ok(found)
    }

    fn filtered<'a>(self, filter: &Filter, input: &[Found<'a>]) -> Result<Values<'a>, EvaluationError> {
        let mut found = Vec::new();
        for value in input {
            let list = list(value).ok_or_else(|| {
                EvaluationError::new(format!("{} cannot be filtered, only a list", what(value.value())))
            })?;
            for element in list {
                if self.passes(filter, &element)? {
                    found.push(element);
                }
            }
        }
        Ok(found)
    }

    fn passes(self, filter: &Filter, element: &Found<'_>) -> Result<bool, EvaluationError> {
        let of_filter =
            |error: EvaluationError| EvaluationError::new(format!("in `{}`: {error}", filter.text));
        match &filter.right {
            None => self.exists(&filter.left, element),
            Some((operator, right)) => self.compares(&filter.left, *operator, right, element),
        }
        .map_err(of_filter)
    }

    /// A missing field is the answer, also where it is refused elsewhere, and so is a missing element.
    fn exists(self, path: &Path, element: &Found<'_>) -> Result<bool, EvaluationError> {
        match (Evaluation { missing: Missing::Allowed, ..self }).walk(path, vec![element.clone()]) {
            Ok(found) => Ok(found.iter().any(|value| !value.value().is_null())),
            Err(error) if error.out_of_bounds => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn compares(
        self,
        left: &Path,
        operator: Operator,
        right: &Path,
        element: &Found<'_>,
    ) -> Result<bool, EvaluationError> {
        let Some(left) = single(self.walk(left, vec![element.clone()])?)? else { return Ok(false) };
        let Some(right) = single(self.walk(right, vec![element.clone()])?)? else { return Ok(false) };
        holds(left.value(), operator, right.value())
    }
}

/// The one value of a side of a comparison; without any there is nothing to compare.
fn single(values: Values<'_>) -> Result<Option<Found<'_>>, EvaluationError> {
    match values.len() {
        0 | 1 => Ok(values.into_iter().next()),
        several => Err(EvaluationError::new(format!("{several} values cannot be compared with one"))),
    }
}

pub(super) fn literal<'a>(value: impl Into<Value>) -> Found<'a> {
    Found::Literal(value.into())
}
