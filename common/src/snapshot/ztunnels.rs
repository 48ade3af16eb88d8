//! Which ztunnels hold the certificates of accounts, and what their answers come to.
//!
//! Says whom to ask and what is known afterwards; whoever reads a cluster asks.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Evidence};
use crate::model::{Identity, Kind, Name, Readiness, ResourceRef, Workload};

use super::{Affects, CertificateState, Extent, Gap, GapKind, MeshSnapshot, NodeCertificate, Why};

#[cfg(test)]
mod tests;

/// Where ztunnel tells what it holds, to its own pod alone (src/config.rs, `DEFAULT_ADMIN_PORT`).
pub const PORT: u16 = 15000;

/// A node whose ztunnel is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The node.
    pub node: Name,
    /// The pod of its ztunnel, when there is one that runs.
    pub ztunnel: Option<ResourceRef>,
    /// The accounts in question that something runs as there.
    pub identities: BTreeSet<Identity>,
}

/// A certificate as a ztunnel tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldCertificate {
    /// What became of it.
    pub state: CertificateState,
    /// When it expires: RFC 3339 in UTC, which sorts as text.
    pub not_after: Option<Name>,
}

/// What one ztunnel holds.
pub type Held = BTreeMap<Identity, HeldCertificate>;

impl MeshSnapshot {
    /// The nodes where ztunnel serves something that runs as one of these accounts. A ztunnel has a certificate
    /// for each account on its own node that speaks HBONE (src/cert_fetcher.rs, `should_prefetch_certificate`).
    #[must_use]
    pub fn ztunnels_of(&self, identities: &BTreeSet<Identity>) -> Vec<Asked> {
        let mut nodes: BTreeMap<&Name, BTreeSet<Identity>> = BTreeMap::new();
        let served = self.workloads.iter().filter(|workload| workload.is_captured() && has_run(workload));
        for workload in served.filter(|workload| identities.contains(&workload.identity)) {
            if let Some(node) = &workload.node {
                nodes.entry(node).or_default().insert(workload.identity.clone());
            }
        }
        let mut ztunnels = self.ztunnels();
        let asked = |(node, identities): (&Name, _)| Asked {
            ztunnel: ztunnels.remove(node),
            node: node.clone(),
            identities,
        };
        nodes.into_iter().map(asked).collect()
    }

    /// The ztunnel of each node. Of several, as while they are replaced, the one that is ready; of several
    /// namespaces the likeliest, because anybody may call a pod so.
    fn ztunnels(&self) -> BTreeMap<&Name, ResourceRef> {
        let mut found: Vec<((usize, bool), &Name, &ResourceRef)> = Vec::new();
        for (place, namespace) in self.settings.istio_namespaces.iter().enumerate() {
            for index in self.in_namespace(namespace) {
                if let Some((workload, node)) =
                    self.workload(*index).and_then(|w| Some((w, w.node.as_ref()?)))
                    && is_ztunnel(workload)
                {
                    found.push(((place, workload.readiness != Readiness::Ready), node, &workload.reference));
                }
            }
        }
        found.sort_by(|a, b| b.cmp(a));
        found.into_iter().map(|(_, node, pod)| (node, pod.clone())).collect()
    }

    /// Takes in what ztunnels answered. A node without an answer leaves its accounts unknown, and is a gap.
    pub fn answered(&mut self, asked: &[Asked], mut answers: BTreeMap<Name, Result<Held, Why>>) {
        let mut certificates = self.certificates.take().unwrap_or_default();
        for node in asked {
            let answer = answers.remove(&node.node).unwrap_or(Err(Why::Missing));
            for identity in &node.identities {
                let held = answer.as_ref().map(|held| held.get(identity));
                certificates.add(identity.clone(), certificate(node, held.ok()));
            }
            if let Err(why) = &answer {
                self.gaps.push(self.no_answer(node, why));
            }
        }
        self.certificates = Some(certificates);
    }

    fn no_answer(&self, of: &Asked, why: &Why) -> Gap {
        let subject = format!("node/{}", of.node);
        let evidence = Evidence::none().with("subject", &subject);
        let pod = of.ztunnel.as_ref().map(ResourceRef::key).unwrap_or_default();
        let (code, kind, evidence) = match why {
            Why::Forbidden => {
                let evidence = evidence.with("pod", pod).with("rbac", rbac(of.ztunnel.as_ref()));
                (Code::ZtunnelForbidden, GapKind::Forbidden, evidence)
            }
            Why::TimedOut(error) => (Code::ZtunnelTimedOut, GapKind::Timeout, evidence.with("error", error)),
            Why::Failed(error) => (Code::ZtunnelFailed, GapKind::Invalid, evidence.with("error", error)),
            Why::Missing | Why::NotAsked => {
                let namespaces: Vec<&str> =
                    self.settings.istio_namespaces.iter().map(|namespace| &**namespace).collect();
                let evidence = evidence.with("namespaces", namespaces.join(", "));
                (Code::ZtunnelMissing, GapKind::MissingKind, evidence)
            }
        };
        let there = of.identities.iter().map(|identity| Name::from(identity.namespace.as_str()));
        let affects = Affects::Workloads(Extent::Only(there.collect()));
        Gap { code, kind, subject, location: None, affects, evidence }
    }
}

/// `held` is `None` where nobody answered.
fn certificate(of: &Asked, held: Option<Option<&HeldCertificate>>) -> NodeCertificate {
    let node = of.node.clone();
    match held {
        Some(Some(held)) => NodeCertificate { node, state: held.state, not_after: held.not_after.clone() },
        Some(None) => NodeCertificate { node, state: CertificateState::Absent, not_after: None },
        None => NodeCertificate { node, state: CertificateState::Unknown, not_after: None },
    }
}

/// A pod without an address has not begun to run.
fn has_run(workload: &Workload) -> bool {
    workload.reference.kind == Kind::Pod && !workload.addresses.is_empty()
}

fn is_ztunnel(workload: &Workload) -> bool {
    has_run(workload) && workload.labels.get("app").is_some_and(|app| app == "ztunnel")
}

/// The rule that lets somebody ask: a WebSocket is opened by GET, and since Kubernetes 1.35 API servers want the
/// right to create as well (gate AuthorizePodWebsocketUpgradeCreatePermission).
fn rbac(ztunnel: Option<&ResourceRef>) -> String {
    let rule = r#"{apiGroups: [""], resources: ["pods/portforward"], verbs: ["create", "get"]}"#;
    match ztunnel.and_then(|ztunnel| ztunnel.namespace.as_ref()) {
        Some(namespace) => format!("{rule} in a Role of `{namespace}`"),
        None => format!("{rule} in a Role of Istio's namespace"),
    }
}
