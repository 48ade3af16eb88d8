//! Meshes for a real API server and a real istiod: policies of every shape and labels that bind to waypoints at
//! every level, to Gateways that are ready or not, for other traffic, for other namespaces, or not there at all.
//!
//! Not everything is admitted: validation refuses some of the policies. Each address of a Gateway is its own.

use serde_json::{Value, json};

use crate::Random;

use super::{ACCOUNTS, APPS, authorization_policy, labels, peer_authentication};

/// Namespaces; the first is the root.
const NAMESPACES: [&str; 9] = ["istio-system", "a", "ab", "b", "c", "d", "e", "f", "infra"];
/// Names of Gateways, not all of which are in each namespace.
const GATEWAYS: [&str; 5] = ["wp", "pods", "all", "other", "late"];
/// What labels ask for.
const ASKED: [&str; 9] = ["wp", "pods", "all", "other", "late", "wp", "all", "none", "missing"];
const CLASSES: [&str; 7] =
    ["istio-waypoint", "for-all", "for-all", "for-all", "for-pods", "sandwich", "no-such-class"];
const INBOUND: [&str; 9] = [
    "PROXY",
    "PROXY/15088",
    "NONE",
    "NONE/15088",
    "PROXY/x",
    "TLS",
    "PROXY/15088/2",
    "",
    "PROXY/99999999999",
];

/// How much of each there is.
const PODS: usize = 150;
const SERVICES: usize = 120;
const AUTHORIZATION_POLICIES: usize = 560;
const PEER_AUTHENTICATIONS: usize = 90;

/// The objects of a mesh.
#[must_use]
pub fn bound(seed: u64) -> Vec<Value> {
    let mut random = Random::new(seed);
    let random = &mut random;
    let mut objects: Vec<Value> = NAMESPACES.iter().map(|name| namespace(random, name)).collect();
    objects.extend(classes());
    for namespace in NAMESPACES {
        for name in GATEWAYS {
            if random.chance(90) {
                let number = objects.len();
                objects.push(gateway(random, namespace, name, number));
            }
        }
    }
    objects.extend((0..PODS).map(|index| pod(random, index)));
    objects.extend((0..SERVICES).map(|index| service(random, index)));
    objects.extend((0..AUTHORIZATION_POLICIES).map(|index| policy(random, index)));
    objects.extend((0..PEER_AUTHENTICATIONS).map(|index| {
        let mut policy = peer_authentication(random, index);
        place(random, &mut policy);
        if let Some(metadata) = policy["metadata"].as_object_mut() {
            metadata.remove("creationTimestamp");
        }
        policy
    }));
    objects
}

/// Asks for a waypoint, mostly of the same namespace.
fn ask(random: &mut Random, labels: &mut Value, percent: usize) {
    if !random.chance(percent) {
        return;
    }
    labels["istio.io/use-waypoint"] = json!(if random.chance(4) { "" } else { random.pick(&ASKED) });
    if random.chance(30) {
        let of = if random.chance(5) { "" } else { random.pick(&NAMESPACES) };
        labels["istio.io/use-waypoint-namespace"] = json!(of);
    }
}

/// Asks for a second one for a share of the connections.
fn ask_for_a_share(random: &mut Random, object: &mut Value) {
    if !random.chance(80) {
        return;
    }
    let metadata = &mut object["metadata"];
    metadata["labels"]["istio.io/use-waypoint-canary"] = json!(random.pick(&ASKED));
    if random.chance(40) {
        let of = random.pick(&NAMESPACES);
        metadata["labels"]["istio.io/use-waypoint-canary-namespace"] = json!(of);
    }
    if random.chance(85) {
        let weight = random.pick(&["0", "1", "50", "50", "100", "100", "+7", "-1", "101", "1.5", "many", ""]);
        metadata["annotations"]["istio.io/use-waypoint-canary-weight"] = json!(weight);
    }
}

