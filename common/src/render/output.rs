//! What is printed of a report: a form of ours, or what an expression over its JSON finds.

use std::fmt;

use serde_json::Value;

use crate::report::Envelope;

use super::{Columns, EvaluationError, Format, Look, Missing, SortBy, SortError, Template};

/// A report whose answers are a list of rows.
pub trait Listing: Sized {
    /// A row of it.
    type Row;

    /// The rows.
    fn rows(&mut self) -> &mut Vec<Self::Row>;

    /// A row as `-o json` prints it.
    ///
    /// # Errors
    /// When it is no JSON.
    fn row(row: &Self::Row) -> serde_json::Result<Value>;

    /// Everything that `-o json` prints.
    ///
    /// # Errors
    /// When it is no JSON.
    fn whole(envelope: &Envelope<Self>) -> serde_json::Result<Value>;
}

/// What is printed.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// A form of ours.
    Fixed(Format),
    /// What a template makes of the whole.
    JsonPath(JsonPath),
    /// A table of the rows.
    Columns(Columns),
}

/// A template and how it is taken.
#[derive(Clone, PartialEq, Debug)]
pub struct JsonPath {
    /// The template.
    pub template: Template,
    /// What becomes of fields that nothing has.
    pub missing: Missing,
    /// Whether what it finds is printed as lists in JSON.
    pub as_json: bool,
}

/// What an expression cannot make of a report.
#[derive(Debug)]
pub enum ExpressionError {
    /// The report is not what the expression takes it for.
    Evaluation(EvaluationError),
    /// The report is no JSON.
    Json(serde_json::Error),
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evaluation(error) => write!(f, "{error}"),
            Self::Json(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ExpressionError {}

impl From<EvaluationError> for ExpressionError {
    fn from(error: EvaluationError) -> Self {
        Self::Evaluation(error)
    }
}

impl From<serde_json::Error> for ExpressionError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl SortBy {
    /// Brings the rows of a report into this order, for every output.
    ///
    /// # Errors
    /// When no row has the field, or the fields have no order.
    pub fn report<R: Listing>(&self, envelope: &mut Envelope<R>) -> Result<(), SortError> {
        self.sort(envelope.body.rows(), R::row)
    }
}

impl JsonPath {
    /// The text for a report.
    ///
    /// # Errors
    /// When the report is not what the template takes it for.
    pub fn report<R: Listing>(&self, envelope: &Envelope<R>) -> Result<String, ExpressionError> {
        let whole = R::whole(envelope)?;
        let text = if self.as_json { Template::json } else { Template::text };
        Ok(text(&self.template, &whole, self.missing)?)
    }
}

impl Columns {
    /// The table of the rows of a report.
    ///
    /// # Errors
    /// When a row is not what a path takes it for.
    pub fn report<R: Listing>(
        &self,
        envelope: &mut Envelope<R>,
        look: Look,
    ) -> Result<String, ExpressionError> {
        let cells = |row: &R::Row| Ok(self.cells(&R::row(row)?)?);
        let rows: Result<Vec<_>, ExpressionError> = envelope.body.rows().iter().map(cells).collect();
        Ok(self.table(&rows?, look))
    }
}
