//! Labels of an object, and the selectors that look at them.
//!
//! Two selectors live side by side because Kubernetes has two: Istio's policies and Services know equality
//! only ([`Labels::contains_all`]), everything else also has expressions ([`LabelSelector`]).

use serde::Deserialize;

use super::Name;
use crate::wire::wire;

mod parse;
#[cfg(test)]
mod tests;

pub use parse::InvalidSelector;

/// The labels of an object, sorted by key.
#[derive(Clone, Default, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct Labels(Vec<(Name, Name)>);

impl Labels {
    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        self.0.get(at).map(|(_, value)| &**value)
    }

    /// Whether there is no label at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The labels in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The labels of which `wanted` holds the keys.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(key, _)| wanted(key)).cloned().collect())
    }

    /// Whether every label of `wanted` is here with the same value: `labels.Instance.SubsetOf` upstream.
    /// An empty `wanted` is contained in everything.
    #[must_use]
    pub fn contains_all(&self, wanted: &Labels) -> bool {
        wanted.iter().all(|(key, value)| self.get(key) == Some(value))
    }
}

impl<K: Into<Name>, V: Into<Name>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        pairs.sort();
        Self(pairs)
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LabelsVisitor)
    }
}

struct LabelsVisitor;

impl<'de> serde::de::Visitor<'de> for LabelsVisitor {
    type Value = Labels;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(4));
        // A null value is an empty string, as Kubernetes' own decoder makes of it.
        while let Some((key, value)) = map.next_entry::<Name, Option<Name>>()? {
            pairs.push((key, value.unwrap_or_default()));
        }
        Ok(pairs.into_iter().collect())
    }
}

/// How an expression of a [`LabelSelector`] looks at a label.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

wire! {
    /// One expression of a [`LabelSelector`].
    #[derive(Clone, PartialEq, Eq, Hash, Debug)]
    pub struct Requirement {
        /// The label's key.
        pub key: Name = "key",
        /// How it is looked at.
        pub operator: Option<Operator> = "operator",
        /// What it is compared with.
        pub values: Vec<Name> = "values",
    }
    unknown
}

wire! {
    /// Kubernetes' `LabelSelector`: all of its labels and all of its expressions must hold.
    #[derive(Clone, PartialEq, Eq, Hash, Debug)]
    pub struct LabelSelector {
        /// Labels that must be equal.
        pub match_labels: Labels = "matchLabels",
        /// Expressions that must hold.
        pub match_expressions: Vec<Requirement> = "matchExpressions",
    }
    unknown
}

impl LabelSelector {
    /// Whether an object with these labels is selected. An empty selector selects everything.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        labels.contains_all(&self.match_labels) && self.match_expressions.iter().all(|r| r.matches(labels))
    }

    /// Whether it selects everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether every field of it is known.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        let known = |r: &Requirement| r.unknown.is_empty() && r.operator.is_some();
        self.unknown.is_empty() && self.match_expressions.iter().all(known)
    }

    /// The labels that it looks at.
    pub fn keys(&self) -> impl Iterator<Item = &Name> {
        self.match_labels.keys().chain(self.match_expressions.iter().map(|r| &r.key))
    }

    /// Whether an object is selected of whose labels these are known and others may be there; `None` when the
    /// others decide.
    #[must_use]
    pub fn decided_by(&self, known: &Labels) -> Option<bool> {
        let equal = self.match_labels.iter().map(|(key, value)| known.get(key).map(|own| own == value));
        let expressions =
            self.match_expressions.iter().map(|r| known.get(&r.key).is_some().then(|| r.matches(known)));
        let all: Vec<Option<bool>> = equal.chain(expressions).collect();
        if all.contains(&Some(false)) { Some(false) } else { (!all.contains(&None)).then_some(true) }
    }
}

/// As kubectl writes it: `app=web,tier in (a,b),!canary`.
impl std::fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let equal = self.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
        let parts: Vec<String> =
            equal.chain(self.match_expressions.iter().map(ToString::to_string)).collect();
        f.write_str(&parts.join(","))
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let values = || self.values.join(",");
        match self.operator {
            Some(Operator::In) => write!(f, "{} in ({})", self.key, values()),
            Some(Operator::NotIn) => write!(f, "{} notin ({})", self.key, values()),
            Some(Operator::DoesNotExist) => write!(f, "!{}", self.key),
            Some(Operator::Exists) | None => f.write_str(&self.key),
        }
    }
}

impl Requirement {
    /// Kubernetes' `labels.Requirement.Matches`: an absent label satisfies `NotIn`.
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let listed = || value.is_some_and(|value| self.values.iter().any(|v| **v == *value));
        match self.operator {
            Some(Operator::In) => listed(),
            Some(Operator::NotIn) => !listed(),
            Some(Operator::Exists) => value.is_some(),
            Some(Operator::DoesNotExist) => value.is_none(),
            // Without an operator the API server refuses the object; nothing is selected.
            None => false,
        }
    }
}
