//! Why a gate let a connection through or did not: a closed list, in JSON by its names.

use serde::Serialize;

macro_rules! reasons {
    ($( $(#[doc = $doc:literal])* $reason:ident ; )*) => {
        /// Why a gate decided as it did.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        pub enum Reason {
            $( $(#[doc = $doc])* $reason, )*
        }

        impl Reason {
            /// Every reason, in the order of docs/codes.md.
            pub const ALL: &[Reason] = &[ $( Reason::$reason ),* ];

            /// What it means, in one line.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $( Self::$reason => concat!($($doc),*).trim_ascii(), )*
                }
            }

            /// The name in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$reason => stringify!($reason), )*
                }
            }
        }
    };
}

reasons! {
    /// A rule of an ALLOW policy matches.
    AllowMatched;
    /// No policy refuses it, and there is no ALLOW policy.
    NoPolicy;
    /// Nothing of the mesh stands in front of the destination.
    NotCaptured;
    /// Plaintext reaches the application past ztunnel (annotation `ambient.istio.io/bypass-inbound-capture`).
    InboundBypassed;
    /// What is sent to the port does not come to the pod's Envoy.
    NotIntercepted;
    /// A process on the pod's own node reaches it past ztunnel.
    HostExempt;
    /// A pod calls its own address: that never leaves the pod.
    Loopback;
    /// A rule of a DENY policy matches.
    ExplicitDeny;
    /// There are ALLOW policies, and none matches.
    NoAllowMatched;
    /// Plaintext, and the mTLS mode is STRICT.
    StrictMtls;
    /// The peer's identity is of another trust domain: refused in the TLS handshake.
    TrustDomainMismatch;
    /// The token that is given is of no issuer that a RequestAuthentication accepts.
    TokenRefused;
    /// Nothing ready stands behind the Service.
    NoEndpoint;
    /// The Service does not declare the port, or no pod has the port that it is mapped to.
    NoPort;
    /// The Service declares the port for another protocol: ztunnel sends TCP there too, kube-proxy does not.
    NotForTcp;
    /// A port of ztunnel itself.
    SelfCall;
    /// A port of the pod's Envoy itself, which leads nowhere.
    ProxyPort;
    /// Redirected, but no ztunnel answers yet: nothing gets in or out.
    RedirectionPending;
    /// The Namespace was not read, so that nobody knows whether the pod is in the mesh, and it matters.
    NamespaceNotRead;
    /// istiod does not look at the pod's namespace: what its ztunnel does then is not judged.
    NotDiscovered;
    /// Which pods stand behind the Service or the address, and how they are reached, cannot be told from what was
    /// read.
    EndpointUnclear;
    /// Which of the tied PeerAuthentications holds is not defined, and they differ.
    PeerAuthenticationTie;
    /// A policy that may apply could not be read.
    PolicyUnreadable;
    /// NetworkPolicies isolate the pod, and none lets it through.
    NetworkPolicyIsolated;
    /// NetworkPolicies let the application's port through, but not 15008, at which HBONE arrives.
    HbonePortBlocked;
    /// A rule of an administrator's policy refuses it.
    AdminNetworkPolicyDeny;
    /// Whether a rule of a policy of the network matches cannot be told, or nothing says which of two comes first.
    NetworkPolicyUnclear;
    /// NetworkPolicies isolate the pod; what they see of the network of a node is for the network plug-in.
    NodeTraffic;
    /// The traffic goes through a waypoint of which too little was read, or that is not judged by this version.
    WaypointNotJudged;
    /// An Envoy handles the traffic, which is not judged by this version.
    SidecarNotJudged;
    /// An object of a kind that is not judged by this version is, or may be, at the address.
    KindNotJudged;
    /// The Service is only another name for a host.
    ExternalName;
    /// Its policies tell too many groups of peers apart to list them; a question about one peer is answered.
    TooManyGroups;
    /// An Envoy would not take the rules and keeps those that it had, which are not known.
    EnvoyRefusesRules;
    /// None of the waypoint's pods takes connections.
    WaypointNotReady;
    /// It depends on the request, of which too little was given.
    RequestDecides;
    /// It depends on whether HTTP is spoken, which the Envoy finds out.
    ProtocolDecides;
    /// It depends on which waypoint, or which pod of it, takes the connection.
    WaypointDecides;
    /// It depends on an address that is not known.
    AddressDecides;
    /// It depends on which of several pods takes the connection.
    DestinationDecides;
    /// It depends on which of several workloads calls.
    SourceDecides;
    /// It depends on the port.
    PortDecides;
    /// It depends on the node.
    NodeDecides;
    /// Nothing has the name that was asked about.
    NotFound;
    /// What a gate before it decided leaves nothing to judge.
    NotReached;
    /// The connection arrives with its identity, over HBONE.
    Hbone;
    /// The connection arrives with its identity, over the mTLS of sidecars.
    Mtls;
    /// The connection goes to the waypoint with its identity, over HBONE.
    Waypoint;
    /// The connection arrives as plaintext.
    Plaintext;
    /// The address of a workload, or the endpoint of a Service.
    Resolved;
    /// Plaintext is taken, or the connection is not plaintext.
    MtlsSatisfied;
    /// No NetworkPolicy selects the pod.
    NotIsolated;
    /// NetworkPolicies do not keep out the pod's own node.
    OwnNode;
    /// A rule of a NetworkPolicy lets it through.
    NetworkPolicyAllow;
    /// A block of addresses in a NetworkPolicy, in which the pod's own address is, lets it through.
    IpBlockAllows;
    /// A rule of an administrator's policy lets it through.
    AdminNetworkPolicyAllow;
}
