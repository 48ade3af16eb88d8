//! From what a question needs to the requests that bring it. Pure: nothing is asked here.

use std::collections::BTreeSet;

use crate::model::Name;
use crate::snapshot::{Extent, Needs, RESOURCES, Resource, Topic};

#[cfg(test)]
mod tests;

/// More namespaces than this are read by one list of the whole cluster.
const FEW: usize = 8;

/// What is to be read of a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) resource: &'static Resource,
    pub(super) extent: Extent,
}

impl Wanted {
    /// The namespaces to list, one by one; `None` for the whole cluster in one go.
    pub(super) fn namespaces(&self) -> Option<Vec<Name>> {
        match &self.extent {
            Extent::Only(only) if self.resource.namespaced && only.len() <= FEW => {
                Some(only.iter().cloned().collect())
            }
            _ => None,
        }
    }
}

/// Every resource that the needs name. Policies of the root namespace count everywhere, settings stand in the
/// namespaces of Istio, and its pods there say which istiod counts and how: these are read whatever is asked.
pub(super) fn wanted(needs: &Needs, istio: &BTreeSet<Name>, roots: &BTreeSet<Name>) -> Vec<Wanted> {
    let of = |resource: &'static Resource| {
        let asked = needs.of(resource.topic);
        let extent = match resource.topic {
            Topic::Pods if !needs.of(Topic::Settings).is_none() => asked.union(Extent::Only(istio.clone())),
            _ if asked.is_none() => asked,
            Topic::Settings => Extent::Only(istio.clone()),
            Topic::Policies => asked.union(Extent::Only(roots.clone())),
            _ => asked,
        };
        Wanted { resource, extent }
    };
    RESOURCES.iter().map(of).filter(|wanted| !wanted.extent.is_none()).collect()
}

/// The resource of a kind that a question names.
pub(super) fn resource_of(kind: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.kind == kind)
}
