//! The ports of an answer, one by one and in their order.

use crate::report::reachability::Row;

/// A port; sorted: numbers, names, all others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Port {
    is_rest: bool,
    number: u16,
    text: String,
}

impl Port {
    fn of(text: &str) -> Self {
        Self { is_rest: text == "*", number: text.parse().unwrap_or(u16::MAX), text: text.to_owned() }
    }

    /// Whether it stands for all that have no answer of their own.
    pub(super) fn is_rest(&self) -> bool {
        self.is_rest
    }

    /// As reports write it.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// The ports of a row.
pub(super) fn ports(row: &Row) -> impl Iterator<Item = Port> {
    row.port.split(',').map(Port::of)
}
