//! What isolates pods on the network, as it is written: NetworkPolicy, AdminNetworkPolicy and
//! BaselineAdminNetworkPolicy.
//!
//! A condition that is overlooked makes a rule wider than it is, so every struct names the fields that it does not
//! know.

use crate::model::{LabelSelector, Name, PortRef, Protocol};
use crate::wire::wire;

wire! {
    /// `spec` of a NetworkPolicy.
    #[derive(Clone, Debug)]
    pub struct NetworkPolicySpec {
        /// The pods; empty: all of the namespace.
        pub pod_selector: LabelSelector = "podSelector",
        /// Ingress, Egress; absent: Ingress, and Egress when there are egress rules.
        pub policy_types: Vec<Name> = "policyTypes",
        /// What comes in: any of these.
        pub ingress: Vec<IngressRule> = "ingress",
        /// What goes out: any of these.
        pub egress: Vec<EgressRule> = "egress",
    }
    unknown
}

impl NetworkPolicySpec {
    /// Whether it isolates what comes in: also without `policyTypes`.
    #[must_use]
    pub fn isolates_ingress(&self) -> bool {
        self.policy_types.is_empty() || self.names("Ingress")
    }

    /// Whether it isolates what goes out: without `policyTypes` when it has egress rules.
    #[must_use]
    pub fn isolates_egress(&self) -> bool {
        self.names("Egress") || self.policy_types.is_empty() && !self.egress.is_empty()
    }

    fn names(&self, policy_type: &str) -> bool {
        self.policy_types.iter().any(|of| **of == *policy_type)
    }

    /// The peers of all rules.
    pub fn peers(&self) -> impl Iterator<Item = &NetworkPeer> {
        let from = self.ingress.iter().flat_map(|rule| &rule.from);
        from.chain(self.egress.iter().flat_map(|rule| &rule.to))
    }

    /// The ports of all rules.
    pub fn ports(&self) -> impl Iterator<Item = &NetworkPort> {
        let ingress = self.ingress.iter().flat_map(|rule| &rule.ports);
        ingress.chain(self.egress.iter().flat_map(|rule| &rule.ports))
    }
}

wire! {
    /// What a NetworkPolicy lets in.
    #[derive(Clone, Debug)]
    pub struct IngressRule {
        /// From any of these; empty: from everywhere.
        pub from: Vec<NetworkPeer> = "from",
        /// To any of these; empty: to every port.
        pub ports: Vec<NetworkPort> = "ports",
    }
    unknown
}

wire! {
    /// What a NetworkPolicy lets out.
    #[derive(Clone, Debug)]
    pub struct EgressRule {
        /// To any of these; empty: to everywhere.
        pub to: Vec<NetworkPeer> = "to",
        /// To any of these; empty: to every port.
        pub ports: Vec<NetworkPort> = "ports",
    }
    unknown
}

wire! {
    /// Pods, or a block of addresses.
    #[derive(Clone, Debug)]
    pub struct NetworkPeer {
        /// Pods of the policy's namespace, or of those that are selected.
        pub pod_selector: Option<LabelSelector> = "podSelector",
        /// Namespaces.
        pub namespace_selector: Option<LabelSelector> = "namespaceSelector",
        /// Addresses.
        pub ip_block: Option<IpBlockSpec> = "ipBlock",
    }
    unknown
}

wire! {
    /// A block of addresses with holes.
    #[derive(Clone, Debug)]
    pub struct IpBlockSpec {
        /// The block.
        pub cidr: Name = "cidr",
        /// The holes.
        pub except: Vec<Name> = "except",
    }
    unknown
}

wire! {
    /// Ports of one transport.
    #[derive(Clone, Debug)]
    pub struct NetworkPort {
        /// A number, or the name of a port of the pod that is called; absent: every port.
        pub port: Option<PortRef> = "port",
        /// The last port of a range.
        pub end_port: Option<u16> = "endPort",
        /// Its transport.
        pub protocol: Protocol = "protocol",
    }
    unknown
}

