//! A cluster and what kubectl prints of it give the same rows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mesh_testkit::odd;
use mesh_testkit::test_cluster::{ISTIO, NETWORK_POLICIES, Options, TestCluster, documents};
use serde_json::{Value, json};

use crate::asking::{Asked, ask};
use crate::stdout;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=8;

/// Everything that questions read of a cluster; templates they read by name only.
const KINDS: &str = "pods,namespaces,configmaps,services,endpointslices,networkpolicies,authorizationpolicies,\
                     peerauthentications,workloadentries,serviceentries,gateways.gateway.networking.k8s.io,\
                     gatewayclasses.gateway.networking.k8s.io,adminnetworkpolicies";

#[test]
fn a_cluster_and_its_files_give_the_same_rows() {
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.install_istio_crds(ISTIO);
    cluster.install_gateway_crds();
    cluster.install_network_policy_crds(NETWORK_POLICIES);
    odd_meshes(&cluster);
    example(&cluster);
}

/// The example with a pod of each template, as it runs.
fn example(cluster: &TestCluster) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/enterprise-rag");
    let mut files = Vec::new();
    manifests(&folder, &mut files);
    let text: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let objects = documents(&text.join("\n---\n"));
    let kept = ["Namespace", "ConfigMap", "Service", "AuthorizationPolicy", "PeerAuthentication"];
    let is_of = |kind: &str| -> Vec<Value> {
        objects.iter().filter(|object| object["kind"] == kind).cloned().collect()
    };
    for kind in kept {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": is_of(kind) });
        cluster.apply_yaml(&list.to_string());
    }
    let templates = ["Deployment", "StatefulSet", "DaemonSet"].into_iter().flat_map(is_of);
    let pods: Vec<Value> =
        templates.enumerate().map(|(number, template)| pod_of(&template, number)).collect();
    assert!(pods.len() > 40, "{}", pods.len());
    cluster.create_all(pods);
    let questions: [&[&str]; 6] = [
        &["--all", "-A"],
        &["--all", "-n", "edp"],
        &["svc/edp/edp-postgresql"],
        &["svc/chatqa/llm-usvc", "--from", "outside"],
        &["svc/auth/keycloak", "--from", "sa/ingress-nginx/default"],
        &["--to-peers", "pod/chatqa/llm-usvc-0", "-A"],
    ];
    let rows = compare(cluster, "the example", &questions);
    assert!(rows > 500, "{rows}");
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
        "status": {
            "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

fn odd_meshes(cluster: &TestCluster) {
    let (mut all, mut taken, mut rows) = (0, 0, 0);
    cluster.create(&json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
        "metadata": { "name": "istio-waypoint" }, "spec": { "controllerName": "istio.io/mesh-controller" },
    }));
    for seed in SEEDS {
        let objects = odd::cluster(seed);
        let (namespaces, others): (Vec<_>, Vec<_>) =
            that_ask_for_what_is_there(objects).into_iter().partition(|object| object["kind"] == "Namespace");
        let named = odd::NAMESPACES.map(|name| {
            let own = namespaces.iter().find(|namespace| namespace["metadata"]["name"] == name);
            let plain = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
            own.cloned().unwrap_or(plain)
        });
        cluster.apply_yaml(&odd::list(&named));
        let valid: Vec<Value> = others.into_iter().filter_map(valid).collect();
        let created = valid.iter().filter(|object| match cluster.try_create(object) {
            Ok(_) => true,
            Err(error) => {
                println!("seed {seed}: {} is refused: {error}", object["metadata"]["name"]);
                false
            }
        });
        all += valid.len();
        taken += created.count();
        let all_of = ["--all", "-A"];
        rows += compare(cluster, &format!("seed {seed}"), &[&all_of, &["--all", "-n", "a"]]);
        for namespace in odd::NAMESPACES {
            let kinds = "pods,services,endpointslices,networkpolicies,authorizationpolicies,peerauthentications,gateways.gateway.networking.k8s.io,configmaps";
            let arguments = ["delete", kinds, "--all", "-n", namespace, "--force", "--grace-period=0"];
            stdout(&cluster.kubectl(cluster.admin(), &arguments));
        }
    }
    println!("{taken} of {all} objects, {rows} rows");
    assert!(taken * 10 > all * 7, "{taken} of {all}");
    assert!(rows > 300, "{rows}");
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
                object["status"]["podIP"] = object["status"]["podIPs"][0]["ip"].clone();
            }
        }
        "Service" => {
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
        // Controllers would make pods of it while we read.
        "Deployment" => return None,
        _ => {}
    }
    Some(object)
}

/// Asks the cluster and what kubectl prints of it; how many rows there were.
fn compare(cluster: &TestCluster, what: &str, questions: &[&[&str]]) -> usize {
    let file = cluster.folder().join("printed.yaml");
    let mut last = String::new();
    // Controllers still make EndpointSlices.
    for _ in 0..20 {
        let printed = print(cluster);
        if printed != last {
            last = printed;
            std::thread::sleep(Duration::from_millis(600));
            continue;
        }
        std::fs::write(&file, &printed).unwrap();
        let answers: Vec<(Asked, Asked)> =
            questions.iter().map(|question| both(cluster, &file, question)).collect();
        if print(cluster) != printed {
            continue;
        }
        return answers
            .iter()
            .zip(questions)
            .map(|((live, filed), question)| same(what, question, live, filed))
            .sum();
    }
    panic!("{what}: the cluster does not come to rest");
}

fn print(cluster: &TestCluster) -> String {
    stdout(&cluster.kubectl(cluster.admin(), &["get", KINDS, "-A", "-o", "yaml"]))
}

fn both(cluster: &TestCluster, file: &Path, question: &[&str]) -> (Asked, Asked) {
    let json = [question, &["-o", "json"]].concat();
    let live = ask(cluster.admin(), &json);
    let file = file.to_str().unwrap();
    (live, ask(Path::new("/nonexistent"), &[&json[..], &["-f", file]].concat()))
}

fn same(what: &str, question: &[&str], live: &Asked, filed: &Asked) -> usize {
    let call = question.join(" ");
    assert_eq!(live.status, filed.status, "{what}: {call}\n{}\n{}", live.stderr, filed.stderr);
    if live.status == Some(2) {
        assert_eq!(live.stderr, filed.stderr, "{what}: {call}");
        return 0;
    }
    let (live, filed) = (placeless(live.json()), placeless(filed.json()));
    let rows = |answer: &Value| answer["rows"].as_array().unwrap().clone();
    let (of_cluster, of_files) = (rows(&live), rows(&filed));
    for (one, other) in of_cluster.iter().zip(&of_files) {
        assert_eq!(one, other, "{what}: {call}");
    }
    assert_eq!(of_cluster.len(), of_files.len(), "{what}: {call}");
    assert_eq!(live["gaps"], filed["gaps"], "{what}: {call}");
    of_cluster.len()
}

/// Files have lines.
fn placeless(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                *value = if name == "location" { Value::Null } else { placeless(value.take()) };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = placeless(item.take())),
        _ => {}
    }
    answer
}
