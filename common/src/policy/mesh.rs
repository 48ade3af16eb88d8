//! The snapshot together with what istiod makes of it: what every question of the engine starts from.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::codes::{Code, Evidence};
use crate::istio::WorkloadSelector;
use crate::model::{
    DataPlane, Kind, LabelSelector, Labels, Namespace, Protocol, ResourceRef, Serving, Workload,
    WorkloadIndex,
};
use crate::snapshot::{Extent, MeshSnapshot, Unreadable};

use super::compile::Remark;
use super::peer_authentication::{PeerAuthenticationIndex, tied as tied_remarks};
use super::peer_set::IdentityTable;
use super::select::{Applied, PolicySet};

/// Which way a NetworkPolicy isolates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// What comes in.
    Ingress,
    /// What goes out.
    Egress,
}

/// A mesh that can be asked.
#[derive(Debug)]
pub struct Mesh<'a> {
    /// What there is.
    pub snapshot: &'a MeshSnapshot,
    /// What istiod sends to ztunnel.
    pub policies: PolicySet,
    identities: Arc<IdentityTable>,
    isolation: FxHashMap<Namespace, Vec<Isolation<'a>>>,
    /// Objects of other network plug-ins that may isolate anything.
    isolating_everything: Vec<ResourceRef>,
    isolating_namespace: FxHashMap<Namespace, Vec<ResourceRef>>,
    /// Where lists of such objects were not read.
    isolating_unread: Vec<(&'a Extent, &'a ResourceRef)>,
    /// How policies select, as written.
    selectors: FxHashMap<ResourceRef, Option<&'a Labels>>,
}

/// What a NetworkPolicy isolates.
#[derive(Debug)]
struct Isolation<'a> {
    reference: ResourceRef,
    pods: &'a LabelSelector,
    ingress: bool,
    egress: bool,
}

impl<'a> Mesh<'a> {
    /// Compiles the policies of a snapshot and indexes what the gates ask for.
    #[must_use]
    pub fn new(snapshot: &'a MeshSnapshot) -> Self {
        let mut isolation: FxHashMap<Namespace, Vec<Isolation<'a>>> = FxHashMap::default();
        for object in &snapshot.network_policies {
            let types = &object.spec.policy_types;
            let has = |wanted: &str| types.iter().any(|of| **of == *wanted);
            isolation.entry(object.namespace()).or_default().push(Isolation {
                reference: object.reference(Kind::NetworkPolicy),
                pods: &object.spec.pod_selector,
                // Without policyTypes: Ingress, and Egress when there are egress rules.
                ingress: types.is_empty() || has("Ingress"),
                egress: has("Egress") || types.is_empty() && !object.spec.egress.is_empty(),
            });
        }
        let mut isolating_namespace: FxHashMap<Namespace, Vec<ResourceRef>> = FxHashMap::default();
        let mut isolating_everything = Vec::new();
        let mut isolating_unread = Vec::new();
        for object in &snapshot.named_only {
            let reference = object.reference(object.spec.clone());
            match &reference.namespace {
                Some(namespace) => isolating_namespace.entry(namespace.clone()).or_default().push(reference),
                None => isolating_everything.push(reference),
            }
        }
        for unreadable in snapshot.unreadable.iter().filter(|u| isolates(u)) {
            if let Some(extent) = &unreadable.extent {
                isolating_unread.push((extent, &unreadable.reference));
            } else if let Some(namespace) = &unreadable.reference.namespace {
                isolating_namespace.entry(namespace.clone()).or_default().push(unreadable.reference.clone());
            }
        }
        Self {
            policies: PolicySet::compile(snapshot),
            identities: Arc::new(identities(snapshot)),
            isolation,
            isolating_everything,
            isolating_namespace,
            isolating_unread,
            selectors: selectors(snapshot),
            snapshot,
        }
    }

    /// The identities that may arrive.
    #[must_use]
    pub fn identities(&self) -> &Arc<IdentityTable> {
        &self.identities
    }

