//! Lists of many pages: every object counts, once.

use mesh_testkit::test_cluster::{ISTIO, Options, TestCluster};
use serde_json::{Value, json};

use crate::asking::{ask, enrolled, placed};

/// Every hundredth pod has an account of its own; the rest share one each hundred.
fn pods(numbers: std::ops::Range<usize>) -> Vec<Value> {
    let one = |number: usize| {
        let address = format!("10.{}.{}.{}", 1 + number / 62_500, number / 250 % 250, number % 250 + 1);
        let mut pod = placed("many", &format!("pod-{number:05}"), &address);
        pod["spec"]["serviceAccountName"] = json!(format!("account-{}", number / 100));
        pod
    };
    numbers.map(one).collect()
}

/// Without kwok: pods keep the status that they are created with.
#[test]
fn every_pod_of_every_page_counts() {
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.install_istio_crds(ISTIO);
    cluster.create(&enrolled("many"));
    cluster.create_all(pods(0..1_200));
    let reader = cluster.kubeconfig("pager", &["system:masters"]);
    let question = ["pod/many/pod-00000:80", "-o", "json"];
    let asked = ask(&reader, &question).exits(0);
    // All but the target.
    assert_eq!(asked.workloads().len(), 1_199);
    assert!(asked.gaps().is_empty(), "{:?}", asked.gaps());
    let log = cluster.audit_log();
    let pages: Vec<&str> = log
        .iter()
        .filter(|event| event.user == "pager" && event.uri.starts_with("/api/v1/pods"))
        .map(|event| event.uri.as_str())
        .collect();
    assert_eq!(pages.len(), 3, "{pages:?}");
    assert_eq!(pages[0], "/api/v1/pods?limit=500");
    assert!(pages[1..].iter().all(|uri| uri.starts_with("/api/v1/pods?limit=500&continue=")), "{pages:?}");

    cluster.create_all(pods(1_200..10_000));
    let asked = ask(&reader, &question).exits(0);
    println!("10,000 pods, {} bytes of JSON: {:.2} s", asked.stdout.len(), asked.took.as_secs_f64());
    assert_eq!(asked.workloads().len(), 9_999);
    let verdicts = asked.verdicts();
    let accounts = verdicts.keys().filter(|who| who.contains("/ns/many/sa/account-")).count();
    assert_eq!(accounts, 100);
}
