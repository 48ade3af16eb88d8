//! MeshConfig, the YAML text under the key `mesh` of Istio's ConfigMap.

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
    /// An external authorizer.
    #[derive(Clone, Debug)]
    pub struct ExternalAuthorizer {
        /// Its Service.
        pub service: Name = "service",
        /// The Service's port.
        pub port: u32 = "port",
    }
}
