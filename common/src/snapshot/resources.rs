//! Which resources of an API say something about a mesh, and how little of each is enough.
//!
//! One table for whoever reads lists: a cluster, and a bundle of what was read there.

use crate::model::Kind;

#[cfg(test)]
mod tests;

/// How much of an object is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// All of it.
    Whole,
    /// Its metadata: the name and the labels say everything.
    Metadata,
}

/// What a resource is about: whoever asks names topics, not resources.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Topic {
    /// Namespaces, by their labels.
    Namespaces,
    /// Nodes, by name.
    Nodes,
    /// ServiceAccounts, by name.
    Accounts,
    /// Pods.
    Pods,
    /// What people write that makes pods.
    Templates,
    /// What makes pods and is mostly made by a Deployment: read only where it is asked about by name.
    ReplicaSets,
    /// Services and what stands behind them.
    Services,
    /// Istio's policies.
    Policies,
    /// What isolates pods on the network.
    Network,
    /// Istio's settings.
    Settings,
    /// Waypoints and gateways.
    Gateways,
    /// How the proxies of clients send.
    Routing,
    /// Who may do what.
    Rbac,
}

impl Topic {
    /// What a kind is about, whichever group it is of; `None` for kinds that are never read.
    #[must_use]
    pub fn of(kind: &Kind) -> Option<Self> {
        RESOURCES.iter().find(|resource| resource.kind == kind.wire()).map(|resource| resource.topic)
    }
}

/// A resource, as its API group calls it.
#[derive(PartialEq, Eq, Debug)]
pub struct Resource {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The versions whose meaning is known, the best first.
    pub versions: &'static [&'static str],
    /// As in paths and RBAC rules.
    pub plural: &'static str,
    /// As in objects.
    pub kind: &'static str,
    /// Whether its objects stand in namespaces.
    pub namespaced: bool,
    /// How much of an object is read.
    pub detail: Detail,
    /// What it is about.
    pub topic: Topic,
}

impl Resource {
    /// The resource of a name as [`Resource::name`] gives it.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|resource| resource.name() == name)
    }

    /// `pods`, `authorizationpolicies.security.istio.io`: as kubectl names it.
    #[must_use]
    pub fn name(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether a cluster without it is worth a word: where a mesh is, it is.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        self.topic == Topic::Policies
    }

    /// The kind in our words.
    #[must_use]
    pub fn model_kind(&self) -> Kind {
        Kind::from_wire(self.kind)
    }

    /// `v1`, `security.istio.io/v1`
    #[must_use]
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// Where the API server lists it.
    #[must_use]
    pub fn path(&self, version: &str, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let api_version = self.api_version(version);
        match namespace {
            Some(namespace) => {
                format!("{root}/{api_version}/namespaces/{}/{}", escaped(namespace), self.plural)
            }
            None => format!("{root}/{api_version}/{}", self.plural),
        }
    }
}

/// A text as one segment of a path, or as a value of a query: it is nothing else there, whatever it holds.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

macro_rules! resources {
    ($( $topic:ident, $detail:ident, $namespaced:literal:
        $group:literal [$($version:literal),+] $plural:literal $kind:literal; )*) => {
        /// Everything that is ever read, in the order in which lists are asked for: the longest first.
        pub static RESOURCES: &[Resource] = &[ $( Resource {
            group: $group, versions: &[$($version),+], plural: $plural, kind: $kind,
            namespaced: $namespaced, detail: Detail::$detail, topic: Topic::$topic,
        } ),* ];
    };
}

