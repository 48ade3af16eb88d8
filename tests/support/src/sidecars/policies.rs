//! PeerAuthentications and DestinationRules at every level, and a few Sidecars.

use serde_json::{Value, json};

use super::{APPS, NAMESPACES, created};
use crate::Random;

const MODES: [&str; 6] = ["STRICT", "STRICT", "PERMISSIVE", "DISABLE", "DISABLE", "UNSET"];
const TLS_MODES: [&str; 6] = ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "ISTIO_MUTUAL", "ISTIO_MUTUAL"];
/// Hosts: short, whole, wildcards, and such that are of no Service.
const HOSTS: [&str; 14] = [
    "web",
    "web",
    "cart",
    "more",
    "web.shop.svc.cluster.local",
    "web.shop.svc.cluster.local",
    "cart.shop.svc.cluster.local",
    "*.shop.svc.cluster.local",
    "*.svc.cluster.local",
    "*.local",
    "*",
    "web.shop",
    "*.example",
    "*eb.shop.svc.cluster.local",
];

/// Adds what decides about TLS. `root` is the root namespace.
pub(super) fn add(random: &mut Random, root: &str, objects: &mut Vec<Value>) {
    for at in 0..random.below(6) {
        objects.push(peer_authentication(random, root, at));
    }
    for at in 0..random.below(6) {
        objects.push(destination_rule(random, root, at));
    }
    if random.chance(5) {
        objects.push(sidecar(random));
    }
}

fn metadata(random: &mut Random, namespace: &str, name: &str) -> Value {
    let mut metadata = json!({"name": name, "namespace": namespace});
    if random.chance(90) {
        metadata["creationTimestamp"] = json!(created(random));
    }
    metadata
}

fn peer_authentication(random: &mut Random, root: &str, at: usize) -> Value {
    let (namespace, mut spec) = match random.below(8) {
        0 | 1 => (root, json!({})),
        2 | 3 => ("shop", json!({})),
        4 => (random.pick(&NAMESPACES), json!({})),
        _ => {
            let namespace = if random.chance(85) { "shop" } else { random.pick(&NAMESPACES) };
            (namespace, json!({"selector": selector(random)}))
        }
    };
    if random.chance(85) {
        spec["mtls"] = json!({"mode": random.pick(&MODES)});
    }
    if random.chance(if spec.get("selector").is_some() { 60 } else { 8 }) {
        let ports = (0..=random.below(2)).map(|_| {
            let port = random.pick(&[&8080_u16, &8080, &8081, &9000, &80, &3306]);
            (port.to_string(), json!({"mode": random.pick(&MODES)}))
        });
        spec["portLevelMtls"] = Value::Object(ports.collect());
    }
    let metadata = metadata(random, namespace, &format!("mode-{at}"));
    json!({"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": metadata, "spec": spec})
}

fn selector(random: &mut Random) -> Value {
    match random.below(12) {
        0 => json!({}),
        1 => json!({"matchLabels": {}}),
        2 => json!({"matchLabels": {"app": "web", "tier": "a"}}),
        3 => json!({"matchLabels": {"tier": "a"}}),
        4..9 => json!({"matchLabels": {"app": "web"}}),
        _ => json!({"matchLabels": {"app": random.pick(&APPS)}}),
    }
}

fn destination_rule(random: &mut Random, root: &str, at: usize) -> Value {
    let namespace = match random.below(8) {
        0..4 => "shop",
        4 | 5 => "client",
        6 => root,
        _ => random.pick(&NAMESPACES),
    };
    let short = if namespace == "shop" { &HOSTS[..] } else { &HOSTS[4..] };
    let mut spec = json!({"host": random.pick(short)});
    if random.chance(88) {
        spec["trafficPolicy"] = traffic_policy(random);
    }
    if random.chance(12) {
        let policy = json!({"name": "v1", "labels": {"tier": "a"}, "trafficPolicy": {"tls": tls(random)}});
        spec["subsets"] = json!([policy]);
    }
    if random.chance(35) {
        let all: [Value; 7] = [
            json!(["."]),
            json!(["*"]),
            json!(["client"]),
            json!(["shop"]),
            json!([".", "client"]),
            json!(["client", "third"]),
            json!(["third", "*"]),
        ];
        spec["exportTo"] = all[random.below(all.len())].clone();
    }
    if random.chance(15) {
        spec["workloadSelector"] = json!({"matchLabels": {"app": random.pick(&APPS)}});
    }
    let metadata = metadata(random, namespace, &format!("rule-{at}"));
    json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": metadata, "spec": spec})
}

fn traffic_policy(random: &mut Random) -> Value {
    let mut policy = json!({});
    if random.chance(70) {
        policy["tls"] = tls(random);
    }
    if random.chance(4) {
        policy["loadBalancer"] = json!({"simple": random.pick(&["PASSTHROUGH", "ROUND_ROBIN"])});
    }
    if random.chance(8) {
        policy["outlierDetection"] = json!({"consecutive5xxErrors": 3});
    }
    if random.chance(30) {
        let ports = (0..=random.below(2)).map(|_| {
            let number = random.pick(&[&80_u16, &80, &8080, &9000, &3306]);
            let mut port = json!({"port": {"number": number}});
            if random.chance(75) {
                port["tls"] = tls(random);
            } else {
                port["connectionPool"] = json!({"tcp": {"maxConnections": 9}});
            }
            port
        });
        policy["portLevelSettings"] = json!(ports.collect::<Vec<_>>());
    }
    if policy == json!({}) {
        policy["outlierDetection"] = json!({"consecutive5xxErrors": 3});
    }
    policy
}

fn tls(random: &mut Random) -> Value {
    let mode = random.pick(&TLS_MODES);
    let mut tls = json!({"mode": mode});
    match mode {
        // Nothing else is taken by istiod's validation.
        "MUTUAL" if random.chance(70) => {
            tls["clientCertificate"] = json!("/c");
            tls["privateKey"] = json!("/k");
        }
        "MUTUAL" => tls["credentialName"] = json!("secret"),
        "SIMPLE" if random.chance(25) => {
            tls["credentialName"] = json!(random.pick(&["secret", "configmap://ca"]));
        }
        "ISTIO_MUTUAL" if random.chance(10) => {
            let names =
                ["spiffe://cluster.local/ns/shop/sa/default", "spiffe://td.example/ns/shop/sa/default"];
            tls["subjectAltNames"] = json!([random.pick(&names)]);
        }
        _ => {}
    }
    tls
}

/// One that leaves nothing or something out.
fn sidecar(random: &mut Random) -> Value {
    let namespace = random.pick(&["client", "shop"]);
    let hosts = random.pick(&["*/*", "./*", "shop/*", "~/*"]);
    let mut spec = json!({"egress": [{"hosts": [hosts]}]});
    if random.chance(30) {
        spec["ingress"] = json!([{"port": {"number": 8080, "protocol": "TCP", "name": "tcp"}, "defaultEndpoint": "127.0.0.1:8080"}]);
    }
    json!({"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": metadata(random, namespace, "only"), "spec": spec})
}
