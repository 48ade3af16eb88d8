//! Programs of a kubeconfig that log in.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use mesh_testkit::test_cluster::{TestCluster, Unusual};
use serde_json::{Value, json};

use crate::asking::ask;
use crate::{namespace, shared, stdout};

const QUESTION: [&str; 4] = ["ip/192.0.2.1:80", "--request-timeout", "4s", "-q"];

/// Writes a script that can be run at once. Another process does it: what other tests start at that moment would
/// inherit a descriptor of ours that is open for writing, and the system runs no file that is.
fn write(path: &Path, script: &str) {
    let mut writer = Command::new("/bin/sh");
    writer.args(["-c", r#"cat >"$0" && chmod 755 "$0""#]).arg(path).stdin(Stdio::piped());
    let mut writer = writer.spawn().unwrap();
    write!(writer.stdin.take().unwrap(), "#!/bin/sh\n{script}\n").unwrap();
    assert!(writer.wait().unwrap().success());
}

/// A kubeconfig whose user is whoever this script says.
fn kubeconfig(cluster: &TestCluster, name: &str, script: &str) -> PathBuf {
    let path = cluster.folder().join(format!("{name}.sh"));
    write(&path, script);
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": path, "interactiveMode": "Never",
        "installHint": "install the thing that logs in",
    });
    let unusual = Unusual { user: Some(json!({ "exec": exec })), ..Unusual::default() };
    cluster.kubeconfig_with(name, &[], &unusual)
}

fn prints(status: &Value) -> String {
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
    });
    format!("cat <<'END'\n{credential}\nEND")
}

/// The certificate and the key of a user, in PEM.
fn certificate(cluster: &TestCluster, user: &str) -> Value {
    use base64::Engine as _;
    let text = std::fs::read_to_string(cluster.kubeconfig(user, &["system:masters"])).unwrap();
    let kubeconfig: Value = serde_json::from_str(&text).unwrap();
    let decoded = |field: &str| {
        let text = kubeconfig["users"][0]["user"][field].as_str().unwrap();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).unwrap()).unwrap()
    };
    json!({
        "clientCertificateData": decoded("client-certificate-data"),
        "clientKeyData": decoded("client-key-data"),
    })
}

fn asked_as(user: &str) -> bool {
    shared().audit_log().iter().any(|event| event.user == user && event.uri.starts_with("/api/v1/pods"))
}

#[test]
fn a_certificate_that_a_program_brings_logs_in() {
    let cluster = shared();
    let script = prints(&certificate(cluster, "from-a-program"));
    let asked = ask(&kubeconfig(cluster, "certificate", &script), &QUESTION);
    assert!(asked.status != Some(2), "{asked:?}");
    assert!(asked_as("from-a-program"));
}

#[test]
fn a_token_that_a_program_brings_logs_in() {
    let cluster = shared();
    cluster.create(&namespace("tokens"));
    cluster.wait_for("/api/v1/namespaces/tokens/serviceaccounts/default", "there", |_| true);
    let bind = [
        "create",
        "clusterrolebinding",
        "tokens",
        "--clusterrole=cluster-admin",
        "--serviceaccount=tokens:default",
    ];
    stdout(&cluster.kubectl(cluster.admin(), &bind));
    let token = stdout(&cluster.kubectl(cluster.admin(), &["create", "token", "default", "-n", "tokens"]));
    let asked = ask(&kubeconfig(cluster, "token", &prints(&json!({ "token": token.trim() }))), &QUESTION);
    assert!(asked.status != Some(2), "{asked:?}");
    assert!(asked_as("system:serviceaccount:tokens:default"));
}

#[test]
fn programs_that_bring_nothing_are_told_in_time() {
    let cluster = shared();
    let cases = [
        ("hangs", "sleep 600", "4 s"),
        ("hangs-below", "sleep 600 & sleep 600", "4 s"),
        (
            "fails",
            "echo 'the token has expired, log in again' >&2; exit 3",
            "the token has expired, log in again",
        ),
        ("garbage", "echo '<html>'", "ExecCredential"),
        ("empty", "true", ""),
        ("wrong", &prints(&json!({ "token": "wrong" })), "the user `wrong`"),
    ];
    for (name, script, expected) in cases {
        let asked = ask(&kubeconfig(cluster, name, script), &QUESTION);
        let error = asked.error();
        println!("{name}: {:.1} s\n{}", asked.took.as_secs_f64(), asked.stderr);
        assert!(error.contains(expected), "{name}: {error}");
        assert!(asked.took < Duration::from_secs(9), "{name}: {:?}", asked.took);
    }
}
