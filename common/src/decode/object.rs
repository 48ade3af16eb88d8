//! One object: by its kind, into the list of its kind, or into the list of what could not be read.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::codes::{Code, Evidence};
use crate::istio::{Extension, Route};
use crate::kubernetes::{
    CronJobSpec, JobSpec, JobStatus, ObjectMeta, PodTemplate, ServiceStatus, TemplatedSpec,
};
use crate::model::{Kind, Name, Origin, ResourceRef};
use crate::snapshot::{GapKind, GatewayObject, Object, Objects, PodObject, TemplateObject};

use super::{Context, Wrong};

mod unreadable;

/// The fields of an object, in whatever format.
pub(crate) trait Body {
    /// A field of the object; the default when it is not there.
    fn field<T: DeserializeOwned + Default>(&self, name: &'static str) -> Result<T, Wrong>;
    /// The whole object, for the kinds without `spec`.
    fn whole<T: DeserializeOwned>(&self) -> Result<T, Wrong>;
    /// Whether a field is there.
    fn has(&self, name: &'static str) -> bool;
    /// Refuses ports in keys that kubectl reads as other numbers than they seem.
    fn check_ports(&self) -> Result<(), Wrong>;
    /// The line and column where the object begins: counted only for what is wrong.
    fn place(&self) -> (usize, usize);
}

/// Kinds of the network that may refuse any connection and that nothing here judges yet.
const NAMED_ONLY: &[(&str, &str)] = &[
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("crd.projectcalico.org", "NetworkPolicy"),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("projectcalico.org", "NetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
];

/// An object and where it stands.
pub(crate) struct Decoder<'a, B> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) objects: &'a mut Objects,
    pub(crate) body: B,
    pub(crate) origin: Origin,
}

impl<B: Body> Decoder<'_, B> {
    /// Reads the object. Kinds that do not matter are counted.
    pub(crate) fn decode(mut self, api_version: &str, kind: &str) {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        match (group, kind) {
            ("", "Namespace") => {
                self.plain(&Kind::Namespace, |objects, object| objects.namespaces.push(object));
            }
            ("", "Node") => self.plain(&Kind::Node, |objects, object| objects.nodes.push(object)),
            ("", "ServiceAccount") => {
                self.plain(&Kind::ServiceAccount, |objects, object| objects.service_accounts.push(object));
            }
            ("gateway.networking.k8s.io", "Gateway") => self.gateway(),
            ("gateway.networking.k8s.io", "GatewayClass") => {
                let kind = Kind::Other(kind.into());
                self.plain(&kind, |objects, object| objects.gateway_classes.push(object));
            }
            ("", "Pod") => self.pod(),
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("", "ReplicationController") => {
                self.template::<TemplatedSpec>(kind, |spec| (spec.replicas.unwrap_or(1), spec.template));
            }
            ("batch", "Job") => self.job(),
            ("batch", "CronJob") => {
                self.template::<CronJobSpec>(kind, |spec| (1, spec.job_template.spec.template));
            }
            ("", "Service") => self.service(),
            ("discovery.k8s.io", "EndpointSlice") => {
                self.whole(kind, |objects| &mut objects.endpoint_slices);
            }
            ("", "Endpoints") => {
                let kind = Kind::Other(kind.into());
                self.plain(&kind, |objects, object| objects.endpoints.push(object));
            }
            ("", "ConfigMap") => self.config_map(),
            ("networking.k8s.io", "NetworkPolicy") => {
                self.spec(&Kind::NetworkPolicy, |objects| &mut objects.network_policies);
            }
            ("policy.networking.k8s.io", "AdminNetworkPolicy" | "BaselineAdminNetworkPolicy") => {
                self.admin_network_policy(api_version, kind);
            }
            ("networking.istio.io", "WorkloadEntry") => {
                self.spec(&Kind::Other(kind.into()), |objects| &mut objects.workload_entries);
            }
            ("networking.istio.io", "ServiceEntry") => {
                self.whole(kind, |objects| &mut objects.service_entries);
            }
            ("networking.istio.io", "DestinationRule") => {
                self.spec(&Kind::Other(kind.into()), |objects| &mut objects.destination_rules);
            }
            ("security.istio.io", "RequestAuthentication") => {
                self.spec(&Kind::Other(kind.into()), |objects| &mut objects.request_authentications);
            }
            ("networking.istio.io", "Sidecar") => {
                self.spec(&Kind::Other(kind.into()), |objects| &mut objects.sidecars);
            }
            ("networking.istio.io", "VirtualService") => {
                self.spec(&Kind::Other(kind.into()), |objects| &mut objects.virtual_services);
            }
            ("networking.istio.io", "EnvoyFilter") => {
                self.spec(&Kind::Other(kind.into()), |objects| &mut objects.envoy_filters);
            }
            ("extensions.istio.io", "WasmPlugin" | "TrafficExtension") => self.extension(kind),
            ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute") => {
                self.route(kind);
            }
            ("security.istio.io", "AuthorizationPolicy" | "PeerAuthentication")
                if !matches!(version, "v1" | "v1beta1") =>
            {
                self.unknown_version(api_version, kind);
            }
            ("security.istio.io", "AuthorizationPolicy") => {
                self.spec(&Kind::AuthorizationPolicy, |objects| &mut objects.authorization_policies);
            }
            ("security.istio.io", "PeerAuthentication") => {
                self.spec(&Kind::PeerAuthentication, |objects| &mut objects.peer_authentications);
            }
            ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
                self.whole(kind, |objects| &mut objects.roles);
            }
            ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
                self.whole(kind, |objects| &mut objects.role_bindings);
            }
            _ if NAMED_ONLY.contains(&(group, kind)) => self.named_only(kind),
            _ => self.objects.skipped += 1,
        }
    }

    /// The metadata with the namespace filled in; `None` when it cannot be read, which is noted.
    fn meta(&mut self, kind: &Kind) -> Option<ObjectMeta> {
        let mut meta = match self.body.field::<ObjectMeta>("metadata") {
            Ok(meta) => meta,
            Err(wrong) => {
                self.unnamed(kind, &wrong);
                return None;
            }
        };
        if meta.name.is_empty() {
            let (line, column) = self.body.place();
            self.unnamed(kind, &Wrong { line, column, message: "it has no metadata.name".to_owned() });
            return None;
        }
        if is_cluster_wide(kind.wire()) {
            meta.namespace = None;
        } else {
            let namespace = self.context.namespace(meta.namespace.as_ref());
            if meta.namespace.as_ref() != Some(&namespace) {
                let reference = ResourceRef::new(kind.clone(), namespace.clone(), meta.name.clone());
                self.objects.namespace_assumed.push((reference, namespace.clone()));
            }
            meta.namespace = Some(namespace);
        }
        Some(meta)
    }

    fn plain(&mut self, kind: &Kind, push: impl Fn(&mut Objects, Object<()>)) {
        if let Some(meta) = self.meta(kind) {
            push(self.objects, Object { meta, spec: (), origin: self.origin });
        }
    }

    fn spec<T: DeserializeOwned + Default>(
        &mut self,
        kind: &Kind,
        list: fn(&mut Objects) -> &mut Vec<Object<T>>,
    ) {
        let Some(meta) = self.meta(kind) else { return };
        match self.body.check_ports().and_then(|()| self.body.field("spec")) {
            Ok(spec) => list(self.objects).push(Object { meta, spec, origin: self.origin }),
            Err(wrong) => self.unreadable(kind, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    fn admin_network_policy(&mut self, api_version: &str, kind: &str) {
        if !api_version.ends_with("/v1alpha1") {
            self.unknown_version(api_version, kind);
        } else if kind == "AdminNetworkPolicy" {
            self.spec(&Kind::AdminNetworkPolicy, |objects| &mut objects.admin_network_policies);
        } else {
            self.spec(&Kind::BaselineAdminNetworkPolicy, |objects| {
                &mut objects.baseline_admin_network_policies
            });
        }
    }

    fn pod(&mut self) {
        let Some(meta) = self.meta(&Kind::Pod) else { return };
        // `status: {}` is what kubectl writes into a pod that never ran.
        let status = if self.body.has("status") { self.body.field("status").map(Some) } else { Ok(None) };
        let pod = self.body.field("spec").and_then(|spec| Ok(PodObject { spec, status: status? }));
        match pod {
            Ok(spec) => self.objects.pods.push(Object { meta, spec, origin: self.origin }),
            Err(wrong) => self.unreadable(&Kind::Pod, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    fn service(&mut self) {
        let Some(meta) = self.meta(&Kind::Service) else { return };
        let read = self.body.check_ports().and_then(|()| {
            let status: ServiceStatus = self.body.field("status")?;
            Ok((self.body.field("spec")?, status))
        });
        match read {
            Ok((spec, status)) => {
                let service = Object { meta, spec, origin: self.origin };
                let ingress = status.load_balancer.ingress.into_iter().filter_map(|ingress| ingress.ip);
                let of = service.reference(Kind::Service);
                self.objects.load_balancers.extend(ingress.map(|address| (of.clone(), address)));
                self.objects.services.push(service);
            }
            Err(wrong) => self.unreadable(&Kind::Service, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    fn gateway(&mut self) {
        let Some(meta) = self.meta(&Kind::Gateway) else { return };
        let gateway = self.body.field("spec").and_then(|spec| {
            let status = self.body.field("status")?;
            Ok(GatewayObject { spec, status })
        });
        match gateway {
            Ok(spec) => self.objects.gateways.push(Object { meta, spec, origin: self.origin }),
            Err(wrong) => self.unreadable(&Kind::Gateway, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    fn route(&mut self, kind: &str) {
        self.of_kind(kind, |kind, spec| Route { kind, spec }, |objects| &mut objects.routes);
    }

    fn extension(&mut self, kind: &str) {
        self.of_kind(kind, |kind, spec| Extension { kind, spec }, |objects| &mut objects.extensions);
    }

    /// One of several kinds that are kept together.
    fn of_kind<S: DeserializeOwned + Default, T>(
        &mut self,
        kind: &str,
        made: fn(Kind, S) -> T,
        list: fn(&mut Objects) -> &mut Vec<Object<T>>,
    ) {
        let kind = Kind::from_wire(kind);
        let Some(meta) = self.meta(&kind) else { return };
        match self.body.field("spec") {
            Ok(spec) => {
                let (spec, origin) = (made(kind, spec), self.origin);
                list(self.objects).push(Object { meta, spec, origin });
            }
            Err(wrong) => self.unreadable(&kind, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    fn template<T: DeserializeOwned + Default>(&mut self, kind: &str, split: fn(T) -> (u64, PodTemplate)) {
        let kind = Kind::from_wire(kind);
        let spec = self.body.field::<T>("spec").map(|spec| {
            let (replicas, template) = split(spec);
            TemplateObject { kind: kind.clone(), replicas, ended: false, template }
        });
        self.made_of(&kind, spec);
    }

    fn job(&mut self) {
        let spec = self.body.field::<JobSpec>("spec").and_then(|spec| {
            let ended = self.body.field::<JobStatus>("status")?.has_ended();
            Ok(TemplateObject { kind: Kind::Job, replicas: 1, ended, template: spec.template })
        });
        self.made_of(&Kind::Job, spec);
    }

    fn made_of(&mut self, kind: &Kind, spec: Result<TemplateObject, Wrong>) {
        let Some(meta) = self.meta(kind) else { return };
        match spec {
            Ok(spec) => self.objects.templates.push(Object { meta, spec, origin: self.origin }),
            Err(wrong) => self.unreadable(kind, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    /// A kind without `spec`.
    fn whole<T: DeserializeOwned>(&mut self, kind: &str, list: fn(&mut Objects) -> &mut Vec<Object<T>>) {
        let kind = Kind::from_wire(kind);
        let Some(meta) = self.meta(&kind) else { return };
        match self.body.whole() {
            Ok(spec) => list(self.objects).push(Object { meta, spec, origin: self.origin }),
            Err(wrong) => self.unreadable(&kind, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    /// Only those of Istio: others may be of any size.
    fn config_map(&mut self) {
        // One whose name cannot be read may be Istio's.
        if self.name().is_some_and(|name| !name.is_empty() && !is_of_istio(&name)) {
            self.objects.skipped += 1;
            return;
        }
        let kind = Kind::Other("ConfigMap".into());
        let Some(meta) = self.meta(&kind) else { return };
        match self.body.field::<BTreeMap<Name, Name>>("data") {
            Ok(spec) => self.objects.config_maps.push(Object { meta, spec, origin: self.origin }),
            Err(wrong) => self.unreadable(&kind, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    fn named_only(&mut self, kind: &str) {
        let kind = Kind::Other(kind.into());
        if let Some(meta) = self.meta(&kind) {
            self.objects.named_only.push(Object { meta, spec: kind, origin: self.origin });
        }
    }

    fn unknown_version(&mut self, api_version: &str, kind: &str) {
        let kind = Kind::from_wire(kind);
        let Some(meta) = self.meta(&kind) else { return };
        let (line, column) = self.body.place();
        let wrong = Wrong { line, column, message: String::new() };
        self.unreadable(&kind, meta.namespace.as_ref(), meta.name, &wrong);
        if let Some(last) = self.objects.unreadable.last_mut() {
            last.gap.code = Code::VersionUnknown;
            last.gap.kind = GapKind::Unsupported;
            last.gap.evidence =
                Evidence::none().with("subject", &last.gap.subject).with("value", api_version);
        }
    }
}

/// Whether a ConfigMap of this name may hold settings of Istio.
pub(crate) fn is_of_istio(config_map: &str) -> bool {
    config_map == "istio" || config_map.starts_with("istio-")
}

/// Kinds whose objects stand in no namespace, whatever they say.
pub(crate) fn is_cluster_wide(kind: &str) -> bool {
    matches!(
        kind,
        "Namespace"
            | "Node"
            | "GatewayClass"
            | "ClusterRole"
            | "ClusterRoleBinding"
            | "AdminNetworkPolicy"
            | "BaselineAdminNetworkPolicy"
            | "ClusterNetworkPolicy"
            | "CiliumClusterwideNetworkPolicy"
            | "GlobalNetworkPolicy"
    )
}
