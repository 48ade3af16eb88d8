//! Small meshes full of corners: everything that policies can say, drawn from few names so that it meets.

use serde_json::{Value, json};

use crate::Random;

mod bound;
mod cluster;
mod envoys;
mod network;
mod waypoints;

pub use bound::bound;

/// Namespaces of pods and policies; the first is the root.
pub const NAMESPACES: [&str; 4] = ["istio-system", "a", "ab", "b"];
/// Accounts of pods.
pub const ACCOUNTS: [&str; 4] = ["default", "web", "we", "b"];
/// Ports of containers and policies.
pub const PORTS: [u16; 3] = [80, 443, 5432];

const APPS: [&str; 3] = ["x", "y", "z"];
const MODES: [&str; 4] = ["UNSET", "DISABLE", "PERMISSIVE", "STRICT"];

/// Values of `principals`: whole, cut anywhere, with wildcards, foreign, wrong.
const PRINCIPALS: [&str; 23] = [
    "*",
    "cluster.local/ns/a/sa/web",
    "cluster.local/ns/ab/sa/default",
    "cluster.local/ns/b/sa/ghost",
    "cluster.local/ns/a/*",
    "cluster.local/ns/a*",
    "cluster.local/ns/ab*",
    "cluster.local/ns/a/sa/w*",
    "*eb",
    "cluster.local/ns/a/sa/we*",
    "cluster.local/ns/a/s*",
    "cluster.local/*",
    "clus*",
    "*/sa/web",
    "*b",
    "*/ns/a/sa/default",
    "*b/sa/web",
    "*a/web",
    "*local/ns/b/sa/b",
    "spiffe://cluster.local/ns/a/sa/web",
    "other.td/ns/a/sa/web",
    "*w*b",
    "web",
];

const NAMESPACE_VALUES: [&str; 11] =
    ["a", "ab", "b", "ghost", "*", "a*", "ab*", "*b", "*ab", "istio-system", ""];
const ACCOUNT_VALUES: [&str; 7] = ["web", "a/web", "ab/default", "b/ghost", "we", "istio-system/b", "a/b/c"];

/// Values of blocks: of both families, overlapping, with host bits, wrong.
const BLOCKS: [&str; 14] = [
    "10.0.0.0/8",
    "10.0.0.1",
    "10.0.0.0/30",
    "10.0.0.7/24",
    "0.0.0.0/0",
    "::/0",
    "fd00::1",
    "fd00::/16",
    "::ffff:10.0.0.1",
    "203.0.113.0/24",
    "255.255.255.255",
    "300.1.1.1",
    "10.0.0.0/33",
    "",
];

const PORT_VALUES: [&str; 7] = ["80", "443", "5432", "0", "65535", "http", "65536"];

const KEYS: [&str; 8] = [
    "source.ip",
    "source.namespace",
    "source.principal",
    "destination.ip",
    "destination.port",
    "source.serviceAccount",
    "request.headers[x]",
    "connection.sni",
];

/// The objects of a mesh.
#[must_use]
pub fn mesh(seed: u64) -> Vec<Value> {
    let mut random = Random::new(seed);
    let random = &mut random;
    let mut objects: Vec<Value> = NAMESPACES.iter().map(|name| namespace(random, name)).collect();
    for index in 0..4 + random.below(6) {
        objects.push(pod(random, index));
    }
    for index in 0..random.below(8) {
        objects.push(authorization_policy(random, index));
    }
    for index in 0..random.below(6) {
        objects.push(peer_authentication(random, index));
    }
    objects
}

/// A mesh in which more than ztunnel has a say: Envoys, nodes' own networks, Services of every kind, waypoints,
/// NetworkPolicies, pods that are not ready, templates.
#[must_use]
pub fn cluster(seed: u64) -> Vec<Value> {
    let mut objects = mesh(seed);
    let mut random = Random::new(seed.wrapping_mul(31).wrapping_add(7));
    for object in objects.iter_mut().filter(|object| object["kind"] == "Pod") {
        cluster::vary(&mut random, object);
    }
    cluster::extend(&mut random, &mut objects);
    waypoints::extend(&mut random, &mut objects);
    envoys::extend(&mut random, &mut objects);
    objects
}

/// The objects as one `List`.
#[must_use]
pub fn list(objects: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()
}

fn namespace(random: &mut Random, name: &str) -> Value {
    let labels = if random.chance(70) { json!({"istio.io/dataplane-mode": "ambient"}) } else { json!({}) };
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

fn pod(random: &mut Random, index: usize) -> Value {
    let namespace = random.pick(&NAMESPACES);
    let mut metadata = json!({"name": format!("p{index}"), "namespace": namespace});
    if !random.chance(20) {
        metadata["labels"] = labels(random);
    }
    if random.chance(80) {
        metadata["annotations"] = json!({"ambient.istio.io/redirection": "enabled"});
    }
    let mut addresses = vec![json!({"ip": format!("10.0.0.{}", index + 1)})];
    if random.chance(30) {
        addresses.push(json!({"ip": format!("fd00::{}", index + 1)}));
    }
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {
            "serviceAccountName": random.pick(&ACCOUNTS),
            "containers": [{"name": "c", "ports": [{"containerPort": PORTS[random.below(PORTS.len())]}]}],
        },
    });
    if random.chance(85) {
        pod["status"] = json!({"podIPs": addresses, "conditions": [{"type": "Ready", "status": "True"}]});
    }
    pod
}

