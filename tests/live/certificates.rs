//! Certificates of ztunnels through port-forwards, as users with and without the right to them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mesh_common::cluster::{ConnectionFlags, Environment, Request, certificates_in, load_in};
use mesh_common::codes::Code;
use mesh_common::policy::Mesh;
use mesh_common::report::identities::{CertificateEntry, CertificateWord, Selection, identities};
use mesh_common::snapshot::{
    Extent, Gap, MeshSnapshot, Needs, SettingsOverride, Silent, Topic, ZTUNNEL_PORT,
};
use mesh_testkit::test_cluster::{NODE, Options, TestCluster, has_condition};
use serde_json::{Value, json};

use crate::{namespace, pod};

/// Who may list pods and namespaces, and nothing of pods/portforward.
const READERS: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: readers }
rules: [{ apiGroups: [""], resources: [pods, namespaces], verbs: [list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: readers }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: readers }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: readers }]
"#;

/// ztunnel's admin server, as far as it is asked, with what a real one said.
fn admin_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(stream.unwrap()));
        }
    });
    port
}

fn answer(mut stream: TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.extend(byte);
    }
    let (status, body) = match head.starts_with(b"GET /config_dump HTTP/1.1\r\n") {
        true => ("200 OK", mesh_tests::read("tests/ztunnel-dumps/node-a.json")),
        false => ("404 Not Found", String::new()),
    };
    let length = body.len();
    drop(write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"));
}

/// A mesh of two nodes; the port of the second one's ztunnel leads nowhere.
fn mesh() -> TestCluster {
    let forward = json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterPortForward", "metadata": { "name": "ztunnel" },
        "spec": {
            "selector": { "matchNamespaces": ["istio-system"], "matchNames": ["ztunnel"] },
            "forwards": [{
                "ports": [ZTUNNEL_PORT], "target": { "address": "127.0.0.1", "port": admin_server() },
            }],
        },
    });
    let cluster = TestCluster::start(&Options { kwok_config: forward.to_string(), ..Options::default() });
    cluster.create(&json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-2" } }));
    let mut lost = pod("istio-system", "ztunnel-lost", "node-2");
    lost["metadata"]["labels"]["app"] = json!("ztunnel");
    for name in ["istio-system", "chatqa", "edp"] {
        cluster.create(&namespace(name));
    }
    for pod in [
        pod("istio-system", "ztunnel", NODE),
        lost,
        captured("chatqa", "ui", NODE),
        captured("chatqa", "late", NODE),
        captured("edp", "far", "node-2"),
    ] {
        cluster.create(&pod);
        let (namespace, name) = (&pod["metadata"]["namespace"], &pod["metadata"]["name"]);
        let path =
            format!("/api/v1/namespaces/{}/pods/{}", namespace.as_str().unwrap(), name.as_str().unwrap());
        cluster.wait_for(&path, "running", |pod| has_condition(pod, "Ready"));
    }
    cluster.apply_yaml(READERS);
    cluster
}

/// `late` runs as an account of its own, of which the recorded ztunnel knows nothing.
fn captured(namespace: &str, name: &str, node: &str) -> Value {
    let mut pod = pod(namespace, name, node);
    pod["metadata"]["annotations"] = json!({ "ambient.istio.io/redirection": "enabled" });
    if name == "late" {
        pod["spec"]["serviceAccountName"] = json!("late");
    }
    pod
}

/// Allows a group some verbs on pods/portforward in Istio's namespace.
fn allow(cluster: &TestCluster, group: &str, verbs: &[&str]) {
    let rbac = "rbac.authorization.k8s.io";
    let rule = json!({ "apiGroups": [""], "resources": ["pods/portforward"], "verbs": verbs });
    let metadata = json!({ "namespace": "istio-system", "name": group });
    cluster.create(&json!({
        "apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": metadata, "rules": [rule],
    }));
    cluster.create(&json!({
        "apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": metadata,
        "roleRef": { "apiGroup": rbac, "kind": "Role", "name": group },
        "subjects": [{ "apiGroup": rbac, "kind": "Group", "name": group }],
    }));
}

