//! Lists of what people deployed: numbers in a table of names that all rows of a report share, because lists are many
//! and long and say the same names again and again.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Names, in their order where a report made the list.
#[derive(Clone, Default)]
pub struct Names {
    /// Of a table that lists share: sorted, each name once.
    table: Arc<[String]>,
    at: Vec<u32>,
}

impl Names {
    /// These of a table, which is sorted and has each name once.
    pub(super) fn of(table: &Arc<[String]>, at: Vec<u32>) -> Self {
        Self { table: table.clone(), at }
    }

    /// The names, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &String> + Clone {
        const NONE: &String = &String::new();
        self.at.iter().map(|at| self.table.get(*at as usize).unwrap_or(NONE))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The first one.
    #[must_use]
    pub fn first(&self) -> Option<&String> {
        self.iter().next()
    }

    /// Whether a name is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|one| one == name)
    }

    /// A copy of the names.
    #[must_use]
    pub fn to_vec(&self) -> Vec<String> {
        self.iter().cloned().collect()
    }

    /// The names as one text.
    #[must_use]
    pub fn join(&self, separator: &str) -> String {
        self.iter().map(String::as_str).collect::<Vec<_>>().join(separator)
    }

    /// All of both, sorted, each once.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        if Arc::ptr_eq(&self.table, &others.table) {
            let mut at: Vec<u32> = self.at.iter().chain(&others.at).copied().collect();
            at.sort_unstable();
            at.dedup();
            return Self { table: self.table.clone(), at };
        }
        self.iter()
            .chain(others.iter())
            .cloned()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

impl FromIterator<String> for Names {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        let names: Vec<String> = names.into_iter().collect();
        let mut table = names.clone();
        table.sort_unstable();
        table.dedup();
        let position = |name: &String| u32::try_from(table.binary_search(name).ok()?).ok();
        let at = names.iter().filter_map(position).collect();
        Self { table: table.into(), at }
    }
}

impl From<Vec<String>> for Names {
    fn from(names: Vec<String>) -> Self {
        names.into_iter().collect()
    }
}

impl<'a> IntoIterator for &'a Names {
    type Item = &'a String;
    type IntoIter = Box<dyn Iterator<Item = &'a String> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        match Arc::ptr_eq(&self.table, &other.table) {
            true => self.at == other.at,
            false => self.iter().eq(other.iter()),
        }
    }
}

impl Eq for Names {}

impl PartialOrd for Names {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Names {
    fn cmp(&self, other: &Self) -> Ordering {
        match Arc::ptr_eq(&self.table, &other.table) {
            // Tables are sorted.
            true => self.at.cmp(&other.at),
            false => self.iter().cmp(other.iter()),
        }
    }
}

impl Hash for Names {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|name| name.hash(state));
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
