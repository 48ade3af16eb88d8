//! What an answer means, apart from who decided: what two readings are compared by.

use crate::policy::{Condition, Decision, Verdict};
use crate::report::reachability::row::Row;

/// What an answer means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::report::reachability) struct Meaning {
    pub(super) verdict: Verdict,
    pub(super) conditions: Vec<Condition>,
    /// What is known where the answer is not: what is unknown on both sides has not changed if nothing else has.
    pub(super) evidence: Option<String>,
}

impl Meaning {
    /// Of a decision; `row` is what is handed out of it.
    pub(super) fn of(decision: &Decision, row: impl FnOnce() -> Row) -> Self {
        let verdict = decision.verdict();
        let evidence = (verdict == Verdict::Unknown).then(|| evidence(&row()));
        Self { verdict, conditions: decision.conditions.clone(), evidence }
    }
}

/// What an answer rests on, wherever that is written.
fn evidence(row: &Row) -> String {
    let by = row.decided_by.as_ref().map(|by| (by.gate, by.reason, &by.policy, &by.kind, by.rule));
    format!("{:?}", (by, &row.matched, &row.candidates, &row.hops))
}
