//! Sidecar, `networking.istio.io`: what the proxies of a namespace know of the mesh, and what they take in.

use serde::de::IgnoredAny;

use crate::model::{Labels, Name};
use crate::wire::wire;

wire! {
    /// `spec` of a Sidecar.
    #[derive(Clone, Debug)]
    pub struct Sidecar {
        /// The proxies that it is for; none: all of its namespace, in the root namespace of the mesh.
        pub workload_selector: Option<LabelsSelector> = "workloadSelector",
        /// What it takes in, in place of what Services say.
        pub ingress: Vec<IgnoredAny> = "ingress",
        /// What it knows of.
        pub egress: Vec<Egress> = "egress",
        /// Whether it sends to what it does not know.
        pub outbound_traffic_policy: Option<OutboundTrafficPolicy> = "outboundTrafficPolicy",
        /// Limits.
        pub inbound_connection_pool: IgnoredAny = "inboundConnectionPool",
    }
    unknown
}

wire! {
    /// Selects workloads, under a name that is not that of other kinds.
    #[derive(Clone, Debug)]
    pub struct LabelsSelector {
        /// The labels.
        pub labels: Labels = "labels",
    }
    unknown
}

wire! {
    /// What a proxy knows of at a port, or at all.
    #[derive(Clone, Debug)]
    pub struct Egress {
        /// `namespace/host`.
        pub hosts: Vec<Name> = "hosts",
        /// The port that it is for.
        pub port: Option<IgnoredAny> = "port",
        /// The address that it is for.
        pub bind: Option<Name> = "bind",
        /// How traffic comes to it.
        pub capture_mode: Option<Name> = "captureMode",
    }
    unknown
}

wire! {
    /// What becomes of what a proxy does not know.
    #[derive(Clone, Debug)]
    pub struct OutboundTrafficPolicy {
        /// ALLOW_ANY or REGISTRY_ONLY.
        pub mode: Option<Name> = "mode",
        /// Through what it is sent.
        pub egress_proxy: Option<IgnoredAny> = "egressProxy",
    }
}
