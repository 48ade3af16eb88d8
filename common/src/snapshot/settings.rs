//! How the mesh is set up: MeshConfig, istiod's flags, istio-cni's selectors, ztunnel's version.
//!
//! What was read is used; what was not is Istio's default and an [`Assumption`] by name.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Evidence};
use crate::istio::{ConfiguredProvider, MeshConfigFile};
use crate::kubernetes::{Container, PodSpec};
use crate::model::{FieldPath, Kind, LabelSelector, Labels, Name, Namespace, TrustDomain};
use crate::wire::wire;
use crate::yaml;

use super::{Affects, Assumption, Gap, GapKind, Object, Objects, PodObject, Why};

#[cfg(test)]
mod tests;

/// The variables of istiod that are read and are switched on and off.
pub(crate) const ISTIOD_FLAGS: [&str; 9] = [
    AMBIENT,
    DRY_RUN,
    AUTO_ALLOW,
    LAYERED,
    MULTIPLE_PROVIDERS,
    GATEWAY_SELECTORS,
    SENDS_HBONE,
    PREFERS_HBONE,
    EDS_FOR_HEADLESS,
];
/// The keys of Istio's ConfigMaps that are read.
#[cfg(test)]
pub(crate) const CONFIG_MAP_KEYS: [&str; 5] = [MESH, ENABLEMENT, EXCLUDED, ENABLED, NFTABLES];

/// The variable that names the revision.
pub(crate) const ISTIOD_REVISION: &str = "REVISION";
const AMBIENT: &str = "PILOT_ENABLE_AMBIENT";
const DRY_RUN: &str = "AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY";
const AUTO_ALLOW: &str = "PILOT_AUTO_ALLOW_WAYPOINT_POLICY";
const LAYERED: &str = "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES";
const MULTIPLE_PROVIDERS: &str = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS";
const GATEWAY_SELECTORS: &str = "ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY";
const SENDS_HBONE: &str = "PILOT_ENABLE_SENDING_HBONE";
const PREFERS_HBONE: &str = "PILOT_PREFER_SENDING_HBONE";
const EDS_FOR_HEADLESS: &str = "PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES";
const MESH: &str = "mesh";
const ENABLEMENT: &str = "AMBIENT_ENABLEMENT_SELECTOR";
const EXCLUDED: &str = "EXCLUDE_NAMESPACES";
const ENABLED: &str = "AMBIENT_ENABLED";
const NFTABLES: &str = "NATIVE_NFTABLES";

/// The label of istiod's pods and of their templates.
const ISTIOD: (&str, &str) = ("app", "istiod");

/// The label of istio-cni's pods, of which the ConfigMap stands beside them.
const ISTIO_CNI: (&str, &str) = ("k8s-app", "istio-cni-node");

/// The labels of the pods beside which settings stand.
pub(crate) const ISTIO_PODS: &[(&str, &str)] = &[ISTIOD, ISTIO_CNI];

/// Whether a pod or a template with these labels is istiod.
pub(crate) fn is_istiod(labels: &Labels) -> bool {
    labels.get(ISTIOD.0) == Some(ISTIOD.1)
}

/// Whether a variable of istiod is read, where it is given by value. An environment holds secrets: whoever saves what was
/// read keeps these and no others.
pub(crate) fn is_istiod_variable(name: &str) -> bool {
    name == ISTIOD_REVISION || ISTIOD_FLAGS.contains(&name)
}

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

/// The settings of MeshConfig that decide.
#[derive(Clone, Debug)]
pub struct MeshConfig {
    /// The trust domain of every identity.
    pub trust_domain: TrustDomain,
    /// The namespace whose policies are for the whole mesh.
    pub root_namespace: Namespace,
    /// The namespaces that istiod looks at; none: all.
    pub discovery_selectors: Vec<LabelSelector>,
    /// Trust domains that Envoys take for that of the mesh.
    pub trust_domain_aliases: Vec<Name>,
    /// What Envoys may ask; `None` when MeshConfig was not read.
    pub extension_providers: Option<Vec<ConfiguredProvider>>,
    /// What is told to Envoys that are clients.
    pub clients: Clients,
}

