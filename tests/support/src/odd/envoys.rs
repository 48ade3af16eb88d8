//! What changes Envoys: settings of the mesh, and objects that are attached to proxies.

use serde_json::{Value, json};

use crate::Random;

use super::NAMESPACES;

/// Changes what there is of Envoys, and adds to it.
pub(super) fn extend(random: &mut Random, objects: &mut Vec<Value>) {
    for object in objects.iter_mut() {
        match object["kind"].as_str() {
            Some("Pod") if !object["metadata"]["annotations"]["sidecar.istio.io/status"].is_null() => {
                sidecar(random, object);
            }
            Some("Pod")
                if object["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"] == "way"
                    && random.chance(70) =>
            {
                let controller = "istio.io-mesh-controller";
                object["metadata"]["labels"]["gateway.istio.io/managed"] = json!(controller);
            }
            Some("Service") if random.chance(15) => {
                let value = random.pick(&["true", "false", ""]);
                object["metadata"]["labels"]["istio.io/ingress-use-waypoint"] = json!(value);
            }
            // Nothing has the name of the provider: istiod makes rules that deny.
            Some("AuthorizationPolicy") if random.chance(8) => {
                object["spec"]["action"] = json!("CUSTOM");
                object["spec"]["provider"] = json!({"name": "none"});
            }
            _ => {}
        }
    }
    // Of two of one name the last one counts: an order that says something is no subject of generated meshes.
    let is_there = objects.iter().any(|of| of["kind"] == "ConfigMap" && of["metadata"]["name"] == "istio");
    if random.chance(15) && !is_there {
        objects.push(mesh_config(random));
    }
    for index in 0..random.below(12).saturating_sub(9) {
        objects.push(attached(random, index));
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
        pod["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"] = json!("entry");
        pod["metadata"]["labels"]["gateway.istio.io/managed"] =
            json!(random.pick(&["istio.io-gateway-controller", "istio.io-eastwest-controller"]));
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

/// What changes proxies: of a namespace, or what it is attached to.
fn attached(random: &mut Random, index: usize) -> Value {
    let kinds = [
        ("networking.istio.io/v1alpha3", "EnvoyFilter"),
        ("extensions.istio.io/v1alpha1", "WasmPlugin"),
        ("extensions.istio.io/v1alpha1", "TrafficExtension"),
    ];
    let (api_version, kind) = kinds[random.below(kinds.len())];
    let target = match random.below(4) {
        0 => json!([{"group": "", "kind": "Service", "name": format!("svc{}", random.below(3))}]),
        1 => json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "way"}]),
        2 => json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "entry"}]),
        _ => json!([]),
    };
    json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": format!("odd{index}"), "namespace": random.pick(&NAMESPACES)},
        "spec": {"targetRefs": target, "configPatches": [{}]},
    })
}
