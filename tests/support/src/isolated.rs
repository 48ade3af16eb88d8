//! Pods of no mesh behind network policies of every shape, for the comparison with np-guard's netpol-analyzer.
//!
//! What that program reads otherwise than Kubernetes is left out (tests/oracle/README.md lists it): pods have
//! addresses of 10.0.0.0/8 and no block holds one of these, no pod is on its node's network, every Namespace has the
//! label of its name, no two AdminNetworkPolicies have the same priority, and a rule that may mean addresses outside
//! of the cluster names its ports by number where they are the destination's.

use serde_json::{Value, json};

use crate::Random;

mod admin;
mod ports;
mod selectors;

/// How much of each there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Pods, each of its own.
    pub pods: usize,
    /// NetworkPolicies.
    pub policies: usize,
    /// AdminNetworkPolicies.
    pub admin_policies: usize,
    /// Whether there is a BaselineAdminNetworkPolicy.
    pub baseline: bool,
}

impl Size {
    /// The size of a recorded mesh: 30–60 pods, 15–30 NetworkPolicies; two in three have AdminNetworkPolicies.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x0515_7e00);
        Self {
            pods: 30 + random.below(31),
            policies: 15 + random.below(16),
            admin_policies: if random.chance(66) { 1 + random.below(4) } else { 0 },
            baseline: random.chance(50),
        }
    }

    /// Only pods and NetworkPolicies, half as many.
    #[must_use]
    pub const fn plain(pods: usize) -> Self {
        Self { pods, policies: pods / 2, admin_policies: 0, baseline: false }
    }
}

/// Pods to a namespace.
const PODS_OF_A_NAMESPACE: usize = 10;
/// Pods to a node.
const PODS_OF_A_NODE: usize = 20;

/// Blocks outside of the cluster, with what they leave out. Those of everything leave the pods out.
const BLOCKS: [(&str, &[&str]); 8] = [
    ("203.0.113.0/24", &[]),
    ("203.0.113.0/24", &["203.0.113.64/26"]),
    ("203.0.113.0/24", &["203.0.113.0/30", "203.0.113.128/25"]),
    ("198.51.100.7/32", &[]),
    ("198.51.100.0/22", &["198.51.100.7/32"]),
    ("0.0.0.0/0", &["10.0.0.0/8"]),
    ("0.0.0.0/0", &["10.0.0.0/8", "192.168.0.0/16", "203.0.113.0/25"]),
    ("128.0.0.0/1", &["198.51.100.0/24"]),
];

/// The objects of a mesh.
#[must_use]
pub fn mesh(seed: u64, size: Size) -> Vec<Value> {
    let mut random = Random::new(seed);
    let random = &mut random;
    let namespaces: Vec<String> =
        (0..size.pods.div_ceil(PODS_OF_A_NAMESPACE)).map(|index| format!("ns-{index}")).collect();
    let namespaces: Vec<&str> = namespaces.iter().map(String::as_str).collect();
    let mut objects: Vec<Value> = namespaces.iter().map(|name| namespace(random, name)).collect();
    objects.extend((0..size.pods).map(|index| pod(random, index, random_of(&namespaces, index))));
    objects.extend((0..size.policies).map(|index| network_policy(random, index, &namespaces)));
    objects.extend((0..size.admin_policies).map(|index| admin::policy(random, index, size.admin_policies)));
    if size.baseline {
        objects.push(admin::baseline(random));
    }
    objects
}

/// The objects as one `List`, as a file for both programs.
#[must_use]
pub fn list(objects: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()
}

/// A number that stands for a text: a generator that writes another one no longer makes what was recorded
/// (FNV-1a, 64 bits).
#[must_use]
pub fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Pods are dealt out, so that no namespace is empty.
fn random_of<'a>(namespaces: &[&'a str], index: usize) -> &'a str {
    namespaces[index % namespaces.len()]
}

fn namespace(random: &mut Random, name: &str) -> Value {
    let mut labels = selectors::labels(random, &selectors::OF_NAMESPACES);
    labels["kubernetes.io/metadata.name"] = json!(name);
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

fn pod(random: &mut Random, index: usize, namespace: &str) -> Value {
    let mut metadata = json!({"name": format!("p{index}"), "namespace": namespace});
    if random.chance(92) {
        metadata["labels"] = selectors::labels(random, &selectors::OF_PODS);
    }
    let node = index / PODS_OF_A_NODE;
    let address = format!("10.{}.{}.{}", index >> 16, index >> 8 & 0xff, index & 0xff);
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {
            "nodeName": format!("n{node}"),
            "containers": [{"name": "c", "image": "app", "ports": ports::of_container(random)}],
        },
        "status": {
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
            "hostIP": format!("192.168.{}.{}", node >> 8, node & 0xff),
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

fn network_policy(random: &mut Random, index: usize, namespaces: &[&str]) -> Value {
    let mut spec = json!({"podSelector": selectors::selector(random, &selectors::OF_PODS, 25)});
    let types: Option<&[&str]> = match random.below(10) {
        0..4 => None,
        4..6 => Some(&["Ingress"]),
        6..8 => Some(&["Egress"]),
        _ => Some(&["Ingress", "Egress"]),
    };
    if let Some(types) = types {
        spec["policyTypes"] = json!(types);
    }
    // Rules of a direction that is not among the types are there, too, and do nothing.
    if random.chance(78) {
        spec["ingress"] = rules(random, "from");
    }
    if random.chance(55) {
        spec["egress"] = rules(random, "to");
    }
    let namespace = random.pick(namespaces);
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": format!("np{index}"), "namespace": namespace}, "spec": spec,
    })
}

fn rules(random: &mut Random, peers: &str) -> Value {
    let count = [0, 1, 1, 2, 2, 3][random.below(6)];
    Value::Array((0..count).map(|_| rule(random, peers)).collect())
}

fn rule(random: &mut Random, field: &str) -> Value {
    let mut rule = json!({});
    match random.below(20) {
        0..3 => {}
        3 => rule[field] = json!([]),
        _ => rule[field] = Value::Array((0..=random.below(3)).map(|_| peer(random)).collect()),
    }
    let peers = rule[field].as_array().map(Vec::as_slice).unwrap_or_default();
    let only_pods = !peers.is_empty() && peers.iter().all(|peer| peer["ipBlock"].is_null());
    match random.below(20) {
        0..7 => {}
        7 => rule["ports"] = json!([]),
        _ => rule["ports"] = ports::of_policy(random, field == "from" || only_pods),
    }
    rule
}

fn peer(random: &mut Random) -> Value {
    let namespaces = |random: &mut Random| selectors::selector(random, &selectors::OF_NAMESPACES, 25);
    let pods = |random: &mut Random| selectors::selector(random, &selectors::OF_PODS, 15);
    match random.below(10) {
        0..2 => json!({"podSelector": pods(random)}),
        2..5 => json!({"namespaceSelector": namespaces(random)}),
        5..8 => json!({"namespaceSelector": namespaces(random), "podSelector": pods(random)}),
        _ => {
            let (cidr, except) = BLOCKS[random.below(BLOCKS.len())];
            let mut block = json!({"cidr": cidr});
            if !except.is_empty() {
                block["except"] = json!(except);
            }
            json!({"ipBlock": block})
        }
    }
}
