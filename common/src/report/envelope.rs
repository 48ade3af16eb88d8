//! What every report begins with.

use serde::Serialize;

use super::evidence::{AssumptionEntry, GapEntry};

/// The version of every report.
pub const API_VERSION: &str = "kubectl-mesh/v1alpha1";

/// When and from what a report was made: the only part that differs between equal answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// RFC 3339 in UTC, whole seconds.
    pub generated_at: String,
    /// Where the facts come from.
    pub source: SourceDescription,
}

/// Where the facts come from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SourceDescription {
    /// `files`.
    pub kind: &'static str,
    /// What was named.
    pub names: Vec<String>,
}

/// What every report begins with, and the report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<T> {
    /// [`API_VERSION`]
    pub api_version: &'static str,
    /// The kind of the report.
    pub kind: &'static str,
    /// When and from what it was made.
    pub metadata: Metadata,
    /// What was taken for what is not there.
    pub assumptions: Vec<AssumptionEntry>,
    /// What could not be read or is not judged.
    pub gaps: Vec<GapEntry>,
    /// The report.
    #[serde(flatten)]
    pub body: T,
}
