//! Services with ports of every kind, and the EndpointSlices that a controller would make of them.

use serde_json::{Value, json};

use super::{APPS, Pod, created};
use crate::Random;

/// Names of ports: what they begin with says what is spoken, or not.
const NAMES: [&str; 24] = [
    "http",
    "http-web",
    "http2",
    "grpc",
    "grpc-web",
    "grpc-web-x",
    "https",
    "tls",
    "tls-x",
    "tcp",
    "tcp-x",
    "mongo",
    "redis",
    "mysql",
    "udp",
    "web",
    "httpx",
    "http3",
    "tcpx",
    "hbone",
    "auto",
    "http-proxy",
    "grpc-x",
    "thrift",
];
const APP_PROTOCOLS: [&str; 20] = [
    "http",
    "HTTP",
    "tcp",
    "TCP",
    "grpc",
    "https",
    "tls",
    "redis",
    "kubernetes.io/h2c",
    "kubernetes.io/ws",
    "kubernetes.io/wss",
    "example.com/http",
    "http-web",
    "grpc-web",
    "GRPC-Web",
    "udp",
    "",
    "http2",
    "http_proxy",
    "mysql",
];

/// Adds two to four Services of `shop` and perhaps one elsewhere.
pub(super) fn add(random: &mut Random, pods: &[Pod], objects: &mut Vec<Value>) {
    let names = ["web", "cart", "more", "other"];
    let count = 2 + random.below(3);
    for (at, name) in names.iter().take(count).enumerate() {
        service(random, ("shop", name), at + 1, pods, objects);
    }
    if random.chance(25) {
        let namespace = random.pick(&["client", "third", "istio-system"]);
        service(random, (namespace, "web"), 9, pods, objects);
    }
}

fn service(
    random: &mut Random,
    (namespace, name): (&'static str, &str),
    number: usize,
    pods: &[Pod],
    objects: &mut Vec<Value>,
) {
    let headless = random.chance(22);
    let by_hand = random.chance(6);
    let mut selector = json!({"app": if random.chance(70) { "web" } else { random.pick(&APPS) }});
    if random.chance(15) {
        selector["tier"] = json!("a");
    }
    let ports: Vec<Value> = ports(random);
    let address = if headless { "None".to_owned() } else { format!("10.1.0.{number}") };
    let mut service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": address, "clusterIPs": [address], "ports": ports},
    });
    if random.chance(92) {
        service["metadata"]["creationTimestamp"] = json!(created(random));
    }
    if !by_hand {
        service["spec"]["selector"] = selector.clone();
    }
    if random.chance(5) {
        let to = random.pick(&["*", ".", "client", "~"]);
        service["metadata"]["annotations"] = json!({"networking.istio.io/exportTo": to});
    }
    if random.chance(6) {
        service["spec"]["publishNotReadyAddresses"] = json!(true);
    }
    let published = service["spec"]["publishNotReadyAddresses"] == true;
    objects.push(service);
    let behind: Vec<&Pod> =
        pods.iter().filter(|pod| pod.namespace == namespace && selects(&selector, &pod.labels)).collect();
    slices(&Slices { namespace, name, headless, published }, &ports, &behind, objects);
}

fn selects(selector: &Value, labels: &Value) -> bool {
    selector
        .as_object()
        .is_some_and(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

fn ports(random: &mut Random) -> Vec<Value> {
    let mut numbers = [80_u16, 8080, 9000, 3306, 443];
    random.shuffle(&mut numbers);
    let count = 1 + random.below(3);
    let mut taken: Vec<&str> = Vec::new();
    let mut ports = Vec::new();
    for number in numbers.into_iter().take(count) {
        let name = if random.chance(40) { random.pick(&NAMES[..11]) } else { random.pick(&NAMES) };
        if taken.contains(&name) {
            continue;
        }
        taken.push(name);
        let protocol = if random.chance(6) { "UDP" } else { "TCP" };
        let mut port = json!({"port": number, "protocol": protocol});
        // One alone may do without a name.
        if count > 1 || random.chance(80) {
            port["name"] = json!(name);
        }
        match random.below(10) {
            0..5 => port["targetPort"] = json!(random.pick(&[&8080, &8081, &9000])),
            5 | 6 => port["targetPort"] = json!(random.pick(&["web", "admin", "none"])),
            // What the API server makes of none.
            _ => port["targetPort"] = json!(number),
        }
        if random.chance(22) {
            port["appProtocol"] = json!(random.pick(&APP_PROTOCOLS));
        }
        ports.push(port);
    }
    ports
}

struct Slices<'a> {
    namespace: &'a str,
    name: &'a str,
    headless: bool,
    published: bool,
}

/// Pods whose ports have the same numbers stand in one slice.
fn slices(of: &Slices<'_>, ports: &[Value], behind: &[&Pod], objects: &mut Vec<Value>) {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for pod in behind {
        let numbers = Value::Array(ports.iter().filter_map(|port| endpoint_port(port, pod)).collect());
        let ready = pod.ready || of.published;
        let endpoint = json!({
            "addresses": [pod.address],
            "conditions": {"ready": ready, "serving": pod.ready, "terminating": false},
            "nodeName": "node-1",
            "targetRef": {"kind": "Pod", "name": pod.name, "namespace": pod.namespace},
        });
        match groups.iter_mut().find(|(of, _)| *of == numbers) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => groups.push((numbers, vec![endpoint])),
        }
    }
    for (at, (ports, endpoints)) in groups.into_iter().enumerate() {
        let mut labels = json!({
            "kubernetes.io/service-name": of.name,
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        });
        if of.headless {
            labels["service.kubernetes.io/headless"] = json!("");
        }
        objects.push(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": format!("{}-{at}", of.name), "namespace": of.namespace, "labels": labels},
            "addressType": "IPv4", "ports": ports, "endpoints": endpoints,
        }));
    }
}

/// A port of a Service as an EndpointSlice has it; none where the pod has no port of that name.
fn endpoint_port(port: &Value, pod: &Pod) -> Option<Value> {
    let number = match &port["targetPort"] {
        Value::String(name) => {
            let named = pod.ports.iter().find(|(of, _)| of == name && port["protocol"] == "TCP");
            json!(named?.1)
        }
        number => number.clone(),
    };
    let mut written = json!({"port": number, "protocol": port["protocol"], "name": ""});
    for field in ["name", "appProtocol"] {
        if let Some(value) = port.get(field) {
            written[field] = value.clone();
        }
    }
    Some(written)
}
