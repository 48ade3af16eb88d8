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
mod extent;
mod gap;
mod lookup;
mod needs;
mod network_policies;
mod not_read;
mod objects;
mod overlay;
mod pod_creators;
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
mod ztunnels;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::codes::{Code, Evidence, Silence};
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
use objects::rbac_kind;
pub use objects::{Assumed, GatewayObject, Object, Objects, PodObject, TemplateObject};
pub use overlay::{EditError, Edits, KnownFlag, Removal, istiod_flag};
pub use pod_creators::{Creator, PodCreators};
pub use progress::{Progress, Silent};
pub use resources::{Detail, RESOURCES, Resource, Topic, escaped};
pub use routing::{Listed, Routing};
pub use services::{Backend, Service};
#[cfg(test)]
pub(crate) use settings::CONFIG_MAP_KEYS;
pub use settings::{
    Clients, EnablementSelector, IstioCni, Istiod, MeshConfig, Settings, SettingsOverride, Version,
    istio_namespaces, root_namespace,
};
pub(crate) use settings::{ISTIO_PODS, ISTIOD_REVISION, is_istiod, is_istiod_variable};
pub use sources::{Format, Places, Source, Sources};
pub(crate) use visible::asks_for_dry_run;
pub use visible::{Discovery, Hidden};
pub(crate) use waypoints::USE_WAYPOINT;
pub use waypoints::{Binding, Refusal, Waypoint};
pub(crate) use workloads::service_account;
pub use ztunnels::{Asked, Held, HeldCertificate, PORT as ZTUNNEL_PORT};

/// The label of a Namespace that holds its name.
const NAME_OF_NAMESPACE: &str = "kubernetes.io/metadata.name";

