//! Nothing has that name: where it is instead, or what is nearest.

use std::collections::BTreeSet;

use crate::istio::GATEWAY_NAME;
use crate::model::{Kind, Labels, Name, Namespace, ResourceRef};

use super::super::{GatewayObject, MeshSnapshot, NotRead, Object, Why};

/// Nothing has that name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct NotFound {
    /// One line.
    pub message: String,
    /// What to try instead.
    pub hints: Vec<String>,
}

/// Suggestions in one hint.
const MAX_SUGGESTIONS: usize = 5;

impl NotFound {
    /// An object that is not where it was looked for. A bare name may be any kind's.
    pub(super) fn object(
        snapshot: &MeshSnapshot,
        kind: &Kind,
        namespace: &str,
        name: &str,
        bare: bool,
    ) -> Self {
        let known = references(snapshot);
        let of_kind = |r: &&ResourceRef| bare || r.kind == *kind;
        let named = |any_kind: bool| {
            let same = known.iter().filter(|r| &*r.name == name && (any_kind || of_kind(r)));
            same.map(ToString::to_string).collect::<Vec<String>>()
        };
        // What has the name elsewhere, or is called almost so, or has the name and is of another kind.
        let mut found = named(false);
        if found.is_empty() {
            found = nearest(name, known.iter().filter(of_kind).collect());
        }
        if found.is_empty() {
            found = named(true);
        }
        let what = format!("{} `{name}` in namespace `{namespace}`", kind.printed());
        Self::of(&what, &found, unread(snapshot, kind, namespace, bare))
    }

    /// A Gateway: its pods are ends of connections, itself it is none.
    pub(super) fn gateway(snapshot: &MeshSnapshot, namespace: &str, name: &str) -> Self {
        let is_its = |labels: &Labels| labels.get(GATEWAY_NAME) == Some(name);
        let here = snapshot.in_namespace(namespace).iter().filter_map(|at| snapshot.workload(*at));
        let pods =
            here.filter(|workload| is_its(&workload.labels)).map(|workload| workload.owner.to_string());
        let pods: BTreeSet<String> = pods.map(|owner| format!("`{owner}`")).collect();
        let gateway = |of: &Object<GatewayObject>| of.reference(Kind::Gateway);
        let known: BTreeSet<ResourceRef> = snapshot.gateways.iter().map(gateway).collect();
        let wanted = ResourceRef::new(Kind::Gateway, namespace, name);
        if pods.is_empty() && !known.contains(&wanted) {
            let mut missing = Self::among(snapshot, &known, &wanted);
            missing.hints.push("a Gateway is asked about by its pods: deploy/NAMESPACE/NAME".to_owned());
            return missing;
        }
        let hint = match pods.into_iter().next() {
            Some(owner) => format!("ask about what is made of it: {owner}"),
            None => format!("its pods have the label `{GATEWAY_NAME}: {name}`, and none of them was read"),
        };
        Self { message: format!("`{wanted}` is no end of a connection: its pods are"), hints: vec![hint] }
    }

    /// An object that is not among those that are known: of the same name elsewhere, or called almost so.
    #[must_use]
    pub fn among(snapshot: &MeshSnapshot, known: &BTreeSet<ResourceRef>, wanted: &ResourceRef) -> Self {
        let same = known.iter().filter(|known| known.name == wanted.name && known.kind == wanted.kind);
        let mut found: Vec<String> = same.map(ToString::to_string).collect();
        if found.is_empty() {
            found = nearest(&wanted.name, known.iter().collect());
        }
        let namespace = wanted.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        let what = format!("{} `{}` in namespace `{namespace}`", wanted.kind.printed(), wanted.name);
        Self::of(&what, &found, unread(snapshot, &wanted.kind, namespace, false))
    }

    pub(super) fn namespace(snapshot: &MeshSnapshot, name: &str) -> Self {
        let read = snapshot.namespaces.keys().cloned();
        let used = snapshot.workloads.iter().map(|workload| workload.identity.namespace.as_str().into());
        let known: BTreeSet<Name> = read.chain(used).collect();
        let known: Vec<ResourceRef> =
            known.into_iter().map(|name| ResourceRef::cluster(Kind::Namespace, name)).collect();
        let near = nearest(name, known.iter().collect());
        Self::of(&format!("namespace `{name}`"), &near, unread(snapshot, &Kind::Namespace, name, false))
    }

