//! Tests on a real control plane: `make e2e` builds it and runs them.
//!
//! One cluster serves most of them; it ends with this process. Each test works in namespaces of its own; one that stops
//! or breaks the cluster, or compares all of it at two times, starts its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot run fails"
)]
#![expect(clippy::print_stdout, reason = "a test says what it saw and how long it took")]

use std::sync::OnceLock;

use mesh_testkit::test_cluster::{ISTIO, NETWORK_POLICIES, Options, TestCluster};
use serde_json::{Value, json};

mod asking;
mod bundle;
mod certificates;
mod changes;
mod cluster;
mod conformance;
mod connection;
mod edits;
mod ending;
mod envoy;
mod faults;
mod istiod;
mod kinds;
mod logging_in;
mod names;
mod network_policies;
mod paging;
mod proxy;
mod rbac;
mod requests;
mod same_as_files;
mod sidecars;
mod stopping;
mod waypoints;

/// The cluster that the tests share: kwok's node, RBAC, all CRDs.
fn shared() -> &'static TestCluster {
    static CLUSTER: OnceLock<TestCluster> = OnceLock::new();
    CLUSTER.get_or_init(own)
}

/// The same as a cluster that one test has for itself.
fn own() -> TestCluster {
    let cluster = TestCluster::start(&Options::default());
    cluster.install_istio_crds(ISTIO);
    cluster.install_gateway_crds();
    cluster.install_network_policy_crds(NETWORK_POLICIES);
    cluster
}

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

fn pod(namespace: &str, name: &str, node: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "namespace": namespace, "name": name, "labels": { "app": name } },
        "spec": { "nodeName": node, "containers": [{ "name": "main", "image": "example.com/main" }] },
    })
}

fn stdout(output: &std::process::Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
