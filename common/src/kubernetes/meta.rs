//! What every object has.

use serde::Deserialize;

use crate::codes::Silence;
use crate::model::{Labels, Name};
use crate::wire::{Key, wire};

wire! {
    /// `metadata`.
    #[derive(Clone, Debug)]
    pub struct ObjectMeta {
        /// The object's name.
        pub name: Name = "name",
        /// Its namespace, where it has one and it was written.
        pub namespace: Option<Name> = "namespace",
        /// Its labels.
        pub labels: Labels = "labels",
        /// Those of its annotations that we understand.
        pub annotations: Annotations = "annotations",
        /// When it was created, as written: RFC 3339 in UTC, which sorts as text.
        pub creation_timestamp: Option<Name> = "creationTimestamp",
        /// When its deletion began.
        pub deletion_timestamp: Option<Name> = "deletionTimestamp",
        /// What it belongs to.
        pub owner_references: Vec<OwnerReference> = "ownerReferences",
    }
}

impl ObjectMeta {
    /// What the object asks for silence about.
    #[must_use]
    pub fn silence(&self) -> Silence {
        Silence::new(self.annotations.get("kubectl-mesh/ignore"))
    }
}

wire! {
    /// An entry of `ownerReferences`.
    #[derive(Clone, Debug)]
    pub struct OwnerReference {
        /// The owner's kind.
        pub kind: Name = "kind",
        /// The owner's name, in the same namespace.
        pub name: Name = "name",
        /// Whether the owner manages the object.
        pub controller: bool = "controller",
    }
}

/// The annotations that say something about traffic. Others, Istio's own among them, may hold whole copies of the
/// object, environments or headers: what is not named here is never built and never saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations(Labels);

impl Annotations {
    /// Whether an annotation is read.
    #[must_use]
    pub fn reads(key: &str) -> bool {
        READ.contains(&key)
    }

    /// The value of an annotation that is read.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)
    }

    /// Takes over those of others that it has none for.
    pub fn keep(&mut self, others: &Self) {
        let others = others.0.iter().filter(|(key, _)| self.0.get(key).is_none());
        self.0 = self.0.iter().chain(others).collect();
    }
}

/// Settings of a pod's Envoy, of which only those are built that decide which way traffic goes.
pub(crate) const PROXY_CONFIG: &str = "proxy.istio.io/config";

const READ: [&str; 20] = [
    "ambient.istio.io/bypass-inbound-capture",
    "ambient.istio.io/redirection",
    "ambient.istio.io/waypoint-inbound-binding",
    "istio.io/dry-run",
    "istio.io/use-waypoint-canary-weight",
    "inject.istio.io/templates",
    "kubectl-mesh/ignore",
    "networking.istio.io/exportTo",
    "networking.istio.io/traffic-distribution",
    PROXY_CONFIG,
    "sidecar.istio.io/inject",
    "sidecar.istio.io/interceptionMode",
    "sidecar.istio.io/rewriteAppHTTPProbers",
    "sidecar.istio.io/status",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "traffic.sidecar.istio.io/includeOutboundPorts",
];

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> serde::de::Visitor<'de> for Map {
            type Value = Annotations;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Annotations, A::Error> {
                let mut kept: Vec<(Name, Name)> = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    if Annotations::reads(&key) {
                        let value = map.next_value::<Option<Name>>()?.unwrap_or_default();
                        let value = if key == PROXY_CONFIG { proxy_config(&value).into() } else { value };
                        kept.push((Name::from(&*key), value));
                    } else {
                        map.next_value::<serde::de::IgnoredAny>()?;
                    }
                }
                Ok(Annotations(kept.into_iter().collect()))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// What decides of an Envoy's settings, as JSON, which is YAML; the rest may hold secrets. What cannot be read stays what
/// cannot be read: a text where settings are expected.
pub(crate) fn proxy_config(text: &str) -> String {
    const DECIDING: [&str; 2] = ["ISTIO_META_ENABLE_HBONE", "ISTIO_META_DISABLE_HBONE_SEND"];
    #[derive(Default, Deserialize, serde::Serialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Kept {
        interception_mode: Option<Name>,
        proxy_metadata: Option<std::collections::BTreeMap<Name, Name>>,
    }
    let read = crate::yaml::parse(text).and_then(|node| node.decode::<Option<Kept>>());
    let Ok(kept) = read else { return "\"unreadable\"".to_owned() };
    let mut kept = kept.unwrap_or_default();
    if let Some(metadata) = &mut kept.proxy_metadata {
        metadata.retain(|key, _| DECIDING.contains(&&**key));
    }
    serde_json::to_string(&kept).unwrap_or_default()
}
