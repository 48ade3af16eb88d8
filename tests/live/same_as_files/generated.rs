//! Generated meshes: with ztunnels, waypoints, Envoys and policies of the network; and meshes of sidecars.

use std::collections::BTreeMap;

use mesh_testkit::test_cluster::TestCluster;
use mesh_testkit::{odd, sidecars};
use serde_json::{Value, json};

use super::{Counts, compare};

/// Which meshes of each sort.
const ODD: std::ops::RangeInclusive<u64> = 1..=8;
const SIDECARS: std::ops::RangeInclusive<u64> = 1..=4;

/// What a mesh leaves behind: path of the group, and resources in each of its namespaces.
const NAMESPACED: [(&str, &[&str]); 7] = [
    ("/api/v1", &["pods", "services", "configmaps"]),
    ("/apis/discovery.k8s.io/v1", &["endpointslices"]),
    ("/apis/networking.k8s.io/v1", &["networkpolicies"]),
    ("/apis/security.istio.io/v1", &["authorizationpolicies", "peerauthentications"]),
    ("/apis/networking.istio.io/v1", &["destinationrules", "sidecars"]),
    ("/apis/networking.istio.io/v1alpha3", &["envoyfilters"]),
    ("/apis/gateway.networking.k8s.io/v1", &["gateways"]),
];
const OF_THE_CLUSTER: [&str; 2] = ["adminnetworkpolicies", "baselineadminnetworkpolicies"];

/// What must be among the objects, at least three times: it decides.
const DECIDE: [&str; 6] =
    ["Service", "NetworkPolicy", "AdminNetworkPolicy", "Gateway", "PeerAuthentication", "DestinationRule"];

pub(super) fn agree(cluster: &TestCluster) {
    cluster.create(&json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
        "metadata": { "name": "istio-waypoint" }, "spec": { "controllerName": "istio.io/mesh-controller" },
    }));
    // Without its node a pod is nobody's endpoint.
    for name in ["n1", "n2", "node-1"] {
        cluster.create(&json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name } }));
    }
    let mut meshes = Meshes { cluster, given: 0, taken: BTreeMap::new() };
    let all: &[&str] = &["--all", "-A"];
    let ambient = ODD.map(|seed| {
        let objects = that_ask_for_what_is_there(odd::cluster(seed));
        meshes.compare(&format!("mesh {seed}"), objects, &[all, &["--all", "-n", "a"]])
    });
    assert_varied("ambient", ambient, &["allowed", "denied", "unknown", "conditional"]);
    let of_sidecars = SIDECARS.map(|seed| {
        let caller: &[&str] = &["--to-peers", "pod/client/pod-6", "-n", "shop"];
        meshes.compare(&format!("sidecars {seed}"), with_sidecars(seed), &[all, caller])
    });
    assert_varied("sidecars", of_sidecars, &["allowed", "denied", "unknown"]);
    let taken: usize = meshes.taken.values().sum();
    println!("{taken} of {} objects: {:?}", meshes.given, meshes.taken);
    assert!(taken * 10 > meshes.given * 8, "{taken} of {}", meshes.given);
    for kind in DECIDE {
        assert!(meshes.taken.get(kind).is_some_and(|count| *count > 2), "{kind}: {:?}", meshes.taken);
    }
}

/// That there are many rows, and each verdict.
fn assert_varied(what: &str, meshes: impl Iterator<Item = Counts>, verdicts: &[&str]) {
    let mut sums = Counts::new();
    for (verdict, count) in meshes.flatten() {
        *sums.entry(verdict).or_default() += count;
    }
    println!("{what}: {sums:?}");
    assert!(sums.values().sum::<usize>() > 300, "{what}: {sums:?}");
    assert!(verdicts.iter().all(|verdict| sums.contains_key(*verdict)), "{what}: {sums:?}");
}

fn with_sidecars(seed: u64) -> Vec<Value> {
    let mut mesh = sidecars::question(seed);
    let settings = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "namespace": "istio-system", "name": "istio" },
        "data": { "mesh": mesh["meshConfig"].to_string() },
    });
    let mut objects = std::mem::take(mesh["objects"].as_array_mut().unwrap());
    objects.push(settings);
    objects
}

/// One mesh after the other on a cluster.
struct Meshes<'a> {
    cluster: &'a TestCluster,
    /// How many objects there were.
    given: usize,
    /// How many of each kind the server took.
    taken: BTreeMap<String, usize>,
}

