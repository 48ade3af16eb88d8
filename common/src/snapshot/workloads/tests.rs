use super::super::test_objects::{objects, snapshot};
use super::*;
use crate::model::{Certainty, PortRef};

fn names(yaml: &str) -> Vec<(String, String)> {
    let snapshot = snapshot(yaml);
    snapshot.workloads.iter().map(|w| (w.reference.to_string(), w.owner.to_string())).collect()
}

fn pod(name: &str, owner: &str, labels: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: edp, labels: {{{labels}}}, \
         ownerReferences: [{{controller: true, {owner}}}]}}\nstatus: {{podIP: 10.0.0.1}}\n"
    )
}

const DEPLOYMENT: &str = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: edp}
spec: {template: {metadata: {labels: {app: api}}}}
";

#[test]
fn a_template_counts_only_while_nothing_runs_of_it() {
    assert_eq!(names(DEPLOYMENT), [("deploy/edp/api".into(), "deploy/edp/api".into())]);
    let pod = pod("api-7d4f-x", "kind: ReplicaSet, name: api-7d4f", "pod-template-hash: 7d4f");
    assert_eq!(
        names(&format!("{DEPLOYMENT}{pod}")),
        [("pod/edp/api-7d4f-x".into(), "deploy/edp/api".into())]
    );
}

#[test]
fn owners_come_from_objects_or_from_names() {
    let replica_set = "---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: odd, namespace: edp, ownerReferences: [{controller: true, kind: Deployment, name: api}]}
spec: {template: {}}
";
    for (yaml, owner) in [
        (pod("a", "kind: ReplicaSet, name: api-7d4f", "pod-template-hash: 7d4f"), "deploy/edp/api"),
        (pod("a", "kind: ReplicaSet, name: api-7d4f", "app: x"), "rs/edp/api-7d4f"),
        (pod("a", "kind: ReplicaSet, name: odd", "app: x") + replica_set, "deploy/edp/api"),
        (pod("a", "kind: Job, name: backup-29012345", ""), "cj/edp/backup"),
        (pod("a", "kind: Job, name: migrate-3", ""), "job/edp/migrate-3"),
        (pod("a", "kind: StatefulSet, name: pg", ""), "sts/edp/pg"),
        (pod("a", "kind: Rollout, name: web", ""), "Rollout/edp/web"),
    ] {
        assert_eq!(names(&yaml), [("pod/edp/a".into(), owner.into())], "{yaml}");
    }
}

#[test]
fn pods_that_have_ended_are_no_workloads() {
    for phase in ["Succeeded", "Failed"] {
        let yaml = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: edp}}\n\
             status: {{phase: {phase}, podIP: 10.0.0.1}}\n"
        );
        assert_eq!(names(&yaml), [], "{phase}");
    }
}

#[test]
fn jobs_that_have_ended_are_no_workloads() {
    let job = |status: &str| {
        let status = format!("status: {{conditions: [{status}]}}");
        names(&format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: once, namespace: edp}}\nspec: {{template: {{}}}}\n{status}"
        ))
    };
    assert!(job("{type: Complete, status: 'True'}").is_empty());
    assert!(job("{type: SuccessCriteriaMet, status: 'True'}, {type: Failed, status: 'True'}").is_empty());
    assert_eq!(job("{type: Suspended, status: 'True'}").len(), 1);
    assert_eq!(job("{type: Complete, status: 'False'}").len(), 1);
}

#[test]
fn a_workload_knows_what_it_runs_as_and_where() {
    let snapshot = snapshot(
        "apiVersion: v1
kind: Pod
metadata: {name: a, namespace: edp}
spec:
  serviceAccountName: api
  nodeName: n1
  containers: [{name: c, ports: [{containerPort: 53, name: dns, protocol: UDP}, {containerPort: 80, name: http}]}]
  initContainers:
  - {name: once, ports: [{containerPort: 1, name: once}]}
  - {name: beside, restartPolicy: Always, ports: [{containerPort: 9, name: beside}]}
status: {podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}], conditions: [{type: Ready, status: 'True'}]}
",
    );
    let workload = &snapshot.workloads[0];
    assert_eq!(workload.identity.to_string(), "spiffe://cluster.local/ns/edp/sa/api");
    assert_eq!((workload.node.as_deref(), workload.addresses.len()), (Some("n1"), 2));
    assert_eq!((workload.readiness, workload.capture.certainty), (Readiness::Ready, Certainty::Fact));
    let port = |name: &str| workload.container_port(&PortRef::of(name));
    assert_eq!(
        (port("http"), port("beside"), port("once"), port("dns"), port("8080")),
        (Some(80), Some(9), None, None, Some(8080))
    );
}

#[test]
fn an_absent_account_is_the_default_one() {
    assert_eq!(snapshot(DEPLOYMENT).workloads[0].service_account.as_str(), "default");
    assert_eq!(objects(DEPLOYMENT).templates.len(), 1);
}
