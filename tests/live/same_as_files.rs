//! A cluster and what kubectl prints of it give the same rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use mesh_testkit::test_cluster::{ISTIO, NETWORK_POLICIES, Options, TestCluster};
use serde_json::Value;

use crate::asking::{Asked, ask};
use crate::stdout;

mod example;
mod generated;

/// Everything that questions read of a cluster; templates they read by name only.
const KINDS: &str = "pods,namespaces,configmaps,services,endpointslices,workloadentries,serviceentries,\
                     authorizationpolicies,peerauthentications,requestauthentications,networkpolicies,\
                     adminnetworkpolicies,baselineadminnetworkpolicies,gateways.gateway.networking.k8s.io,\
                     gatewayclasses.gateway.networking.k8s.io,destinationrules,virtualservices,\
                     sidecars.networking.istio.io,envoyfilters,wasmplugins,trafficextensions,httproutes,\
                     grpcroutes,tcproutes,tlsroutes";

#[test]
fn a_cluster_and_its_files_give_the_same_rows() {
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.install_istio_crds(ISTIO);
    cluster.install_gateway_crds();
    cluster.install_network_policy_crds(NETWORK_POLICIES);
    generated::agree(&cluster);
    example::agrees(&cluster);
}

/// How many rows there are of each verdict.
type Counts = BTreeMap<String, usize>;

/// Asks the cluster and what kubectl prints of it.
fn compare(cluster: &TestCluster, what: &str, questions: &[&[&str]]) -> Counts {
    let file = cluster.folder().join("printed.yaml");
    for _ in 0..10 {
        rest(cluster);
        let printed = print(cluster);
        std::fs::write(&file, &printed).unwrap();
        let answers: Vec<(Asked, Asked)> =
            questions.iter().map(|question| both(cluster, &file, question)).collect();
        if print(cluster) != printed {
            continue;
        }
        let mut counts = Counts::new();
        for ((live, filed), question) in answers.iter().zip(questions) {
            for row in same(what, question, live, filed) {
                *counts.entry(row["verdict"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        return counts;
    }
    panic!("{what}: the cluster does not come to rest");
}

/// Waits until controllers make EndpointSlices no more.
fn rest(cluster: &TestCluster) {
    let slices = || cluster.get("/apis/discovery.k8s.io/v1/endpointslices").unwrap()["items"].take();
    let (mut last, mut since) = (slices(), Instant::now());
    while since.elapsed() < Duration::from_millis(400) {
        std::thread::sleep(Duration::from_millis(100));
        let now = slices();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
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

/// The rows, which are the same.
fn same(what: &str, question: &[&str], live: &Asked, filed: &Asked) -> Vec<Value> {
    let call = question.join(" ");
    assert_eq!(live.status, filed.status, "{what}: {call}\n{}\n{}", live.stderr, filed.stderr);
    assert_ne!(live.status, Some(2), "{what}: {call}\n{}", live.stderr);
    let (live, filed) = (placeless(live.json()), placeless(filed.json()));
    let rows = |answer: &Value| answer["rows"].as_array().unwrap().clone();
    let (of_cluster, of_files) = (rows(&live), rows(&filed));
    for (one, other) in of_cluster.iter().zip(&of_files) {
        assert_eq!(one, other, "{what}: {call}");
    }
    assert_eq!(of_cluster.len(), of_files.len(), "{what}: {call}");
    assert_eq!(live["gaps"], filed["gaps"], "{what}: {call}");
    of_cluster
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
