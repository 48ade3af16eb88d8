//! Questions about sidecars: small meshes of which everything is written down that decides how a sidecar takes and
//! sends connections, right and odd.
//!
//! `tests/env/istio/istio-sidecars` answers them with istiod's own code; their form is its `question`.

use serde_json::{Value, json};

use crate::Random;

mod policies;
mod services;

/// Namespaces: most stands in the first.
const NAMESPACES: [&str; 4] = ["shop", "client", "third", "istio-system"];
const APPS: [&str; 3] = ["web", "cart", "odd"];
/// Ports of pods, and one that nothing names.
const PORTS: [u16; 7] = [8080, 8081, 9000, 3306, 80, 15006, 0];

/// A pod of a question.
struct Pod {
    namespace: &'static str,
    name: String,
    address: String,
    labels: Value,
    ready: bool,
    /// Its ports by their names.
    ports: Vec<(&'static str, u16)>,
    object: Value,
    has_sidecar: bool,
}

/// A question; the same for the same seed.
#[must_use]
pub fn question(seed: u64) -> Value {
    let mut random = Random::new(seed.wrapping_mul(0x51de).wrapping_add(0xca12));
    let random = &mut random;
    let mesh_config = mesh_config(random);
    let root = mesh_config["rootNamespace"].as_str().unwrap_or("istio-system").to_owned();
    let pods = pods(random);
    let mut objects: Vec<Value> = NAMESPACES.iter().map(|name| namespace(name)).collect();
    objects.extend(pods.iter().map(|pod| pod.object.clone()));
    services::add(random, &pods, &mut objects);
    policies::add(random, &root, &mut objects);
    let proxies = pods.iter().filter(|pod| pod.has_sidecar);
    let proxies: Vec<String> = proxies.map(|pod| format!("{}/{}", pod.namespace, pod.name)).collect();
    let of_shop = pods.iter().filter(|pod| pod.namespace == "shop");
    json!({
        "seed": seed,
        "env": flags(random),
        "meshConfig": mesh_config,
        "objects": objects,
        "proxies": proxies,
        "ports": PORTS,
        "dialled": of_shop.map(|pod| pod.address.clone()).collect::<Vec<_>>(),
    })
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// Flags of istiod.
fn flags(random: &mut Random) -> Value {
    let mut env = json!({});
    if random.chance(80) {
        env["PILOT_ENABLE_AMBIENT"] = json!("true");
    }
    for (flag, value, percent) in [
        ("PILOT_PREFER_SENDING_HBONE", "true", 12),
        ("PILOT_ENABLE_SENDING_HBONE", "false", 5),
        ("PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES", "true", 12),
    ] {
        if random.chance(percent) {
            env[flag] = json!(value);
        }
    }
    env
}

fn mesh_config(random: &mut Random) -> Value {
    let mut config = json!({});
    if random.chance(12) {
        config["enableAutoMtls"] = json!(false);
    }
    if random.chance(12) {
        config["rootNamespace"] = json!("third");
    }
    if random.chance(10) {
        config["trustDomain"] = json!("td.example");
    }
    if random.chance(12) {
        config["defaultDestinationRuleExportTo"] = json!([random.pick(&[".", "*"])]);
    }
    if random.chance(6) {
        config["defaultConfig"] = json!({"proxyMetadata": {"ISTIO_META_DISABLE_HBONE_SEND": "true"}});
    }
    if random.chance(2) {
        config["outboundTrafficPolicy"] = json!({"mode": "REGISTRY_ONLY"});
    }
    config
}

fn pods(random: &mut Random) -> Vec<Pod> {
    let places = ["shop", "shop", "shop", "shop", "shop", "client", "third", "istio-system"];
    let mut pods: Vec<Pod> =
        places.iter().enumerate().map(|(at, namespace)| pod(random, namespace, at + 1)).collect();
    // Somebody must ask, and somebody must be asked.
    for at in [0, 5] {
        if !pods[at].has_sidecar {
            pods[at] = sidecar(random, places[at], at + 1);
        }
    }
    pods
}

fn pod(random: &mut Random, namespace: &'static str, number: usize) -> Pod {
    match random.below(10) {
        0..6 => sidecar(random, namespace, number),
        6 | 7 => {
            let state = random.pick(&["enabled", "enabled", "enabled", "enabled", "pending"]);
            build(random, namespace, number, json!({}), &json!({"ambient.istio.io/redirection": state}))
        }
        _ => build(random, namespace, number, json!({}), &json!({})),
    }
}

fn sidecar(random: &mut Random, namespace: &'static str, number: usize) -> Pod {
    let mut labels = json!({"security.istio.io/tlsMode": "istio"});
    if random.chance(7) {
        labels["security.istio.io/tlsMode"] = json!("disabled");
    }
    if random.chance(15) {
        labels["networking.istio.io/tunnel"] = json!("http");
    }
    build(random, namespace, number, labels, &json!({"sidecar.istio.io/status": "{}"}))
}

fn build(
    random: &mut Random,
    namespace: &'static str,
    number: usize,
    mut labels: Value,
    annotations: &Value,
) -> Pod {
    let app = if random.chance(60) { "web" } else { random.pick(&APPS) };
    labels["app"] = json!(app);
    if random.chance(30) {
        labels["tier"] = json!("a");
    }
    let (name, address) = (format!("pod-{number}"), format!("10.0.0.{number}"));
    let ready = random.chance(88);
    let ports = vec![("web", if random.chance(70) { 8080 } else { 8081 }), ("admin", 9000)];
    let written: Vec<Value> = ports
        .iter()
        .map(|(name, port)| json!({"name": name, "containerPort": port, "protocol": "TCP"}))
        .collect();
    let object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations},
        "spec": {
            "nodeName": "node-1",
            "serviceAccountName": if random.chance(70) { "default".to_owned() } else { name.clone() },
            "containers": [{"name": "app", "ports": written}],
        },
        "status": {
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
        },
    });
    let has_sidecar = annotations.get("sidecar.istio.io/status").is_some();
    Pod { namespace, name, address, labels, ready, ports, object, has_sidecar }
}

/// A moment; few are the same.
fn created(random: &mut Random) -> String {
    format!("2026-01-{:02}T00:{:02}:00Z", 1 + random.below(5), random.below(20))
}
