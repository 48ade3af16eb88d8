//! MeshConfig, the YAML text under the key `mesh` of Istio's ConfigMap.

use super::OutboundTrafficPolicy;
use crate::model::{LabelSelector, Name};
use crate::wire::wire;

wire! {
    /// The settings that decide traffic.
    #[derive(Clone, Debug)]
    pub struct MeshConfigFile {
        /// The trust domain of every identity.
        pub trust_domain: Option<Name> = "trustDomain",
        /// The namespace whose policies are for the whole mesh.
        pub root_namespace: Option<Name> = "rootNamespace",
        /// The namespaces that istiod looks at; none given: all.
        pub discovery_selectors: Vec<LabelSelector> = "discoverySelectors",
        /// Trust domains that Envoys take for that of the mesh.
        pub trust_domain_aliases: Vec<Name> = "trustDomainAliases",
        /// What Envoys may ask; external authorizers among them.
        pub extension_providers: Vec<ConfiguredProvider> = "extensionProviders",
        /// Authorities that Envoys trust besides.
        pub ca_certificates: Vec<CaCertificate> = "caCertificates",
        /// Whether Envoys send mTLS to whatever takes it; absent: they do.
        pub enable_auto_mtls: Option<bool> = "enableAutoMtls",
        /// What becomes of what an Envoy does not know.
        pub outbound_traffic_policy: OutboundTrafficPolicy = "outboundTrafficPolicy",
        /// Who heeds a DestinationRule that does not say.
        pub default_destination_rule_export_to: Vec<Name> = "defaultDestinationRuleExportTo",
        /// Who knows a Service that does not say.
        pub default_service_export_to: Vec<Name> = "defaultServiceExportTo",
        /// How Envoys are set up.
        pub default_config: ProxyConfig = "defaultConfig",
    }
}

wire! {
    /// Something that Envoys may ask.
    #[derive(Clone, Debug)]
    pub struct ConfiguredProvider {
        /// The name that policies call it by.
        pub name: Name = "name",
        /// Asked about requests only.
        pub http: Option<ExternalAuthorizer> = "envoyExtAuthzHttp",
        /// Asked about requests and connections.
        pub grpc: Option<ExternalAuthorizer> = "envoyExtAuthzGrpc",
    }
}

wire! {
    /// An authority.
    #[derive(Clone, Debug)]
    pub struct CaCertificate {
        /// The trust domains that it speaks for.
        pub trust_domains: Vec<Name> = "trustDomains",
    }
}

wire! {
    /// An external authorizer.
    #[derive(Clone, Debug)]
    pub struct ExternalAuthorizer {
        /// Its Service.
        pub service: Name = "service",
        /// The Service's port.
        pub port: u32 = "port",
    }
}

wire! {
    /// How an Envoy is set up, as far as it decides which way traffic goes.
    #[derive(Clone, Debug)]
    pub struct ProxyConfig {
        /// REDIRECT, TPROXY, or NONE: traffic does not come to it by itself.
        pub interception_mode: Option<Name> = "interceptionMode",
        /// Its environment.
        pub proxy_metadata: ProxyMetadata = "proxyMetadata",
    }
}

wire! {
    /// What of an Envoy's environment decides which way traffic goes.
    #[derive(Clone, Debug)]
    pub struct ProxyMetadata {
        /// Whether it takes HBONE.
        pub enable_hbone: Option<Name> = "ISTIO_META_ENABLE_HBONE",
        /// Whether it never sends HBONE.
        pub disable_hbone_send: Option<Name> = "ISTIO_META_DISABLE_HBONE_SEND",
    }
}
