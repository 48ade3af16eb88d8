//! What a terminal has room for: everything; or the long lists cut short; or workloads as numbers as well.

use crate::render::table::{joined, table, width};
use crate::render::text::escaped;
use crate::render::{Look, reachability::lines::Lines};
use crate::report::reachability::Reachability;

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
pub(super) fn fitted(report: &Reachability, look: Look, wide: bool) -> String {
    let columns = look.width.filter(|_| !wide);
    let lists = columns.map_or(Lists::Whole, |columns| most(report, look, columns));
    let lines = Lines { report, look, wide, lists };
    table(look, &lines.headers(), &lines.cells())
}

/// The most of the lists that fits.
fn most(report: &Reachability, look: Look, columns: usize) -> Lists {
    if columns < ROOM_FOR_WORKLOADS {
        return Lists::Counted;
    }
    let fits = |lists: &Lists| {
        let lines = Lines { report, look, wide: false, lists: *lists };
        width(&lines.headers(), &lines.cells()) <= columns
    };
    let mut tried = std::iter::once(Lists::Whole).chain(LIMITS.map(Lists::UpTo));
    tried.find(fits).unwrap_or(Lists::Counted)
}
