//! The same mesh with an Envoy beside every enrolled pod, and what tells Envoys how to send: in every namespace rules for
//! each of its Services, and some objects that are about none of them.

use serde_json::{Value, json};

/// Sidecars in place of ztunnel.
#[must_use]
pub fn with_sidecars(objects: Vec<Value>) -> Vec<Value> {
    let mut all = Vec::with_capacity(objects.len() * 2);
    for mut object in objects {
        match object["kind"].as_str() {
            Some("Namespace") => all.extend(of_namespace(&mut object)),
            Some("Service") => all.push(destination_rule(&object)),
            Some("Pod") if object["metadata"]["annotations"].is_object() => inject(&mut object),
            _ => {}
        }
        all.push(object);
    }
    all
}

fn of_namespace(namespace: &mut Value) -> Vec<Value> {
    if namespace["metadata"]["labels"]["istio.io/dataplane-mode"] != "ambient" {
        return Vec::new();
    }
    namespace["metadata"]["labels"] = json!({"istio-injection": "enabled"});
    let name = &namespace["metadata"]["name"];
    let of = |kind: &str, version: &str, spec: Value| {
        let api = format!("networking.istio.io/{version}");
        json!({"apiVersion": api, "kind": kind, "metadata": {"name": "one", "namespace": name}, "spec": spec})
    };
    let other = format!("other.{}.example.com", name.as_str().unwrap_or_default());
    let selector = json!({"labels": {"app.kubernetes.io/name": "nothing"}});
    vec![
        of("VirtualService", "v1", json!({"hosts": [other]})),
        of("ServiceEntry", "v1", json!({"hosts": [other], "resolution": "DNS"})),
        of("Sidecar", "v1", json!({"workloadSelector": selector, "egress": [{"hosts": ["./*"]}]})),
        of("EnvoyFilter", "v1alpha3", json!({"workloadSelector": selector, "configPatches": []})),
    ]
}

fn destination_rule(service: &Value) -> Value {
    let meta = &service["metadata"];
    json!({
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
        "metadata": {
            "name": meta["name"], "namespace": meta["namespace"], "creationTimestamp": meta["creationTimestamp"],
        },
        "spec": {"host": meta["name"], "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
    })
}

fn inject(pod: &mut Value) {
    pod["metadata"]["annotations"] = json!({"sidecar.istio.io/status": "{}"});
    pod["metadata"]["labels"]["security.istio.io/tlsMode"] = json!("istio");
    if let Some(containers) = pod["spec"]["containers"].as_array_mut() {
        containers.push(json!({"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.29.0"}));
    }
}
