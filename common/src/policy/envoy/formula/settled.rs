//! Whether a formula comes to the same whatever the request holds: a method cannot be two, so `GET and POST` is false.
//!
//! For each attribute a few values stand for all that it may have; each combination of them is tried. Where that would
//! be too many, or nothing is known of how comparisons exclude each other, more is taken for possible than is: a
//! constant that is found is one, not every one is found.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::envoy::ir::{Matcher, Text, TextPattern};
use crate::policy::envoy::request::Attribute;

use super::{Formula, Leaf};

/// So many combinations are tried.
const MOST_COMBINATIONS: usize = 1 << 12;

impl Formula {
    /// The constant that it comes to.
    pub(super) fn constant(&self) -> Option<bool> {
        match self {
            Self::True => return Some(true),
            Self::False => return Some(false),
            Self::Is(_) | Self::IsNot(_) => return None,
            Self::All(_) | Self::AnyOf(_) => {}
        }
        let mut groups: BTreeMap<Attribute, Vec<&Leaf>> = BTreeMap::new();
        for leaf in self.leaves() {
            groups.entry(leaf.attribute()).or_default().push(leaf);
        }
        let mut worlds: Vec<BTreeSet<&Leaf>> = vec![BTreeSet::new()];
        for leaves in groups.values() {
            let of_attribute = possible(leaves)?;
            if worlds.len().saturating_mul(of_attribute.len()) > MOST_COMBINATIONS {
                return None;
            }
            let with = |world: &BTreeSet<_>| of_attribute.iter().map(|more| world | more).collect::<Vec<_>>();
            worlds = worlds.iter().flat_map(with).collect();
        }
        let mut answers = worlds.iter().map(|world| self.in_world(world));
        let first = answers.next()?;
        answers.all(|other| other == first).then_some(first)
    }

    /// Whether it holds when these leaves do and no others.
    fn in_world(&self, world: &BTreeSet<&Leaf>) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::Is(leaf) => world.contains(leaf),
            Self::IsNot(leaf) => !world.contains(leaf),
            Self::All(of) => of.iter().all(|one| one.in_world(world)),
            Self::AnyOf(of) => of.iter().any(|one| one.in_world(world)),
        }
    }
}

/// Which leaves about one attribute can hold together. More than can is harmless, fewer would not be.
fn possible<'a>(leaves: &[&'a Leaf]) -> Option<BTreeSet<BTreeSet<&'a Leaf>>> {
    let tests = leaves.iter().map(|leaf| leaf.comparison()).collect::<Option<Vec<_>>>();
    let Some(tests) = tests.filter(|tests| agree_on_case(tests)) else {
        // Nothing is known of how they exclude each other.
        let all =
            1_usize.checked_shl(leaves.len().try_into().ok()?).filter(|all| *all <= MOST_COMBINATIONS)?;
        let chosen = |of: usize| {
            let holds = leaves.iter().enumerate().filter(move |(at, _)| of >> at & 1 == 1);
            holds.map(|(_, leaf)| *leaf).collect()
        };
        return Some((0..all).map(chosen).collect());
    };
    let holding = |value: Option<&str>| {
        let holds = leaves.iter().zip(&tests).filter(|(_, test)| test.holds(value));
        holds.map(|(leaf, _)| *leaf).collect()
    };
    let examples = examples(&tests);
    let present = examples.iter().map(|value| holding(Some(value)));
    Some(present.chain([holding(None)]).collect())
}

/// Values that stand for all do so only if all are compared in the same way.
fn agree_on_case(tests: &[Comparison<'_>]) -> bool {
    let mut cases = tests.iter().filter_map(|test| match test {
        Comparison::Text(Text { pattern: TextPattern::Present, .. }) => None,
        Comparison::Text(text) => Some(text.ignore_case),
        Comparison::Present | Comparison::Port(_) => None,
    });
    let first = cases.next();
    cases.all(|other| Some(other) == first)
}

/// Values that stand for all: each that is named; and of all others one with each prefix, with each suffix, with both
/// and with neither. The last character belongs to no value that is written.
fn examples(tests: &[Comparison<'_>]) -> BTreeSet<String> {
    const OTHER: &str = "\u{1}";
    let (mut exact, mut prefixes, mut suffixes) = (BTreeSet::new(), vec![""], vec![""]);
    for test in tests {
        match test {
            Comparison::Text(text) => match &text.pattern {
                TextPattern::Exact(value) => {
                    exact.insert(value.to_string());
                }
                TextPattern::Prefix(prefix) => prefixes.push(prefix),
                TextPattern::Suffix(suffix) => suffixes.push(suffix),
                TextPattern::Present => {}
            },
            Comparison::Present => {}
            Comparison::Port(port) => {
                exact.insert(port.to_string());
            }
        }
    }
    let cross = prefixes.iter().flat_map(|p| suffixes.iter().map(move |s| format!("{p}{OTHER}{s}")));
    exact.extend(cross);
    exact.insert(String::new());
    exact
}

/// A leaf that is about one text.
enum Comparison<'a> {
    Text(&'a Text),
    Present,
    Port(u16),
}

impl Comparison<'_> {
    fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::Text(text) => value.is_some_and(|value| text.matches(value)),
            Self::Present => value.is_some(),
            Self::Port(port) => value.is_some_and(|value| value == port.to_string()),
        }
    }
}

impl Leaf {
    /// What it compares, if that is one text.
    fn comparison(&self) -> Option<Comparison<'_>> {
        match self {
            Self::Matcher(Matcher::ServerName(text) | Matcher::Path(text)) => Some(Comparison::Text(text)),
            Self::Matcher(Matcher::Header { value, .. }) => {
                Some(value.as_ref().map_or(Comparison::Present, Comparison::Text))
            }
            Self::Matcher(Matcher::DestinationPort(port)) => Some(Comparison::Port(*port)),
            _ => None,
        }
    }
}
