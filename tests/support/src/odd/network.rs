//! Policies of the network: every field, in combinations that people write and that they do not.

use serde_json::{Value, json};

use super::{APPS, NAMESPACES, PORTS};
use crate::Random;

/// Adds some, in half of the meshes.
pub(super) fn extend(random: &mut Random, objects: &mut Vec<Value>) {
    if random.chance(50) {
        return;
    }
    for index in 0..1 + random.below(4) {
        objects.push(network_policy(random, index));
    }
    if random.chance(35) {
        for index in 0..1 + random.below(2) {
            objects.push(admin(random, "AdminNetworkPolicy", &format!("admin{index}")));
        }
    }
    if random.chance(20) {
        objects.push(admin(random, "BaselineAdminNetworkPolicy", "default"));
    }
    if random.chance(5) {
        objects.push(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "odd", "namespace": random.pick(&NAMESPACES)},
            "spec": {"podSelector": {}, "ingres": []},
        }));
    }
    if random.chance(3) {
        objects.push(json!({
            "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
            "metadata": {"name": "other", "namespace": random.pick(&NAMESPACES)},
        }));
    }
}

fn network_policy(random: &mut Random, index: usize) -> Value {
    let mut spec = json!({"podSelector": pods(random)});
    match random.below(5) {
        0 => {}
        1 => spec["policyTypes"] = json!(["Egress"]),
        2 => spec["policyTypes"] = json!(["Ingress"]),
        _ => spec["policyTypes"] = json!(["Ingress", "Egress"]),
    }
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        if random.chance(30) {
            continue;
        }
        let rules = (0..random.below(3)).map(|_| {
            let mut rule = json!({});
            if random.chance(80) {
                rule[peers] = (0..random.below(3)).map(|_| peer(random)).collect();
            }
            if random.chance(60) {
                rule["ports"] = (0..random.below(3)).map(|_| port(random)).collect();
            }
            rule
        });
        spec[list] = rules.collect();
    }
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": format!("np{index}"), "namespace": random.pick(&NAMESPACES)}, "spec": spec,
    })
}

fn pods(random: &mut Random) -> Value {
    match random.below(5) {
        0 | 1 => json!({"matchLabels": {"app": random.pick(&APPS)}}),
        2 => json!({"matchExpressions": [
            {"key": "app", "operator": random.pick(&["In", "NotIn"]), "values": [random.pick(&APPS)]}]}),
        3 => json!({"matchExpressions": [
            {"key": "tier", "operator": random.pick(&["Exists", "DoesNotExist"])}]}),
        _ => json!({}),
    }
}

fn namespaces(random: &mut Random) -> Value {
    match random.below(4) {
        0 => json!({}),
        1 => json!({"matchLabels": {"istio.io/dataplane-mode": "ambient"}}),
        _ => json!({"matchLabels": {"kubernetes.io/metadata.name": random.pick(&NAMESPACES)}}),
    }
}

fn peer(random: &mut Random) -> Value {
    match random.below(6) {
        0 | 1 => json!({"podSelector": pods(random)}),
        2 => json!({"namespaceSelector": namespaces(random)}),
        3 => json!({"namespaceSelector": namespaces(random), "podSelector": pods(random)}),
        4 => json!({"ipBlock": {"cidr": block(random)}}),
        _ => json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.2/31", "10.0.0.77/32"]}}),
    }
}

fn block(random: &mut Random) -> &'static str {
    random.pick(&["0.0.0.0/0", "::/0", "10.0.0.4/30", "203.0.113.0/24", "fd00::/16", "10.0.0.1/32"])
}

fn port(random: &mut Random) -> Value {
    match random.below(7) {
        0 | 1 => json!({"port": 15008}),
        2 => json!({"port": PORTS[random.below(PORTS.len())]}),
        3 => json!({"port": "main"}),
        4 => json!({"port": 80, "endPort": 8080, "protocol": "TCP"}),
        5 => json!({"port": 15008, "protocol": "UDP"}),
        _ => json!({"protocol": "TCP"}),
    }
}

fn admin(random: &mut Random, kind: &str, name: &str) -> Value {
    let is_baseline = kind != "AdminNetworkPolicy";
    let actions: &[&str] = if is_baseline { &["Allow", "Deny"] } else { &["Allow", "Deny", "Pass"] };
    let subject = match random.below(2) {
        0 => json!({"namespaces": namespaces(random)}),
        _ => json!({"pods": {"namespaceSelector": namespaces(random), "podSelector": pods(random)}}),
    };
    let mut spec = json!({"subject": subject});
    if !is_baseline {
        spec["priority"] = json!(random.below(3));
    }
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        let rules = (0..random.below(3)).map(|_| {
            let mut of: Vec<Value> = (0..1 + random.below(2)).map(|_| admin_peer(random)).collect();
            if list == "egress" && random.chance(30) {
                of.push(match random.below(4) {
                    0 => json!({"nodes": {}}),
                    _ => json!({"networks": [block(random)]}),
                });
            }
            let mut rule = json!({"action": random.pick(actions), peers: of});
            if random.chance(60) {
                rule["ports"] = json!([admin_port(random)]);
            }
            rule
        });
        spec[list] = rules.collect();
    }
    json!({"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn admin_peer(random: &mut Random) -> Value {
    match random.below(2) {
        0 => json!({"namespaces": namespaces(random)}),
        _ => json!({"pods": {"namespaceSelector": namespaces(random), "podSelector": pods(random)}}),
    }
}

fn admin_port(random: &mut Random) -> Value {
    match random.below(4) {
        0 => json!({"portNumber": {"port": 15008, "protocol": "TCP"}}),
        1 => json!({"portNumber": {"port": PORTS[random.below(PORTS.len())], "protocol": "TCP"}}),
        2 => json!({"portRange": {"start": 1, "end": 9000, "protocol": "TCP"}}),
        _ => json!({"namedPort": "main"}),
    }
}