/// A policy that can be understood, and whether istiod looks at it.
#[derive(Clone, Debug)]
pub struct Policy<T> {
    /// The policy as written.
    pub object: Object<T>,
    /// Why istiod does not look at it, if it does not.
    pub hidden: Option<Hidden>,
    /// Whether something of it is not understood that only an Envoy would read.
    pub unclear: bool,
}

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
        deduplicate(&mut objects, &mut gaps);
        let mut assumptions = Vec::new();
        let settings = settings::settings(&objects, given, &mut assumptions, &mut gaps);
        let namespaces: FxHashMap<Name, Labels> =
            objects.namespaces.iter().map(|n| (n.meta.name.clone(), labels_of(&n.meta))).collect();
        let written_namespaces = objects.namespaces.iter();
        let written_namespaces = written_namespaces
            .map(|object| (object.meta.name.clone(), (object.origin, object.meta.silence())))
            .collect();
        let workloads = workloads::workloads(&objects, &settings, &namespaces);
        let (by_namespace, by_address) = (by_namespace(&workloads), by_address(&workloads));
        let services = services::services(&objects, &workloads, &by_namespace, &by_address);
        let of_the_network = network_policies::set_aside(&mut objects);
        objects.unreadable.extend(of_the_network);
        let (routing, of_routing) = Routing::new(&mut objects, &settings, &namespaces);
        let (authorization_policies, peer_authentications, unreadable) =
            policies(&mut objects, &settings, &namespaces, &mut gaps);
        let waypoints = waypoints::Waypoints::new(&objects, &unreadable);
        let (lists, told) = not_read(&objects.not_read, &settings);
        gaps.extend(unreadable.iter().map(|unreadable| unreadable.gap.clone()).chain(told));
        gaps.extend(of_routing.iter().map(|unreadable| unreadable.gap.clone()));
        let unreadable: Vec<Unreadable> = unreadable.into_iter().chain(of_routing).chain(lists).collect();
        Self {
            addresses: addresses::Addresses::new(&objects, &unreadable),
            nodes: nodes(&objects),
            service_accounts: accounts::accounts(&objects),
            pod_creators: pod_creators::pod_creators(&objects),
            certificates: None,
            gateways_listed: objects.gateways_listed,
            waypoints,
            by_address,
            by_host_address: by_host_address(&objects),
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

fn by_namespace(workloads: &[Workload]) -> FxHashMap<Namespace, Vec<WorkloadIndex>> {
    let mut by_namespace: FxHashMap<Namespace, Vec<WorkloadIndex>> = FxHashMap::default();
    for (at, workload) in workloads.iter().enumerate() {
        by_namespace.entry(workload.identity.namespace.clone()).or_default().push(WorkloadIndex(at));
    }
    by_namespace
}

/// Pods on the node's network share its address: it is no pod's own.
fn by_address(workloads: &[Workload]) -> services::ByAddress {
    let own = workloads.iter().enumerate().filter(|(_, workload)| !workload.host_network);
    own.flat_map(|(at, workload)| workload.addresses.iter().map(move |ip| (*ip, WorkloadIndex(at)))).collect()
}

/// The nodes by the addresses that their pods know of.
fn by_host_address(objects: &Objects) -> FxHashMap<IpAddr, Name> {
    let mut found = FxHashMap::default();
    for pod in &objects.pods {
        let (Some(node), Some(status)) = (&pod.spec.spec.node_name, &pod.spec.status) else { continue };
        let own = status.pod_ip.iter().chain(status.pod_ips.iter().map(|of| &of.ip));
        let own = own.filter(|_| pod.spec.spec.host_network);
        let of_host = status.host_ip.iter().chain(status.host_ips.iter().map(|of| &of.ip));
        for address in own.chain(of_host).filter_map(|text| text.parse().ok()) {
            found.entry(address).or_insert_with(|| node.clone());
        }
    }
    found
}

fn nodes(objects: &Objects) -> BTreeSet<Name> {
    let named = objects.nodes.iter().map(|node| node.meta.name.clone());
    let used = objects.pods.iter().filter_map(|pod| pod.spec.spec.node_name.clone());
    named.chain(used).collect()
}

type Policies = (Vec<Policy<AuthorizationPolicy>>, Vec<Policy<PeerAuthentication>>, Vec<Unreadable>);

/// Sorts the policies into those that can be understood and those that cannot. Defects of a policy that ztunnel
/// never gets decide nothing.
fn policies(
    objects: &mut Objects,
    settings: &Settings,
    namespaces: &FxHashMap<Name, Labels>,
    gaps: &mut Vec<Gap>,
) -> Policies {
    let visibility = visible::Visibility { settings, namespaces };
    let mut unreadable = std::mem::take(&mut objects.unreadable);
    let sources = &objects.sources;
    let mut understood = |defect: Option<Unreadable>| defect.map(|defect| unreadable.push(defect)).is_none();
    objects.authorization_policies.retain(|policy| {
        let selector = policy.spec.selector.as_ref();
        understood(visibility.doubtful(policy, Kind::AuthorizationPolicy, selector, sources))
    });
    objects.peer_authentications.retain(|policy| {
        let selector = policy.spec.selector.as_ref();
        understood(visibility.doubtful(policy, Kind::PeerAuthentication, selector, sources))
    });
    let authorization: Vec<_> = std::mem::take(&mut objects.authorization_policies)
        .into_iter()
        .map(|object| {
            let hidden = visibility.hidden(&object.meta);
            let unclear = visible::is_dropped(&object, settings)
                && visible::defect_of_authorization(&object, sources).is_some();
            Policy { hidden, unclear, object }
        })
        .filter(|policy| {
            let defect = || visible::defect_of_authorization(&policy.object, sources);
            if policy.hidden.is_some() || visible::is_dropped(&policy.object, settings) {
                let harmless = |defect: Unreadable| Gap { affects: Affects::Nothing, ..defect.gap };
                gaps.extend(defect().map(harmless));
                return true;
            }
            understood(defect())
        })
        .collect();
    let authentication: Vec<_> = std::mem::take(&mut objects.peer_authentications)
        .into_iter()
        .map(|object| Policy { hidden: visibility.hidden(&object.meta), unclear: false, object })
        .filter(|policy| {
            policy.hidden.is_some()
                || understood(visible::defect_of_peer_authentication(&policy.object, sources))
        })
        .collect();
    for unreadable in &mut unreadable {
        if unreadable.reference.namespace.as_ref() == Some(&settings.mesh.root_namespace) {
            unreadable.gap.affects = Affects::Everything;
        }
    }
    (authorization, authentication, unreadable)
}

/// What may be in lists that were not read, and the gaps that tell of them. Policies of the root namespace count
/// everywhere.
fn not_read(lists: &[NotRead], settings: &Settings) -> (Vec<Unreadable>, Vec<Gap>) {
    let root = settings.mesh.root_namespace.as_str();
    let widened = |gap: Gap| match &gap.affects {
        Affects::Policies(extent) if extent.covers(root) => Gap { affects: Affects::Everything, ..gap },
        _ => gap,
    };
    // An istiod that could not be seen this time may say anything about every answer.
    let of_istio = |list: &NotRead| {
        matches!(list.why, Why::TimedOut(_) | Why::Failed(_))
            && list.resource == "pods"
            && settings.istio_namespaces.iter().any(|namespace| list.extent.covers(namespace))
    };
    let told = lists.iter().filter(|list| list.why != Why::NotAsked).map(|list| match of_istio(list) {
        true => Gap { affects: Affects::Everything, ..list.gap() },
        false => widened(list.gap()),
    });
    let unreadable = lists.iter().filter_map(NotRead::unreadable);
    let unreadable = unreadable.map(|u| Unreadable { gap: widened(u.gap), ..u });
    (unreadable.collect(), told.collect())
}

/// Of two objects of one name the later one stays, as after `kubectl apply`; different content is a gap.
fn deduplicate(objects: &mut Objects, gaps: &mut Vec<Gap>) {
    let sources = &objects.sources;
    let mut keep = Keep { sources, gaps };
    keep.last(&mut objects.namespaces, |_| Kind::Namespace);
    keep.last(&mut objects.pods, |_| Kind::Pod);
    keep.last(&mut objects.templates, |object| object.spec.kind.clone());
    keep.last(&mut objects.services, |_| Kind::Service);
    keep.last(&mut objects.authorization_policies, |_| Kind::AuthorizationPolicy);
    keep.last(&mut objects.peer_authentications, |_| Kind::PeerAuthentication);
    keep.last(&mut objects.network_policies, |_| Kind::NetworkPolicy);
    keep.last(&mut objects.admin_network_policies, |_| Kind::AdminNetworkPolicy);
    keep.last(&mut objects.baseline_admin_network_policies, |_| Kind::BaselineAdminNetworkPolicy);
    keep.last(&mut objects.gateways, |_| Kind::Gateway);
    keep.last(&mut objects.destination_rules, |_| Kind::Other("DestinationRule".into()));
    keep.last(&mut objects.request_authentications, |_| Kind::Other("RequestAuthentication".into()));
    keep.last(&mut objects.sidecars, |_| Kind::Other("Sidecar".into()));
    keep.last(&mut objects.virtual_services, |_| Kind::Other("VirtualService".into()));
    keep.last(&mut objects.envoy_filters, |_| Kind::Other("EnvoyFilter".into()));
    keep.last(&mut objects.routes, |route| route.spec.kind.clone());
    keep.last(&mut objects.gateway_classes, |_| Kind::Other("GatewayClass".into()));
    keep.last(&mut objects.roles, |role| rbac_kind(role, "Role", "ClusterRole"));
    keep.last(&mut objects.role_bindings, |binding| rbac_kind(binding, "RoleBinding", "ClusterRoleBinding"));
    keep.last(&mut objects.endpoint_slices, |_| Kind::Other("EndpointSlice".into()));
    keep.last(&mut objects.config_maps, |_| Kind::Other("ConfigMap".into()));
}

struct Keep<'a> {
    sources: &'a Sources,
    gaps: &'a mut Vec<Gap>,
}

