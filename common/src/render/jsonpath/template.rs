//! A template: text, values in braces, and ranges.

use serde_json::Value;

use super::action::{self, Part};
use super::cursor::{Cursor, Flaw, TemplateError};
use super::evaluate::{self, EvaluationError, Missing, Values};
use super::print;

/// How many ranges may stand within each other. Those without an end double the work each.
const DEEPEST: usize = 16;

/// A template that was understood.
#[derive(Clone, PartialEq, Debug)]
pub struct Template {
    pub(super) parts: Vec<Part>,
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let parts = parts(text).map_err(|flaw| flaw.in_text(text))?;
        Ok(Self { parts })
    }

    /// What each part finds, in order.
    ///
    /// # Errors
    /// When the value is not what the template takes it for.
    pub(in crate::render) fn results<'a>(
        &self,
        value: &'a Value,
        missing: Missing,
    ) -> Result<Vec<Values<'a>>, EvaluationError> {
        evaluate::results(&self.parts, value, missing)
    }

    /// The text that the template makes of a value: `-o jsonpath`.
    ///
    /// # Errors
    /// When the value is not what the template takes it for.
    pub fn text(&self, value: &Value, missing: Missing) -> Result<String, EvaluationError> {
        let results = self.results(value, missing)?;
        Ok(results.iter().map(|values| print::joined(values)).collect())
    }

    /// A JSON list of what each part finds: `-o jsonpath-as-json`.
    ///
    /// # Errors
    /// When the value is not what the template takes it for.
    pub fn json(&self, value: &Value, missing: Missing) -> Result<String, EvaluationError> {
        let results = self.results(value, missing)?;
        Ok(results.iter().map(|values| print::listed(values)).collect())
    }
}

fn parts(text: &str) -> Result<Vec<Part>, Flaw> {
    let mut cursor = Cursor::new(text, 0);
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    while !cursor.rest().is_empty() {
        let plain = cursor.until(|c| c == '{');
        if !plain.is_empty() {
            parts.push(Part::Text(plain.to_owned()));
        }
        let at = cursor.place();
        if !cursor.eat("{") {
            break;
        }
        let part = action::parse(&mut cursor, at)?;
        match part {
            Part::Range { .. } if depth == DEEPEST => {
                return Err(Cursor::flaw_at(at, format!("more than {DEEPEST} ranges within each other")));
            }
            Part::Range { .. } => depth += 1,
            Part::End => {
                let outside = || Cursor::flaw_at(at, "`end` without a `range` before it");
                depth = depth.checked_sub(1).ok_or_else(outside)?;
            }
            Part::Text(_) | Part::Value(_) => {}
        }
        parts.push(part);
    }
    resume(&mut parts);
    Ok(parts)
}

/// Tells each range where its end is.
fn resume(parts: &mut [Part]) {
    for at in 0..parts.len() {
        let behind = behind(parts, at);
        if let Some(Part::Range { resume, .. }) = parts.get_mut(at) {
            *resume = behind;
        }
    }
}

/// What follows a range. client-go goes on behind the `end` that it met last: that of the range, or, when it has
/// none, that of the last range within it, or else directly behind `range`.
fn behind(parts: &[Part], range: usize) -> usize {
    let mut depth = 0_usize;
    let mut last = range + 1;
    for (at, part) in parts.iter().enumerate().skip(range + 1) {
        match part {
            Part::Range { .. } => depth += 1,
            Part::End => {
                last = at + 1;
                match depth.checked_sub(1) {
                    Some(outer) => depth = outer,
                    None => break,
                }
            }
            Part::Text(_) | Part::Value(_) => {}
        }
    }
    last
}
