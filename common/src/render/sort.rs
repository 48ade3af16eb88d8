//! `--sort-by`: rows in the order of a field of theirs.
//!
//! The oracle is kubectl's `pkg/cmd/get/sorter.go` (v0.36): rows without the field first, then null; numbers by size,
//! texts that are quantities (`100m`, `2Ki`) by what they stand for, other texts by their bytes. Rows that are equal
//! keep their order. There texts are compared in pairs, as quantities where both are, which is no order at all when
//! some are and some are not: here quantities come before other texts. `false` comes before `true`; there neither
//! can be sorted.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use super::jsonpath::{EvaluationError, Missing, PathError, Template, of_path};

mod quantity;
#[cfg(test)]
mod tests;

/// The order that was asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct SortBy {
    path: String,
    template: Template,
}

/// Rows cannot be brought into that order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SortError {
    /// No row has the field.
    NoField(String),
    /// What it is in some row.
    NoOrder {
        /// The field.
        path: String,
        /// What stands there.
        what: String,
    },
    /// A row is not what the path takes it for.
    Evaluation(EvaluationError),
    /// A row is no JSON.
    Json(String),
}

impl fmt::Display for SortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoField(path) => write!(f, "no row has the field `{path}`"),
            Self::NoOrder { path, what } => write!(f, "rows cannot be sorted by `{path}`: {what}"),
            Self::Evaluation(error) => write!(f, "{error}"),
            Self::Json(error) => f.write_str(error),
        }
    }
}

impl std::error::Error for SortError {}

/// What a row is sorted by.
#[derive(Clone, PartialEq, Debug)]
enum Key {
    Missing,
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Quantity(i128),
    Text(String),
}

impl SortBy {
    /// The order by a path, with or without braces and first dot.
    ///
    /// # Errors
    /// When it is no path.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        Ok(Self { path: path.to_owned(), template: of_path(path)? })
    }

    /// Brings rows into that order, by what each is in JSON.
    ///
    /// # Errors
    /// When no row has the field, or the fields have no order.
    pub fn sort<T>(
        &self,
        rows: &mut Vec<T>,
        json: impl Fn(&T) -> serde_json::Result<Value>,
    ) -> Result<(), SortError> {
        let value = |row| json(row).map_err(|error| SortError::Json(error.to_string()));
        let keys = rows.iter().map(|row| self.key(&value(row)?)).collect::<Result<Vec<_>, _>>()?;
        if !keys.is_empty() && keys.iter().all(|key| *key == Key::Missing) {
            return Err(SortError::NoField(self.path.clone()));
        }
        self.one_kind(&keys)?;
        let mut keyed: Vec<(Key, T)> = keys.into_iter().zip(std::mem::take(rows)).collect();
        keyed.sort_by(|(one, _), (other, _)| one.order(other));
        rows.extend(keyed.into_iter().map(|(_, row)| row));
        Ok(())
    }

    /// The first value of the path.
    fn key(&self, row: &Value) -> Result<Key, SortError> {
        let found = self.template.results(row, Missing::Allowed).map_err(SortError::Evaluation)?;
        let Some(value) = found.first().and_then(|values| values.first()) else { return Ok(Key::Missing) };
        match value.value() {
            Value::Null => Ok(Key::Null),
            Value::Bool(bool) => Ok(Key::Bool(*bool)),
            Value::Number(number) => Ok(match number.as_i64() {
                Some(integer) => Key::Integer(integer),
                None => Key::Float(number.as_f64().unwrap_or_default()),
            }),
            Value::String(text) => {
                Ok(quantity::parse(text).map_or_else(|| Key::Text(text.clone()), Key::Quantity))
            }
            Value::Array(_) => Err(self.no_order("it is a list")),
            Value::Object(_) => Err(self.no_order("it is a map")),
        }
    }

    fn one_kind(&self, keys: &[Key]) -> Result<(), SortError> {
        let mut kinds = keys.iter().filter_map(Key::kind);
        let first = kinds.next();
        match kinds.find(|kind| Some(*kind) != first) {
            Some(other) => {
                Err(self.no_order(&format!("it is {} here and {other} there", first.unwrap_or_default())))
            }
            None => Ok(()),
        }
    }

    fn no_order(&self, what: &str) -> SortError {
        SortError::NoOrder { path: self.path.clone(), what: what.to_owned() }
    }
}

impl Key {
    /// What is compared with its like only.
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Missing | Self::Null => None,
            Self::Bool(_) => Some("true or false"),
            Self::Integer(_) => Some("a number"),
            Self::Float(_) => Some("a fraction"),
            Self::Quantity(_) | Self::Text(_) => Some("a text"),
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one.cmp(other),
            (Self::Integer(one), Self::Integer(other)) => one.cmp(other),
            (Self::Float(one), Self::Float(other)) => one.total_cmp(other),
            (Self::Quantity(one), Self::Quantity(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::Null => 1,
            Self::Bool(_) => 2,
            Self::Integer(_) => 3,
            Self::Float(_) => 4,
            Self::Quantity(_) => 5,
            Self::Text(_) => 6,
        }
    }
}
