//! Waypoints in front of pods and Services, with policies that are attached to them.

use serde_json::{Value, json};

use crate::Random;

use super::{NAMESPACES, authorization_policy};

/// The waypoint that a share of the connections goes through.
const SECOND: &str = "way-2";

/// Adds a waypoint to a namespace, with or without pods, binds what is there to it, and attaches policies.
pub(super) fn extend(random: &mut Random, objects: &mut Vec<Value>) {
    if !random.chance(45) {
        return;
    }
    let namespace = random.pick(&NAMESPACES);
    objects.push(gateway(random, namespace));
    for index in 0..random.below(4) {
        objects.push(instance(random, namespace, index));
    }
    let second = random.chance(30);
    if second {
        objects.extend(second_waypoint(random, namespace));
        objects.extend(["istiod", "ztunnel"].map(|name| control_plane(random, name)));
    }
    for object in objects.iter_mut() {
        let is_bound = match object["kind"].as_str() {
            Some("Service") => random.chance(60),
            Some("Pod") => random.chance(15),
            Some("Namespace") => random.chance(10),
            _ => false,
        };
        if is_bound && object["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"].is_null() {
            object["metadata"]["labels"]["istio.io/use-waypoint"] = json!("way");
            object["metadata"]["labels"]["istio.io/use-waypoint-namespace"] = json!(namespace);
        }
        if second && matches!(object["kind"].as_str(), Some("Service" | "Namespace")) && random.chance(40) {
            give_a_share(random, object, namespace);
        }
        let names = ["http", "tcp-x", "x"];
        if object["kind"] == "Service" && random.chance(50) {
            object["spec"]["ports"][0]["name"] = json!(random.pick(&names));
        }
    }
    for index in 0..random.below(5) {
        objects.push(policy(random, namespace, index));
    }
}

fn gateway(random: &mut Random, namespace: &str) -> Value {
    let mut gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "way", "namespace": namespace,
                     "labels": {"istio.io/waypoint-for": random.pick(&["service", "workload", "all", "all"])}},
        "spec": {"gatewayClassName": "istio-waypoint", "listeners": [{
            "name": "mesh", "port": 15008, "protocol": "HBONE", "allowedRoutes": {"namespaces": {"from": "All"}},
        }]},
    });
    if random.chance(80) {
        gateway["status"] = json!({"addresses": [{"type": "IPAddress", "value": "10.96.1.1"}]});
    }
    gateway
}

/// Another waypoint, with one pod or none.
fn second_waypoint(random: &mut Random, namespace: &str) -> Vec<Value> {
    let mut all = vec![gateway(random, namespace)];
    if random.chance(80) {
        let mut pod = instance(random, namespace, 9);
        pod["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"] = json!(SECOND);
        pod["spec"]["serviceAccountName"] = json!(random.pick(&["wp", "wp-2"]));
        all.push(pod);
    }
    all.iter_mut().take(1).for_each(|gateway| gateway["metadata"]["name"] = json!(SECOND));
    all
}

/// A part of the control plane, mostly of a version that knows of two waypoints.
fn control_plane(random: &mut Random, name: &str) -> Value {
    let version = random.pick(&["1.30.2", "1.31.0", "1.31.0", "1.31.0", "1.31.0", "latest"]);
    let on =
        json!([{"name": "REVISION", "value": "default"}, {"name": "PILOT_ENABLE_AMBIENT", "value": "true"}]);
    let container = json!({"name": "main", "image": format!("example.com/{name}:{version}"), "env": on});
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{name}-x"), "namespace": "istio-system", "labels": {"app": name}},
        "spec": {"nodeName": "n1", "serviceAccountName": name, "containers": [container]},
        "status": {"podIP": if name == "istiod" { "10.0.9.1" } else { "10.0.9.2" },
                   "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// Asks for it, for a share of the connections.
fn give_a_share(random: &mut Random, object: &mut Value, namespace: &str) {
    let metadata = &mut object["metadata"];
    metadata["labels"]["istio.io/use-waypoint-canary"] = json!(SECOND);
    metadata["labels"]["istio.io/use-waypoint-canary-namespace"] = json!(namespace);
    if random.chance(85) {
        let weight = random.pick(&["0", "30", "70", "100", "many"]);
        metadata["annotations"]["istio.io/use-waypoint-canary-weight"] = json!(weight);
    }
}

/// A pod of the waypoint; of several not all have one account, as no controller would make them.
fn instance(random: &mut Random, namespace: &str, index: usize) -> Value {
    let ready = if random.chance(80) { "True" } else { "False" };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("wp-{index}"), "namespace": namespace, "labels": {
            "gateway.networking.k8s.io/gateway-name": "way", "istio.io/dataplane-mode": "none",
            "app": random.pick(&["wp", "a"]),
        }},
        "spec": {"nodeName": random.pick(&["n1", "n2"]), "containers": [{"name": "istio-proxy"}],
                 "serviceAccountName": if random.chance(90) { "wp" } else { "other" }},
        "status": {"podIP": format!("10.0.0.{}", 30 + index), "conditions": [{"type": "Ready", "status": ready}]},
    })
}

fn policy(random: &mut Random, namespace: &str, index: usize) -> Value {
    let mut policy = authorization_policy(random, index);
    policy["metadata"]["name"] = json!(format!("at-wp{index}"));
    policy["metadata"]["namespace"] = json!(namespace);
    let service = format!("svc{}", random.below(3));
    let target = match random.below(3) {
        0 => json!({"group": "", "kind": "Service", "name": service}),
        at => {
            let name = if at == 1 && random.chance(30) { SECOND } else { "way" };
            json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name})
        }
    };
    if let Some(spec) = policy["spec"].as_object_mut() {
        spec.remove("selector");
        spec.insert("targetRefs".to_owned(), json!([target]));
    }
    policy
}
