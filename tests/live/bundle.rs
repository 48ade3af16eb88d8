//! A bundle gives the answers of the call that saved it, and holds nothing that it must not.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::asking::{little_mesh, member};
use crate::own;

/// The answer of a command in JSON, without what says when and from what it was made.
fn answer(package: &str, kubeconfig: &Path, arguments: &[&str]) -> Value {
    let binary = mesh_testkit::binary::build(package);
    let mut command = Command::new(binary);
    command.args(arguments).args(["-o", "json"]).env_clear().env("HOME", "/nonexistent");
    let output = command.env("KUBECONFIG", kubeconfig).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut answer: Value =
        serde_json::from_str(&text).unwrap_or_else(|wrong| panic!("{wrong}: {text}{error}"));
    answer.as_object_mut().unwrap().remove("metadata");
    json!({ "answer": answer, "status": output.status.code(), "stderr": without_saved(&error) })
}

fn without_saved(stderr: &str) -> String {
    stderr.lines().filter(|line| !line.starts_with("saved to ")).map(|line| format!("{line}\n")).collect()
}

const WHO: &str = "kubectl-mesh-who-can-reach";
const IDENTITIES: &str = "kubectl-mesh-identities";

#[test]
fn a_bundle_answers_as_the_call_that_saved_it() {
    let cluster = &own();
    let namespace = "bundle";
    little_mesh(cluster, namespace);
    let mut secretive = member(namespace, "secretive");
    secretive["spec"]["containers"][0]["env"] = json!([{ "name": "PASSWORD", "value": "hunter2hunter2" }]);
    secretive["spec"]["containers"][0]["args"] = json!(["--token=hunter2hunter2"]);
    cluster.create(&secretive);
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no-kubeconfig");
    let service = format!("svc/{namespace}/db");
    let caller = format!("pod/{namespace}-away/client");
    let questions: [(&str, Vec<&str>); 5] = [
        (WHO, vec![&service]),
        (WHO, vec![&service, "--from", &caller]),
        (WHO, vec!["--all", "-n", namespace]),
        (IDENTITIES, vec!["-n", namespace]),
        (IDENTITIES, vec!["--lint", "-n", namespace]),
    ];
    for (at, (package, question)) in questions.iter().enumerate() {
        let file = folder.path().join(format!("{at}.tar.gz"));
        let file = file.to_str().unwrap();
        let saved = answer(package, cluster.admin(), &[question.as_slice(), &["--save", file]].concat());
        let loaded = answer(package, &nowhere, &[question.as_slice(), &["--bundle", file]].concat());
        assert_eq!(saved, loaded, "{package} {question:?}");
        // Saving reads more; what the question is about stays the same.
        let plain = answer(package, cluster.admin(), question);
        let rows = |of: &Value| of["answer"].get("rows").or(of["answer"].get("identities")).cloned();
        assert_eq!(rows(&plain), rows(&saved), "{package} {question:?}");
        let mut bytes = Vec::new();
        let unpacked = std::fs::File::open(file).unwrap();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(unpacked), &mut bytes).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"), "a secret is in the bundle");
    }
}

/// The archive of a redacted bundle holds none of the names; the answer of the call that saved it has them.
#[test]
fn a_redacted_bundle_holds_no_names() {
    let cluster = &own();
    let namespace = "verysecretproject";
    little_mesh(cluster, namespace);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("redacted.tar.gz");
    let service = format!("svc/{namespace}/db");
    let saved = answer(WHO, cluster.admin(), &[&service, "--save", file.to_str().unwrap(), "--redact"]);
    assert!(saved["answer"]["rows"].to_string().contains(namespace));
    let mut bytes = Vec::new();
    let unpacked = std::fs::File::open(&file).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(unpacked), &mut bytes).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains(namespace));
}