wire! {
    /// `spec` of an AdminNetworkPolicy, and of the BaselineAdminNetworkPolicy, which has no priority.
    #[derive(Clone, Debug)]
    pub struct AdminNetworkPolicySpec {
        /// The lowest comes first.
        pub priority: Option<i64> = "priority",
        /// The pods.
        pub subject: AdminSubject = "subject",
        /// What comes in: the first that matches.
        pub ingress: Vec<AdminIngressRule> = "ingress",
        /// What goes out: the first that matches.
        pub egress: Vec<AdminEgressRule> = "egress",
    }
    unknown
}

impl AdminNetworkPolicySpec {
    /// The peers of all rules.
    pub fn peers(&self) -> impl Iterator<Item = &AdminPeer> {
        let from = self.ingress.iter().flat_map(|rule| &rule.from);
        from.chain(self.egress.iter().flat_map(|rule| &rule.to))
    }

    /// The ports of all rules.
    pub fn ports(&self) -> impl Iterator<Item = &AdminPort> {
        let ingress = self.ingress.iter().flat_map(|rule| &rule.ports);
        ingress.chain(self.egress.iter().flat_map(|rule| &rule.ports))
    }
}

wire! {
    /// The pods of an AdminNetworkPolicy: one of both.
    #[derive(Clone, Debug)]
    pub struct AdminSubject {
        /// All pods of namespaces.
        pub namespaces: Option<LabelSelector> = "namespaces",
        /// Pods of namespaces.
        pub pods: Option<NamespacedPods> = "pods",
    }
    unknown
}

wire! {
    /// Pods by their labels and those of their namespaces.
    #[derive(Clone, Debug)]
    pub struct NamespacedPods {
        /// The namespaces.
        pub namespace_selector: LabelSelector = "namespaceSelector",
        /// The pods.
        pub pod_selector: LabelSelector = "podSelector",
    }
    unknown
}

wire! {
    /// A rule about what comes in.
    #[derive(Clone, Debug)]
    pub struct AdminIngressRule {
        /// Its name, which decides nothing.
        pub name: Option<Name> = "name",
        /// Allow, Deny or Pass.
        pub action: Name = "action",
        /// From any of these.
        pub from: Vec<AdminPeer> = "from",
        /// To any of these; empty: to every port.
        pub ports: Vec<AdminPort> = "ports",
    }
    unknown
}

wire! {
    /// A rule about what goes out.
    #[derive(Clone, Debug)]
    pub struct AdminEgressRule {
        /// Its name, which decides nothing.
        pub name: Option<Name> = "name",
        /// Allow, Deny or Pass.
        pub action: Name = "action",
        /// To any of these.
        pub to: Vec<AdminPeer> = "to",
        /// To any of these; empty: to every port.
        pub ports: Vec<AdminPort> = "ports",
    }
    unknown
}

wire! {
    /// One of these.
    #[derive(Clone, Debug)]
    pub struct AdminPeer {
        /// All pods of namespaces.
        pub namespaces: Option<LabelSelector> = "namespaces",
        /// Pods of namespaces.
        pub pods: Option<NamespacedPods> = "pods",
        /// Blocks of addresses; of egress only.
        pub networks: Vec<Name> = "networks",
        /// Nodes by their labels; of egress only.
        pub nodes: Option<LabelSelector> = "nodes",
        /// Hosts by their names; of egress only.
        pub domain_names: Vec<Name> = "domainNames",
    }
    unknown
}

wire! {
    /// One of these.
    #[derive(Clone, Debug)]
    pub struct AdminPort {
        /// A number.
        pub port_number: Option<AdminPortNumber> = "portNumber",
        /// A name of a port of the pod that is called.
        pub named_port: Option<Name> = "namedPort",
        /// Numbers from here to there.
        pub port_range: Option<AdminPortRange> = "portRange",
    }
    unknown
}

wire! {
    /// A port by its number.
    #[derive(Clone, Debug)]
    pub struct AdminPortNumber {
        /// The number.
        pub port: u16 = "port",
        /// Its transport.
        pub protocol: Protocol = "protocol",
    }
    unknown
}

wire! {
    /// Ports by their numbers.
    #[derive(Clone, Debug)]
    pub struct AdminPortRange {
        /// The first.
        pub start: u16 = "start",
        /// The last.
        pub end: u16 = "end",
        /// Their transport.
        pub protocol: Protocol = "protocol",
    }
    unknown
}
