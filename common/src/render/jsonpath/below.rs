//! What is directly below values, and which elements of lists an index or a slice takes: `evalWildcard`,
//! `evalRecursive` and `evalArray` of client-go.

use serde_json::Value;

use super::compare::what;
use super::evaluate::{EvaluationError, Found, Values, literal};
use super::path::Slice;

/// The field of a map.
pub(super) fn field_of<'a>(value: &Found<'a>, name: &str) -> Option<Found<'a>> {
    match value {
        Found::Part(value) => value.as_object()?.get(name).map(Found::Part),
        Found::Literal(_) => None,
    }
}

/// The elements of a list.
pub(super) fn list<'a>(value: &Found<'a>) -> Option<Values<'a>> {
    match value {
        Found::Part(Value::Array(list)) => Some(list.iter().map(Found::Part).collect()),
        _ => None,
    }
}

/// What is directly below a value. To client-go a text is a list of bytes.
pub(super) fn below<'a>(value: &Found<'a>) -> Values<'a> {
    match value {
        Found::Part(Value::Object(map)) => map.values().map(Found::Part).collect(),
        Found::Part(Value::String(text)) | Found::Literal(Value::String(text)) => {
            text.bytes().map(literal).collect()
        }
        other => list(other).unwrap_or_default(),
    }
}

/// The values that have something below them, and those below them, parents first.
pub(super) fn descent<'a>(input: &[Found<'a>]) -> Values<'a> {
    let mut found = Vec::new();
    for value in input {
        let below = below(value);
        if !below.is_empty() {
            found.push(value.clone());
            found.extend(descent(&below));
        }
    }
    found
}

/// What becomes of each list; null is none, and nothing.
pub(super) fn each<'a>(
    input: &[Found<'a>],
    take: impl Fn(&[Found<'a>]) -> Result<Values<'a>, EvaluationError>,
) -> Result<Values<'a>, EvaluationError> {
    let mut found = Vec::new();
    for value in input.iter().filter(|value| !value.value().is_null()) {
        let list = list(value).ok_or_else(|| {
            EvaluationError::new(format!("{} has no elements, only a list", what(value.value())))
        })?;
        found.extend(take(&list)?);
    }
    Ok(found)
}

pub(super) fn at<'a>(list: &[Found<'a>], index: i64) -> Result<Found<'a>, EvaluationError> {
    position(list.len(), index)
        .and_then(|at| list.get(at).cloned())
        .ok_or_else(|| out_of_bounds(list.len(), index))
}

pub(super) fn sliced<'a>(list: &[Found<'a>], slice: Slice) -> Result<Values<'a>, EvaluationError> {
    let length = list.len();
    let from_end = |at: i64| if at < 0 { at.saturating_add_unsigned(length as u64) } else { at };
    let start = slice.start.map_or(0, from_end);
    let end = slice.end.map_or(i64::try_from(length).unwrap_or(i64::MAX), from_end);
    if start == end {
        return Ok(Vec::new());
    }
    let step = slice.step.map_or(Some(1), |step| usize::try_from(step).ok().filter(|step| *step > 0));
    let first = usize::try_from(start).ok().filter(|start| *start < length);
    let first = first.ok_or_else(|| out_of_bounds(length, start))?;
    let behind = usize::try_from(end).ok().filter(|end| *end <= length);
    let behind = behind.ok_or_else(|| out_of_bounds(length, end))?;
    let elements = list.get(first..behind).ok_or_else(|| {
        EvaluationError::new(format!("a slice from {start} to {end} ends before it begins"))
    })?;
    let step = step.ok_or_else(|| EvaluationError::new("the step of a slice must be at least 1"))?;
    Ok(elements.iter().step_by(step).cloned().collect())
}

fn position(length: usize, index: i64) -> Option<usize> {
    if index >= 0 {
        return usize::try_from(index).ok();
    }
    length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
}

fn out_of_bounds(length: usize, index: i64) -> EvaluationError {
    EvaluationError::out_of_bounds(format!("index {index} of a list of {length}"))
}
