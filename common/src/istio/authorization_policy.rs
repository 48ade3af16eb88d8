//! AuthorizationPolicy, `security.istio.io` v1 and v1beta1 (the same fields).

use serde::Deserialize;

use crate::model::{Labels, Name};
use crate::wire::wire;

/// What happens to a request that a rule matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// Let it in; what no ALLOW policy matches is refused. Also what an absent field means.
    #[default]
    Allow,
    /// Refuse it.
    Deny,
    /// Mark it for an audit log.
    Audit,
    /// Ask an external authorizer.
    Custom,
}

wire! {
    /// `spec` of an AuthorizationPolicy.
    #[derive(Clone, Debug)]
    pub struct AuthorizationPolicy {
        /// The workloads that it is about. Absent and empty mean different things.
        pub selector: Option<WorkloadSelector> = "selector",
        /// What it is attached to instead of workloads.
        pub target_ref: Option<TargetReference> = "targetRef",
        /// The same, several.
        pub target_refs: Vec<TargetReference> = "targetRefs",
        /// What it matches: any of these.
        pub rules: Vec<Rule> = "rules",
        /// What happens to what it matches.
        pub action: Action = "action",
        /// Who decides, for CUSTOM.
        pub provider: ExtensionProvider = "provider",
    }
    unknown
}

wire! {
    /// An external authorizer: one of MeshConfig's `extensionProviders`.
    #[derive(Clone, Debug)]
    pub struct ExtensionProvider {
        /// Its name there.
        pub name: Name = "name",
    }
}

wire! {
    /// Selects workloads by equality of labels.
    #[derive(Clone, Debug)]
    pub struct WorkloadSelector {
        /// The labels. Absent and empty mean different things to istiod.
        pub match_labels: Option<Labels> = "matchLabels",
    }
    unknown
}

wire! {
    /// What a policy is attached to.
    #[derive(Clone, Debug)]
    pub struct TargetReference {
        /// API group of the kind.
        pub group: Option<Name> = "group",
        /// Gateway, GatewayClass, Service or ServiceEntry.
        pub kind: Option<Name> = "kind",
        /// Its name.
        pub name: Option<Name> = "name",
        /// Its namespace; must be the policy's.
        pub namespace: Option<Name> = "namespace",
    }
    unknown
}

wire! {
    /// One rule: `from`, `to` and every `when` must hold.
    #[derive(Clone, Debug)]
    pub struct Rule {
        /// Any of these sources. Without any, whoever it is.
        pub from: Option<Vec<From>> = "from",
        /// Any of these operations. Without any, whatever it is.
        pub to: Option<Vec<To>> = "to",
        /// All of these conditions.
        pub when: Vec<Condition> = "when",
    }
    unknown
}

impl AuthorizationPolicy {
    /// Whether it is for a waypoint or a gateway (model.GetTargetRefs). An empty list is none.
    #[must_use]
    pub fn has_targets(&self) -> bool {
        self.target_ref.is_some() || !self.target_refs.is_empty()
    }
}

impl AuthorizationPolicy {
    /// What it is attached to: `targetRef` counts only where `targetRefs` is empty (model.GetTargetRefs).
    pub fn targets(&self) -> impl Iterator<Item = &TargetReference> {
        let single = self.target_ref.iter().filter(|_| self.target_refs.is_empty());
        self.target_refs.iter().chain(single)
    }
}

/// The kinds of objects that policies are attached to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TargetKind {
    /// `gateway.networking.k8s.io`
    Gateway,
    /// `gateway.networking.k8s.io`, of the cluster
    GatewayClass,
    /// The core
    Service,
    /// `networking.istio.io`
    ServiceEntry,
}

