//! What was read, before anything is understood of it: the way from I/O into a snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::{Gap, NotRead, Sources, Unreadable};
use crate::istio::{
    AuthorizationPolicy, DestinationRule, EnvoyFilter, Extension, PeerAuthentication, RequestAuthentication,
    Route, ServiceEntry, Sidecar, VirtualService, WorkloadEntry,
};
use crate::kubernetes::{
    AdminNetworkPolicySpec, EndpointSlice, GatewaySpec, GatewayStatus, NetworkPolicySpec, ObjectMeta,
    PodSpec, PodStatus, PodTemplate, RoleBindingSpec, RoleSpec, ServiceSpec,
};
use crate::model::{Kind, Name, Namespace, Origin, ResourceRef};

/// An object and where it was written. Its namespace is filled in.
#[derive(Clone, Debug)]
pub struct Object<T> {
    /// Its metadata.
    pub meta: ObjectMeta,
    /// What it says.
    pub spec: T,
    /// Where it was written.
    pub origin: Origin,
}

impl<T> Object<T> {
    /// The object's name in full.
    #[must_use]
    pub fn reference(&self, kind: Kind) -> ResourceRef {
        match &self.meta.namespace {
            Some(namespace) => ResourceRef::new(kind, namespace.clone(), self.meta.name.clone()),
            None => ResourceRef::cluster(kind, self.meta.name.clone()),
        }
    }

    /// The object's namespace; empty for an object of the cluster.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        self.meta.namespace.clone().unwrap_or_default().into()
    }
}

/// A pod as it was read.
#[derive(Clone, Debug)]
pub struct PodObject {
    /// What was asked for.
    pub spec: PodSpec,
    /// What became of it; `None` in a pod that a person wrote.
    pub status: Option<PodStatus>,
}

/// A Gateway as it was read.
#[derive(Clone, Debug)]
pub struct GatewayObject {
    /// What was asked for.
    pub spec: GatewaySpec,
    /// What became of it; empty in a Gateway that a person wrote.
    pub status: GatewayStatus,
}

