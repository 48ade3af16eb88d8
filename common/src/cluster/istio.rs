//! Where Istio runs, for questions that do not read every pod: the namespaces of its pods, by their labels alone.

use std::collections::BTreeSet;

use serde::Deserialize;
use tokio::task::JoinSet;

use crate::model::Name;
use crate::snapshot::{ISTIO_PODS, SettingsOverride};

use super::api::{Api, METADATA, Trouble};

#[cfg(test)]
mod tests;

/// Pods that are asked for at once: there are few istiods, and one pod of a DaemonSet tells where the others are.
const PODS: usize = 500;

#[derive(Deserialize)]
struct List {
    /// `null` when there are none, as Go writes it.
    items: Option<Vec<Item>>,
    kind: String,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    namespace: Name,
}

/// The namespaces of istiod's and istio-cni's pods; istiod's only where nobody said where it is. Where that may not
/// be asked, none: settings of Istio that may not be read are assumed.
pub(super) async fn namespaces(api: &Api, given: &SettingsOverride) -> Result<BTreeSet<Name>, Trouble> {
    let asked = ISTIO_PODS.iter().filter(|(_, value)| *value != "istiod" || given.istio_namespace.is_none());
    let running: JoinSet<_> = asked.map(|label| namespaces_with(api.clone(), *label)).collect();
    let mut found = BTreeSet::new();
    for namespaces in running.join_all().await {
        found.extend(namespaces?);
    }
    Ok(found)
}

async fn namespaces_with(api: Api, (key, value): (&str, &str)) -> Result<BTreeSet<Name>, Trouble> {
    let path = format!("/api/v1/pods?labelSelector={key}%3D{value}&limit={PODS}");
    match api.get(&path, METADATA).await {
        Ok(text) => namespaces_in(&text),
        Err(Trouble::Forbidden(_)) => Ok(BTreeSet::new()),
        Err(trouble) => Err(trouble),
    }
}

fn namespaces_in(text: &str) -> Result<BTreeSet<Name>, Trouble> {
    let list: List = serde_json::from_str(text)
        .map_err(|error| Trouble::Failed(format!("the answer is no list of pods: {error}")))?;
    if !matches!(list.kind.as_str(), "PartialObjectMetadataList" | "PodList") {
        return Err(Trouble::Failed(format!("the answer is `{}`, no list of pods", list.kind)));
    }
    Ok(list.items.unwrap_or_default().into_iter().map(|item| item.metadata.namespace).collect())
}