/// What MeshConfig says of Envoys that are clients.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clients {
    /// `enableAutoMtls`
    pub auto_mtls: bool,
    /// `outboundTrafficPolicy` is REGISTRY_ONLY: what is not known is not sent.
    pub registry_only: bool,
    /// `defaultDestinationRuleExportTo`
    pub destination_rules_for: Vec<Name>,
    /// `defaultServiceExportTo`
    pub services_for: Vec<Name>,
    /// `defaultConfig.interceptionMode` is NONE.
    pub not_intercepted: bool,
    /// `defaultConfig` sets `ISTIO_META_ENABLE_HBONE`: they take it.
    pub take_hbone: bool,
    /// `defaultConfig` sets `ISTIO_META_DISABLE_HBONE_SEND`: they do not send it.
    pub never_send_hbone: bool,
}

impl Clients {
    fn new(file: &MeshConfigFile) -> Self {
        let is = |text: &Option<Name>, wanted: &str| text.as_deref() == Some(wanted);
        let metadata = &file.default_config.proxy_metadata;
        let on = |text: &Option<Name>| text.as_deref().and_then(parse_bool) == Some(true);
        Self {
            auto_mtls: file.enable_auto_mtls.unwrap_or(true),
            registry_only: is(&file.outbound_traffic_policy.mode, "REGISTRY_ONLY"),
            destination_rules_for: file.default_destination_rule_export_to.clone(),
            services_for: file.default_service_export_to.clone(),
            not_intercepted: is(&file.default_config.interception_mode, "NONE"),
            // The template compares with this text (injection-template.yaml).
            take_hbone: is(&metadata.enable_hbone, "true"),
            never_send_hbone: on(&metadata.disable_hbone_send),
        }
    }
}

/// What istiod was told.
#[derive(Clone, Debug)]
pub struct Istiod {
    /// Its revision; empty when it has none, and then looks at the objects of all.
    pub revision: Name,
    /// Revisions of other istiods, empty for one without, when nobody said which is meant.
    pub other_revisions: Vec<Name>,
    /// `AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY`.
    pub sends_dry_run: bool,
    /// `PILOT_AUTO_ALLOW_WAYPOINT_POLICY`.
    pub auto_allows_waypoints: bool,
    /// `ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES`.
    pub layers_waypoint_policies: bool,
    /// `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`.
    pub multiple_authorizers: bool,
    /// `ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY`, on by default.
    pub selects_gateways: bool,
    /// `PILOT_ENABLE_AMBIENT`: without it nobody but ztunnel knows of captured pods.
    pub ambient: bool,
    /// `PILOT_ENABLE_SENDING_HBONE`, on by default where ambient is.
    pub sends_hbone: bool,
    /// `PILOT_PREFER_SENDING_HBONE`
    pub prefers_hbone: bool,
    /// `PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES`
    pub eds_for_headless: bool,
}

wire! {
    /// Which pods istio-cni enrols: cni/pkg/util/enablement_selector.go, `EnablementSelector`.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct EnablementSelector {
        /// By the labels of the pod.
        pub pod_selector: LabelSelector = "podSelector",
        /// And by those of its namespace.
        pub namespace_selector: LabelSelector = "namespaceSelector",
    }
}

/// What istio-cni was told.
#[derive(Clone, Debug)]
pub struct IstioCni {
    /// Pods that any of these selects are enrolled.
    pub enablement: Vec<EnablementSelector>,
    /// But never those of these namespaces.
    pub excluded_namespaces: Vec<Namespace>,
    /// Whether only the kubelet's own sockets are exempt, not every socket of the node.
    pub native_nftables: bool,
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
    /// ztunnel's version, when its DaemonSet was read.
    pub ztunnel: Option<Version>,
    /// Where Istio is installed, the likeliest namespace first.
    pub istio_namespaces: Vec<Name>,
}

/// Finds the settings among what was read.
pub(super) fn settings(
    objects: &Objects,
    given: &SettingsOverride,
    assumptions: &mut Vec<Assumption>,
    gaps: &mut Vec<Gap>,
) -> Settings {
    let istio_namespace = given.istio_namespace.clone().unwrap_or_else(|| "istio-system".into());
    let istiod = istiod(objects, given, &istio_namespace, assumptions);
    let others = istio_namespaces(objects, given).into_iter().filter(|other| *other != istio_namespace);
    Settings {
        istio_namespaces: std::iter::once(istio_namespace.clone()).chain(others).collect(),
        mesh: mesh_config(objects, given, &istio_namespace, &istiod.revision, assumptions, gaps),
        istiod,
        cni: istio_cni(objects, &istio_namespace, assumptions, gaps),
        ztunnel: ztunnel(objects, &istio_namespace),
    }
}