fn namespace(random: &mut Random, name: &str) -> Value {
    let mut labels = json!({"tier": random.pick(&APPS)});
    if random.chance(70) {
        labels["istio.io/dataplane-mode"] = json!("ambient");
    }
    ask(random, &mut labels, 60);
    let metadata = json!({"name": name, "labels": labels});
    let mut namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
    ask_for_a_share(random, &mut namespace);
    namespace
}

fn classes() -> Vec<Value> {
    let class = |name: &str, labels: Value, annotations: Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
            "metadata": {"name": name, "labels": labels, "annotations": annotations},
            "spec": {"controllerName": "istio.io/mesh-controller"},
        })
    };
    vec![
        class("istio-waypoint", json!({}), json!({})),
        class("for-all", json!({"istio.io/waypoint-for": "all"}), json!({})),
        class("for-pods", json!({"istio.io/waypoint-for": "workload"}), json!({})),
        class("sandwich", json!({}), json!({"ambient.istio.io/waypoint-inbound-binding": "PROXY/15088"})),
    ]
}

fn gateway(random: &mut Random, namespace: &str, name: &str, number: usize) -> Value {
    let mut metadata = json!({"name": name, "namespace": namespace, "labels": {}, "annotations": {}});
    if random.chance(30) {
        let handles =
            random.pick(&["service", "workload", "workload", "all", "all", "all", "none", "", "Service"]);
        metadata["labels"]["istio.io/waypoint-for"] = json!(handles);
    }
    if random.chance(25) {
        metadata["annotations"]["ambient.istio.io/waypoint-inbound-binding"] = json!(random.pick(&INBOUND));
    }
    let mut listeners = vec![json!({"name": "mesh", "protocol": "HBONE", "port": 15008})];
    match random.below(10) {
        0 if random.chance(50) => listeners[0]["port"] = json!(15009),
        1 if random.chance(50) => listeners[0]["protocol"] = json!("TCP"),
        2..4 => listeners.push(json!({"name": "proxy", "protocol": "istio.io/PROXY", "port": 15088})),
        _ => {}
    }
    for listener in &mut listeners {
        if random.chance(85) {
            listener["allowedRoutes"] = allowed(random);
        }
    }
    random.shuffle(&mut listeners);
    let mut gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": metadata,
        "spec": {"gatewayClassName": random.pick(&CLASSES), "listeners": listeners},
    });
    if random.chance(88) {
        gateway["status"] = json!({"addresses": addresses(random, number)});
    }
    gateway
}

fn allowed(random: &mut Random) -> Value {
    let namespaces = match random.below(10) {
        0..5 => json!({"from": "All"}),
        5 | 6 => json!({"from": "Selector", "selector": {"matchLabels": {"tier": random.pick(&APPS)}}}),
        7 => {
            let operator = random.pick(&["In", "NotIn"]);
            let expression = json!({"key": "tier", "operator": operator, "values": random.some(&APPS, 1)});
            let is_empty = expression["values"].as_array().is_none_or(Vec::is_empty);
            let expression = if is_empty { json!({"key": "tier", "operator": "Exists"}) } else { expression };
            json!({"from": "Selector", "selector": {"matchExpressions": [expression]}})
        }
        8 => json!({"from": random.pick(&["Same", "Selector"])}),
        _ => json!({"from": "Selector", "selector": {}}),
    };
    json!({"namespaces": namespaces})
}

/// One or two, each of this Gateway alone.
fn addresses(random: &mut Random, number: usize) -> Value {
    let mut addresses = Vec::new();
    if random.chance(70) {
        addresses.push(json!({"type": "IPAddress", "value": format!("10.97.0.{number}")}));
    }
    if random.chance(40) {
        addresses.push(json!({"type": "Hostname", "value": format!("gateway-{number}.example.com")}));
    }
    if addresses.is_empty() && random.chance(50) {
        addresses.push(json!({"type": "IPAddress", "value": format!("fd00:97::{number}")}));
    }
    if addresses.is_empty() || random.chance(10) {
        addresses.push(json!({"type": "NamedAddress", "value": format!("named-{number}")}));
    }
    random.shuffle(&mut addresses);
    json!(addresses)
}

