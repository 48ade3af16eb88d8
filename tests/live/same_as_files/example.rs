//! The example, with a pod of each template as it runs; then with the waypoint that examples/enterprise-rag-waypoint adds.

use std::path::{Path, PathBuf};

use mesh_testkit::test_cluster::{TestCluster, documents};
use serde_json::{Value, json};

use super::compare;

const KINDS: [&str; 7] = [
    "Namespace",
    "ConfigMap",
    "Service",
    "NetworkPolicy",
    "AuthorizationPolicy",
    "PeerAuthentication",
    "Gateway",
];

pub(super) fn agrees(cluster: &TestCluster) {
    let objects = read("enterprise-rag");
    put(cluster, &objects);
    let templates = ["Deployment", "StatefulSet", "DaemonSet"];
    let templates = objects.iter().filter(|object| templates.iter().any(|kind| object["kind"] == *kind));
    let pods: Vec<Value> = templates.enumerate().map(|(number, template)| pod_of(template, number)).collect();
    assert!(pods.len() > 40, "{}", pods.len());
    cluster.create_all(pods);
    let questions: [&[&str]; 7] = [
        &["--all", "-A"],
        &["--all", "-n", "edp"],
        &["svc/edp/edp-postgresql"],
        &["svc/chatqa/llm-svc", "--from", "outside"],
        &["svc/auth/keycloak", "--from", "sa/ingress-nginx/default"],
        &["svc/vdb/vdb-redis"],
        &["--to-peers", "pod/chatqa/llm-usvc-0", "-A"],
    ];
    let rows = compare(cluster, "the example", &questions);
    assert!(rows.values().sum::<usize>() > 500, "{rows:?}");
    with_its_waypoint(cluster);
}

fn with_its_waypoint(cluster: &TestCluster) {
    let objects = read("enterprise-rag-waypoint");
    put(cluster, &objects);
    let address = json!([{ "type": "Hostname", "value": "waypoint.fingerprint.svc.cluster.local" }]);
    cluster.patch(
        "/apis/gateway.networking.k8s.io/v1/namespaces/fingerprint/gateways/waypoint/status",
        &json!({ "status": { "addresses": address } }),
    );
    cluster.create(&json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "namespace": "fingerprint", "name": "waypoint-0", "labels": {
            "gateway.networking.k8s.io/gateway-name": "waypoint", "istio.io/dataplane-mode": "none",
        } },
        "spec": {
            "serviceAccountName": "waypoint", "containers": [{ "name": "istio-proxy", "image": "example.com/proxy" }],
        },
        "status": status("10.0.2.1"),
    }));
    let router: [&str; 3] = ["svc/fingerprint/fingerprint-svc:6012", "--from", "sa/chatqa/default"];
    let posts = ["--method", "POST", "--path", "/v1/system_fingerprint/append_arguments"];
    let deletes = ["--method", "DELETE", "--path", "/"];
    let questions: [&[&str]; 5] = [
        &["--all", "-n", "fingerprint"],
        &router,
        &[&router[..], &posts].concat(),
        &[&router[..], &deletes].concat(),
        &["--to-peers", "pod/auth-apisix/auth-apisix-0", "-n", "fingerprint"],
    ];
    let rows = compare(cluster, "the example with a waypoint", &questions);
    println!("the example with a waypoint: {rows:?}");
    assert!(rows.contains_key("conditional"), "{rows:?}");
}

fn read(example: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
    let mut files = Vec::new();
    manifests(&folder, &mut files);
    files.sort();
    let text: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    documents(&text.join("\n---\n"))
}

fn manifests(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            manifests(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}

/// Everything but what makes pods.
fn put(cluster: &TestCluster, objects: &[Value]) {
    for kind in KINDS {
        let items: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind).collect();
        cluster.apply_yaml(&json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string());
    }
}

fn pod_of(template: &Value, number: usize) -> Value {
    let of = |field: &str| template["metadata"][field].as_str().unwrap().to_owned();
    let mut spec = template["spec"]["template"]["spec"].clone();
    for container in spec["containers"].as_array_mut().unwrap() {
        container.as_object_mut().unwrap().remove("volumeMounts");
        container.as_object_mut().unwrap().remove("envFrom");
        container["env"] = json!([]);
    }
    for field in ["volumes", "initContainers"] {
        spec.as_object_mut().unwrap().remove(field);
    }
    let address = format!("10.0.1.{}", number + 1);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": of("namespace"), "name": format!("{}-0", of("name")),
            "labels": template["spec"]["template"]["metadata"]["labels"],
            "annotations": { "ambient.istio.io/redirection": "enabled" },
        },
        "spec": spec,
        "status": status(&address),
    })
}

fn status(address: &str) -> Value {
    json!({
        "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
        "conditions": [{ "type": "Ready", "status": "True" }],
    })
}