/// What a user sees, ztunnels asked.
fn seen(kubeconfig: &Path) -> MeshSnapshot {
    let flags = ConnectionFlags {
        kubeconfig: Some(kubeconfig.into()),
        request_timeout: Some(Duration::from_secs(30)),
        ..ConnectionFlags::default()
    };
    let (environment, given) = (Environment::default(), SettingsOverride::default());
    let loaded = load_in(
        &environment,
        &Request {
            flags: &flags,
            needs: &|_| Needs::basic().with(Topic::Pods, Extent::all()),
            namespace: None,
            given: &given,
            keep: None,
            progress: Arc::new(Silent),
        },
    );
    let mut snapshot = MeshSnapshot::build(loaded.unwrap().objects, &given);
    let all = Selection::default().identities(&Mesh::new(&snapshot));
    let asked = snapshot.ztunnels_of(&all);
    let answers = certificates_in(&environment, &flags, &asked, Arc::new(Silent));
    snapshot.answered(&asked, answers);
    snapshot
}

fn certificate(snapshot: &MeshSnapshot, namespace: &str, account: &str) -> CertificateEntry {
    let answer = identities(&Mesh::new(snapshot), &Selection::default());
    let mut all = answer.body.identities.into_iter();
    all.find(|of| of.namespace == namespace && of.service_account == account).unwrap().certificate
}

fn gaps(snapshot: &MeshSnapshot) -> Vec<&Gap> {
    snapshot.gaps.iter().filter(|gap| gap.subject.starts_with("node/")).collect()
}

fn entry(state: CertificateWord, not_after: Option<&str>) -> CertificateEntry {
    CertificateEntry { state, not_after: not_after.map(str::to_owned) }
}

#[test]
fn certificates_come_through_a_port_forward_where_that_is_allowed() {
    let cluster = mesh();
    let snapshot = seen(cluster.admin());
    let recorded = entry(CertificateWord::Available, Some("2026-11-20T21:22:08Z"));
    assert_eq!(certificate(&snapshot, "chatqa", "default"), recorded, "{:#?}", snapshot.gaps);
    assert_eq!(certificate(&snapshot, "chatqa", "late"), entry(CertificateWord::None, None));
    assert_eq!(certificate(&snapshot, "edp", "default"), entry(CertificateWord::Unknown, None));
    let told = gaps(&snapshot);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((told[0].subject.as_str(), told[0].code), ("node/node-2", Code::ZtunnelFailed), "{told:#?}");
    println!("a port that leads nowhere: {:?}", told[0].evidence);

    // API servers since 1.35 want both verbs; either alone is refused, and so is neither.
    for (group, verbs) in
        [("none", &[][..]), ("get", &["get"]), ("create", &["create"]), ("both", &["create", "get"])]
    {
        if !verbs.is_empty() {
            allow(&cluster, group, verbs);
        }
        let snapshot = seen(&cluster.kubeconfig(group, &["readers", group]));
        let is_allowed = certificate(&snapshot, "chatqa", "default") == recorded;
        println!("{group}: {is_allowed}");
        assert_eq!(is_allowed, group == "both", "{group}: {:#?}", gaps(&snapshot));
        if !is_allowed {
            let unknown = entry(CertificateWord::Unknown, None);
            assert_eq!(certificate(&snapshot, "chatqa", "default"), unknown, "{group}");
            let told = gaps(&snapshot);
            assert_eq!(told.len(), 2, "{group}: {told:#?}");
            assert!(told.iter().all(|gap| gap.code == Code::ZtunnelForbidden), "{group}: {told:#?}");
            let rbac = r#"{apiGroups: [""], resources: ["pods/portforward"], verbs: ["create", "get"]}"#;
            assert!(told[0].evidence.get("rbac").unwrap().starts_with(rbac), "{told:#?}");
        }
    }
}
