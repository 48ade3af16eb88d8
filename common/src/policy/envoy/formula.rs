//! On what an answer depends: a formula over comparisons whose side in the request is not known.
//!
//! Negations stand at the leaves only.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::Name;

use super::ir::Matcher;
use super::request::{Attribute, Request};

mod settled;
#[cfg(test)]
mod tests;

/// Something that is not known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Leaf {
    /// Whether a comparison holds.
    Matcher(Matcher),
    /// Whether an external authorizer lets it pass.
    Authorizer(Name),
    /// Whether istiod is one that makes DENY rules of a CUSTOM policy in dry run (1.30 and newer).
    CustomDryRunDenies,
}

/// A formula.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Formula {
    /// It does not hold, whatever is not known.
    False,
    /// It holds.
    True,
    /// It holds if this does.
    Is(Leaf),
    /// It holds if this does not.
    IsNot(Leaf),
    /// All of these; at least two, in order.
    All(Vec<Formula>),
    /// Any of these; at least two, in order.
    AnyOf(Vec<Formula>),
}

impl From<bool> for Formula {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl Formula {
    /// All of these.
    #[must_use]
    pub fn all(of: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(of, &Self::False, &Self::True, Self::All)
    }

    /// Any of these.
    #[must_use]
    pub fn any_of(of: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(of, &Self::True, &Self::False, Self::AnyOf)
    }

    fn combined(
        of: impl IntoIterator<Item = Self>,
        decisive: &Self,
        neutral: &Self,
        join: fn(Vec<Self>) -> Self,
    ) -> Self {
        let mut parts = BTreeSet::new();
        for one in of {
            match one {
                one if one == *decisive => return one,
                one if one == *neutral => {}
                one => match (join(Vec::new()), one) {
                    (Self::All(_), Self::All(inner)) | (Self::AnyOf(_), Self::AnyOf(inner)) => {
                        parts.extend(inner);
                    }
                    (_, one) => {
                        parts.insert(one);
                    }
                },
            }
        }
        if parts.iter().any(|one| matches!(one, Self::Is(_)) && parts.contains(&one.clone().negated())) {
            return decisive.clone();
        }
        match parts.len() {
            0 => neutral.clone(),
            1 => parts.pop_first().unwrap_or(Self::False),
            _ => join(parts.into_iter().collect()),
        }
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Is(leaf) => Self::IsNot(leaf),
            Self::IsNot(leaf) => Self::Is(leaf),
            Self::All(of) => Self::any_of(of.into_iter().map(Self::negated)),
            Self::AnyOf(of) => Self::all(of.into_iter().map(Self::negated)),
        }
    }

    /// What is left of it once more is known of the request.
    #[must_use]
    pub fn given(&self, request: &Request) -> Self {
        match self {
            Self::Is(Leaf::Matcher(matcher)) => request.holds(matcher),
            Self::IsNot(Leaf::Matcher(matcher)) => request.holds(matcher).negated(),
            Self::All(of) => Self::all(of.iter().map(|one| one.given(request))),
            Self::AnyOf(of) => Self::any_of(of.iter().map(|one| one.given(request))),
            other => other.clone(),
        }
    }

    /// What is not known of it.
    #[must_use]
    pub fn leaves(&self) -> BTreeSet<&Leaf> {
        match self {
            Self::True | Self::False => BTreeSet::new(),
            Self::Is(leaf) | Self::IsNot(leaf) => BTreeSet::from([leaf]),
            Self::All(of) | Self::AnyOf(of) => of.iter().flat_map(Self::leaves).collect(),
        }
    }

    /// What it depends on.
    #[must_use]
    pub fn attributes(&self) -> BTreeSet<Attribute> {
        self.leaves().into_iter().map(Leaf::attribute).collect()
    }

    /// The ways in which it holds, each a list of leaves and whether they hold; `None` when that are more than `most`.
    #[must_use]
    pub fn alternatives(&self, most: usize) -> Option<Vec<Vec<(&Leaf, bool)>>> {
        let mut ways: Vec<Vec<(&Leaf, bool)>> = match self {
            Self::False => Vec::new(),
            Self::True => vec![Vec::new()],
            Self::Is(leaf) => vec![vec![(leaf, true)]],
            Self::IsNot(leaf) => vec![vec![(leaf, false)]],
            Self::AnyOf(of) => {
                let all: Option<Vec<_>> = of.iter().map(|one| one.alternatives(most)).collect();
                all?.into_iter().flatten().collect()
            }
            Self::All(of) => {
                let mut ways = vec![Vec::new()];
                for one in of {
                    let more = one.alternatives(most)?;
                    if ways.len().saturating_mul(more.len()) > most {
                        return None;
                    }
                    let with = |way: &Vec<(_, _)>| {
                        more.iter().map(|more| [way.as_slice(), more].concat()).collect::<Vec<_>>()
                    };
                    ways = ways.iter().flat_map(with).collect();
                }
                ways
            }
        };
        ways.iter_mut().for_each(|way| {
            way.sort_unstable();
            way.dedup();
        });
        (ways.len() <= most).then_some(ways)
    }

    /// `True` or `False` where it comes to that whatever the request holds; otherwise itself. Not every case is
    /// found: what is returned as a constant is one.
    #[must_use]
    pub fn settled(self) -> Self {
        match self.constant() {
            Some(holds) => holds.into(),
            None => self,
        }
    }
}

impl Leaf {
    /// What it is about.
    #[must_use]
    pub fn attribute(&self) -> Attribute {
        match self {
            Self::Matcher(matcher) => Attribute::of(matcher),
            Self::Authorizer(provider) => Attribute::Authorizer(provider.clone()),
            Self::CustomDryRunDenies => Attribute::IstiodVersion,
        }
    }
}

impl fmt::Display for Leaf {
    /// The values with which it holds, as policies write them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matcher(matcher) => write!(f, "{matcher}"),
            Self::Authorizer(_) => f.write_str("allowed"),
            Self::CustomDryRunDenies => f.write_str(">=1.30"),
        }
    }
}
