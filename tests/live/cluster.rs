//! The cluster itself: what every other live test relies on.

use std::time::Instant;

use mesh_testkit::test_cluster::{ISTIO, NODE, OLD_ISTIO, Options, TestCluster, Unusual, has_condition};
use serde_json::{Value, json};

use crate::{namespace, pod, shared, stdout};

#[test]
fn an_administrator_lists_namespaces() {
    let cluster = shared();
    let names = stdout(&cluster.kubectl(cluster.admin(), &["get", "namespaces", "-o", "name"]));
    assert!(names.contains("namespace/kube-system\n"), "{names}");
}

#[test]
fn kubectl_parses_the_servers_version() {
    let cluster = shared();
    let told = stdout(&cluster.kubectl(cluster.admin(), &["version", "-o", "json"]));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["serverVersion"]["major"], "1");
    assert!(told["serverVersion"]["gitVersion"].as_str().unwrap().starts_with("v1."), "{told}");
}

#[test]
fn rbac_forbids_a_nobody() {
    let cluster = shared();
    let nobody = cluster.kubeconfig("nobody", &["nothing", "more"]);
    let refused = cluster.kubectl(&nobody, &["get", "pods"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains(r#"User "nobody" cannot list resource "pods""#), "{said}");
    let me = stdout(&cluster.kubectl(&nobody, &["auth", "whoami", "-o", "json"]));
    let me: Value = serde_json::from_str(&me).unwrap();
    assert_eq!(me["status"]["userInfo"]["groups"], json!(["nothing", "more", "system:authenticated"]));
}

#[test]
fn unusual_kubeconfigs_fail_as_they_do_elsewhere() {
    let cluster = shared();
    let cases = [
        (Unusual { expired: true, ..Unusual::default() }, "must be logged in to the server"),
        (Unusual { other_authority: true, ..Unusual::default() }, "certificate signed by unknown authority"),
        (Unusual { server: Some("https://127.0.0.1:1".to_owned()), ..Unusual::default() }, "refused"),
        (
            Unusual { user: Some(json!({ "token": "wrong" })), ..Unusual::default() },
            "must be logged in to the server",
        ),
    ];
    for (unusual, expected) in cases {
        let kubeconfig = cluster.kubeconfig_with("admin", &["system:masters"], &unusual);
        let refused = cluster.kubectl(&kubeconfig, &["get", "pods"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains(expected), "{unusual:?}: {said}");
    }
    let elsewhere = Unusual { namespace: Some("kube-system".to_owned()), ..Unusual::default() };
    let kubeconfig = cluster.kubeconfig_with("admin", &["system:masters"], &elsewhere);
    let said = cluster.kubectl(&kubeconfig, &["get", "pods"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("in kube-system namespace"), "{said:?}");
}

#[test]
fn every_crd_is_served() {
    let cluster = shared();
    for kind in [
        "authorizationpolicies.v1.security.istio.io",
        "gateways.v1.gateway.networking.k8s.io",
        "adminnetworkpolicies.policy.networking.k8s.io",
    ] {
        stdout(&cluster.kubectl(cluster.admin(), &["get", kind, "-A"]));
    }
}

#[test]
fn crds_of_an_old_istio_drop_what_they_do_not_know() {
    let policy = |name| {
        json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": { "namespace": "default", "name": name },
            "spec": { "rules": [{ "from": [{ "source": { "serviceAccounts": ["default/a"] } }] }] },
        })
    };
    let old = TestCluster::start(&Options { kwok: false, ..Options::default() });
    old.install_istio_crds(OLD_ISTIO[0]);
    let stored = old.create(&policy("old"));
    assert_eq!(stored.pointer("/spec/rules/0/from/0/source/serviceAccounts"), None, "{stored:#}");
    let stored = shared().create(&policy("new"));
    assert_eq!(stored["spec"]["rules"][0]["from"][0]["source"]["serviceAccounts"][0], "default/a", "{ISTIO}");
}

#[test]
fn a_pod_on_the_node_becomes_running_with_an_address() {
    let cluster = shared();
    cluster.create(&namespace("kwok"));
    cluster.create(&pod("kwok", "one", NODE));
    let path = "/api/v1/namespaces/kwok/pods/one";
    let pod = cluster.wait_for(path, "running", |pod| has_condition(pod, "Ready"));
    assert_eq!(pod["status"]["phase"], "Running");
    assert!(pod["status"]["podIP"].as_str().unwrap().starts_with("10.0."), "{:#}", pod["status"]);
}

#[test]
fn controllers_make_endpoint_slices_and_empty_namespaces() {
    let cluster = shared();
    cluster.apply_yaml(
        r#"
apiVersion: v1
kind: Namespace
metadata: { name: slices }
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Service
    metadata: { namespace: slices, name: web }
    spec: { selector: { app: web }, ports: [{ port: 80 }] }
"#,
    );
    cluster.create(&pod("slices", "web", NODE));
    let slices = "/apis/discovery.k8s.io/v1/namespaces/slices/endpointslices";
    cluster.wait_for(slices, "a ready endpoint", |list| {
        list.pointer("/items/0/endpoints/0/conditions/ready") == Some(&json!(true))
    });
    cluster.delete("/api/v1/namespaces/slices");
    cluster.wait_gone("/api/v1/namespaces/slices");
}

#[test]
fn the_scheduler_places_pods_and_accounts_are_there() {
    let options = Options { scheduler: true, service_accounts: true, ..Options::default() };
    let cluster = TestCluster::start(&options);
    cluster.create(&namespace("placed"));
    let mut unplaced = pod("placed", "one", "");
    unplaced["spec"].as_object_mut().unwrap().remove("nodeName");
    cluster.create(&unplaced);
    let path = "/api/v1/namespaces/placed/pods/one";
    let pod = cluster.wait_for(path, "running", |pod| has_condition(pod, "Ready"));
    assert_eq!(pod["spec"]["nodeName"], NODE);
    assert_eq!(pod["spec"]["serviceAccountName"], "default");
}

#[test]
fn the_audit_log_tells_who_read_what() {
    let cluster = shared();
    let reader = cluster.kubeconfig("auditor", &["system:masters"]);
    stdout(&cluster.kubectl(&reader, &["get", "configmaps", "-n", "kube-public", "--chunk-size=7"]));
    let events = cluster.audit_log();
    let listed: Vec<_> =
        events.iter().filter(|event| event.user == "auditor" && event.verb == "list").collect();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(
        (listed[0].uri.as_str(), listed[0].code),
        ("/api/v1/namespaces/kube-public/configmaps?limit=7", 200)
    );
}

#[test]
fn the_api_server_comes_back_with_what_there_was() {
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.create(&namespace("kept"));
    cluster.stop_api_server();
    let refused = cluster.kubectl(cluster.admin(), &["get", "namespaces"]);
    assert!(!refused.status.success());
    cluster.start_api_server();
    assert!(cluster.get("/api/v1/namespaces/kept").is_some());
}

/// Objects that other tests create by the thousand, here by the hundred; and their status is theirs, without kwok.
#[test]
fn objects_come_by_the_hundred_with_their_status() {
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.create(&namespace("many"));
    let pods = (0..500).map(|number| {
        let mut pod = pod("many", &format!("pod-{number}"), "nowhere");
        pod["status"] =
            json!({ "phase": "Running", "podIP": format!("10.1.{}.{}", number / 250, number % 250 + 1) });
        pod
    });
    let begin = Instant::now();
    cluster.create_all(pods.collect());
    let seconds = begin.elapsed().as_secs_f64();
    println!("500 pods with status: {seconds:.1} s");
    let list = cluster.get("/api/v1/namespaces/many/pods").unwrap();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 500);
    assert!(
        items.iter().all(|pod| pod["status"]["phase"] == "Running" && pod["status"]["podIP"].is_string())
    );
}
