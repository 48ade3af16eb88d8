//! `-o custom-columns`: columns of the rows of a report, each a header and a path.
//!
//! The oracle is kubectl's `pkg/cmd/get/customcolumn.go` (v0.36). Paths begin at a row. A field that is missing, or
//! null as ours are, is `<none>`; several values are joined by commas.

use std::fmt;

use serde_json::Value;

use super::Look;
use super::jsonpath::{EvaluationError, Missing, PathError, Template, in_column, of_path};
use super::table::table;
use super::text::escaped;

#[cfg(test)]
mod tests;

/// What a column is called and what stands in it.
#[derive(Clone, PartialEq, Debug)]
struct Column {
    header: String,
    template: Template,
}

/// The columns that were asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct Columns(Vec<Column>);

/// What is wrong with what was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColumnsError(String);

impl fmt::Display for ColumnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ColumnsError {}

impl From<PathError> for ColumnsError {
    fn from(error: PathError) -> Self {
        Self(error.to_string())
    }
}

impl Columns {
    /// `HEADER:PATH,HEADER:PATH`
    ///
    /// # Errors
    /// When a part is not of that form, or a path is none.
    pub fn parse(columns: &str) -> Result<Self, ColumnsError> {
        let column = |part: &str| {
            let (header, path) = part.split_once(':').ok_or_else(|| {
                ColumnsError(format!("`{part}` is not of the form HEADER:PATH (a comma ends a column)"))
            })?;
            Column::new(header, path)
        };
        columns.split(',').map(column).collect::<Result<_, _>>().map(Self)
    }

    /// The two lines of a file: headers, and as many paths, with blanks between.
    ///
    /// # Errors
    /// When there are no such lines.
    pub fn of_file(text: &str) -> Result<Self, ColumnsError> {
        let words =
            |line: Option<&str>| line.map(|line| line.split_whitespace().map(str::to_owned).collect());
        let mut lines = text.lines();
        let headers: Option<Vec<String>> = words(lines.next());
        let paths: Option<Vec<String>> = words(lines.next());
        let (Some(headers), Some(paths)) = (headers, paths) else {
            return Err(ColumnsError("a line of headers and a line of paths are needed".to_owned()));
        };
        if headers.len() != paths.len() {
            return Err(ColumnsError(format!("{} headers, but {} paths", headers.len(), paths.len())));
        }
        let columns = headers.iter().zip(&paths).map(|(header, path)| Column::new(header, path));
        columns.collect::<Result<_, _>>().map(Self)
    }

    /// What stands in the columns for a row.
    ///
    /// # Errors
    /// When the row is not what a path takes it for.
    pub fn cells(&self, row: &Value) -> Result<Vec<String>, EvaluationError> {
        self.0.iter().map(|column| column.cell(row)).collect()
    }

    /// The table of rows of cells.
    #[must_use]
    pub fn table(&self, rows: &[Vec<String>], look: Look) -> String {
        let headers: Vec<_> = self.0.iter().map(|column| escaped(&column.header)).collect();
        let headers: Vec<&str> = headers.iter().map(AsRef::as_ref).collect();
        table(look, &headers, rows)
    }
}

impl Column {
    fn new(header: &str, path: &str) -> Result<Self, ColumnsError> {
        Ok(Self { header: header.to_owned(), template: of_path(path)? })
    }

    fn cell(&self, row: &Value) -> Result<String, EvaluationError> {
        let found = self.template.results(row, Missing::Allowed)?;
        let values: Vec<String> = found.iter().flatten().map(|value| of(value.value())).collect();
        Ok(if values.is_empty() { of(&Value::Null) } else { values.join(",") })
    }
}

fn of(value: &Value) -> String {
    if value.is_null() { "<none>".to_owned() } else { in_column(value) }
}
