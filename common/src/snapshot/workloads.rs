//! From pods and templates to workloads: who owns them, what they run as, who handles their traffic.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::codes::Silence;
use crate::kubernetes::{ObjectMeta, OwnerReference, PodSpec, PodStatus};
use crate::model::{
    ContainerPort, DataPlane, Identity, Kind, Labels, Name, Namespace, Origin, Readiness, ResourceRef,
    ServiceAccount, TrustDomain, Workload,
};

use super::capture::Enrolment;
use super::objects::{PodObject, TemplateObject};
use super::visible::Visibility;
use super::{Object, Objects, Settings};

#[cfg(test)]
mod tests;

/// What every workload is built with.
struct Builder<'a> {
    settings: &'a Settings,
    namespaces: &'a FxHashMap<Name, Labels>,
    owners: Owners,
    /// Namespaces that are taken for enrolled.
    ambient: &'a BTreeSet<Name>,
}

/// Who owns what: by objects that were read (a ReplicaSet's Deployment, a Job's CronJob), else by names.
pub(super) struct Owners(FxHashMap<ResourceRef, ResourceRef>);

impl Owners {
    pub(super) fn new(objects: &Objects) -> Self {
        let owned = |object: &Object<TemplateObject>| {
            let owner = controller(&object.meta)?;
            let of = ResourceRef::new(Kind::from_wire(&owner.kind), object.namespace(), owner.name.clone());
            Some((object.reference(object.spec.kind.clone()), of))
        };
        Self(objects.templates.iter().filter_map(owned).collect())
    }

    /// What owns a template.
    pub(super) fn above(&self, template: &ResourceRef) -> Option<&ResourceRef> {
        self.0.get(template)
    }

    /// What made a pod itself.
    pub(super) fn direct(&self, meta: &ObjectMeta) -> Option<ResourceRef> {
        let owner = controller(meta)?;
        let namespace = meta.namespace.clone().unwrap_or_default();
        Some(ResourceRef::new(Kind::from_wire(&owner.kind), namespace, owner.name.clone()))
    }

    /// What a person deployed, of a pod. pkg/kube/util.go, `GetDeployMetaFromPod`: objects that were read first, then
    /// the names.
    pub(super) fn of_pod(&self, meta: &ObjectMeta) -> Option<ResourceRef> {
        let of = self.direct(meta)?;
        if let Some(above) = self.above(&of) {
            return Some(above.clone());
        }
        let named = match of.kind {
            Kind::ReplicaSet => deployment_of(&of.name, &meta.labels).map(|name| (Kind::Deployment, name)),
            Kind::Job => cron_job_of(&of.name).map(|name| (Kind::CronJob, name)),
            _ => None,
        };
        let named = named.map(|(kind, name)| ResourceRef { kind, name: name.into(), ..of.clone() });
        Some(named.unwrap_or(of))
    }
}

/// The workloads, in the order of their names.
pub(super) fn workloads(
    objects: &Objects,
    settings: &Settings,
    namespaces: &FxHashMap<Name, Labels>,
) -> Vec<Workload> {
    let ambient = &objects.assumed.ambient;
    let builder = Builder { settings, namespaces, owners: Owners::new(objects), ambient };
    let mut workloads: Vec<Workload> = objects.pods.iter().filter_map(|pod| builder.pod(pod)).collect();
    let running: FxHashSet<ResourceRef> = workloads.iter().map(|w| w.owner.clone()).collect();
    let templates = objects.templates.iter().filter_map(|template| builder.template(template));
    workloads.extend(templates.filter(|template| !running.contains(&template.owner)));
    workloads.sort_by(|a, b| a.reference.cmp(&b.reference));
    workloads
}

fn controller(meta: &ObjectMeta) -> Option<&OwnerReference> {
    meta.owner_references.iter().find(|owner| owner.controller)
}

