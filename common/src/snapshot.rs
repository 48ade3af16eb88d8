//! An immutable, indexed picture of the mesh, and what is missing from it.
//!
//! Whoever reads (files, a cluster, a bundle) collects [`Objects`]; [`MeshSnapshot::build`] gives them meaning:
//! which pods run as what, who handles their traffic, what stands behind a Service, which policies istiod looks
//! at. Nothing is decided here; that is `policy`.

mod accounts;
mod addresses;
mod capture;
mod certificates;
mod changes;
mod duplicates;
mod extent;
mod gap;
mod lookup;
mod needs;
mod network_policies;
mod not_read;
mod objects;
mod overlay;
mod pod_creators;
mod policies;
mod positions;
mod progress;
mod proxies;
mod resources;
mod routing;
mod services;
mod settings;
mod sources;
#[cfg(test)]
pub(crate) mod test_objects;
#[cfg(test)]
mod tests;
mod visible;
mod waypoints;
mod workloads;
mod written;
mod ztunnels;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::codes::Silence;
use crate::istio::{AuthorizationPolicy, PeerAuthentication, WorkloadEntry};
use crate::kubernetes::{AdminNetworkPolicySpec, NetworkPolicySpec, ObjectMeta};
use crate::model::{
    Kind, LabelSelector, Labels, Name, Namespace, Origin, ResourceRef, ServiceAccount, Workload,
    WorkloadIndex,
};

pub use accounts::Account;
pub use certificates::{Certificate, CertificateState, Certificates, NodeCertificate};
pub use changes::{Change, Changes, How, Unit};
pub use extent::Extent;
pub use gap::{Affects, Assumption, Gap, GapKind, Unreadable};
pub use lookup::{Locator, LocatorError, NotFound, Place, Subject, alike, by_likeness};
pub use needs::{Named, Needs};
pub use not_read::{NotRead, Why, rule as rbac_rule, rules};
#[cfg(test)]
pub(crate) use objects::EachList;
pub use objects::{Assumed, GatewayObject, Object, Objects, PodObject, TemplateObject};
pub use overlay::{EditError, Edits, KnownFlag, Removal, istiod_flag};
pub use pod_creators::{Creator, PodCreators};
pub use policies::Policy;
pub use progress::{Progress, Silent};
pub use resources::{Detail, RESOURCES, Resource, Topic, escaped};
pub use routing::{Listed, Routing};
pub use services::{Backend, Service};
#[cfg(test)]
pub(crate) use settings::CONFIG_MAP_KEYS;
#[cfg(feature = "cluster")]
pub(crate) use settings::ISTIO_PODS;
pub use settings::{
    Clients, EnablementSelector, IstioCni, Istiod, MeshConfig, Settings, SettingsOverride, Version,
    istio_namespaces, root_namespace,
};
pub(crate) use settings::{ISTIOD_REVISION, is_istiod, is_istiod_variable};
pub use sources::{Format, Places, Source, Sources};
pub(crate) use visible::asks_for_dry_run;
pub use visible::{Discovery, Hidden};
pub(crate) use waypoints::USE_WAYPOINT;
pub use waypoints::{Binding, Refusal, Through, Waypoint, waypoint_namespaces};
#[cfg(feature = "terminal")]
pub(crate) use workloads::service_account;
pub use ztunnels::{Asked, Held, HeldCertificate, PORT as ZTUNNEL_PORT};

/// The label of a Namespace that holds its name.
const NAME_OF_NAMESPACE: &str = "kubernetes.io/metadata.name";

