//! Paths as `--sort-by` and `custom-columns` take them: `RelaxedJSONPathExpression` of kubectl's get command.

use std::fmt;

use super::Template;

/// What is wrong with a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathError(String);

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PathError {}

/// The template of a path with or without braces and first dot.
pub(in crate::render) fn of_path(path: &str) -> Result<Template, PathError> {
    let text = relaxed(path)
        .ok_or_else(|| PathError(format!("`{path}` has braces that are not those around a path")))?;
    Template::parse(&text).map_err(|error| PathError(format!("`{path}`: {}", error.message)))
}

/// `port`, `.port`, `{port}` and `{.port}` are all `{.port}`. `None` when there are braces elsewhere.
pub(super) fn relaxed(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(String::new());
    }
    let inner = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(path);
    // A dot alone is no first dot: something must follow.
    let inner = inner.strip_prefix('.').filter(|rest| !rest.is_empty()).unwrap_or(inner);
    (!inner.is_empty() && !inner.contains(['{', '}'])).then(|| format!("{{.{inner}}}"))
}