fn labels(random: &mut Random) -> Value {
    let mut labels = json!({"app": random.pick(&APPS)});
    if random.chance(50) {
        labels["tier"] = json!(random.pick(&APPS));
    }
    labels
}

fn selector(random: &mut Random) -> Option<Value> {
    match random.below(10) {
        0 => Some(json!({})),
        1 => Some(json!({"matchLabels": {}})),
        2..6 => Some(json!({"matchLabels": labels(random)})),
        _ => None,
    }
}

fn authorization_policy(random: &mut Random, index: usize) -> Value {
    let mut spec = json!({});
    if let Some(selector) = selector(random) {
        spec["selector"] = selector;
    }
    match random.below(12) {
        0 => spec["action"] = json!("AUDIT"),
        1..6 => spec["action"] = json!("DENY"),
        6..8 => spec["action"] = json!("ALLOW"),
        _ => {}
    }
    let rules: Vec<Value> = (0..random.below(4)).map(|_| rule(random)).collect();
    spec["rules"] = json!(rules);
    let mut metadata = json!({"name": format!("ap{index}"), "namespace": random.pick(&NAMESPACES)});
    if random.chance(10) {
        metadata["annotations"] = json!({"istio.io/dry-run": random.pick(&["true", "T", "no", "false"])});
    }
    json!({
        "apiVersion": random.pick(&["security.istio.io/v1", "security.istio.io/v1beta1"]),
        "kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec,
    })
}

fn rule(random: &mut Random) -> Value {
    let mut rule = json!({});
    if random.chance(60) {
        let from: Vec<Value> = (0..=random.below(2)).map(|_| json!({"source": source(random)})).collect();
        rule["from"] = json!(from);
    }
    if random.chance(35) {
        let to: Vec<Value> = (0..=random.below(2)).map(|_| json!({"operation": operation(random)})).collect();
        rule["to"] = json!(to);
    }
    if random.chance(25) {
        let when: Vec<Value> = (0..=random.below(2)).map(|_| condition(random)).collect();
        rule["when"] = json!(when);
    }
    rule
}

/// Fills some of an object's lists.
fn fill(random: &mut Random, object: &mut Value, fields: &[(&str, &[&str], usize)]) {
    for (field, values, percent) in fields {
        if random.chance(*percent) {
            object[*field] = json!(random.some(values, 3));
        }
    }
}

fn source(random: &mut Random) -> Value {
    let mut source = json!({});
    fill(
        random,
        &mut source,
        &[
            ("principals", &PRINCIPALS, 25),
            ("notPrincipals", &PRINCIPALS, 30),
            ("namespaces", &NAMESPACE_VALUES, 20),
            ("notNamespaces", &NAMESPACE_VALUES, 15),
            ("serviceAccounts", &ACCOUNT_VALUES, 15),
            ("notServiceAccounts", &ACCOUNT_VALUES, 10),
            ("ipBlocks", &BLOCKS, 15),
            ("notIpBlocks", &BLOCKS, 12),
            ("trustDomains", &["cluster.local"], 4),
            ("requestPrincipals", &["*"], 4),
        ],
    );
    source
}

fn operation(random: &mut Random) -> Value {
    let mut operation = json!({});
    fill(
        random,
        &mut operation,
        &[("ports", &PORT_VALUES, 60), ("notPorts", &PORT_VALUES, 25), ("methods", &["GET"], 12)],
    );
    operation
}

fn condition(random: &mut Random) -> Value {
    let key = random.pick(&KEYS);
    let values: &[&str] = match key {
        "source.ip" => &BLOCKS,
        "destination.ip" => &["10.0.0.1", "10.0.0.0/30", "fd00::/16", "10.0.0.4/31", "nonsense"],
        "destination.port" => &PORT_VALUES,
        "source.namespace" => &NAMESPACE_VALUES,
        _ => &PRINCIPALS,
    };
    let mut condition = json!({"key": key});
    fill(random, &mut condition, &[("values", values, 80), ("notValues", values, 30)]);
    condition
}

fn peer_authentication(random: &mut Random, index: usize) -> Value {
    let mut spec = json!({});
    if random.chance(80) {
        spec["mtls"] = json!({"mode": random.pick(&MODES)});
    }
    if let Some(selector) = selector(random) {
        spec["selector"] = selector;
    }
    if random.chance(50) {
        let mut ports = json!({});
        for _ in 0..=random.below(2) {
            let port = PORTS[random.below(PORTS.len())];
            ports[port.to_string()] = json!({"mode": random.pick(&MODES)});
        }
        spec["portLevelMtls"] = ports;
    }
    let mut metadata = json!({"name": format!("pa{index}"), "namespace": random.pick(&NAMESPACES)});
    if random.chance(80) {
        metadata["creationTimestamp"] = json!(format!("2026-01-01T00:00:{:02}Z", random.below(20)));
    }
    json!({"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": metadata, "spec": spec})
}
