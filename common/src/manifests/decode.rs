//! One object: by its kind, into the list of its kind, or into the list of what could not be read.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::codes::{Code, Evidence};
use crate::istio::WorkloadSelector;
use crate::kubernetes::{CronJobSpec, JobSpec, ObjectMeta, PodTemplate, TemplatedSpec};
use crate::model::{Kind, Labels, Name, Origin, ResourceRef};
use crate::snapshot::{Affects, Gap, GapKind, Object, Objects, PodObject, TemplateObject, Unreadable};
use crate::wire::wire;

use super::{Context, Wrong};

/// The fields of an object, in whatever format.
pub(super) trait Body {
    /// A field of the object; the default when it is not there.
    fn field<T: DeserializeOwned + Default>(&self, name: &'static str) -> Result<T, Wrong>;
    /// The whole object, for the kinds without `spec`.
    fn whole<T: DeserializeOwned>(&self) -> Result<T, Wrong>;
    /// Whether a field is there.
    fn has(&self, name: &'static str) -> bool;
    /// The line and column where the object begins: counted only for what is wrong.
    fn place(&self) -> (usize, usize);
}

/// Kinds of the network that may refuse any connection and that nothing here judges yet.
const NAMED_ONLY: &[(&str, &str)] = &[
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("crd.projectcalico.org", "NetworkPolicy"),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("projectcalico.org", "NetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
];

/// An object and where it stands.
pub(super) struct Decoder<'a, B> {
    pub(super) context: &'a Context<'a>,
    pub(super) objects: &'a mut Objects,
    pub(super) body: B,
    pub(super) origin: Origin,
}

impl<B: Body> Decoder<'_, B> {
    /// Reads the object. Kinds that do not matter are counted.
    pub(super) fn decode(mut self, api_version: &str, kind: &str) {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        match (group, kind) {
            ("", "Namespace") => {
                self.plain(&Kind::Namespace, |objects, object| objects.namespaces.push(object));
            }
            ("", "Node") => self.plain(&Kind::Node, |objects, object| objects.nodes.push(object)),
            ("", "ServiceAccount") => {
                self.plain(&Kind::ServiceAccount, |objects, object| objects.service_accounts.push(object));
            }
            ("gateway.networking.k8s.io", "Gateway") => {
                self.plain(&Kind::Gateway, |objects, object| objects.gateways.push(object));
            }
            ("", "Pod") => self.pod(),
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
                self.template::<TemplatedSpec>(kind, |spec| (spec.replicas.unwrap_or(1), spec.template));
            }
            ("batch", "Job") => self.template::<JobSpec>(kind, |spec| (1, spec.template)),
            ("batch", "CronJob") => {
                self.template::<CronJobSpec>(kind, |spec| (1, spec.job_template.spec.template));
            }
            ("", "Service") => self.spec(&Kind::Service, |objects| &mut objects.services),
            ("discovery.k8s.io", "EndpointSlice") => self.endpoint_slice(),
            ("", "ConfigMap") => self.config_map(),
            ("networking.k8s.io", "NetworkPolicy") => {
                self.spec(&Kind::NetworkPolicy, |objects| &mut objects.network_policies);
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
            _ if NAMED_ONLY.contains(&(group, kind)) => self.named_only(kind),
            _ => self.objects.skipped += 1,
        }
    }

    /// The metadata with the namespace filled in; `None` when it cannot be read, which is noted.
    fn meta(&mut self, kind: &Kind) -> Option<ObjectMeta> {
        let mut meta = match self.body.field::<ObjectMeta>("metadata") {
            Ok(meta) => meta,
            Err(wrong) => {
                let named = self.body.field::<NameOnly>("metadata").unwrap_or_default();
                self.unreadable(kind, named.namespace.as_ref(), named.name, &wrong);
                return None;
            }
        };
        if meta.name.is_empty() {
            let (line, column) = self.body.place();
            let message = "it has no metadata.name".to_owned();
            self.unreadable(kind, meta.namespace.as_ref(), Name::default(), &Wrong { line, column, message });
            return None;
        }
        if matches!(kind, Kind::Namespace | Kind::Node) {
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
        match self.body.field("spec") {
            Ok(spec) => list(self.objects).push(Object { meta, spec, origin: self.origin }),
            Err(wrong) => self.unreadable(kind, meta.namespace.as_ref(), meta.name, &wrong),
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

    fn template<T: DeserializeOwned + Default>(&mut self, kind: &str, split: fn(T) -> (u64, PodTemplate)) {
        let kind = Kind::from_wire(kind);
        let Some(meta) = self.meta(&kind) else { return };
        match self.body.field::<T>("spec") {
            Ok(spec) => {
                let (replicas, template) = split(spec);
                let spec = TemplateObject { kind, replicas, template };
                self.objects.templates.push(Object { meta, spec, origin: self.origin });
            }
            Err(wrong) => self.unreadable(&kind, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    fn endpoint_slice(&mut self) {
        let kind = Kind::Other("EndpointSlice".into());
        let Some(meta) = self.meta(&kind) else { return };
        match self.body.whole() {
            Ok(spec) => self.objects.endpoint_slices.push(Object { meta, spec, origin: self.origin }),
            Err(wrong) => self.unreadable(&kind, meta.namespace.as_ref(), meta.name, &wrong),
        }
    }

    /// Only those of Istio: others may be of any size.
    fn config_map(&mut self) {
        let named = self.body.field::<NameOnly>("metadata").unwrap_or_default();
        let istio = *named.name == *"istio" || named.name.starts_with("istio-");
        if !istio {
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
        if let Some(mut meta) = self.meta(&kind) {
            if is_cluster_wide(kind.wire()) {
                meta.namespace = None;
                self.objects.namespace_assumed.retain(|(reference, _)| reference.kind != kind);
            }
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

    /// Notes an object that could not be read, with as much of its name as could.
    fn unreadable(&mut self, kind: &Kind, namespace: Option<&Name>, name: Name, wrong: &Wrong) {
        let cluster_wide = matches!(kind, Kind::Namespace | Kind::Node);
        let namespace = (!cluster_wide).then(|| self.context.namespace(namespace));
        let shown = if name.is_empty() { "<unnamed>" } else { &name };
        let subject = match &namespace {
            Some(namespace) => format!("{}/{namespace}/{shown}", kind.printed()),
            None => format!("{}/{shown}", kind.printed()),
        };
        let evidence = Evidence::none()
            .with("subject", &subject)
            .with("error", &wrong.message)
            .with("snippet", self.context.snippet(wrong));
        let affects = Affects::of(kind, namespace.clone().map(Into::into));
        let reference = match namespace {
            Some(namespace) => ResourceRef::new(kind.clone(), namespace, name),
            None => ResourceRef::cluster(kind.clone(), name),
        };
        let gap = Gap {
            code: Code::ObjectInvalid,
            kind: GapKind::Invalid,
            location: Some(self.context.location(wrong)),
            affects,
            evidence,
            subject,
        };
        self.objects.unreadable.push(Unreadable { reference, selector: self.selector(), gap });
    }

    /// The selector of a policy whose rest cannot be read.
    fn selector(&self) -> Option<Option<Labels>> {
        let only: SelectorOnly = self.body.field("spec").ok()?;
        Some(only.selector.map(|selector| selector.match_labels.unwrap_or_default()))
    }
}

pub(super) fn is_cluster_wide(kind: &str) -> bool {
    matches!(
        kind,
        "AdminNetworkPolicy"
            | "BaselineAdminNetworkPolicy"
            | "ClusterNetworkPolicy"
            | "CiliumClusterwideNetworkPolicy"
            | "GlobalNetworkPolicy"
    )
}

wire! {
    /// As much of `metadata` as names the object.
    struct NameOnly {
        /// Its name.
        pub name: Name = "name",
        /// Its namespace.
        pub namespace: Option<Name> = "namespace",
    }
}

wire! {
    /// As much of a policy's `spec` as says whom it is about.
    struct SelectorOnly {
        /// The selector.
        pub selector: Option<WorkloadSelector> = "selector",
    }
}