impl TargetReference {
    /// Its kind, where istiod takes that from the group that is named (model.ShouldAttachPolicy,
    /// `matchesGroupKind`).
    #[must_use]
    pub fn target_kind(&self) -> Option<TargetKind> {
        let text = |field: &Option<Name>| field.clone().unwrap_or_default();
        let (group, kind) = (text(&self.group), text(&self.kind));
        Some(match (&*group, &*kind) {
            ("gateway.networking.k8s.io", "Gateway") => TargetKind::Gateway,
            ("gateway.networking.k8s.io", "GatewayClass") => TargetKind::GatewayClass,
            ("" | "core", "Service") => TargetKind::Service,
            ("networking.istio.io", "ServiceEntry") => TargetKind::ServiceEntry,
            _ => return None,
        })
    }
}

impl Rule {
    /// The entries of `from`.
    #[must_use]
    pub fn sources(&self) -> &[From] {
        self.from.as_deref().unwrap_or_default()
    }

    /// The entries of `to`.
    #[must_use]
    pub fn operations(&self) -> &[To] {
        self.to.as_deref().unwrap_or_default()
    }
}

wire! {
    /// An entry of `from`.
    #[derive(Clone, Debug)]
    pub struct From {
        /// The source. Admission refuses an entry without it.
        pub source: Option<Source> = "source",
    }
    unknown
}

wire! {
    /// An entry of `to`.
    #[derive(Clone, Debug)]
    pub struct To {
        /// The operation. Admission refuses an entry without it.
        pub operation: Option<Operation> = "operation",
    }
    unknown
}

wire! {
    /// Who calls. Every field that is set must hold.
    #[derive(Clone, Debug)]
    pub struct Source {
        /// Identities without `spiffe://`.
        pub principals: Vec<Name> = "principals",
        /// None of these identities.
        pub not_principals: Vec<Name> = "notPrincipals",
        /// Identities of a JWT.
        pub request_principals: Vec<Name> = "requestPrincipals",
        /// None of these identities of a JWT.
        pub not_request_principals: Vec<Name> = "notRequestPrincipals",
        /// Namespaces of the identity.
        pub namespaces: Vec<Name> = "namespaces",
        /// None of these namespaces.
        pub not_namespaces: Vec<Name> = "notNamespaces",
        /// Accounts: `account` of the policy's namespace, or `namespace/account`.
        pub service_accounts: Vec<Name> = "serviceAccounts",
        /// None of these accounts.
        pub not_service_accounts: Vec<Name> = "notServiceAccounts",
        /// Trust domains of the identity.
        pub trust_domains: Vec<Name> = "trustDomains",
        /// None of these trust domains.
        pub not_trust_domains: Vec<Name> = "notTrustDomains",
        /// Addresses of the TCP peer.
        pub ip_blocks: Vec<Name> = "ipBlocks",
        /// None of these addresses.
        pub not_ip_blocks: Vec<Name> = "notIpBlocks",
        /// Addresses of the original client.
        pub remote_ip_blocks: Vec<Name> = "remoteIpBlocks",
        /// None of these addresses.
        pub not_remote_ip_blocks: Vec<Name> = "notRemoteIpBlocks",
    }
    unknown
}

wire! {
    /// What is called. Every field that is set must hold.
    #[derive(Clone, Debug)]
    pub struct Operation {
        /// Hosts.
        pub hosts: Vec<Name> = "hosts",
        /// None of these hosts.
        pub not_hosts: Vec<Name> = "notHosts",
        /// Ports.
        pub ports: Vec<Name> = "ports",
        /// None of these ports.
        pub not_ports: Vec<Name> = "notPorts",
        /// HTTP methods.
        pub methods: Vec<Name> = "methods",
        /// None of these methods.
        pub not_methods: Vec<Name> = "notMethods",
        /// Paths.
        pub paths: Vec<Name> = "paths",
        /// None of these paths.
        pub not_paths: Vec<Name> = "notPaths",
    }
    unknown
}

wire! {
    /// An entry of `when`.
    #[derive(Clone, Debug)]
    pub struct Condition {
        /// The attribute.
        pub key: Name = "key",
        /// Any of these values.
        pub values: Vec<Name> = "values",
        /// None of these values.
        pub not_values: Vec<Name> = "notValues",
    }
    unknown
}
