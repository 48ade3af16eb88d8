//! What an object asks for silence about.

use std::sync::Arc;

use super::Code;

/// The codes in the annotation `kubectl-mesh/ignore` of an object, separated by commas.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Silence(Option<Arc<str>>);

impl Silence {
    /// What is written in the annotation, if it is there.
    #[must_use]
    pub fn new(annotation: Option<&str>) -> Self {
        Self(annotation.map(Arc::from))
    }

    /// This, or where nothing is asked for the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }

    /// Whether it covers a code.
    #[must_use]
    pub fn covers(&self, code: Code) -> bool {
        let Some(codes) = &self.0 else { return false };
        let name = code.to_string();
        codes.split(',').any(|code| code.trim().eq_ignore_ascii_case(&name))
    }
}
