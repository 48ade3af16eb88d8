//! How answers about peers combine: true or false of one peer, or sets of them. Both folds ask for it, and nothing here
//! knows what is asked.

/// Who is asked about, as sets.
pub trait Sets {
    /// Those for whom something holds.
    type Set: Clone;

    /// Everyone.
    fn all(&self) -> Self::Set;
    /// No one.
    fn none(&self) -> Self::Set;
    /// Those of both.
    fn and(&self, a: Self::Set, b: &Self::Set) -> Self::Set;
    /// Those of either.
    fn or(&self, a: Self::Set, b: &Self::Set) -> Self::Set;
    /// Those of the first who are not of the second.
    fn without(&self, a: Self::Set, b: &Self::Set) -> Self::Set;
    /// Whether there is no one.
    fn is_none(&self, set: &Self::Set) -> bool;

    /// Whether so many sets are too many to go on.
    fn exceeds(&self, _sets: usize) -> bool {
        false
    }
}

/// A single peer. The sets of one are true and false.
pub trait One {}

impl<T: One> Sets for T {
    type Set = bool;

    fn all(&self) -> bool {
        true
    }

    fn none(&self) -> bool {
        false
    }

    fn and(&self, a: bool, b: &bool) -> bool {
        a && *b
    }

    fn or(&self, a: bool, b: &bool) -> bool {
        a || *b
    }

    fn without(&self, a: bool, b: &bool) -> bool {
        a && !b
    }

    fn is_none(&self, set: &bool) -> bool {
        !set
    }
}
