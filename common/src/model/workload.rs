//! A workload: one pod, or the template of pods that do not run yet, with what decides its traffic.

use std::net::IpAddr;

use crate::codes::Silence;

use super::{
    ContainerPort, Identity, Kind, Labels, Name, Origin, PortRef, Protocol, Proxy, ResourceRef,
    ServiceAccount,
};

/// The position of a workload in its snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WorkloadIndex(pub usize);

/// What stands between a workload's application and the network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DataPlane {
    /// The node's ztunnel.
    Ambient,
    /// An Envoy in the pod: a sidecar, a gateway or a waypoint.
    Sidecar,
    /// Nothing.
    None,
}

/// How a workload's data plane is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Certainty {
    /// The running pod says so.
    Fact,
    /// Labels ask for it; nothing that runs was seen.
    Intent,
    /// Nothing that runs was seen, and its Namespace was not read: ztunnel or nothing.
    Unclear,
    /// A person takes it for enrolled.
    Assumed,
}

/// Whether a ztunnel serves a pod that is redirected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Serving {
    /// As far as is known.
    Served,
    /// Annotation `pending`: no ztunnel answers yet, so nothing gets in or out.
    Pending,
    /// istiod does not look at the pod's namespace, so that no ztunnel is told of the pod.
    Undiscovered,
    /// Whether istiod looks at the pod's namespace is for the Namespace to say, which was not read.
    Unclear,
}

/// Whether and how a workload's traffic is redirected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Capture {
    /// Who handles its traffic.
    pub data_plane: DataPlane,
    /// How that is known.
    pub certainty: Certainty,
    /// Whether a ztunnel serves what is redirected.
    pub serving: Serving,
    /// Annotation `ambient.istio.io/bypass-inbound-capture`: plaintext reaches the application directly.
    pub bypass_inbound: bool,
    /// What the labels ask for, where it differs from what runs.
    pub contradicted_intent: Option<DataPlane>,
}

/// Whether a workload's pods take connections of a Service.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Readiness {
    /// Its Ready condition is true.
    Ready,
    /// It is not, or the pod is going.
    NotReady,
    /// Nothing runs yet; as written there will be a ready pod.
    Assumed,
}

/// One pod, or one template.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The pod, or the object that has the template.
    pub reference: ResourceRef,
    /// What a person deployed: the Deployment of a pod, or the pod itself.
    pub owner: ResourceRef,
    /// The labels that selectors see.
    pub labels: Labels,
    /// The account that it runs as.
    pub service_account: ServiceAccount,
    /// The identity of that account.
    pub identity: Identity,
    /// Its addresses; empty when none is known.
    pub addresses: Vec<IpAddr>,
    /// The node that it runs on.
    pub node: Option<Name>,
    /// Whether it shares the node's network.
    pub host_network: bool,
    /// What its containers declare.
    pub ports: Vec<ContainerPort>,
    /// Whether it takes connections.
    pub readiness: Readiness,
    /// Who handles its traffic.
    pub capture: Capture,
    /// The Envoy that handles its traffic.
    pub proxy: Option<Proxy>,
    /// What it asks for silence about.
    pub silence: Silence,
    /// Where it was written.
    pub origin: Origin,
}

impl Workload {
    /// The number of a container port that is declared for TCP, as `FindPortName` upstream finds it.
    #[must_use]
    pub fn container_port(&self, port: &PortRef) -> Option<u16> {
        match port {
            PortRef::Number(number) => Some(*number),
            PortRef::Name(name) => self
                .ports
                .iter()
                .find(|p| p.protocol == Protocol::Tcp && p.name.as_ref() == Some(name))
                .map(|p| p.number),
        }
    }

    /// Its Namespace.
    #[must_use]
    pub fn namespace(&self) -> ResourceRef {
        ResourceRef::cluster(Kind::Namespace, self.identity.namespace.as_str())
    }

    /// Whether nobody knows if it is in the mesh.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        self.capture.certainty == Certainty::Unclear
    }

    /// Whether ztunnel handles its traffic, or may.
    #[must_use]
    pub fn is_captured(&self) -> bool {
        self.capture.data_plane == DataPlane::Ambient
    }

    /// Whether an Envoy in the pod handles its traffic.
    #[must_use]
    pub fn has_envoy(&self) -> bool {
        self.capture.data_plane == DataPlane::Sidecar
    }
}
