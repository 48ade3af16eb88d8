//! The answers of `who-can-reach`: who gets to a target, whom a caller gets to, what was expected.

mod check;
mod diff;
mod expectations;
mod list;
mod names;
mod pair;
mod question;
mod row;

use serde::Serialize;

use crate::codes::Finding;
use crate::policy::Verdict;

use super::evidence::{AssumptionEntry, Evidenced, GapEntry};

pub use check::check;
pub use diff::{Asked, Cause, Compared, DiffRow, Difference, Effect, FailOn, Gain, Scope, diff};
pub use expectations::{Expectation, ExpectationError, Expectations, PairOf};
pub use list::{list, matrix};
pub use pair::{from, to_peers};
pub use question::{SourceQuestion, TargetQuestion};
pub use row::{Class, DecidedBy, GateEntry, Hop, Names, PeerEntry, Row};

/// Whether the rows are about who calls or who is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// The peers call the target.
    From,
    /// The target calls the peers.
    To,
}

/// `ReachabilityReport`
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reachability {
    /// What was asked about; null for a matrix.
    pub target: Option<String>,
    /// Who calls whom.
    pub direction: Way,
    /// The answers.
    pub rows: Vec<Row>,
    /// Where rows stand for `each other identity`: every identity that arrives. At a target and port these rows are
    /// about those without a row of their own.
    #[serde(skip)]
    pub identities: Vec<PeerEntry>,
    /// Whether rows of those without an identity that get in stand for workloads that no row names.
    #[serde(skip)]
    pub leaves_out_workloads: bool,
    /// What was found on the objects that they rest on.
    pub findings: Vec<Finding>,
}

impl Reachability {
    /// Whether it is about many targets, so that each row names its own.
    #[must_use]
    pub fn is_matrix(&self) -> bool {
        self.target.is_none() || self.rows.iter().any(|row| row.target.is_some())
    }

    /// Whether some row stands for identities that get in without naming them: only in a matrix of very many
    /// pairs.
    #[must_use]
    pub fn leaves_out_names(&self) -> bool {
        let stands_for_many = |row: &Row| row.peer.identity_count > 1 && row.verdict == Verdict::Allowed;
        self.leaves_out_workloads || self.rows.iter().any(stands_for_many)
    }
}

/// `ReachabilityCheckReport`
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReachabilityCheck {
    /// One result for each pair of each expectation, in the order of the file.
    pub results: Vec<CheckResult>,
    /// What was found on the objects that they rest on.
    pub findings: Vec<Finding>,
}

/// What became of an expectation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CheckResult {
    /// The position of the expectation, from 0.
    pub index: usize,
    /// The position of the pair in it, from 0.
    pub pair: usize,
    /// The name that it was given.
    pub name: Option<String>,
    /// Who calls, as written.
    pub from: String,
    /// Who is called, as written.
    pub to: String,
    /// What was expected.
    pub expect: Option<Verdict>,
    /// Whether it holds; null when that cannot be told, or nothing was expected.
    pub passed: Option<bool>,
    /// The answer.
    #[serde(flatten)]
    pub row: Row,
    /// What this answer takes for what is not there.
    pub assumptions: Vec<AssumptionEntry>,
    /// What could change this answer.
    pub gaps: Vec<GapEntry>,
}

/// An answer with what travels with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer<T> {
    /// The answer.
    pub body: T,
    /// What travels with it.
    pub evidence: Evidenced,
}