/// An object that holds a template of pods.
#[derive(Clone, Debug)]
pub struct TemplateObject {
    /// Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob.
    pub kind: Kind,
    /// How many pods it asks for.
    pub replicas: u64,
    /// A Job that has completed or failed: it makes no pods any more.
    pub ended: bool,
    /// The pods.
    pub template: PodTemplate,
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// core/v1
    pub namespaces: Vec<Object<()>>,
    /// core/v1, by name
    pub nodes: Vec<Object<()>>,
    /// core/v1, by name
    pub service_accounts: Vec<Object<()>>,
    /// core/v1
    pub pods: Vec<Object<PodObject>>,
    /// apps and batch
    pub templates: Vec<Object<TemplateObject>>,
    /// core/v1
    pub services: Vec<Object<ServiceSpec>>,
    /// Addresses of load balancers, each with its Service.
    pub load_balancers: Vec<(ResourceRef, Name)>,
    /// discovery.k8s.io
    pub endpoint_slices: Vec<Object<EndpointSlice>>,
    /// core/v1, by name: the API server makes EndpointSlices of them
    pub endpoints: Vec<Object<()>>,
    /// core/v1: those that Istio reads
    pub config_maps: Vec<Object<BTreeMap<Name, Name>>>,
    /// security.istio.io
    pub authorization_policies: Vec<Object<AuthorizationPolicy>>,
    /// security.istio.io
    pub peer_authentications: Vec<Object<PeerAuthentication>>,
    /// networking.k8s.io
    pub network_policies: Vec<Object<NetworkPolicySpec>>,
    /// policy.networking.k8s.io
    pub admin_network_policies: Vec<Object<AdminNetworkPolicySpec>>,
    /// policy.networking.k8s.io: at most one, by the name `default`
    pub baseline_admin_network_policies: Vec<Object<AdminNetworkPolicySpec>>,
    /// gateway.networking.k8s.io
    pub gateways: Vec<Object<GatewayObject>>,
    /// gateway.networking.k8s.io, by their labels and annotations
    pub gateway_classes: Vec<Object<()>>,
    /// networking.istio.io: machines that are no pods
    pub workload_entries: Vec<Object<WorkloadEntry>>,
    /// networking.istio.io: hosts that are no Service
    pub service_entries: Vec<Object<ServiceEntry>>,
    /// networking.istio.io
    pub destination_rules: Vec<Object<DestinationRule>>,
    /// security.istio.io
    pub request_authentications: Vec<Object<RequestAuthentication>>,
    /// networking.istio.io
    pub sidecars: Vec<Object<Sidecar>>,
    /// networking.istio.io
    pub virtual_services: Vec<Object<VirtualService>>,
    /// networking.istio.io
    pub envoy_filters: Vec<Object<EnvoyFilter>>,
    /// extensions.istio.io: WasmPlugins and TrafficExtensions
    pub extensions: Vec<Object<Extension>>,
    /// gateway.networking.k8s.io: HTTPRoutes, GRPCRoutes, TCPRoutes and TLSRoutes
    pub routes: Vec<Object<Route>>,
    /// rbac.authorization.k8s.io: Roles, and ClusterRoles, which have no namespace
    pub roles: Vec<Object<RoleSpec>>,
    /// rbac.authorization.k8s.io: RoleBindings, and ClusterRoleBindings, which have no namespace
    pub role_bindings: Vec<Object<RoleBindingSpec>>,
    /// Kinds that are read by name only because nothing judges them yet.
    pub named_only: Vec<Object<Kind>>,
    /// Objects that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Documents and files that could not be read.
    pub gaps: Vec<Gap>,
    /// Lists that were not read.
    pub not_read: Vec<NotRead>,
    /// Whether Gateways and GatewayClasses are all there but for what `not_read` names, as in the lists of an API
    /// server. Files tell of those that are in them.
    pub gateways_listed: bool,
    /// Objects whose namespace was filled in, and with what.
    pub namespace_assumed: Vec<(ResourceRef, Name)>,
    /// How many documents were no object or of a kind that does not matter.
    pub skipped: usize,
    /// What a person wants taken for true, whatever was read.
    pub assumed: Assumed,
    /// The texts.
    pub sources: Sources,
}

/// What is taken for true, whatever was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Assumed {
    /// Namespaces that are enrolled in ambient.
    pub ambient: BTreeSet<Name>,
    /// Flags of istiod.
    pub istiod: BTreeMap<&'static str, bool>,
    /// Gateways that are not there, also where files do not tell of all.
    pub gone: BTreeSet<ResourceRef>,
}

/// Something that is done with every list of objects.
pub(crate) trait EachList {
    /// Does it with one; `kind` is the kind of an object in it.
    fn list<T: Debug>(&mut self, list: &mut Vec<Object<T>>, kind: impl Fn(&Object<T>) -> Kind);
}

/// Kinds of RBAC come in pairs, of a namespace and of the cluster.
pub(super) fn rbac_kind<T>(object: &Object<T>, of_namespace: &str, of_cluster: &str) -> Kind {
    Kind::Other(if object.meta.namespace.is_some() { of_namespace } else { of_cluster }.into())
}