impl Builder<'_> {
    /// `None` for a pod that has ended: istiod's `CheckPodTerminal`.
    fn pod(&self, object: &Object<PodObject>) -> Option<Workload> {
        let status = object.spec.status.as_ref();
        if matches!(status.and_then(|s| s.phase.as_deref()), Some("Succeeded" | "Failed")) {
            return None;
        }
        let reference = object.reference(Kind::Pod);
        let owner = self.owners.of_pod(&object.meta).unwrap_or_else(|| reference.clone());
        let addresses = status.map(addresses).unwrap_or_default();
        let parts = Parts {
            reference,
            owner,
            namespace: object.namespace(),
            labels: &object.meta.labels,
            meta: &object.meta,
            spec: &object.spec.spec,
            readiness: readiness(status, &object.meta),
            addresses,
            silence: object.meta.silence(),
            origin: object.origin,
        };
        Some(self.workload(parts))
    }

    /// `None` for a template whose owner has one too (a Deployment's ReplicaSet, a CronJob's Job), and for a Job that
    /// has ended.
    fn template(&self, object: &Object<TemplateObject>) -> Option<Workload> {
        let reference = object.reference(object.spec.kind.clone());
        if object.spec.ended || self.owners.above(&reference).is_some() {
            return None;
        }
        let none_wanted = object.spec.replicas == 0;
        let parts = Parts {
            reference: reference.clone(),
            owner: reference,
            namespace: object.namespace(),
            labels: &object.spec.template.metadata.labels,
            meta: &object.spec.template.metadata,
            spec: &object.spec.template.spec,
            readiness: if none_wanted { Readiness::NotReady } else { Readiness::Assumed },
            addresses: Vec::new(),
            silence: object.spec.template.metadata.silence().or(object.meta.silence()),
            origin: object.origin,
        };
        Some(self.workload(parts))
    }

    fn workload(&self, parts: Parts<'_>) -> Workload {
        let enrolment = Enrolment {
            namespace: &parts.namespace,
            namespace_labels: self.namespaces.get(parts.namespace.as_str()),
            labels: parts.labels,
            annotations: &parts.meta.annotations,
            spec: parts.spec,
            has_run: !parts.addresses.is_empty(),
            assumed: self.ambient.contains(parts.namespace.as_str()),
            discovery: Visibility { settings: self.settings, namespaces: self.namespaces }
                .discovery(parts.namespace.as_str()),
        };
        let capture = enrolment.capture(&self.settings.cni);
        let proxy = (capture.data_plane == DataPlane::Sidecar)
            .then(|| enrolment.written().proxy(&self.settings.mesh.clients));
        let service_account = service_account(parts.spec);
        let trust_domain: TrustDomain = self.settings.mesh.trust_domain.clone();
        Workload {
            identity: Identity::new(trust_domain, parts.namespace, service_account.clone()),
            service_account,
            reference: parts.reference,
            owner: parts.owner,
            labels: parts.labels.clone(),
            addresses: parts.addresses,
            node: parts.spec.node_name.clone(),
            host_network: parts.spec.host_network,
            ports: container_ports(parts.spec),
            readiness: parts.readiness,
            capture,
            proxy,
            silence: parts.silence,
            origin: parts.origin,
        }
    }
}

/// What a workload is built from.
struct Parts<'a> {
    reference: ResourceRef,
    owner: ResourceRef,
    namespace: Namespace,
    labels: &'a Labels,
    meta: &'a ObjectMeta,
    spec: &'a PodSpec,
    readiness: Readiness,
    addresses: Vec<IpAddr>,
    silence: Silence,
    origin: Origin,
}

fn deployment_of<'a>(replica_set: &'a str, labels: &Labels) -> Option<&'a str> {
    let hash = labels.get("pod-template-hash").filter(|hash| !hash.is_empty())?;
    replica_set.strip_suffix(hash)?.strip_suffix('-')
}

/// A Job's name with a number of eight to ten digits behind it was made by a CronJob.
fn cron_job_of(job: &str) -> Option<&str> {
    let (name, number) = job.rsplit_once('-')?;
    let made = (8..=10).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    (made && !name.is_empty()).then_some(name)
}

/// What a pod runs as.
pub(crate) fn service_account(spec: &PodSpec) -> ServiceAccount {
    let named = [&spec.service_account_name, &spec.service_account];
    let named = named.into_iter().flatten().find(|name| !name.is_empty());
    named.cloned().unwrap_or_else(|| "default".into()).into()
}

/// Those of the containers, then those of sidecars among the init containers: `FindPortName`'s order.
fn container_ports(spec: &PodSpec) -> Vec<ContainerPort> {
    let always = |restart: Option<&str>| restart == Some("Always");
    let sidecars = spec.init_containers.iter().filter(|c| always(c.restart_policy.as_deref()));
    let ports = spec.containers.iter().chain(sidecars).flat_map(|c| &c.ports);
    ports
        .map(|p| ContainerPort { name: p.name.clone(), number: p.container_port, protocol: p.protocol })
        .collect()
}

fn addresses(status: &PodStatus) -> Vec<IpAddr> {
    let mut written: Vec<&Name> = status.pod_ips.iter().map(|ip| &ip.ip).collect();
    if written.is_empty() {
        written.extend(&status.pod_ip);
    }
    written.into_iter().filter_map(|ip| Some(ip.parse::<IpAddr>().ok()?.to_canonical())).collect()
}

/// istiod's `IsPodReady`; a pod that is being deleted is not.
fn readiness(status: Option<&PodStatus>, meta: &ObjectMeta) -> Readiness {
    let Some(status) = status else { return Readiness::Assumed };
    let is_ready = status.conditions.iter().any(|c| &*c.kind == "Ready" && &*c.status == "True");
    if is_ready && meta.deletion_timestamp.is_none() { Readiness::Ready } else { Readiness::NotReady }
}
