//! How the mesh is set up: MeshConfig, istiod's flags, istio-cni's selectors, ztunnel's version.
//!
//! What was read is used; what was not is Istio's default and an [`Assumption`] by name.

use std::collections::BTreeSet;

use crate::codes::{Code, Evidence};
use crate::kubernetes::{Container, PodSpec};
use crate::model::{FieldPath, Kind, Name, Namespace};
use crate::yaml;

use super::{Affects, Assumption, Gap, GapKind, Object, Objects, PodObject};

mod istio_cni;
mod istiod;
mod mesh_config;
#[cfg(test)]
mod tests;

use istio_cni::ISTIO_CNI;
#[cfg(test)]
pub(super) use istio_cni::default_enablement;
pub use istio_cni::{EnablementSelector, IstioCni};
use istiod::ISTIOD;
pub use istiod::Istiod;
pub(crate) use istiod::{ISTIOD_FLAGS, ISTIOD_REVISION, is_istiod, is_istiod_variable};
pub use mesh_config::{Clients, MeshConfig};

/// The keys of Istio's ConfigMaps that are read.
#[cfg(test)]
pub(crate) const CONFIG_MAP_KEYS: [&str; 5] =
    [mesh_config::MESH, istio_cni::ENABLEMENT, istio_cni::EXCLUDED, istio_cni::ENABLED, istio_cni::NFTABLES];

/// The labels of the pods beside which settings stand.
#[cfg(feature = "cluster")]
pub(crate) const ISTIO_PODS: &[(&str, &str)] = &[ISTIOD, ISTIO_CNI];

/// What a person says about the mesh, over anything that is found.
#[derive(Clone, Debug, Default)]
pub struct SettingsOverride {
    /// Where istiod runs.
    pub istio_namespace: Option<Name>,
    /// Which istiod.
    pub revision: Option<Name>,
    /// The trust domain.
    pub trust_domain: Option<Name>,
    /// The root namespace.
    pub root_namespace: Option<Name>,
}

/// Istio's `major.minor`.
pub type Version = (u16, u16);

/// How the mesh is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// MeshConfig.
    pub mesh: MeshConfig,
    /// istiod.
    pub istiod: Istiod,
    /// istio-cni.
    pub cni: IstioCni,
    /// ztunnel's version, when its DaemonSet was read: of several, while they are updated, the oldest.
    pub ztunnel: Option<Version>,
    /// The newest of them.
    pub newest_ztunnel: Option<Version>,
    /// Where Istio is installed, the likeliest namespace first.
    pub istio_namespaces: Vec<Name>,
}

impl Settings {
    /// Whether Envoys take identities of some trust domain besides the mesh's
    /// (pilot/pkg/networking/plugin/authn/util.go, `TrustDomainsForValidation`).
    #[must_use]
    pub fn envoys_take_other_trust_domains(&self) -> bool {
        let mesh = &self.mesh;
        let named = mesh.trust_domain_aliases.iter().chain(&mesh.trust_domains_of_authorities);
        let is_other = |of: &Name| !of.is_empty() && **of != *mesh.trust_domain.as_str();
        self.istiod.skips_trust_domains || named.into_iter().any(is_other)
    }
}

/// Finds the settings among what was read.
pub(super) fn settings(
    objects: &Objects,
    given: &SettingsOverride,
    assumptions: &mut Vec<Assumption>,
    gaps: &mut Vec<Gap>,
) -> Settings {
    let istio_namespace = given.istio_namespace.clone().unwrap_or_else(|| "istio-system".into());
    let istiod = istiod::istiod(objects, given, &istio_namespace, assumptions);
    let ztunnels = ztunnels(objects, &istio_namespace);
    let others = istio_namespaces(objects, given).into_iter().filter(|other| *other != istio_namespace);
    Settings {
        istio_namespaces: std::iter::once(istio_namespace.clone()).chain(others).collect(),
        mesh: mesh_config::mesh_config(objects, given, &istio_namespace, &istiod.revision, assumptions, gaps),
        istiod,
        cni: istio_cni::istio_cni(objects, &istio_namespace, assumptions, gaps),
        ztunnel: ztunnels.iter().min().copied(),
        newest_ztunnel: ztunnels.iter().max().copied(),
    }
}

