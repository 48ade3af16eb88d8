//! MeshConfig, as istiod finds it in its ConfigMap.

use crate::codes::{Code, Evidence};
use crate::istio::{ConfiguredProvider, MeshConfigFile};
use crate::model::{LabelSelector, Name, Namespace, TrustDomain};
use crate::snapshot::{Assumption, Gap, Object, Objects, Why};

use super::{SettingsOverride, parse_bool, parsed};

/// The key of the ConfigMap.
pub(super) const MESH: &str = "mesh";

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
    /// The trust domains of authorities that Envoys trust besides.
    pub trust_domains_of_authorities: Vec<Name>,
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

impl MeshConfig {
    /// Whether istiod's ConfigMap was read.
    #[must_use]
    pub fn was_read(&self) -> bool {
        self.extension_providers.is_some()
    }
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

pub(super) fn mesh_config(
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
        trust_domains_of_authorities: {
            file.ca_certificates.into_iter().flat_map(|authority| authority.trust_domains).collect()
        },
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
