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
    }
}