    /// A workload by its position.
    #[must_use]
    pub fn workload(&self, index: WorkloadIndex) -> Option<&'a Workload> {
        self.snapshot.workload(index)
    }

    /// What counts at a workload.
    #[must_use]
    pub fn applied(&self, workload: &Workload) -> Applied {
        self.policies.applied(&workload.identity.namespace, &workload.labels)
    }

    /// Whether istiod looks at any policy that may be about pods of a namespace, whatever ztunnel makes of it.
    #[must_use]
    pub fn has_policies_for(&self, namespace: &Namespace) -> bool {
        let root = &self.snapshot.settings.mesh.root_namespace;
        let counts = |of: Namespace, hidden: bool| !hidden && (of == *namespace || of == *root);
        let authorization = &self.snapshot.authorization_policies;
        let authentication = &self.snapshot.peer_authentications;
        authorization.iter().any(|p| counts(p.object.namespace(), p.hidden.is_some()))
            || authentication.iter().any(|p| counts(p.object.namespace(), p.hidden.is_some()))
    }

    /// The labels by which a policy selects, as written; `None` when there is no such policy.
    #[must_use]
    pub fn selector_of(&self, policy: &ResourceRef) -> Option<Option<&'a Labels>> {
        let at = self.selectors.get(policy)?;
        Some(*at)
    }

    /// What a reader of a workload that is called should know.
    #[must_use]
    pub fn remarks_on(&self, workload: &Workload) -> Vec<Remark> {
        let mut remarks = self.remarks_on_capture(workload);
        if !workload.is_captured() {
            return remarks;
        }
        remarks.extend(self.ties_at(workload));
        let namespace = &workload.identity.namespace;
        if workload.labels.is_empty() && !self.policies.attached(namespace, &workload.labels).is_empty() {
            let root = &self.snapshot.settings.mesh.root_namespace;
            remarks.push(Remark::on_workload(
                workload,
                Code::UnlabelledPod,
                Evidence::none().with("root", root),
            ));
        }
        remarks
    }

    /// What a reader of any workload should know of how its traffic is redirected.
    #[must_use]
    pub fn remarks_on_capture(&self, workload: &Workload) -> Vec<Remark> {
        let mut remarks = Vec::new();
        match (workload.capture.data_plane, workload.capture.contradicted_intent) {
            (DataPlane::None, Some(DataPlane::Ambient)) => {
                remarks.push(Remark::on_workload(workload, Code::NotCapturedAsLabelled, Evidence::none()));
            }
            (DataPlane::Ambient, Some(DataPlane::None)) => {
                remarks.push(Remark::on_workload(workload, Code::CapturedAgainstLabels, Evidence::none()));
            }
            _ => {}
        }
        if workload.is_captured() && workload.capture.serving == Serving::Undiscovered {
            let evidence = Evidence::none().with("namespace", &workload.identity.namespace);
            remarks.push(Remark::on_workload(workload, Code::NamespaceNotDiscovered, evidence));
        }
        remarks
    }

    fn ties_at(&self, workload: &Workload) -> Vec<Remark> {
        let ties = self.policies.peer_authentications().ties(&workload.identity.namespace, &workload.labels);
        let object = |index: &PeerAuthenticationIndex| {
            self.snapshot.peer_authentications.get(index.0).map(|policy| &policy.object)
        };
        ties.iter()
            .flat_map(|tied| tied_remarks(&tied.iter().filter_map(object).collect::<Vec<_>>()))
            .collect()
    }

    /// Whether some rule that counts at a workload asks for the address of the caller.
    #[must_use]
    pub fn asks_for_addresses(&self, workload: &Workload) -> bool {
        if !workload.is_captured() {
            return false;
        }
        let applied = self.applied(workload);
        let policies = applied.policies.iter().filter_map(|index| self.policies.get(*index));
        policies.flat_map(|policy| policy.matches()).any(|one| one.source_ips.items().next().is_some())
    }

    /// The ports of a workload that containers declare or policies name.
    #[must_use]
    pub fn ports_of(&self, index: WorkloadIndex) -> Vec<u16> {
        let Some(workload) = self.workload(index) else { return Vec::new() };
        let declared =
            workload.ports.iter().filter(|port| port.protocol == Protocol::Tcp).map(|port| port.number);
        let mut ports: Vec<u16> = declared.collect();
        if workload.is_captured() {
            let applied = self.applied(workload);
            let authorization = applied.policies.iter().filter_map(|index| self.policies.get(*index));
            let mtls = applied.peer_authentication.iter().filter_map(|effective| effective.denies.as_ref());
            let matches = authorization.chain(mtls).flat_map(|policy| policy.matches());
            ports.extend(matches.flat_map(|one| one.destination_ports.items().copied()));
        }
        // Nobody can dial port 0, though policies may name it.
        ports.retain(|port| *port != 0);
        ports
    }

    /// The objects that isolate a workload in a direction. Pods on the node's network are not isolated.
    #[must_use]
    pub fn isolating(&self, workload: &Workload, direction: Direction) -> Vec<ResourceRef> {
        if workload.host_network {
            return Vec::new();
        }
        let namespace = &workload.identity.namespace;
        let of_namespace = self.isolation.get(namespace).map(Vec::as_slice).unwrap_or_default();
        let selected = of_namespace.iter().filter(|isolation| {
            let applies = match direction {
                Direction::Ingress => isolation.ingress,
                Direction::Egress => isolation.egress,
            };
            applies && isolation.pods.matches(&workload.labels)
        });
        let named = self.isolating_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default();
        let unread = self.isolating_unread.iter().filter(|(extent, _)| extent.covers(namespace.as_str()));
        selected
            .map(|i| i.reference.clone())
            .chain(named.iter().chain(&self.isolating_everything).cloned())
            .chain(unread.map(|(_, reference)| (*reference).clone()))
            .collect()
    }
}

/// Whether an object that was not understood, or a list that was not read, may isolate pods.
fn isolates(unreadable: &Unreadable) -> bool {
    let is_of_istio = unreadable.is(&Kind::AuthorizationPolicy) || unreadable.is(&Kind::PeerAuthentication);
    unreadable.is(&Kind::NetworkPolicy) || unreadable.extent.is_some() && !is_of_istio
}

/// How policies select, as written.
fn selectors(snapshot: &MeshSnapshot) -> FxHashMap<ResourceRef, Option<&Labels>> {
    fn labels(selector: &Option<WorkloadSelector>) -> Option<&Labels> {
        selector.as_ref()?.match_labels.as_ref()
    }
    let authorization = snapshot.authorization_policies.iter().map(|policy| {
        (policy.object.reference(Kind::AuthorizationPolicy), labels(&policy.object.spec.selector))
    });
    let authentication = snapshot.peer_authentications.iter().map(|policy| {
        (policy.object.reference(Kind::PeerAuthentication), labels(&policy.object.spec.selector))
    });
    authorization.chain(authentication).collect()
}

/// The identities of workloads whose traffic may carry one.
fn identities(snapshot: &MeshSnapshot) -> IdentityTable {
    let carrying = snapshot.workloads.iter().filter(|w| w.capture.data_plane != DataPlane::None);
    IdentityTable::new(snapshot.settings.mesh.trust_domain.clone(), carrying.map(|w| w.identity.clone()))
}