/// The picture.
#[derive(Clone, Debug)]
pub struct MeshSnapshot {
    /// How the mesh is set up.
    pub settings: Settings,
    /// Labels of the namespaces that were read.
    pub namespaces: FxHashMap<Name, Labels>,
    /// Where those namespaces were written, and what they ask for silence about.
    pub written_namespaces: FxHashMap<Name, (Origin, Silence)>,
    /// Nodes that are known, as objects or from pods.
    pub nodes: BTreeSet<Name>,
    /// Accounts that were read.
    pub service_accounts: BTreeMap<(Namespace, ServiceAccount), Account>,
    /// Who may create pods; `None` when no object of RBAC was read.
    pub pod_creators: Option<PodCreators>,
    /// What ztunnels say of certificates; `None` when they were not asked. Whoever reads a cluster fills it in.
    pub certificates: Option<Certificates>,
    /// Pods and templates, in the order of their names.
    pub workloads: Vec<Workload>,
    /// Services, in the order of their names.
    pub services: Vec<Service>,
    /// AuthorizationPolicies that can be understood.
    pub authorization_policies: Vec<Policy<AuthorizationPolicy>>,
    /// PeerAuthentications that can be understood.
    pub peer_authentications: Vec<Policy<PeerAuthentication>>,
    /// NetworkPolicies.
    pub network_policies: Vec<Object<NetworkPolicySpec>>,
    /// AdminNetworkPolicies, which come before them.
    pub admin_network_policies: Vec<Object<AdminNetworkPolicySpec>>,
    /// BaselineAdminNetworkPolicies, which come after them.
    pub baseline_admin_network_policies: Vec<Object<AdminNetworkPolicySpec>>,
    /// Gateways.
    pub gateways: Vec<Object<GatewayObject>>,
    /// Whether these are lists of an API server: what is not in them does not exist, but for what `not_read` names.
    /// Files tell of those that are in them.
    pub listed: bool,
    /// Machines that are no pods; they are not judged.
    pub workload_entries: Vec<Object<WorkloadEntry>>,
    /// What tells Envoys how to send.
    pub routing: Routing,
    /// Objects of kinds that are not judged.
    pub named_only: Vec<Object<Kind>>,
    /// Objects of kinds that decide, of which only the name is known.
    pub unreadable: Vec<Unreadable>,
    /// Everything that could not be read or is not judged, whatever it could change.
    pub gaps: Vec<Gap>,
    /// What was taken for settings that are not there.
    pub assumptions: Vec<Assumption>,
    /// Objects whose namespace was filled in.
    pub namespace_assumed: BTreeMap<ResourceRef, Name>,
    /// Lists that were not read, or not to their end.
    pub not_read: Vec<NotRead>,
    /// The texts that objects were read from.
    pub sources: Sources,
    /// Whether Gateways were asked for: where none is known there is none.
    pub gateways_listed: bool,
    waypoints: waypoints::Waypoints,
    by_namespace: FxHashMap<Namespace, Vec<WorkloadIndex>>,
    services_by: services::Index,
    by_address: FxHashMap<IpAddr, WorkloadIndex>,
    by_host_address: FxHashMap<IpAddr, Name>,
    addresses: addresses::Addresses,
}

impl MeshSnapshot {
    /// Gives meaning to what was read.
    #[must_use]
    pub fn build(mut objects: Objects, given: &SettingsOverride) -> Self {
        let mut gaps = std::mem::take(&mut objects.gaps);
        duplicates::deduplicate(&mut objects, &mut gaps);
        let mut assumptions = Vec::new();
        let settings = settings::settings(&objects, given, &mut assumptions, &mut gaps);
        let namespaces: FxHashMap<Name, Labels> =
            objects.namespaces.iter().map(|n| (n.meta.name.clone(), labels_of(&n.meta))).collect();
        let written_namespaces = objects.namespaces.iter();
        let written_namespaces = written_namespaces
            .map(|object| (object.meta.name.clone(), (object.origin, object.meta.silence())))
            .collect();
        let workloads = workloads::workloads(&objects, &settings, &namespaces);
        let (by_namespace, by_address) =
            (positions::by_namespace(&workloads), positions::by_address(&workloads));
        let services = services::services(&objects, &workloads, &by_namespace, &by_address);
        let of_the_network = network_policies::set_aside(&mut objects);
        objects.unreadable.extend(of_the_network);
        let (routing, of_routing) = Routing::new(&mut objects, &settings, &namespaces);
        let (authorization_policies, peer_authentications, unreadable) =
            policies::policies(&mut objects, &settings, &namespaces, &mut gaps);
        let waypoints = waypoints::Waypoints::new(&objects, &unreadable);
        let (lists, told) = not_read::may_hold(&objects.not_read, &settings);
        gaps.extend(unreadable.iter().map(|unreadable| unreadable.gap.clone()).chain(told));
        gaps.extend(of_routing.iter().map(|unreadable| unreadable.gap.clone()));
        let unreadable: Vec<Unreadable> = unreadable.into_iter().chain(of_routing).chain(lists).collect();
        Self {
            addresses: addresses::Addresses::new(&objects, &unreadable),
            nodes: positions::nodes(&objects),
            service_accounts: accounts::accounts(&objects),
            pod_creators: pod_creators::pod_creators(&objects),
            certificates: None,
            gateways_listed: objects.gateways_listed,
            waypoints,
            by_address,
            by_host_address: positions::by_host_address(&objects),
            by_namespace,
            services_by: services::Index::new(&services),
            namespaces,
            workloads,
            services,
            authorization_policies,
            peer_authentications,
            network_policies: objects.network_policies,
            admin_network_policies: objects.admin_network_policies,
            baseline_admin_network_policies: objects.baseline_admin_network_policies,
            gateways: objects.gateways,
            listed: objects.gateways_listed,
            written_namespaces,
            workload_entries: objects.workload_entries,
            routing,
            named_only: objects.named_only,
            unreadable,
            gaps,
            assumptions,
            namespace_assumed: objects.namespace_assumed.into_iter().collect(),
            not_read: objects.not_read,
            sources: objects.sources,
            settings,
        }
    }

