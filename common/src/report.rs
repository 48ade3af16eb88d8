//! The answers as they are handed out: versioned, sorted, structured; the same for people and for scripts.
//!
//! Reports hold evidence, never sentences: those are written by `render`. Additive changes only, and a field is
//! never absent.

mod envelope;
mod evidence;
mod facts;
pub mod identities;
pub mod reachability;

pub use crate::policy::Hop as Stretch;
/// The words of answers, so that `render` needs to know reports only.
pub use crate::policy::{Condition, Gate, GateOutcome, Verdict};
pub use envelope::{API_VERSION, Envelope, Metadata, SourceDescription};
pub use evidence::{AssumptionEntry, Evidenced, GapEntry};
pub use facts::Facts;