/// The versions of those of Istio's namespace or kube-system, where there are any.
fn ztunnels(objects: &Objects, istio_namespace: &Name) -> Vec<Version> {
    let all = pod_specs(objects, "app", "ztunnel");
    let all = all.filter_map(|(namespace, spec)| {
        Some((is_of_operators(&namespace, istio_namespace), version(main_container(spec)?)?))
    });
    let (own, others): (Vec<_>, Vec<_>) = all.partition(|(is_own, _)| *is_own);
    let counting = if own.is_empty() { others } else { own };
    counting.into_iter().map(|(_, version)| version).collect()
}

/// Whether a namespace is one where Istio is installed, and not one of a tenant.
fn is_of_operators(namespace: &Namespace, istio_namespace: &Name) -> bool {
    namespace.as_str() == &**istio_namespace || namespace.as_str() == "kube-system"
}

/// Where Istio's settings stand: beside istiod and istio-cni, as far as their pods were read.
#[must_use]
pub fn istio_namespaces(objects: &Objects, given: &SettingsOverride) -> BTreeSet<Name> {
    let istiod = pod_specs(objects, ISTIOD.0, ISTIOD.1).filter(|_| given.istio_namespace.is_none());
    let cni = pod_specs(objects, ISTIO_CNI.0, ISTIO_CNI.1);
    istiod.chain(cni).map(|(namespace, _)| Name::from(namespace.as_str())).collect()
}

/// The namespace whose policies are for the whole mesh, by what was read so far.
#[must_use]
pub fn root_namespace(objects: &Objects, given: &SettingsOverride) -> Name {
    let settings = settings(objects, given, &mut Vec::new(), &mut Vec::new());
    Name::from(settings.mesh.root_namespace.as_str())
}

/// YAML inside a ConfigMap; what cannot be read is a gap for the whole mesh.
fn parsed<T, S>(
    objects: &Objects,
    map: &Object<S>,
    key: &'static str,
    text: &str,
    gaps: &mut Vec<Gap>,
) -> Option<T>
where
    T: for<'de> serde::Deserialize<'de>,
{
    match yaml::parse(text).and_then(|node| node.decode::<T>()) {
        Ok(value) => Some(value),
        Err(error) => {
            let subject = format!("ConfigMap/{}/{}", map.namespace(), map.meta.name);
            gaps.push(Gap {
                code: Code::ObjectInvalid,
                kind: GapKind::Invalid,
                location: objects.sources.locate(&map.origin, &FieldPath::default().field("data").field(key)),
                affects: Affects::Everything,
                evidence: Evidence::none()
                    .with("subject", &subject)
                    .with("error", format!("`{key}`: {error}")),
                subject,
            });
            None
        }
    }
}

/// The pods of a component, running or as templates, with their namespaces.
fn pod_specs<'a>(
    objects: &'a Objects,
    key: &'static str,
    value: &'static str,
) -> impl Iterator<Item = (Namespace, &'a PodSpec)> {
    let templates = objects.templates.iter().filter(|object| {
        matches!(object.spec.kind, Kind::Deployment | Kind::DaemonSet)
            && object.spec.template.metadata.labels.get(key) == Some(value)
    });
    let runs = |pod: &&Object<PodObject>| {
        let phase = pod.spec.status.as_ref().and_then(|status| status.phase.as_deref());
        !matches!(phase, Some("Succeeded" | "Failed"))
    };
    let pods = objects.pods.iter().filter(runs).filter(move |pod| pod.meta.labels.get(key) == Some(value));
    let templates = templates.map(|object| (object.namespace(), &object.spec.template.spec));
    templates.chain(pods.map(|pod| (pod.namespace(), &pod.spec.spec)))
}

fn main_container(spec: &PodSpec) -> Option<&Container> {
    spec.containers.first()
}

/// Go's `strconv.ParseBool`.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `docker.io/istio/ztunnel:1.28.2-distroless` is 1.28.
fn version(container: &Container) -> Option<Version> {
    let image = container.image.as_deref()?;
    let image = image.split_once('@').map_or(image, |(image, _digest)| image);
    let (_, tag) = image.rsplit_once(':')?;
    let mut numbers = tag.split(['.', '-']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
