//! One question about a big cluster against `kubectl get pods -A -o json`, which reads part of the same:
//! `compare-with-kubectl [ROUNDS]`.
//!
//! Starts a control plane of its own, fills it with 10,000 pods, 2,500 Services and 5,000 policies, and lets the
//! commands take turns. Needs the release binary and `make test-env`.

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a table for people, about objects that are made here"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use mesh_testkit::large::{Size, mesh};
use mesh_testkit::measure::{Failure, Make, table, turns};
use mesh_testkit::test_cluster::{ISTIO, Options, TestCluster};
use serde_json::{Value, json};

/// Controllers would make pods of these, and have none for these pods: the mesh stands as it is made.
const MADE_BY_CONTROLLERS: [&str; 5] = ["Deployment", "ReplicaSet", "DaemonSet", "EndpointSlice", "Node"];

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(7);
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").canonicalize()?;
    let ours = target.join("release/kubectl-mesh-who_can_reach");
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.install_istio_crds(ISTIO);
    fill(&cluster);
    let (kubectl, config) = (cluster.kubectl_path(), cluster.admin().to_owned());
    let kubectl = |arguments: &[&str]| command(&kubectl, &config, arguments);
    let config = cluster.admin().to_owned();
    let who_can_reach = |arguments: &[&str]| command(&ours, &config, arguments);
    let service = "svc/team-7/app-7";
    let commands: [(&str, Make<'_>); 6] = [
        ("kubectl get pods", Box::new(|| kubectl(&["get", "pods", "-A", "-o", "json"]))),
        ("one target", Box::new(|| who_can_reach(&[service, "-o", "json"]))),
        ("one pair", Box::new(|| who_can_reach(&[service, "--from", "sa/team-8/account-0", "-o", "json"]))),
        (
            "hardly anything",
            Box::new(|| {
                who_can_reach(&["svc/default/kubernetes", "--from", "sa/default/default", "-o", "json"])
            }),
        ),
        ("--all -A", Box::new(|| who_can_reach(&["--all", "-A", "-o", "json"]))),
        ("kubectl get ns default", Box::new(|| kubectl(&["get", "ns", "default", "-o", "name"]))),
    ];
    let costs = turns(rounds, &commands)?;
    print!("{}", table(&commands.map(|(name, _)| name), &costs));
    Ok(())
}

fn command(program: &PathBuf, config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).env("KUBECONFIG", config);
    command
}

fn fill(cluster: &TestCluster) {
    let objects: Vec<Value> = mesh(1, Size::FULL).into_iter().filter_map(as_in_a_cluster).collect();
    let (namespaces, others): (Vec<_>, Vec<_>) = objects.into_iter().partition(|o| o["kind"] == "Namespace");
    println!("filling a cluster with {} objects, seed 1", namespaces.len() + others.len());
    let istio = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}});
    cluster.create_all(namespaces.into_iter().chain([istio]).collect());
    cluster.create_all(others);
}

/// The object as one that people create.
fn as_in_a_cluster(mut object: Value) -> Option<Value> {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    if MADE_BY_CONTROLLERS.contains(&kind.as_str()) {
        return None;
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for made in
            ["uid", "resourceVersion", "creationTimestamp", "ownerReferences", "generation", "managedFields"]
        {
            metadata.remove(made);
        }
    }
    if kind == "Service" {
        object["spec"].as_object_mut().map(|spec| spec.remove("clusterIP"));
        object["spec"].as_object_mut().map(|spec| spec.remove("clusterIPs"));
    }
    if object["status"] == json!({}) {
        object.as_object_mut().map(|object| object.remove("status"));
    }
    Some(object)
}