    /// A workload by its position.
    #[must_use]
    pub fn workload(&self, index: WorkloadIndex) -> Option<&Workload> {
        self.workloads.get(index.0)
    }

    /// Why objects of a kind in a namespace may be there and are not known: the first list that would have them.
    #[must_use]
    pub fn unread(&self, kind: &Kind, namespace: &str) -> Option<&NotRead> {
        self.not_read.iter().find(|list| list.hides(kind, namespace))
    }

    /// All positions.
    pub fn indexes(&self) -> impl Iterator<Item = WorkloadIndex> + use<> {
        (0..self.workloads.len()).map(WorkloadIndex)
    }

    /// The workloads of a namespace, in the order of their names.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> &[WorkloadIndex] {
        self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }

    /// The Services of a namespace with their positions, in the order of their names.
    pub fn services_in(&self, namespace: &Namespace) -> impl Iterator<Item = (usize, &Service)> {
        let here = self.services_by.namespace.get(namespace).into_iter().flatten();
        here.filter_map(|at| Some((*at, self.services.get(*at)?)))
    }

    /// The Services behind which a workload stands, in the order of their names.
    pub fn services_of(&self, workload: WorkloadIndex) -> impl Iterator<Item = &Service> {
        let found = self.services_by.workload.get(&workload).into_iter().flatten();
        found.filter_map(|at| self.services.get(*at))
    }

    /// The pod that has an address of its own.
    #[must_use]
    pub fn at_address(&self, address: IpAddr) -> Option<WorkloadIndex> {
        self.by_address.get(&address).copied()
    }

    /// The node that has an address, by the pods that share its network or say where they are.
    #[must_use]
    pub fn node_at(&self, address: IpAddr) -> Option<&Name> {
        self.by_host_address.get(&address)
    }

    /// The addresses of a node, as its pods know them.
    #[must_use]
    pub fn addresses_of_node(&self, node: &Name) -> Vec<IpAddr> {
        let of_node = self.by_host_address.iter().filter(|(_, of)| *of == node);
        let mut addresses: Vec<IpAddr> = of_node.map(|(address, _)| *address).collect();
        addresses.sort_unstable();
        addresses
    }

    /// What an address may be that is no known pod's: a WorkloadEntry or ServiceEntry that has it, or the name of a
    /// host; or one of these or a pod that was not read.
    #[must_use]
    pub fn entry_at(&self, address: IpAddr) -> Option<ResourceRef> {
        self.addresses.entry_at(address)
    }

    /// What a node takes connections for at a port, so that they are not its own: a Service, or a pod.
    #[must_use]
    pub fn published_at(&self, node: &Name, port: Option<u16>) -> Option<ResourceRef> {
        self.addresses.published_at(node, port)
    }

    /// Whether an address may be anyone's because of a gap.
    #[must_use]
    pub fn addresses_hang_on(&self, gap: &Gap) -> bool {
        self.addresses.hang_on(gap)
    }

    /// Whether a gap can change nothing but whose an address may be.
    #[must_use]
    pub fn only_addresses_hang_on(&self, gap: &Gap) -> bool {
        self.addresses.alone_hang_on(gap)
    }

    /// The labels of a namespace; none when it was not read.
    #[must_use]
    pub fn namespace_labels(&self, namespace: &str) -> Option<&Labels> {
        self.namespaces.get(namespace)
    }

    /// Whether a selector selects a namespace; `None` when labels decide that were not read.
    #[must_use]
    pub fn is_namespace_selected(&self, namespace: &str, selector: &LabelSelector) -> Option<bool> {
        visible::is_selected(&self.namespaces, namespace, selector)
    }

    /// Whether istiod looks at a namespace.
    #[must_use]
    pub fn discovery(&self, namespace: &str) -> Discovery {
        visible::Visibility { settings: &self.settings, namespaces: &self.namespaces }.discovery(namespace)
    }
}

/// The API server adds a namespace's name to its labels, whatever is written there.
fn labels_of(namespace: &ObjectMeta) -> Labels {
    let name = [(NAME_OF_NAMESPACE, &*namespace.name)];
    let others = namespace.labels.iter().filter(|(key, _)| *key != NAME_OF_NAMESPACE);
    others.chain(name).collect()
}