fn pod(random: &mut Random, index: usize) -> Value {
    let mut metadata = json!({"name": format!("p{index}"), "namespace": random.pick(&NAMESPACES)});
    if !random.chance(10) {
        let mut labels = labels(random);
        ask(random, &mut labels, 65);
        if random.chance(10) {
            labels["gateway.networking.k8s.io/gateway-name"] = json!(random.pick(&GATEWAYS));
        }
        metadata["labels"] = labels;
    }
    if random.chance(75) {
        let state = if random.chance(90) { "enabled" } else { "pending" };
        metadata["annotations"] = json!({"ambient.istio.io/redirection": state});
    }
    let ip = format!("10.1.0.{}", index + 1);
    let status = match random.below(20) {
        0 => json!({"phase": "Succeeded", "podIP": ip, "podIPs": [{"ip": ip}]}),
        1 => json!({"phase": "Pending"}),
        _ => {
            let ready = random.pick(&["True", "False"]);
            let conditions = [json!({"type": "Ready", "status": ready})];
            json!({"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": conditions})
        }
    };
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status,
        "spec": {
            "serviceAccountName": random.pick(&ACCOUNTS),
            "containers": [{"name": "c", "image": "example.com/c", "ports": [{"containerPort": 80}]}],
        },
    })
}

fn service(random: &mut Random, index: usize) -> Value {
    let mut labels = json!({});
    ask(random, &mut labels, 60);
    if random.chance(8) {
        let by = ["istio.io-mesh-controller", "istio.io-eastwest-controller", "istio.io-gateway-controller"];
        labels["gateway.istio.io/managed"] = json!(random.pick(&by));
    }
    let mut spec = json!({"ports": [{"name": "p", "port": 80}]});
    match random.below(10) {
        0 => {
            spec["type"] = json!("ExternalName");
            spec["externalName"] = json!("example.com");
        }
        1 | 2 => spec["clusterIP"] = json!("None"),
        _ => {}
    }
    if random.chance(90) {
        spec["selector"] = json!({"app": random.pick(&APPS)});
    }
    let metadata =
        json!({"name": format!("svc{index}"), "namespace": random.pick(&NAMESPACES), "labels": labels});
    let mut service = json!({"apiVersion": "v1", "kind": "Service", "spec": spec, "metadata": metadata});
    ask_for_a_share(random, &mut service);
    service
}

/// An AuthorizationPolicy, for ztunnel or for a waypoint.
fn policy(random: &mut Random, index: usize) -> Value {
    let mut policy = authorization_policy(random, index);
    place(random, &mut policy);
    if random.chance(15) {
        target(random, &mut policy["spec"]);
    }
    if random.chance(3) {
        policy["spec"]["action"] = json!("CUSTOM");
        policy["spec"]["provider"] = json!({"name": "ext"});
    }
    policy
}

fn target(random: &mut Random, spec: &mut Value) {
    let kinds = [
        ("gateway.networking.k8s.io", "Gateway", "wp"),
        ("gateway.networking.k8s.io", "GatewayClass", "istio-waypoint"),
        ("", "Service", "svc1"),
        ("networking.istio.io", "ServiceEntry", "se"),
    ];
    let (group, kind, name) =
        kinds.get(random.below(kinds.len())).copied().unwrap_or(("", "Service", "svc1"));
    let target = json!({"group": group, "kind": kind, "name": name});
    let Some(spec) = spec.as_object_mut() else { return };
    spec.remove("selector");
    match random.below(4) {
        0 => drop(spec.insert("targetRef".to_owned(), target)),
        // An empty list is none.
        1 => drop(spec.insert("targetRefs".to_owned(), json!([]))),
        _ => drop(spec.insert("targetRefs".to_owned(), json!([target]))),
    }
}

/// Puts a policy into one of the namespaces, and now and then to one revision.
fn place(random: &mut Random, policy: &mut Value) {
    policy["metadata"]["namespace"] = json!(random.pick(&NAMESPACES));
    if random.chance(6) {
        let revision = random.pick(&["default", "canary"]);
        policy["metadata"]["labels"] = json!({"istio.io/rev": revision});
    }
}
