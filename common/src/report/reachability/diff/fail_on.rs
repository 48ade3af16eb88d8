//! Which rows a pipeline minds.

use super::{DiffRow, Difference, Effect};

/// Which rows a pipeline minds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailOn {
    /// Where more gets in.
    Widened,
    /// Where less gets in.
    Narrowed,
    /// All of them.
    Any,
}

impl DiffRow {
    /// Whether a pipeline minds the row. Which way it went must be certain, unless any change is minded.
    #[must_use]
    pub fn fails(&self, on: FailOn) -> bool {
        match on {
            FailOn::Widened => self.effect == Effect::Widened,
            FailOn::Narrowed => self.effect == Effect::Narrowed,
            FailOn::Any => true,
        }
    }
}

impl Difference {
    /// Whether a pipeline minds any row.
    #[must_use]
    pub fn fails(&self, on: FailOn) -> bool {
        self.rows.iter().any(|row| row.fails(on))
    }

    /// Whether rows are about several targets, so that each names its own.
    #[must_use]
    pub fn is_matrix(&self) -> bool {
        self.target.is_none()
            || self.rows.windows(2).any(|pair| matches!(pair, [a, b] if a.target != b.target))
    }
}
