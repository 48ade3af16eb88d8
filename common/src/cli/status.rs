//! The exit status: the same in every output format, never changed by warnings.

use std::process::ExitCode;

use crate::report::Evidenced;

/// What a process ends with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ExitStatus {
    /// Answered.
    Holds,
    /// Answered: something certain and unwelcome.
    Finding,
    /// Nothing could be answered.
    Error,
    /// Answered, but an answer is not certain or rests on what could not be read.
    Incomplete,
}

impl ExitStatus {
    /// Of an answer: with something unwelcome in it, or else not certain, or resting on what could not be read.
    #[must_use]
    pub fn of(unwelcome: bool, certain: bool, evidence: &Evidenced) -> Self {
        if unwelcome {
            Self::Finding
        } else if certain && evidence.gaps.is_empty() {
            Self::Holds
        } else {
            Self::Incomplete
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Holds => 0,
            ExitStatus::Finding => 1,
            ExitStatus::Error => 2,
            ExitStatus::Incomplete => 3,
        })
    }
}
