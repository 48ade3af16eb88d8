//! What a terminal has room for: everything; or the long lists cut short; or workloads as numbers as well.

use super::Look;
use super::table::{joined, table, width};
use super::text::escaped;

#[cfg(test)]
mod tests;

/// Below this many columns WORKLOADS is a count.
const ROOM_FOR_WORKLOADS: usize = 100;

/// How many characters of a list are tried, from the most to none.
const LIMITS: [usize; 4] = [60, 40, 20, 0];

/// How lists are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lists {
    /// With every name.
    Whole,
    /// Longer ones than this as `first and N more`.
    UpTo(usize),
    /// Each as `first and N more`, workloads as a number.
    Counted,
}

impl Lists {
    /// All names; or the first, and how many more, where that is shorter.
    pub(super) fn names(self, names: &[String]) -> String {
        let whole = joined(names);
        let limit = match self {
            Self::Whole => return whole,
            Self::UpTo(limit) => limit,
            Self::Counted => 0,
        };
        match names {
            [first, rest @ ..] if !rest.is_empty() && whole.chars().count() > limit => {
                let short = escaped(&format!("{first} and {} more", rest.len())).into_owned();
                if short.chars().count() < whole.chars().count() { short } else { whole }
            }
            _ => whole,
        }
    }

    pub(super) fn workloads(self, names: &[String]) -> String {
        if self == Self::Counted { names.len().to_string() } else { self.names(names) }
    }
}

/// The table as the terminal has room for it. Where room is not asked for, nothing is cut.
pub(super) fn fitted(
    look: Look,
    wide: bool,
    headers: &[&str],
    cells: impl Fn(Lists) -> Vec<Vec<String>>,
) -> String {
    let columns = look.width.filter(|_| !wide);
    let lists = columns.map_or(Lists::Whole, |columns| most(columns, headers, &cells));
    table(look, headers, &cells(lists))
}

/// The most of the lists that fits.
fn most(columns: usize, headers: &[&str], cells: impl Fn(Lists) -> Vec<Vec<String>>) -> Lists {
    if columns < ROOM_FOR_WORKLOADS {
        return Lists::Counted;
    }
    let mut tried = std::iter::once(Lists::Whole).chain(LIMITS.map(Lists::UpTo));
    tried.find(|lists| width(headers, &cells(*lists)) <= columns).unwrap_or(Lists::Counted)
}