impl Meshes<'_> {
    fn compare(&mut self, what: &str, objects: Vec<Value>, questions: &[&[&str]]) -> Counts {
        let namespaces = self.put(what, objects);
        let counts = compare(self.cluster, what, questions);
        clean(self.cluster, &namespaces);
        counts
    }

    /// Creates a mesh, and gives its namespaces.
    fn put(&mut self, what: &str, objects: Vec<Value>) -> Vec<String> {
        let (namespaces, others): (Vec<Value>, Vec<Value>) =
            objects.into_iter().partition(|object| object["kind"] == "Namespace");
        let valid: Vec<Value> = others.into_iter().filter_map(valid).collect();
        let places = valid.iter().filter_map(|object| object["metadata"]["namespace"].as_str());
        // One that the mesh leaves out is there nevertheless.
        let plain = places.map(|name| (name.to_owned(), crate::namespace(name)));
        let own = namespaces.into_iter().map(|of| (of["metadata"]["name"].as_str().unwrap().to_owned(), of));
        let all: BTreeMap<String, Value> = plain.chain(own).collect();
        self.cluster.apply_yaml(&odd::list(&all.values().cloned().collect::<Vec<_>>()));
        self.given += valid.len();
        for object in &valid {
            match self.cluster.try_create(object) {
                Ok(_) => {
                    *self.taken.entry(object["kind"].as_str().unwrap().to_owned()).or_default() += 1;
                }
                Err(error) => println!("{what}: {} is refused: {error}", object["metadata"]["name"]),
            }
        }
        all.into_keys().collect()
    }
}

/// Takes away what a mesh was made of, but for its namespaces.
fn clean(cluster: &TestCluster, namespaces: &[String]) {
    for namespace in namespaces {
        for (group, resources) in NAMESPACED {
            for resource in resources {
                cluster.delete(&format!("{group}/namespaces/{namespace}/{resource}?gracePeriodSeconds=0"));
            }
        }
    }
    for resource in OF_THE_CLUSTER {
        cluster.delete(&format!("/apis/policy.networking.k8s.io/v1alpha1/{resource}"));
    }
}

/// Files do not say that there is no other Gateway, a cluster does: nothing asks for one that is not there.
fn that_ask_for_what_is_there(mut objects: Vec<Value>) -> Vec<Value> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let place = |object: &Value| match object["metadata"]["namespace"].as_str() {
        Some(namespace) => namespace.to_owned(),
        None => name(object),
    };
    let gateways: Vec<(String, String)> = objects
        .iter()
        .filter(|object| object["kind"] == "Gateway")
        .map(|object| (place(object), name(object)))
        .collect();
    for object in &mut objects {
        let own = place(object);
        let Some(labels) = object["metadata"]["labels"].as_object_mut() else { continue };
        let of = labels.get("istio.io/use-waypoint-namespace").and_then(Value::as_str).unwrap_or(&own);
        let asked = labels.get("istio.io/use-waypoint").and_then(Value::as_str).unwrap_or("none");
        if asked != "none" && !gateways.contains(&(of.to_owned(), asked.to_owned())) {
            labels.remove("istio.io/use-waypoint");
        }
    }
    objects
}

/// What a real API server takes of a generated object.
fn valid(mut object: Value) -> Option<Value> {
    match object["kind"].as_str()? {
        "Pod" => {
            object["spec"]["containers"][0]["image"] = json!("example.com/main");
            if let Some(metadata) = object["metadata"].as_object_mut() {
                // The garbage collector deletes what an owner that is not there owns.
                metadata.remove("ownerReferences");
            }
            if object["status"].is_object() {
                object["status"]["phase"] = json!("Running");
                if object["status"]["podIP"].is_null() {
                    object["status"]["podIP"] = object["status"]["podIPs"][0]["ip"].clone();
                }
            }
        }
        "PeerAuthentication" if object["spec"]["selector"].is_null() => {
            object["spec"].as_object_mut()?.remove("portLevelMtls");
        }
        "Service" => {
            object["spec"].as_object_mut()?.remove("clusterIPs");
            if object["spec"]["clusterIP"] != "None" {
                object["spec"].as_object_mut()?.remove("clusterIP");
            }
            if object["spec"]["type"] == "ExternalName" {
                object["spec"]["externalName"] = json!("example.com");
                object["spec"].as_object_mut()?.remove("clusterIP");
            }
        }
        "Gateway" => {
            object["spec"] = json!({
                "gatewayClassName": "istio-waypoint",
                "listeners": [{ "name": "mesh", "port": 15008, "protocol": "HBONE" }],
            });
            object["status"] = json!({ "addresses": [{ "type": "IPAddress", "value": "10.96.0.77" }] });
        }
        // Controllers would make pods of the one while we read, and make the other themselves.
        "Deployment" => return None,
        "EndpointSlice"
            if object["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"].is_string() =>
        {
            return None;
        }
        _ => {}
    }
    Some(object)
}
