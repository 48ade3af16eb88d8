//! Assumptions, gaps and findings as reports hold them.

use serde::Serialize;

use crate::codes::{Code, Evidence, Finding};
use crate::snapshot::{Assumption, Gap};

/// Something that was taken for what is not there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct AssumptionEntry {
    /// What was assumed.
    pub code: Code,
    /// Of which object.
    pub subject: Option<String>,
    /// What was taken for it.
    pub values: Evidence,
}

impl AssumptionEntry {
    /// An assumption about the mesh as a whole, as reports hold it.
    #[must_use]
    pub fn of(assumption: &Assumption) -> Self {
        Self { code: assumption.code, subject: None, values: assumption.values.clone() }
    }
}

/// Something that could not be read or is not judged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct GapEntry {
    /// What it is.
    pub code: Code,
    /// forbidden, invalid, missingKind, unsupported, timeout.
    pub kind: &'static str,
    /// The object or file.
    pub subject: String,
    /// `file:line:column`, when it was read from a file.
    pub location: Option<String>,
    /// The namespaces whose answers it could change; `*` for all.
    pub affects: Vec<String>,
    /// The RBAC rule that would cure it.
    pub rbac: Option<String>,
    /// What was seen of it.
    pub evidence: Evidence,
}

impl GapEntry {
    /// The gap as reports hold it.
    #[must_use]
    pub fn of(gap: &Gap) -> Self {
        Self {
            code: gap.code,
            kind: gap.kind.as_str(),
            subject: gap.subject.clone(),
            location: gap.location.as_ref().map(ToString::to_string),
            affects: gap.affects.names(),
            rbac: gap.evidence.get("rbac").map(str::to_owned),
            evidence: gap.evidence.clone(),
        }
    }
}

/// Everything beside the answer itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evidenced {
    /// What was taken for what is not there.
    pub assumptions: Vec<AssumptionEntry>,
    /// What could change the answer.
    pub gaps: Vec<GapEntry>,
    /// What could not, but was met on the way.
    pub elsewhere: Vec<GapEntry>,
    /// What was found on the objects that the answer rests on.
    pub findings: Vec<Finding>,
    /// How many findings the objects themselves ask to be silent about.
    pub ignored: usize,
}
