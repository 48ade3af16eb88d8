//! Which resources an API server has, and in which versions.
//!
//! One request where the server can aggregate (Kubernetes 1.26 and later); one more for each group that matters
//! where it cannot. Kubernetes' own groups are never asked about: they are always there.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::snapshot::{RESOURCES, Resource};

use super::api::{Api, Trouble};

#[cfg(test)]
mod tests;

/// Aggregated discovery first; a server that does not know it answers with the plain list.
const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                      application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,\
                      application/json";

/// What there is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Discovery {
    /// Versions by group and resource, the server's favourite first.
    served: FxHashMap<(String, String), Vec<String>>,
    /// Groups of which the server does not know now what is in them.
    stale: Vec<String>,
}

/// Whether a resource is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Served {
    /// In this version.
    In(String),
    /// Not at all.
    Not,
    /// The server itself cannot tell now.
    Unclear,
}

/// Whether a group is Kubernetes' own, and so always there.
pub(super) fn is_built_in(resource: &Resource) -> bool {
    let group = resource.group;
    matches!(group, "" | "apps" | "batch") || group.ends_with(".k8s.io") && !is_added(group)
}

/// Groups below `k8s.io` that are installed afterwards.
fn is_added(group: &str) -> bool {
    matches!(group, "gateway.networking.k8s.io" | "policy.networking.k8s.io")
}

impl Discovery {
    /// Asks the server.
    pub(super) async fn ask(api: &Api) -> Result<Self, Trouble> {
        let text = api.get("/apis", ACCEPT).await?;
        let answer: Groups = serde_json::from_str(&text)
            .map_err(|error| Trouble::Failed(format!("`/apis` is not a list of API groups: {error}")))?;
        match answer {
            Groups { kind, items: Some(items), .. } if kind == "APIGroupDiscoveryList" => {
                Ok(aggregated(items))
            }
            Groups { kind, groups: Some(groups), .. } if kind == "APIGroupList" => plain(api, &groups).await,
            // Whatever it is, it does not say that there is nothing.
            _ => Err(Trouble::Failed("`/apis` is not a list of API groups".to_owned())),
        }
    }

    /// The best version of a resource.
    pub(super) fn version(&self, resource: &Resource) -> Served {
        if self.stale.iter().any(|group| group == resource.group) {
            return Served::Unclear;
        }
        let key = (resource.group.to_owned(), resource.plural.to_owned());
        let Some(versions) = self.served.get(&key) else { return Served::Not };
        let known = resource.versions.iter().find(|known| versions.iter().any(|served| served == *known));
        // One whose meaning is not known is listed all the same: its objects are then told as such.
        let any = || versions.first().cloned().map_or(Served::Not, Served::In);
        known.map_or_else(any, |known| Served::In((*known).to_owned()))
    }

    fn add(&mut self, group: &str, version: &str, resource: &str) {
        let key = (group.to_owned(), resource.to_owned());
        self.served.entry(key).or_default().push(version.to_owned());
    }
}

fn aggregated(groups: Vec<AggregatedGroup>) -> Discovery {
    let mut discovery = Discovery::default();
    for group in groups {
        for version in group.versions {
            if version.freshness.as_deref() == Some("Stale") {
                discovery.stale.push(group.metadata.name.clone());
            }
            for resource in version.resources {
                discovery.add(&group.metadata.name, &version.version, &resource.resource);
            }
        }
    }
    discovery
}

/// As servers answered before 1.26: the groups, then what is in each version of those that matter.
async fn plain(api: &Api, groups: &[PlainGroup]) -> Result<Discovery, Trouble> {
    let mut discovery = Discovery::default();
    let wanted: BTreeMap<&str, ()> = RESOURCES
        .iter()
        .filter(|resource| !is_built_in(resource))
        .map(|resource| (resource.group, ()))
        .collect();
    for group in groups.iter().filter(|group| wanted.contains_key(group.name.as_str())) {
        for version in &group.versions {
            let path = format!("/apis/{}/{}", group.name, version.version);
            let list = match api.get(&path, "application/json").await {
                Ok(text) => resources(&text),
                Err(Trouble::TimedOut(error)) => return Err(Trouble::TimedOut(error)),
                Err(_) => None,
            };
            let Some(list) = list else {
                discovery.stale.push(group.name.clone());
                continue;
            };
            for resource in list {
                discovery.add(&group.name, &version.version, &resource.name);
            }
        }
    }
    Ok(discovery)
}

/// What is in a version of a group; `None` where the answer is something else.
fn resources(text: &str) -> Option<Vec<PlainResource>> {
    let list: PlainResources = serde_json::from_str(text).ok()?;
    (list.kind == "APIResourceList").then_some(list.resources)
}

/// `APIGroupDiscoveryList` with items, or `APIGroupList` with groups.
#[derive(Deserialize)]
struct Groups {
    kind: String,
    items: Option<Vec<AggregatedGroup>>,
    groups: Option<Vec<PlainGroup>>,
}

#[derive(Deserialize)]
struct AggregatedGroup {
    metadata: Meta,
    #[serde(default)]
    versions: Vec<AggregatedVersion>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct AggregatedVersion {
    version: String,
    #[serde(default)]
    resources: Vec<AggregatedResource>,
    freshness: Option<String>,
}

#[derive(Deserialize)]
struct AggregatedResource {
    resource: String,
}

#[derive(Deserialize)]
struct PlainGroup {
    name: String,
    #[serde(default)]
    versions: Vec<PlainVersion>,
}

#[derive(Deserialize)]
struct PlainVersion {
    version: String,
}

#[derive(Deserialize)]
struct PlainResources {
    kind: String,
    resources: Vec<PlainResource>,
}

#[derive(Deserialize)]
struct PlainResource {
    name: String,
}