impl Keep<'_> {
    fn last<T>(&mut self, objects: &mut Vec<Object<T>>, kind: impl Fn(&Object<T>) -> Kind) {
        let mut last: FxHashMap<(Kind, Option<Name>, Name), usize> = FxHashMap::default();
        let mut dropped = Vec::new();
        for (at, object) in objects.iter().enumerate() {
            let key = (kind(object), object.meta.namespace.clone(), object.meta.name.clone());
            if let Some(before) = last.insert(key, at) {
                dropped.push(before);
                if let Some(first) = objects.get(before) {
                    self.differing(first, object, &kind(object));
                }
            }
        }
        let mut at = 0;
        dropped.sort_unstable();
        objects.retain(|_| {
            at += 1;
            dropped.binary_search(&(at - 1)).is_err()
        });
    }

    fn differing<T>(&mut self, first: &Object<T>, second: &Object<T>, kind: &Kind) {
        if self.sources.text(&first.origin).trim() == self.sources.text(&second.origin).trim() {
            return;
        }
        let locate =
            |object: &Object<T>| self.sources.locate(&object.origin, &crate::model::FieldPath::default());
        let subject = match &second.meta.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", kind.printed(), second.meta.name),
            None => format!("{}/{}", kind.printed(), second.meta.name),
        };
        let first =
            locate(first).map_or_else(|| "the first".to_owned(), |l| format!("{}:{}", l.file, l.line));
        self.gaps.push(Gap {
            code: Code::DuplicateObject,
            kind: GapKind::Invalid,
            location: locate(second),
            affects: Affects::of(kind, second.meta.namespace.clone().map(Into::into)),
            evidence: Evidence::none().with("subject", &subject).with("first", first),
            subject,
        });
    }
}
