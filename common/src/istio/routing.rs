//! Kinds that may send a client's connections elsewhere, or change a proxy in any way: VirtualService, EnvoyFilter,
//! WasmPlugin, TrafficExtension, and the routes of the Gateway API. Nothing judges them: they are read as far as they say whom they are about.

use super::sidecar::LabelsSelector;
use super::{TargetReference, WorkloadSelector};
use crate::model::{Kind, Name};
use crate::wire::wire;

wire! {
    /// `spec` of a VirtualService, as far as it says who heeds it.
    #[derive(Clone, Debug)]
    pub struct VirtualService {
        /// The hosts whose traffic it routes.
        pub hosts: Vec<Name> = "hosts",
        /// Where: gateways, and `mesh` for the proxies of clients; none: there.
        pub gateways: Vec<Name> = "gateways",
        /// The namespaces whose proxies heed it: `*`, `.`, or names; none: what MeshConfig says.
        pub export_to: Vec<Name> = "exportTo",
    }
}

wire! {
    /// `spec` of an EnvoyFilter, as far as it says which proxies it changes, and where.
    #[derive(Clone, Debug)]
    pub struct EnvoyFilter {
        /// The proxies; none: all of its namespace, in the root namespace of the mesh.
        pub workload_selector: Option<LabelsSelector> = "workloadSelector",
        /// Gateways and waypoints in place of them.
        pub target_refs: Vec<TargetReference> = "targetRefs",
        /// What it changes.
        pub config_patches: Vec<ConfigPatch> = "configPatches",
    }
}

wire! {
    /// A change.
    #[derive(Clone, Debug)]
    pub struct ConfigPatch {
        /// What of the proxy.
        pub apply_to: Option<Name> = "applyTo",
        /// Where in the proxy.
        pub place: PatchPlace = "match",
    }
}

wire! {
    /// Where in a proxy.
    #[derive(Clone, Debug)]
    pub struct PatchPlace {
        /// ANY, SIDECAR_INBOUND, SIDECAR_OUTBOUND, GATEWAY or WAYPOINT.
        pub context: Option<Name> = "context",
    }
}

wire! {
    /// `spec` of a route of the Gateway API.
    #[derive(Clone, Debug)]
    pub struct RouteSpec {
        /// What it is attached to: Gateways, or Services.
        pub parent_refs: Vec<ParentRef> = "parentRefs",
    }
}

wire! {
    /// What a route is attached to.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct ParentRef {
        /// Its kind; absent: Gateway.
        pub kind: Option<Name> = "kind",
        /// Its namespace; absent: the route's.
        pub namespace: Option<Name> = "namespace",
        /// Its name.
        pub name: Name = "name",
    }
}

/// A route of the Gateway API.
#[derive(Clone, Debug)]
pub struct Route {
    /// HTTPRoute, GRPCRoute, TCPRoute or TLSRoute.
    pub kind: Kind,
    /// What it says.
    pub spec: RouteSpec,
}

wire! {
    /// `spec` of a WasmPlugin or a TrafficExtension, as far as it says which proxies it changes, and where.
    #[derive(Clone, Debug)]
    pub struct ExtensionSpec {
        /// The proxies, by the labels of their pods; absent: all of its namespace, in the root namespace of the mesh.
        pub selector: Option<WorkloadSelector> = "selector",
        /// What it is attached to.
        pub target_ref: Option<TargetReference> = "targetRef",
        /// What it is attached to; several.
        pub target_refs: Vec<TargetReference> = "targetRefs",
        /// The traffic that it sees: any of these; none: all.
        pub traffic: Vec<TrafficSelector> = "match",
    }
}

wire! {
    /// Traffic of a proxy.
    #[derive(Clone, Debug)]
    pub struct TrafficSelector {
        /// CLIENT, SERVER or CLIENT_AND_SERVER; absent: both.
        pub mode: Option<Name> = "mode",
    }
}

/// What a proxy runs besides: code that may answer, refuse and change whatever it sees.
#[derive(Clone, Debug)]
pub struct Extension {
    /// WasmPlugin or TrafficExtension.
    pub kind: Kind,
    /// What it says.
    pub spec: ExtensionSpec,
}