    pub(super) fn node(snapshot: &MeshSnapshot, name: &str) -> Self {
        let known = snapshot.nodes.iter().map(|n| ResourceRef::cluster(Kind::Node, n.clone()));
        let known: Vec<ResourceRef> = known.collect();
        let near = nearest(name, known.iter().collect());
        let list = snapshot.not_read.iter().find(|list| list.is_of(&Kind::Node) && list.why != Why::NotAsked);
        Self::of(&format!("node `{name}`"), &near, list)
    }

    /// What was looked for, what could be meant, and the list in which it may be for all that is known.
    pub(in crate::snapshot) fn of(what: &str, found: &[String], list: Option<&NotRead>) -> Self {
        let among = if list.is_some() { " among what could be read" } else { "" };
        let cure =
            list.filter(|list| list.why == Why::Forbidden).map(|list| format!("ask for {}", list.rbac()));
        Self { message: format!("no {what}{among}"), hints: hint(found).into_iter().chain(cure).collect() }
    }
}

/// The list in which it may be for all that is known. What runs is seen in pods.
fn unread<'a>(snapshot: &'a MeshSnapshot, kind: &Kind, namespace: &str, bare: bool) -> Option<&'a NotRead> {
    let looked_for = [kind, &Kind::Pod, &Kind::Service];
    let kinds = match kind {
        Kind::Service | Kind::Pod if !bare => &looked_for[..1],
        _ if bare => &looked_for[1..],
        _ => &looked_for[..2],
    };
    let mut lists = kinds.iter().filter_map(|kind| snapshot.unread(kind, namespace));
    lists.find(|list| list.why != Why::NotAsked)
}

fn hint(found: &[String]) -> Vec<String> {
    let shown: Vec<String> = found.iter().take(MAX_SUGGESTIONS).map(|name| format!("`{name}`")).collect();
    match found.len() {
        0 => Vec::new(),
        more if more > MAX_SUGGESTIONS => {
            vec![format!("did you mean {} or {} others?", shown.join(", "), more - MAX_SUGGESTIONS)]
        }
        _ => vec![format!("did you mean {}?", shown.join(" or "))],
    }
}

/// Everything that can be named.
fn references(snapshot: &MeshSnapshot) -> Vec<ResourceRef> {
    let mut known: Vec<ResourceRef> = Vec::new();
    for workload in &snapshot.workloads {
        known.push(workload.reference.clone());
        known.push(workload.owner.clone());
        let account = workload.service_account.as_str();
        known.push(ResourceRef::new(Kind::ServiceAccount, workload.identity.namespace.clone(), account));
    }
    known.extend(snapshot.services.iter().map(|service| service.reference.clone()));
    known.sort();
    known.dedup();
    known
}

/// Names that a slip of the fingers could have meant, the nearest first.
pub(in crate::snapshot) fn nearest(name: &str, known: Vec<&ResourceRef>) -> Vec<String> {
    let known = known.into_iter().map(|of| (&*of.name, of.to_string()));
    ranked(name, known, ALIKE).into_iter().take(3).collect()
}

/// Names that are alike, the nearest first.
#[must_use]
pub fn alike<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    ranked(name, known.into_iter().map(|known| (known, known.to_owned())), ALIKE)
}

/// All of some names, the nearest first.
#[must_use]
pub fn by_likeness<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    ranked(name, known.into_iter().map(|known| (known, known.to_owned())), 0.0)
}

/// Names that are less alike than this are not meant.
const ALIKE: f64 = 0.8;

fn ranked<'a>(name: &str, known: impl Iterator<Item = (&'a str, String)>, least: f64) -> Vec<String> {
    let scored = known.map(|(known, shown)| (strsim::jaro_winkler(name, known), shown));
    let mut scored: Vec<(f64, String)> = scored.filter(|(score, _)| *score > least || least == 0.0).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, name)| name).collect()
}
