//! The lists of one resource: of the whole cluster, of namespaces, or of what a user may read.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use crate::cluster::api::Trouble;
use crate::cluster::list::{List, Listed, Reader};
use crate::cluster::plan::Wanted;
use crate::model::Name;
use crate::snapshot::{Resource, Topic};

/// Where MeshConfig stands, unless istiod has a revision.
const MESH_CONFIG: &str = "istio";

/// Reads what is wanted of a resource, in the first of these versions that there is.
pub(super) async fn lists(
    reader: &Reader,
    wanted: &Wanted,
    versions: Vec<String>,
    home: &BTreeSet<Name>,
) -> Vec<Listed> {
    let mut listed = Vec::new();
    for version in versions {
        listed = lists_in(reader, wanted, &version, home).await;
        if listed.iter().any(|one| one.trouble != Some(Trouble::NotFound)) {
            break;
        }
    }
    listed
}

/// Of the whole cluster, else, where that is forbidden, at home.
async fn lists_in(reader: &Reader, wanted: &Wanted, version: &str, home: &BTreeSet<Name>) -> Vec<Listed> {
    let resource = wanted.resource;
    let of = |namespace: Option<Name>| List { resource, version: version.to_owned(), namespace };
    let Some(namespaces) = wanted.namespaces() else {
        let all = reader.clone().list(of(None)).await;
        if !matches!(all.trouble, Some(Trouble::Forbidden(_))) {
            return vec![all];
        }
        let at_home = at_home(reader, resource, version, home).await;
        return std::iter::once(all).chain(at_home).collect();
    };
    let mut running = JoinSet::new();
    for namespace in namespaces {
        running.spawn(one_namespace(reader.clone(), of(Some(namespace))));
    }
    in_order(running).await
}

/// Whichever came first: of ConfigMaps of one name the first counts.
async fn in_order(running: JoinSet<Listed>) -> Vec<Listed> {
    let mut listed = running.join_all().await;
    listed.sort_by(|a, b| a.list.namespace.cmp(&b.list.namespace));
    listed
}

/// What a user may read who may not list everywhere.
async fn at_home(
    reader: &Reader,
    resource: &'static Resource,
    version: &str,
    home: &BTreeSet<Name>,
) -> Vec<Listed> {
    let mut running = JoinSet::new();
    for namespace in home.iter().cloned() {
        let reader = reader.clone();
        let list = List { resource, version: version.to_owned(), namespace: Some(namespace.clone()) };
        if resource.namespaced {
            running.spawn(one_namespace(reader, list));
        } else if resource.topic == Topic::Namespaces {
            running.spawn(async move {
                let list = List { namespace: None, ..list };
                let listed = reader.object(list, namespace.clone()).await;
                // What it tells is of this namespace only.
                Listed { list: List { namespace: Some(namespace), ..listed.list.clone() }, ..listed }
            });
        }
    }
    in_order(running).await
}

/// The settings of Istio stand in ConfigMaps of known names, which may be readable where the list is not.
async fn one_namespace(reader: Reader, list: List) -> Listed {
    let listed = reader.clone().list(list.clone()).await;
    let is_forbidden = matches!(listed.trouble, Some(Trouble::Forbidden(_)));
    if list.resource.topic != Topic::Settings || !is_forbidden {
        return listed;
    }
    let mut found = Listed { objects: Vec::new(), ..listed };
    let mut all_told = true;
    for name in [MESH_CONFIG, "istio-cni-config"] {
        let one = reader.clone().object(list.clone(), name.into()).await;
        // Without this one, MeshConfig may have another name, that of a revision.
        all_told &= one.trouble.is_none() && (name != MESH_CONFIG || !one.objects.is_empty());
        found.objects.extend(one.objects);
        found.kept.extend(one.kept);
    }
    found.trouble = found.trouble.filter(|_| !all_told);
    found
}
