//! Flags of istiod that decide something here.

use crate::snapshot::settings::{ISTIOD_FLAGS, parse_bool};

/// A flag that is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KnownFlag(&'static str);

impl KnownFlag {
    /// The flag of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ISTIOD_FLAGS.into_iter().find(|known| *known == name).map(Self)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ISTIOD_FLAGS.into_iter().map(Self)
    }
}

/// The value of a flag, as Go reads it; `None` when it is none.
#[must_use]
pub fn istiod_flag(value: &str) -> Option<bool> {
    parse_bool(value)
}
