//! What has to be read of a cluster to answer a question: which topics, of which namespaces, and what is named.
//!
//! Whoever asks says it, so that a question about one workload does not read everything. What is not asked for
//! counts as not read where it could decide: asking for too little makes answers unknown, never wrong.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Kind, Name};

use super::lookup::{Locator, Subject};
use super::{Extent, Topic};

#[cfg(test)]
mod tests;

/// An object that a question names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Named {
    /// Its kind.
    pub kind: Kind,
    /// Where it would be; `None` for what stands in no namespace.
    pub namespace: Option<Name>,
    /// Its name.
    pub name: Name,
}

/// What is needed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    topics: BTreeMap<Topic, Extent>,
    /// Objects that are looked for by name; that there is none is no gap.
    pub named: BTreeSet<Named>,
    /// The namespaces that the question is about: read one by one where the whole cluster may not be.
    pub home: BTreeSet<Name>,
}

/// Topics that are small, or that any answer may hang on.
const ALWAYS: [Topic; 5] =
    [Topic::Namespaces, Topic::Settings, Topic::Gateways, Topic::Network, Topic::Routing];

impl Needs {
    /// What every answer about connections rests on.
    #[must_use]
    pub fn basic() -> Self {
        ALWAYS.into_iter().fold(Self::default(), |needs, topic| needs.with(topic, Extent::all()))
    }

    /// Everything that any command reads: what a bundle holds.
    #[must_use]
    pub fn everything() -> Self {
        let topics =
            [Topic::Accounts, Topic::Nodes, Topic::Pods, Topic::Policies, Topic::Rbac, Topic::Services];
        topics.into_iter().fold(Self::basic(), |needs, topic| needs.with(topic, Extent::all()))
    }

    /// And this topic of these namespaces.
    #[must_use]
    pub fn with(mut self, topic: Topic, extent: Extent) -> Self {
        let known = self.topics.remove(&topic).unwrap_or_else(Extent::none);
        self.topics.insert(topic, known.union(extent));
        self
    }

    /// And what something else needs.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut both =
            other.topics.into_iter().fold(self, |needs, (topic, extent)| needs.with(topic, extent));
        both.named.extend(other.named);
        both.home.extend(other.home);
        both
    }

    /// And what decides at waypoints that stand in these namespaces: their pods, and the policies that are attached there.
    #[must_use]
    pub fn with_waypoints(self, namespaces: BTreeSet<Name>) -> Self {
        let extent = Extent::Only(namespaces);
        if extent.is_none() {
            self
        } else {
            self.with(Topic::Pods, extent.clone()).with(Topic::Policies, extent)
        }
    }

    /// The namespaces of which a topic is needed.
    #[must_use]
    pub fn of(&self, topic: Topic) -> Extent {
        self.topics.get(&topic).cloned().unwrap_or_else(Extent::none)
    }

    /// And what an end of a connection needs: where it may be, by these topics, and itself by name.
    #[must_use]
    pub fn end(mut self, locator: &Locator, namespace: &str, topics: &[Topic]) -> Self {
        let places = locator.places(namespace);
        self.named.extend(locator.named(&places));
        if let Extent::Only(only) = &places {
            self.home.extend(only.iter().cloned());
        }
        topics.iter().fold(self, |needs, topic| needs.with(*topic, places.clone()))
    }
}

impl Locator {
    /// The namespaces in which it may be found: a name with a dot may be `NAME.NAMESPACE`.
    #[must_use]
    pub fn places(&self, default: &str) -> Extent {
        let (namespace, name) = match &self.subject {
            Subject::Outside => return Extent::none(),
            Subject::Address(_) | Subject::Object { kind: Kind::Node, .. } => return Extent::all(),
            Subject::Identity(identity) => return Extent::one(identity.namespace.as_str()),
            Subject::Object { kind: Kind::Namespace, name, .. } => return Extent::one(name.clone()),
            Subject::Object { namespace, name, .. } => (namespace.as_deref().unwrap_or(default), name),
            Subject::Bare(name) => (default, name),
        };
        let after_dot = name.rsplit_once('.').map(|(_, namespace)| Name::from(namespace));
        Extent::Only(std::iter::once(Name::from(namespace)).chain(after_dot).collect())
    }

    /// The objects by name that pods do not tell of.
    fn named(&self, places: &Extent) -> Vec<Named> {
        let Subject::Object { kind, name, .. } = &self.subject else { return Vec::new() };
        let of = |namespace: Option<&Name>, name: &str| Named {
            kind: kind.clone(),
            namespace: namespace.cloned(),
            name: name.into(),
        };
        match (kind, places) {
            (Kind::Node, _) => vec![of(None, name)],
            (Kind::Pod | Kind::Service | Kind::Namespace | Kind::Other(_), _) | (_, Extent::AllBut(_)) => {
                Vec::new()
            }
            (_, Extent::Only(namespaces)) => {
                let suffixed =
                    |namespace: &Name| name.strip_suffix(&format!(".{namespace}")).map(str::to_owned);
                let whole = namespaces.iter().map(|namespace| of(Some(namespace), name));
                let split = namespaces.iter().filter_map(|n| suffixed(n).map(|name| of(Some(n), &name)));
                whole.chain(split).collect()
            }
        }
    }
}
