//! The snapshot together with what istiod makes of it: what every question of the engine starts from.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::istio::{AuthorizationPolicy, HBONE_PORT, WorkloadSelector};
use crate::model::{
    DataPlane, Kind, Labels, Name, Namespace, Peer, Protocol, ResourceRef, Sender, Workload, WorkloadIndex,
};
use crate::snapshot::{Binding, MeshSnapshot, Policy, Service};

use super::beside;
use super::enforced::Compiled;
use super::envoy::{self, Request};
use super::envoys::Envoys;
use super::network::{EndKind, NetworkPolicies};
use super::peer_set::{IdentityTable, Senders};
use super::select::{Applied, PolicySet};

mod remarks;

/// A mesh that can be asked.
#[derive(Clone, Debug)]
pub struct Mesh<'a> {
    /// What there is.
    pub snapshot: &'a MeshSnapshot,
    /// What istiod sends to ztunnel.
    pub policies: Arc<PolicySet>,
    /// What isolates pods on the network.
    pub network: Arc<NetworkPolicies<'a>>,
    senders: Arc<Senders>,
    /// What is known of the requests that are asked about.
    pub request: Request,
    /// How policies select, as written.
    selectors: Arc<FxHashMap<ResourceRef, Option<&'a Labels>>>,
    envoys: Arc<Envoys>,
}

impl<'a> Mesh<'a> {
    /// Compiles the policies of a snapshot and indexes what the gates ask for.
    #[must_use]
    pub fn new(snapshot: &'a MeshSnapshot) -> Self {
        let network = NetworkPolicies::new(snapshot);
        Self {
            policies: Arc::new(PolicySet::compile(snapshot)),
            senders: Arc::new(senders(snapshot, &network)),
            request: Request::default(),
            selectors: Arc::new(selectors(snapshot)),
            envoys: Arc::new(Envoys::new(snapshot)),
            network: Arc::new(network),
            snapshot,
        }
    }

    /// The same mesh, asked about requests of which this is known.
    #[must_use]
    pub fn asked(&self, request: Request) -> Self {
        Self { request, ..self.clone() }
    }

    /// What the filters of Envoys depend on besides policies.
    pub(super) fn envoys(&self) -> &envoy::Mesh {
        &self.envoys.settings
    }

    /// What was compiled for Envoys.
    pub(super) fn compiled(&self) -> &Compiled {
        &self.envoys.compiled
    }

    /// The AuthorizationPolicies of a namespace that can be understood, with their positions in the snapshot.
    pub(super) fn authorization_policies_of(
        &self,
        namespace: &Namespace,
    ) -> impl Iterator<Item = (usize, &'a Policy<AuthorizationPolicy>)> {
        let snapshot = self.snapshot;
        let all = self.envoys.policies.get(namespace).into_iter().flatten();
        all.filter_map(|at| Some((*at, snapshot.authorization_policies.get(*at)?)))
    }

    /// The position of an AuthorizationPolicy in the snapshot.
    pub(super) fn authorization_policy(&self, namespace: &Namespace, name: &str) -> Option<usize> {
        let mut all = self.authorization_policies_of(namespace);
        all.find(|(_, policy)| *policy.object.meta.name == *name).map(|(at, _)| at)
    }

    /// The pods and templates that say that they are instances of a Gateway.
    pub(super) fn pods_of_gateway(&self, gateway: &ResourceRef) -> &[WorkloadIndex] {
        self.envoys.pods.get(gateway).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether what captured callers send to the address of a Service goes through a waypoint, or may: then it is another
    /// target than its pods are.
    fn has_waypoint(&self, service: &Service) -> bool {
        let may_be = |object: &ResourceRef| object.kind != Kind::Namespace;
        !service.headless
            && match self.snapshot.waypoint_of_service(service) {
                Binding::Bound(_) => true,
                Binding::Unknown(object) => may_be(&object),
                Binding::Free | Binding::Refused(..) => false,
            }
    }

    /// Whether the address of a Service gets something else than the addresses of its pods: behind a waypoint, and
    /// wherever an Envoy calls, which knows Services and sends to other addresses as it got it
    /// (pilot/pkg/networking/core/cluster.go, `buildPassthroughCluster`).
    #[must_use]
    pub fn is_own_target(&self, service: &Service) -> bool {
        self.envoys.call || self.has_waypoint(service)
    }

    /// The account as which istiod runs a Gateway of which no pod was read.
    #[must_use]
    pub fn account_of_unseen(&self, gateway: &ResourceRef) -> Option<Name> {
        if !self.pods_of_gateway(gateway).is_empty() {
            return None;
        }
        let waypoint = self.snapshot.waypoint(gateway)?;
        Some(waypoint.account.clone().unwrap_or_else(|| gateway.name.clone()))
    }

    /// The identities that may arrive.
    #[must_use]
    pub fn identities(&self) -> &IdentityTable {
        self.senders.table()
    }

    /// Who may send: identities and pods.
    #[must_use]
    pub fn senders(&self) -> &Arc<Senders> {
        &self.senders
    }

    /// What a peer is to the network.
    pub(super) fn end_of<'p>(&self, peer: &'p Peer) -> EndKind<'p>
    where
        'a: 'p,
    {
        match (&peer.sender, &peer.identity) {
            (Sender::Workload(index), _) => match self.network.kind_of(*index) {
                EndKind::HostPod(class, _) => {
                    let workload = self.workload(*index).filter(|workload| !workload.is_captured());
                    let node = workload.and_then(|workload| workload.node.as_deref());
                    EndKind::HostPod(class, node)
                }
                kind => kind,
            },
            (Sender::Itself(_), _) => EndKind::Itself,
            (Sender::Node(node), _) => EndKind::Node(node),
            (Sender::Unread, Some(identity)) => EndKind::Unrun(Some(identity.namespace.as_str())),
            (Sender::Unread, None) => EndKind::Address,
        }
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

    /// Whether some rule that counts at a workload asks for the address of the caller.
    #[must_use]
    pub fn asks_for_addresses(&self, index: WorkloadIndex) -> bool {
        if self.network.ingress_blocks(self.network.class(index)).next().is_some() {
            return true;
        }
        let Some(workload) = self.workload(index) else { return false };
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
        // That of HBONE is ztunnel's own, whatever policies of the network say of it.
        let of_network = self.network.ingress_ports(self.network.class(index)).into_iter();
        ports.extend(of_network.filter(|port| !(workload.is_captured() && *port == HBONE_PORT)));
        if workload.is_captured() {
            let applied = self.applied(workload);
            let authorization = applied.policies.iter().filter_map(|index| self.policies.get(*index));
            let mtls = applied.peer_authentication.iter().filter_map(|effective| effective.denies.as_ref());
            let matches = authorization.chain(mtls).flat_map(|policy| policy.matches());
            ports.extend(matches.flat_map(|one| one.destination_ports.items().copied()));
        }
        if workload.has_envoy() {
            ports.extend(beside::ports(self, workload));
        }
        // Nobody can dial port 0, though policies may name it.
        ports.retain(|port| *port != 0);
        ports
    }
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

/// Workloads whose traffic may carry an identity, and all others.
fn senders(snapshot: &MeshSnapshot, network: &NetworkPolicies<'_>) -> Senders {
    let carries = |workload: &Workload| workload.capture.data_plane != DataPlane::None;
    let carrying = snapshot.workloads.iter().filter(|workload| carries(workload));
    let table =
        IdentityTable::new(snapshot.settings.mesh.trust_domain.clone(), carrying.map(|w| w.identity.clone()));
    Senders::new(snapshot, table, network, |index| snapshot.workload(index).is_some_and(carries))
}
