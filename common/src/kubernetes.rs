//! Kubernetes' own kinds as they are written: the fields that decide traffic, nothing else.
//!
//! Fields that are not named here are skipped without being built: a pod is kilobytes, what we need of it is
//! not. Meaning is given in `snapshot`.

mod gateways;
mod meta;
mod network;
mod network_policies;
mod pods;
mod rbac;

pub use gateways::{AllowedRoutes, GatewayAddress, GatewaySpec, GatewayStatus, Listener, RouteNamespaces};
pub use meta::{Annotations, ObjectMeta, OwnerReference};
pub(crate) use meta::{PROXY_CONFIG, proxy_config};
pub use network::{
    Endpoint, EndpointConditions, EndpointPort, EndpointSlice, Ingress, LoadBalancer, ServicePort,
    ServiceSpec, ServiceStatus, TargetRef,
};
pub use network_policies::{
    AdminEgressRule, AdminIngressRule, AdminNetworkPolicySpec, AdminPeer, AdminPort, AdminPortNumber,
    AdminPortRange, AdminSubject, EgressRule, IngressRule, IpBlockSpec, NamespacedPods, NetworkPeer,
    NetworkPolicySpec, NetworkPort,
};
pub use pods::{
    Condition, Container, ContainerPortSpec, CronJobSpec, EnvVar, JobSpec, JobStatus, JobTemplate, PodIp,
    PodSpec, PodStatus, PodTemplate, TemplatedSpec,
};
pub use rbac::{PolicyRule, RoleBindingSpec, RoleRef, RoleSpec, Subject};