/// Of several, while they are updated, the oldest; of Istio's namespace or kube-system, where there are any.
fn ztunnel(objects: &Objects, istio_namespace: &Name) -> Option<Version> {
    let all = pod_specs(objects, "app", "ztunnel");
    let all = all.filter_map(|(namespace, spec)| {
        Some((is_of_operators(&namespace, istio_namespace), version(main_container(spec)?)?))
    });
    let (own, others): (Vec<_>, Vec<_>) = all.partition(|(is_own, _)| *is_own);
    let counting = if own.is_empty() { others } else { own };
    counting.into_iter().map(|(_, version)| version).min()
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

fn mesh_config(
    objects: &Objects,
    given: &SettingsOverride,
    istio_namespace: &Name,
    revision: &Name,
    assumptions: &mut Vec<Assumption>,
    gaps: &mut Vec<Gap>,
) -> MeshConfig {
    let is_default = matches!(&**revision, "default" | "");
    let name = if is_default { "istio".to_owned() } else { format!("istio-{revision}") };
    let is_it = |map: &&Object<_>| *map.meta.name == *name;
    let in_its_place = |map: &&Object<_>| is_it(map) && map.meta.namespace.as_ref() == Some(istio_namespace);
    // Anybody may have a ConfigMap of that name: elsewhere it counts only where istiod's own place was read.
    let own_was_read = !objects.not_read.iter().any(|list| {
        list.resource == "configmaps" && list.why != Why::Missing && list.extent.covers(istio_namespace)
    });
    let elsewhere = || objects.config_maps.iter().filter(is_it).min_by_key(|map| map.namespace());
    let found =
        objects.config_maps.iter().find(in_its_place).or_else(|| own_was_read.then(elsewhere).flatten());
    let text = found.and_then(|map| Some((map, map.spec.get(MESH)?)));
    let read = text.and_then(|(map, text)| parsed::<MeshConfigFile, _>(objects, map, MESH, text, gaps));
    let root = given.root_namespace.clone();
    let file = read.unwrap_or_default();
    let clients = Clients::new(&file);
    let config = MeshConfig {
        trust_domain: not_empty(given.trust_domain.clone().or(file.trust_domain), "cluster.local").into(),
        clients,
        root_namespace: not_empty(root.or(file.root_namespace), istio_namespace).into(),
        discovery_selectors: file.discovery_selectors,
        trust_domain_aliases: file.trust_domain_aliases,
        extension_providers: text.is_some().then_some(file.extension_providers),
    };
    let told = given.trust_domain.is_some() && given.root_namespace.is_some();
    if text.is_none() && !told {
        let values =
            Evidence::none().with("trust_domain", &config.trust_domain).with("root", &config.root_namespace);
        assumptions.push(Assumption { code: Code::MeshConfigAssumed, values });
    }
    config
}

fn not_empty(name: Option<Name>, default: &str) -> Name {
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| default.into())
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

fn istiod(
    objects: &Objects,
    given: &SettingsOverride,
    istio_namespace: &Name,
    assumptions: &mut Vec<Assumption>,
) -> Istiod {
    let is_own = |namespace: &Namespace| namespace.as_str() == &**istio_namespace;
    let all: Vec<(bool, &Container)> = pod_specs(objects, ISTIOD.0, ISTIOD.1)
        .filter(|(namespace, _)| is_own(namespace) || given.istio_namespace.is_none())
        .filter_map(|(namespace, spec)| Some((is_own(&namespace), main_container(spec)?)))
        .collect();
    let wanted = given.revision.as_deref();
    let is_wanted =
        |of: &str| wanted.is_none_or(|wanted| wanted == of || wanted == "default" && of.is_empty());
    // Anybody may label a pod so: where Istio's namespace has istiods, others count as other revisions at most.
    let found = all
        .iter()
        .filter(|(_, container)| is_wanted(revision(container)))
        .min_by_key(|(is_own, container)| {
            (!is_own, revision(container) != "default", revision(container).to_owned())
        })
        .map(|(_, container)| container);
    let others = all.iter().map(|(_, container)| revision(container)).filter(|_| wanted.is_none());
    let mut others: Vec<Name> = others.map(Name::from).collect();
    let revision: Name = found.map(|c| revision(c)).or(wanted).unwrap_or("default").into();
    if found.is_none() {
        let values = Evidence::none().with("revision", &revision);
        assumptions.push(Assumption { code: Code::IstiodFlagsAssumed, values });
    }
    assumptions.extend(objects.assumed.istiod.iter().map(|(flag, value)| Assumption {
        code: Code::IstiodFlagGiven,
        values: Evidence::none().with("flag", flag).with("value", value),
    }));
    let told = |name| objects.assumed.istiod.get(name).copied();
    let is_on = |name| told(name).unwrap_or_else(|| found.is_some_and(|c| is_true(c, name)));
    // pilot/pkg/features/ambient.go, registerAmbient: without PILOT_ENABLE_AMBIENT the others count as off. Who says
    // of an istiod that was not read that one of them is on says that ambient is.
    let is_ambient = told(AMBIENT).unwrap_or_else(|| found.is_none_or(|c| is_true(c, AMBIENT)));
    let flag = |name| is_ambient && is_on(name);
    let off = |name| {
        told(name) == Some(false)
            || told(name).is_none()
                && found.is_some_and(|c| variable(c, name).and_then(parse_bool) == Some(false))
    };
    Istiod {
        ambient: is_ambient,
        sends_hbone: is_ambient && !off(SENDS_HBONE),
        prefers_hbone: flag(PREFERS_HBONE),
        eds_for_headless: is_on(EDS_FOR_HEADLESS),
        sends_dry_run: flag(DRY_RUN),
        auto_allows_waypoints: flag(AUTO_ALLOW),
        // pilot/pkg/features/{ambient,security,pilot}.go: of these three only the first hangs on ambient.
        layers_waypoint_policies: is_on(LAYERED),
        multiple_authorizers: is_on(MULTIPLE_PROVIDERS),
        selects_gateways: !off(GATEWAY_SELECTORS),
        other_revisions: {
            others.retain(|other| *other != revision);
            others
        },
        revision,
    }
}

fn istio_cni(
    objects: &Objects,
    istio_namespace: &Name,
    assumptions: &mut Vec<Assumption>,
    gaps: &mut Vec<Gap>,
) -> IstioCni {
    let mut cni = IstioCni {
        enablement: default_enablement(),
        excluded_namespaces: vec!["kube-system".into()],
        native_nftables: false,
    };
    let Some(map) = istio_cni_config(objects, istio_namespace) else {
        assumptions.push(Assumption { code: Code::IstioCniAssumed, values: Evidence::none() });
        return cni;
    };
    if let Some(text) = map.spec.get(ENABLEMENT).filter(|text| !text.trim().is_empty())
        && let Some(selectors) = parsed(objects, map, ENABLEMENT, text, gaps)
    {
        cni.enablement = selectors;
    }
    if let Some(text) = map.spec.get(EXCLUDED) {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        cni.excluded_namespaces = names.map(Namespace::from).collect();
    }
    if map.spec.get(ENABLED).is_some_and(|text| parse_bool(text) == Some(false)) {
        cni.enablement.clear();
    }
    cni.native_nftables = map.spec.get(NFTABLES).is_some_and(|text| parse_bool(text) == Some(true));
    cni
}

/// istio-cni's ConfigMap. Anybody may call one so: the one of Istio's namespace or of kube-system counts, and of these
/// the one beside istio-cni's pods; only where neither has one, that of another namespace.
fn istio_cni_config<'a>(
    objects: &'a Objects,
    istio_namespace: &Name,
) -> Option<&'a Object<BTreeMap<Name, Name>>> {
    let beside: BTreeSet<Namespace> =
        pod_specs(objects, ISTIO_CNI.0, ISTIO_CNI.1).map(|(namespace, _)| namespace).collect();
    let rank = |map: &&Object<BTreeMap<Name, Name>>| {
        let namespace = map.namespace();
        (!is_of_operators(&namespace, istio_namespace), !beside.contains(&namespace), namespace)
    };
    let maps = objects.config_maps.iter().filter(|map| &*map.meta.name == "istio-cni-config");
    maps.min_by_key(rank)
}

/// manifests/charts/istio-cni/values.yaml, `ambient.enablementSelectors`.
pub(super) fn default_enablement() -> Vec<EnablementSelector> {
    const DEFAULT: &str = "
- podSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}
- podSelector: {matchExpressions: [{key: istio.io/dataplane-mode, operator: NotIn, values: [none]}]}
  namespaceSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}
";
    yaml::parse(DEFAULT).and_then(|node| node.decode()).unwrap_or_default()
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

fn variable<'a>(container: &'a Container, name: &str) -> Option<&'a str> {
    container.env.iter().find(|variable| &*variable.name == name)?.value.as_deref()
}

/// pilot/pkg/bootstrap/options.go, `Revision`: without the variable there is none.
fn revision(container: &Container) -> &str {
    variable(container, ISTIOD_REVISION).unwrap_or_default()
}

fn is_true(container: &Container, name: &str) -> bool {
    variable(container, name).and_then(parse_bool) == Some(true)
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
