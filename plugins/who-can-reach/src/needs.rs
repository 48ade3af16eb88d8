//! What of a cluster a question needs. Asking for too little makes answers unknown, never wrong.

use mesh_common::cli::CliError;
use mesh_common::report::reachability::Expectations;
use mesh_common::snapshot::{Extent, Locator, Needs, Topic};

use crate::args::Query;

#[cfg(test)]
mod tests;

/// Whoever calls, and whoever is called.
const CALLER: &[Topic] = &[Topic::Pods, Topic::Services];
const CALLED: &[Topic] = &[Topic::Pods, Topic::Services, Topic::Policies];

/// A question whose names were taken apart.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Everyone who may get to a target.
    Everyone(Locator),
    /// These callers, to these targets.
    Pairs { from: Vec<Locator>, to: Vec<Locator> },
    /// Whom a caller gets to, in the scope of lists.
    Peers(Locator),
    /// Everyone, to everything in the scope of lists.
    Matrix,
}

impl Wanted {
    /// Of a question.
    ///
    /// # Errors
    /// When a name is none.
    pub(crate) fn of(query: &Query) -> Result<Self, CliError> {
        Ok(match query {
            Query::List(target) => Self::Everyone(locator(target)?),
            Query::From { target, sources } => Self::Pairs {
                from: sources.iter().map(|source| locator(source)).collect::<Result<_, _>>()?,
                to: vec![locator(target)?],
            },
            Query::ToPeers(source) => Self::Peers(locator(source)?),
            Query::Matrix(_) => Self::Matrix,
        })
    }

    /// Of expectations. Names that are none are told where their results are.
    pub(crate) fn of_expectations(expectations: &Expectations) -> Self {
        let pairs = || expectations.0.iter().flat_map(|expectation| &expectation.pairs);
        Self::Pairs {
            from: pairs().filter_map(|pair| pair.from.parse().ok()).collect(),
            to: pairs().filter_map(|pair| pair.to.parse().ok()).collect(),
        }
    }

    /// What it needs. Names without a namespace are in `namespace`; lists are limited to `scope`.
    pub(crate) fn needs(&self, namespace: &str, scope: Option<&str>) -> Needs {
        let scope = scope.map_or_else(Extent::all, Extent::one);
        match self {
            Self::Everyone(target) => {
                Needs::basic().with(Topic::Pods, Extent::all()).end(target, namespace, CALLED)
            }
            Self::Pairs { from, to } => {
                let needs = from.iter().fold(Needs::basic(), |needs, end| needs.end(end, namespace, CALLER));
                to.iter().fold(needs, |needs, end| needs.end(end, namespace, CALLED))
            }
            Self::Peers(source) => {
                let needs = Needs::basic().end(source, namespace, CALLER);
                CALLED.iter().fold(needs, |needs, topic| needs.with(*topic, scope.clone()))
            }
            Self::Matrix => Needs::basic()
                .with(Topic::Pods, Extent::all())
                .with(Topic::Services, scope.clone())
                .with(Topic::Policies, scope),
        }
    }
}

fn locator(text: &str) -> Result<Locator, CliError> {
    Ok(text.parse::<Locator>()?)
}
