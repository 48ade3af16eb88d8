//! What changes Envoys: settings of the mesh, and objects that are attached to proxies.

use serde_json::{Value, json};

use crate::Random;

/// Changes what there is of Envoys, and adds to it.
pub(super) fn extend(random: &mut Random, objects: &mut Vec<Value>) {
    for object in objects.iter_mut() {
        match object["kind"].as_str() {
            Some("Pod") if !object["metadata"]["annotations"]["sidecar.istio.io/status"].is_null() => {
                sidecar(random, object);
            }
            // Nothing has the name of the provider: istiod makes rules that deny.
            Some("AuthorizationPolicy") if random.chance(8) => {
                object["spec"]["action"] = json!("CUSTOM");
                object["spec"]["provider"] = json!({"name": "none"});
            }
            _ => {}
        }
    }
    if random.chance(15) {
        objects.push(mesh_config(random));
    }
}

/// What clients are told that it takes.
fn sidecar(random: &mut Random, pod: &mut Value) {
    if random.chance(60) {
        pod["metadata"]["labels"]["security.istio.io/tlsMode"] = json!("istio");
    }
    if random.chance(40) {
        pod["metadata"]["labels"]["networking.istio.io/tunnel"] = json!("http");
    }
    if random.chance(20) {
        let value = random.pick(&["true", "false"]);
        let settings =
            format!("{{concurrency: 2, proxyMetadata: {{ISTIO_META_DISABLE_HBONE_SEND: '{value}'}}}}");
        pod["metadata"]["annotations"]["proxy.istio.io/config"] = json!(settings);
    }
}

fn mesh_config(random: &mut Random) -> Value {
    let settings = random.pick(&[
        "caCertificates: [{pem: x, trustDomains: [other.td]}]",
        "trustDomainAliases: [other.td]",
        "trustDomainAliases: [cluster.local]",
    ]);
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"},
        "data": {"mesh": settings},
    })
}
