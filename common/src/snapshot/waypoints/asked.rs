//! Where the waypoints stand that objects ask for, by labels alone: whoever reads a cluster has to read the policies and
//! pods there, and knows little yet. Whether istiod binds anything to them is told later.

use std::collections::BTreeSet;

use crate::model::{Labels, Name};
use crate::snapshot::{Extent, Objects};

use super::canary::{CANARY, CANARY_NAMESPACE};
use super::{USE_WAYPOINT, USE_WAYPOINT_NAMESPACE};

/// The namespaces of the waypoints that namespaces, and Services and pods in them, ask for, where these are not their own.
#[must_use]
pub fn waypoint_namespaces(objects: &Objects, of: &Extent) -> BTreeSet<Name> {
    let namespaces = objects.namespaces.iter().map(|object| (&object.meta.name, &object.meta.labels));
    let services =
        objects.services.iter().filter_map(|of| Some((of.meta.namespace.as_ref()?, &of.meta.labels)));
    let pods = objects.pods.iter().filter_map(|of| Some((of.meta.namespace.as_ref()?, &of.meta.labels)));
    let all = namespaces.chain(services).chain(pods).filter(|(namespace, _)| of.covers(namespace));
    all.flat_map(|(own, labels)| asked(labels).filter(move |name| *name != &**own)).map(Name::from).collect()
}

/// The namespaces of the waypoints that labels name, the first and the second one.
fn asked(labels: &Labels) -> impl Iterator<Item = &str> {
    let of = |[name, namespace]: [&str; 2]| {
        labels.get(name).filter(|name| *name != "none")?;
        labels.get(namespace).filter(|name| !name.is_empty())
    };
    [[USE_WAYPOINT, USE_WAYPOINT_NAMESPACE], [CANARY, CANARY_NAMESPACE]].into_iter().filter_map(of)
}
