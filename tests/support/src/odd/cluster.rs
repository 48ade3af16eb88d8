//! What a cluster adds to the pods and policies of a mesh.

use serde_json::{Value, json};

use crate::Random;

use super::{ACCOUNTS, APPS, NAMESPACES, PORTS, labels, network};

const NODES: [&str; 2] = ["n1", "n2"];

/// Gives a pod a node, an owner, an Envoy, its node's network, no readiness.
pub(super) fn vary(random: &mut Random, pod: &mut Value) {
    if random.chance(70) {
        pod["spec"]["nodeName"] = json!(random.pick(&NODES));
    }
    if random.chance(40) {
        let owner = random.pick(&["s", "t"]);
        pod["metadata"]["ownerReferences"] =
            json!([{"kind": "StatefulSet", "name": owner, "controller": true}]);
    }
    if random.chance(40) {
        pod["spec"]["containers"][0]["ports"][0]["name"] = json!("main");
    }
    match random.below(12) {
        0 | 1 => pod["metadata"]["annotations"] = json!({"sidecar.istio.io/status": "{}"}),
        2 | 3 => {
            pod["spec"]["hostNetwork"] = json!(true);
            pod["metadata"]["annotations"] = json!({});
        }
        4 => pod["metadata"]["annotations"] = json!({"ambient.istio.io/redirection": "pending"}),
        5 => pod["metadata"]["annotations"]["ambient.istio.io/bypass-inbound-capture"] = json!("true"),
        6 => pod["metadata"]["annotations"] = json!({}),
        _ => {}
    }
    if random.chance(15) && !pod["status"].is_null() {
        pod["status"]["conditions"] = json!([]);
    }
    if random.chance(6) {
        pod["metadata"]["labels"]["istio.io/use-waypoint"] = json!("wp");
    }
    if random.chance(3) {
        pod["metadata"]["labels"]["networking.istio.io/tunnel"] = json!("http");
    }
}

/// Adds what is no pod and no policy of Istio's.
pub(super) fn extend(random: &mut Random, objects: &mut Vec<Value>) {
    for index in 0..random.below(3) {
        objects.push(template(random, index));
    }
    for index in 0..1 + random.below(4) {
        objects.push(service(random, index));
    }
    network::extend(random, objects);
    if random.chance(20) {
        let handles = random.pick(&["service", "workload", "all", "none"]);
        objects.push(json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "wp", "namespace": random.pick(&NAMESPACES),
                         "labels": {"istio.io/waypoint-for": handles}},
            "spec": {},
        }));
    }
    if random.chance(8) {
        objects.push(json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {"name": "broken", "namespace": random.pick(&NAMESPACES)},
            "spec": {"rules": [{"from": [{}]}]},
        }));
    }
    if random.chance(5) {
        objects.push(json!({
            "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": {"name": "broken", "namespace": random.pick(&NAMESPACES)},
            "spec": {"mode": "STRICT"},
        }));
    }
    if random.chance(10) {
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"},
            "data": {"mesh": "discoverySelectors: [{matchLabels: {istio.io/dataplane-mode: ambient}}]"},
        }));
    }
    if random.chance(15) {
        objects.push(istiod(random));
    }
    if random.chance(10) {
        let unread = random.pick(&NAMESPACES);
        objects.retain(|object| object["kind"] != "Namespace" || object["metadata"]["name"] != unread);
    }
    for index in 0..random.below(3) {
        objects.push(endpoint_slice(random, index));
    }
    if random.chance(30) {
        let value = random.pick(&["true", "false"]);
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "istio-cni-config", "namespace": "istio-system"},
            "data": {"NATIVE_NFTABLES": value},
        }));
    }
}

fn istiod(random: &mut Random) -> Value {
    let on = |name: &str| json!({"name": name, "value": "true"});
    let flags = ["PILOT_AUTO_ALLOW_WAYPOINT_POLICY", "AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY"];
    let env = [on("PILOT_ENABLE_AMBIENT"), on(random.pick(&flags))];
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "istiod", "namespace": "istio-system"},
        "spec": {"template": {
            "metadata": {"labels": {"app": "istiod"}},
            "spec": {"containers": [{"name": "discovery", "env": env}]},
        }},
    })
}

/// Of a pod, by its name or address, or of something else.
fn endpoint_slice(random: &mut Random, index: usize) -> Value {
    let address = format!("10.0.0.{}", 1 + random.below(12));
    let mut endpoint = json!({"addresses": [address]});
    if random.chance(50) {
        endpoint["targetRef"] = json!({"kind": "Pod", "name": format!("p{}", random.below(8))});
    }
    let service = format!("svc{}", random.below(3));
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": format!("slice{index}"), "namespace": random.pick(&NAMESPACES),
                     "labels": {"kubernetes.io/service-name": service}},
        "ports": [{"name": "p", "port": PORTS[random.below(PORTS.len())]}],
        "endpoints": [endpoint],
    })
}

fn template(random: &mut Random, index: usize) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": format!("d{index}"), "namespace": random.pick(&NAMESPACES)},
        "spec": {"replicas": random.below(3), "template": {
            "metadata": {"labels": labels(random)},
            "spec": {
                "serviceAccountName": random.pick(&ACCOUNTS),
                "containers": [{"name": "c", "ports": [{"containerPort": PORTS[random.below(PORTS.len())]}]}],
            },
        }},
    })
}

fn service(random: &mut Random, index: usize) -> Value {
    let mut metadata = json!({"name": format!("svc{index}"), "namespace": random.pick(&NAMESPACES)});
    if random.chance(8) {
        metadata["labels"] = json!({"istio.io/use-waypoint": random.pick(&["wp", "none"])});
    }
    let mut port = json!({"name": "p", "port": PORTS[random.below(PORTS.len())]});
    match random.below(4) {
        0 => port["targetPort"] = json!("main"),
        1 => port["targetPort"] = json!(PORTS[random.below(PORTS.len())]),
        _ => {}
    }
    let mut spec = json!({"ports": [port]});
    match random.below(10) {
        0 => spec["type"] = json!("ExternalName"),
        1 | 2 => spec["clusterIP"] = json!("None"),
        _ => spec["clusterIP"] = json!(format!("10.96.0.{}", index + 1)),
    }
    if random.chance(90) {
        spec["selector"] = json!({"app": random.pick(&APPS)});
    }
    if random.chance(15) {
        spec["internalTrafficPolicy"] = json!("Local");
    }
    if random.chance(5) {
        spec["ports"][0]["protocol"] = json!("UDP");
    }
    if random.chance(10) {
        spec["publishNotReadyAddresses"] = json!(true);
    }
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
}