impl Objects {
    /// Does something with every list of objects that have a name.
    pub(crate) fn each_list(&mut self, each: &mut impl EachList) {
        fn other<T>(kind: &'static str) -> impl Fn(&Object<T>) -> Kind {
            move |_| Kind::Other(kind.into())
        }
        // Taken apart, so that a new list is not forgotten.
        let Self {
            namespaces,
            nodes,
            service_accounts,
            pods,
            templates,
            services,
            load_balancers: _,
            endpoint_slices,
            endpoints,
            config_maps,
            authorization_policies,
            peer_authentications,
            network_policies,
            admin_network_policies,
            baseline_admin_network_policies,
            gateways,
            gateway_classes,
            workload_entries,
            service_entries,
            destination_rules,
            request_authentications,
            sidecars,
            virtual_services,
            envoy_filters,
            extensions,
            routes,
            roles,
            role_bindings,
            named_only,
            unreadable: _,
            gaps: _,
            not_read: _,
            gateways_listed: _,
            namespace_assumed: _,
            skipped: _,
            assumed: _,
            sources: _,
        } = self;
        each.list(namespaces, |_| Kind::Namespace);
        each.list(nodes, |_| Kind::Node);
        each.list(service_accounts, |_| Kind::ServiceAccount);
        each.list(pods, |_| Kind::Pod);
        each.list(templates, |object| object.spec.kind.clone());
        each.list(services, |_| Kind::Service);
        each.list(endpoint_slices, other("EndpointSlice"));
        each.list(endpoints, other("Endpoints"));
        each.list(config_maps, other("ConfigMap"));
        each.list(authorization_policies, |_| Kind::AuthorizationPolicy);
        each.list(peer_authentications, |_| Kind::PeerAuthentication);
        each.list(network_policies, |_| Kind::NetworkPolicy);
        each.list(admin_network_policies, |_| Kind::AdminNetworkPolicy);
        each.list(baseline_admin_network_policies, |_| Kind::BaselineAdminNetworkPolicy);
        each.list(gateways, |_| Kind::Gateway);
        each.list(gateway_classes, other("GatewayClass"));
        each.list(workload_entries, other("WorkloadEntry"));
        each.list(service_entries, other("ServiceEntry"));
        each.list(destination_rules, other("DestinationRule"));
        each.list(request_authentications, other("RequestAuthentication"));
        each.list(sidecars, other("Sidecar"));
        each.list(virtual_services, other("VirtualService"));
        each.list(envoy_filters, other("EnvoyFilter"));
        each.list(extensions, |extension| extension.spec.kind.clone());
        each.list(routes, |route| route.spec.kind.clone());
        each.list(roles, |role| rbac_kind(role, "Role", "ClusterRole"));
        each.list(role_bindings, |of| rbac_kind(of, "RoleBinding", "ClusterRoleBinding"));
        each.list(named_only, |object| object.spec.clone());
    }

    /// Takes over what was read elsewhere. Its texts stay where they are: origins point into ours.
    pub fn append(&mut self, other: Self) {
        self.namespaces.extend(other.namespaces);
        self.nodes.extend(other.nodes);
        self.service_accounts.extend(other.service_accounts);
        self.pods.extend(other.pods);
        self.templates.extend(other.templates);
        self.services.extend(other.services);
        self.endpoint_slices.extend(other.endpoint_slices);
        self.endpoints.extend(other.endpoints);
        self.config_maps.extend(other.config_maps);
        self.authorization_policies.extend(other.authorization_policies);
        self.peer_authentications.extend(other.peer_authentications);
        self.network_policies.extend(other.network_policies);
        self.admin_network_policies.extend(other.admin_network_policies);
        self.baseline_admin_network_policies.extend(other.baseline_admin_network_policies);
        self.gateways.extend(other.gateways);
        self.gateway_classes.extend(other.gateway_classes);
        self.workload_entries.extend(other.workload_entries);
        self.service_entries.extend(other.service_entries);
        self.destination_rules.extend(other.destination_rules);
        self.request_authentications.extend(other.request_authentications);
        self.sidecars.extend(other.sidecars);
        self.virtual_services.extend(other.virtual_services);
        self.envoy_filters.extend(other.envoy_filters);
        self.extensions.extend(other.extensions);
        self.routes.extend(other.routes);
        self.roles.extend(other.roles);
        self.role_bindings.extend(other.role_bindings);
        self.named_only.extend(other.named_only);
        self.unreadable.extend(other.unreadable);
        self.gaps.extend(other.gaps);
        self.load_balancers.extend(other.load_balancers);
        self.not_read.extend(other.not_read);
        self.namespace_assumed.extend(other.namespace_assumed);
        self.skipped += other.skipped;
    }

    /// Whether nothing at all was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.namespaces.is_empty()
            && self.pods.is_empty()
            && self.templates.is_empty()
            && self.services.is_empty()
            && self.service_accounts.is_empty()
            && self.authorization_policies.is_empty()
            && self.peer_authentications.is_empty()
            && self.unreadable.is_empty()
    }
}
