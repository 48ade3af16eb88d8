//! Nothing has that name: where it is instead, or what is nearest.

use crate::model::{Kind, ResourceRef};

use super::MeshSnapshot;

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
        let same_name = known.iter().filter(|r| &*r.name == name && (bare || r.kind == *kind));
        let mut found: Vec<String> = same_name.map(ToString::to_string).collect();
        if found.is_empty() {
            let alike = known.iter().filter(|r| bare || r.kind == *kind).collect();
            found = nearest(name, alike);
        } else {
            found.sort();
        }
        Self {
            message: format!("no {} `{name}` in namespace `{namespace}`", kind.printed()),
            hints: hint(&found),
        }
    }

    pub(super) fn namespace(snapshot: &MeshSnapshot, name: &str) -> Self {
        let known = snapshot.namespaces.keys().map(|n| ResourceRef::cluster(Kind::Namespace, n.clone()));
        let known: Vec<ResourceRef> = known.collect();
        Self {
            message: format!("no namespace `{name}`"),
            hints: hint(&nearest(name, known.iter().collect())),
        }
    }

    pub(super) fn node(snapshot: &MeshSnapshot, name: &str) -> Self {
        let known = snapshot.nodes.iter().map(|n| ResourceRef::cluster(Kind::Node, n.clone()));
        let known: Vec<ResourceRef> = known.collect();
        Self { message: format!("no node `{name}`"), hints: hint(&nearest(name, known.iter().collect())) }
    }
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
fn nearest(name: &str, known: Vec<&ResourceRef>) -> Vec<String> {
    let mut scored: Vec<(f64, String)> = known
        .into_iter()
        .map(|r| (strsim::jaro_winkler(name, &r.name), r.to_string()))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}