resources! {
    Pods, Whole, true: "" ["v1"] "pods" "Pod";
    Policies, Whole, true: "security.istio.io" ["v1", "v1beta1"] "authorizationpolicies" "AuthorizationPolicy";
    Policies, Whole, true: "security.istio.io" ["v1", "v1beta1"] "peerauthentications" "PeerAuthentication";
    Namespaces, Metadata, false: "" ["v1"] "namespaces" "Namespace";
    Settings, Whole, true: "" ["v1"] "configmaps" "ConfigMap";
    Services, Whole, true: "" ["v1"] "services" "Service";
    Services, Whole, true: "discovery.k8s.io" ["v1"] "endpointslices" "EndpointSlice";
    Services, Whole, true: "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] "workloadentries" "WorkloadEntry";
    Services, Whole, true: "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] "serviceentries" "ServiceEntry";
    Network, Whole, true: "networking.k8s.io" ["v1"] "networkpolicies" "NetworkPolicy";
    Network, Whole, false: "policy.networking.k8s.io" ["v1alpha1"] "adminnetworkpolicies" "AdminNetworkPolicy";
    Network, Whole, false: "policy.networking.k8s.io" ["v1alpha1"] "baselineadminnetworkpolicies" "BaselineAdminNetworkPolicy";
    Network, Metadata, false: "policy.networking.k8s.io" ["v1alpha2"] "clusternetworkpolicies" "ClusterNetworkPolicy";
    Network, Metadata, true: "cilium.io" ["v2"] "ciliumnetworkpolicies" "CiliumNetworkPolicy";
    Network, Metadata, false: "cilium.io" ["v2"] "ciliumclusterwidenetworkpolicies" "CiliumClusterwideNetworkPolicy";
    Network, Metadata, true: "crd.projectcalico.org" ["v1"] "networkpolicies" "NetworkPolicy";
    Network, Metadata, false: "crd.projectcalico.org" ["v1"] "globalnetworkpolicies" "GlobalNetworkPolicy";
    Network, Metadata, true: "projectcalico.org" ["v3"] "networkpolicies" "NetworkPolicy";
    Network, Metadata, false: "projectcalico.org" ["v3"] "globalnetworkpolicies" "GlobalNetworkPolicy";
    Gateways, Whole, true: "gateway.networking.k8s.io" ["v1", "v1beta1"] "gateways" "Gateway";
    Gateways, Metadata, false: "gateway.networking.k8s.io" ["v1", "v1beta1"] "gatewayclasses" "GatewayClass";
    Routing, Whole, true: "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] "destinationrules" "DestinationRule";
    Routing, Whole, true: "security.istio.io" ["v1", "v1beta1"] "requestauthentications" "RequestAuthentication";
    Routing, Whole, true: "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] "virtualservices" "VirtualService";
    Routing, Whole, true: "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] "sidecars" "Sidecar";
    Routing, Whole, true: "networking.istio.io" ["v1alpha3"] "envoyfilters" "EnvoyFilter";
    Routing, Whole, true: "extensions.istio.io" ["v1alpha1"] "wasmplugins" "WasmPlugin";
    Routing, Whole, true: "extensions.istio.io" ["v1alpha1"] "trafficextensions" "TrafficExtension";
    Routing, Whole, true: "gateway.networking.k8s.io" ["v1", "v1beta1"] "httproutes" "HTTPRoute";
    Routing, Whole, true: "gateway.networking.k8s.io" ["v1", "v1alpha2"] "grpcroutes" "GRPCRoute";
    Routing, Whole, true: "gateway.networking.k8s.io" ["v1", "v1alpha2"] "tcproutes" "TCPRoute";
    Routing, Whole, true: "gateway.networking.k8s.io" ["v1", "v1alpha3", "v1alpha2"] "tlsroutes" "TLSRoute";
    Accounts, Metadata, true: "" ["v1"] "serviceaccounts" "ServiceAccount";
    Nodes, Metadata, false: "" ["v1"] "nodes" "Node";
    Templates, Whole, true: "apps" ["v1"] "deployments" "Deployment";
    Templates, Whole, true: "apps" ["v1"] "statefulsets" "StatefulSet";
    Templates, Whole, true: "apps" ["v1"] "daemonsets" "DaemonSet";
    ReplicaSets, Whole, true: "apps" ["v1"] "replicasets" "ReplicaSet";
    ReplicaSets, Whole, true: "" ["v1"] "replicationcontrollers" "ReplicationController";
    Templates, Whole, true: "batch" ["v1"] "jobs" "Job";
    Templates, Whole, true: "batch" ["v1"] "cronjobs" "CronJob";
    Rbac, Whole, true: "rbac.authorization.k8s.io" ["v1"] "roles" "Role";
    Rbac, Whole, true: "rbac.authorization.k8s.io" ["v1"] "rolebindings" "RoleBinding";
    Rbac, Whole, false: "rbac.authorization.k8s.io" ["v1"] "clusterroles" "ClusterRole";
    Rbac, Whole, false: "rbac.authorization.k8s.io" ["v1"] "clusterrolebindings" "ClusterRoleBinding";
}
