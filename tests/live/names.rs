//! Names of every legal character and of the greatest length; objects that are ending.

use mesh_testkit::test_cluster::TestCluster;
use serde_json::{Value, json};

use crate::asking::{ask, enrolled, member, placed, policy, ready};
use crate::shared;

/// What YAML, numbers, addresses and our own language could take for something else.
const NAMES: [&str; 9] = ["null", "true", "0", "1e3", "0x1f", "no", "a.b", "pod", "svc"];

fn admin() -> std::path::PathBuf {
    shared().kubeconfig("names", &["system:masters"])
}

/// Labels of 63 characters between dots, as many as fit into 253.
fn longest(first: char) -> String {
    let label =
        |length: usize| format!("{first}{}9", "-b".repeat((length - 2) / 2) + &"c".repeat(length % 2));
    let parts = [label(63), label(63), label(63), label(61)];
    parts.join(".")
}

fn create_pod(cluster: &TestCluster, namespace: &str, name: &str, more: &Value) {
    let mut pod = placed(namespace, name, "10.9.9.9");
    pod["metadata"]["labels"] = json!({ "app": "any" });
    for (label, value) in more.as_object().unwrap() {
        pod["metadata"]["labels"][label] = value.clone();
    }
    cluster.create(&pod);
}

#[test]
fn names_and_labels_may_be_anything_that_is_legal() {
    let cluster = shared();
    let namespace = format!("0{}", "n-0".repeat(20) + "zz");
    assert_eq!(namespace.len(), 63);
    cluster.create(&enrolled(&namespace));
    let (pod, account, deny) = (longest('p'), longest('a'), longest('d'));
    assert_eq!(pod.len(), 253);
    let label = format!("{}/{}", longest('k'), "A.b_c-9".repeat(9));
    let value = "Z_z.9-a".repeat(9);
    let mut target = placed(&namespace, &pod, "10.9.0.1");
    target["metadata"]["labels"] = json!({ &label: value });
    target["spec"]["serviceAccountName"] = json!(account);
    cluster.create(&target);
    let other = longest('o');
    let mut peer = target.clone();
    peer["metadata"]["name"] = json!(other);
    cluster.create(&peer);
    for name in NAMES {
        create_pod(cluster, &namespace, name, &json!({}));
    }
    let mut refused = policy(&namespace, &deny, "", &json!({ "action": "DENY" }));
    refused["spec"]["selector"]["matchLabels"] = json!({ &label: value });
    refused["spec"]["rules"] = json!([{ "from": [{ "source": { "notPrincipals": [format!("cluster.local/ns/{namespace}/sa/{account}")] } }] }]);
    cluster.create(&refused);

    let admin = admin();
    let question = format!("pod/{namespace}/{pod}:80");
    let asked = ask(&admin, &[&question, "-o", "json"]).exits(0);
    let verdicts = asked.verdicts();
    assert_eq!(verdicts[&format!("spiffe://cluster.local/ns/{namespace}/sa/{account} 80")], "allowed");
    assert!(asked.workloads().contains(&format!("pod/{namespace}/{other}")), "{:?}", asked.workloads());
    let row = asked.json();
    let denied =
        row["rows"].as_array().unwrap().iter().find(|row| row["peer"]["class"] == "outside").unwrap();
    assert_eq!(denied["decidedBy"]["policy"], format!("{namespace}/{deny}"));
    for name in NAMES {
        assert!(asked.workloads().contains(&format!("pod/{namespace}/{name}")), "{:?}", asked.workloads());
        let called = format!("pod/{namespace}/{name}");
        for target in [&*called, name] {
            let asked = ask(&admin, &[target, "-n", &namespace, "-o", "json"]).exits(0);
            assert_eq!(asked.json()["target"], called, "{target}");
        }
    }
}

#[test]
fn a_namespace_that_is_being_deleted_counts_as_long_as_it_is_there() {
    let cluster = shared();
    cluster.create(&enrolled("ending"));
    cluster.create(&enrolled("ending-away"));
    cluster.create(&placed("ending-away", "sees", "10.9.1.2"));
    let mut held = placed("ending", "held", "10.9.1.1");
    held["metadata"]["finalizers"] = json!(["example.com/held"]);
    cluster.create(&held);
    cluster.delete("/api/v1/namespaces/ending");
    cluster.wait_for("/api/v1/namespaces/ending", "ending", |namespace| {
        namespace["status"]["phase"] == "Terminating"
    });
    let path = "/api/v1/namespaces/ending/pods/held";
    cluster.wait_for(path, "ending", |pod| pod["metadata"]["deletionTimestamp"].is_string());
    let admin = admin();
    let asked = ask(&admin, &["pod/ending/held:80", "-o", "json"]).exits(0);
    assert_eq!(asked.json()["target"], "pod/ending/held:80");
    let of_another = ask(&admin, &["pod/ending-away/sees:80", "-o", "json"]).exits(0);
    assert!(of_another.workloads().contains(&"pod/ending/held".to_owned()), "{:?}", of_another.workloads());
    cluster.patch(path, &json!({ "metadata": { "finalizers": null } }));
    cluster.wait_gone("/api/v1/namespaces/ending");
    let error = ask(&admin, &["pod/ending/held:80"]).error();
    assert!(error.contains("held"), "{error}");
}

#[test]
fn pods_that_ended_are_nobody() {
    let cluster = shared();
    cluster.create(&enrolled("ended"));
    cluster.create(&member("ended", "asked"));
    cluster.create(&member("ended", "lives"));
    for (name, phase) in [("done", "Succeeded"), ("broken", "Failed")] {
        let mut pod = placed("ended", name, "10.9.2.1");
        pod["status"]["phase"] = json!(phase);
        pod["status"]["conditions"][0]["status"] = json!("False");
        cluster.create(&pod);
    }
    ready(cluster, "ended", "lives");
    ready(cluster, "ended", "asked");
    let asked = ask(&admin(), &["pod/ended/asked:80", "-o", "json"]).exits(0);
    let own: Vec<String> = asked.workloads().into_iter().filter(|name| name.contains("/ended/")).collect();
    assert_eq!(own, ["pod/ended/lives"]);
}
