//! AdminNetworkPolicies and the BaselineAdminNetworkPolicy, of `policy.networking.k8s.io/v1alpha1`.

use serde_json::{Value, json};

use crate::Random;

use super::{ports, selectors};

/// Blocks outside of the cluster; these have nothing that leaves a part out.
const NETWORKS: [&str; 4] = ["203.0.113.0/24", "203.0.113.128/25", "198.51.100.7/32", "128.0.0.0/1"];

/// An AdminNetworkPolicy: of `count` each has a priority of its own, in no order.
pub(super) fn policy(random: &mut Random, index: usize, count: usize) -> Value {
    let priority = 10 * ((index * 7 + 3) % count.next_multiple_of(10)) + random.below(10);
    let actions: &[&str] = &["Allow", "Allow", "Deny", "Deny", "Pass"];
    let mut spec = json!({"priority": priority, "subject": subject(random)});
    rules(random, &mut spec, actions);
    json!({
        "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
        "metadata": {"name": format!("anp{index}")}, "spec": spec,
    })
}

/// The BaselineAdminNetworkPolicy.
pub(super) fn baseline(random: &mut Random) -> Value {
    let mut spec = json!({"subject": subject(random)});
    rules(random, &mut spec, &["Allow", "Deny", "Deny"]);
    json!({
        "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "BaselineAdminNetworkPolicy",
        "metadata": {"name": "default"}, "spec": spec,
    })
}

fn subject(random: &mut Random) -> Value {
    if random.chance(50) {
        return json!({"namespaces": selectors::selector(random, &selectors::OF_NAMESPACES, 35)});
    }
    json!({"pods": pods(random)})
}

fn pods(random: &mut Random) -> Value {
    json!({
        "namespaceSelector": selectors::selector(random, &selectors::OF_NAMESPACES, 40),
        "podSelector": selectors::selector(random, &selectors::OF_PODS, 25),
    })
}

fn rules(random: &mut Random, spec: &mut Value, actions: &[&str]) {
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        if random.chance(75) {
            let rules = (0..=random.below(3)).map(|_| rule(random, peers, actions)).collect();
            spec[direction] = Value::Array(rules);
        }
    }
}

fn rule(random: &mut Random, field: &str, actions: &[&str]) -> Value {
    let peers: Vec<Value> = (0..=random.below(2)).map(|_| peer(random, field == "to")).collect();
    // The API has no names of ports beside addresses.
    let names = peers.iter().all(|peer| peer["networks"].is_null());
    let mut rule = json!({"action": random.pick(actions), field: peers});
    if random.chance(60) {
        rule["ports"] = ports::of_admin_policy(random, names);
    }
    rule
}

fn peer(random: &mut Random, networks: bool) -> Value {
    match random.below(10) {
        0..2 if networks => {
            let mut networks = random.some(&NETWORKS, 2);
            networks.push(random.pick(&NETWORKS));
            networks.sort_unstable();
            networks.dedup();
            json!({"networks": networks})
        }
        0..5 => json!({"namespaces": selectors::selector(random, &selectors::OF_NAMESPACES, 25)}),
        _ => json!({"pods": pods(random)}),
    }
}
