//! The binary as it is called: tests/cli/who-can-reach holds what was typed and what came back.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run fails")]

use std::path::{Path, PathBuf};

use mesh_testkit::{schema, transcript};

const PREFIX: &str = "kubectl mesh who-can-reach";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cli/who-can-reach")
}

#[test]
fn transcripts() {
    transcript::check(&folder(), Path::new(env!("CARGO_BIN_EXE_kubectl-mesh-who_can_reach")), PREFIX);
}

/// The picture in the documentation is the one that is drawn; `UPDATE=1` puts it there.
#[test]
fn the_documented_picture_is_what_is_drawn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_kubectl-mesh-who_can_reach"))
        .args(["ns/auth-apisix", "-f", "examples/enterprise-rag", "-R", "-q", "-o", "mermaid"])
        .current_dir(&root)
        .output()
        .unwrap();
    let drawn = format!("```mermaid\n{}```\n", String::from_utf8(output.stdout).unwrap());
    let file = root.join("docs/who-can-reach.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once("```mermaid\n").unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    let now = format!("{before}{drawn}{after}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    assert!(now == text || std::env::var_os("UPDATE").is_some(), "the picture differs:\n{drawn}");
}

#[test]
fn every_json_transcript_validates() {
    let mut kinds = Vec::new();
    for step in transcript::steps(&folder()) {
        let is_other = ["--schema", "-o sarif"].iter().any(|other| step.command.contains(other));
        let is_report = step.stdout.starts_with('{') && !is_other;
        if !is_report {
            continue;
        }
        let report: serde_json::Value =
            serde_json::from_str(&step.stdout.replace("[TIME]", "2026-01-01T00:00:00Z")).unwrap();
        let kind = report["kind"].as_str().unwrap().to_owned();
        let file = format!("{}/../../docs/schema/{kind}.json", env!("CARGO_MANIFEST_DIR"));
        let schema = std::fs::read_to_string(file).unwrap();
        if let Err(error) = schema::validate(&schema, &report) {
            panic!("{}\n{error}", step.command);
        }
        kinds.push(kind);
    }
    for kind in ["ReachabilityReport", "ReachabilityCheckReport", "ReachabilityDiff"] {
        assert!(kinds.iter().any(|known| known == kind), "no transcript of a {kind}");
    }
}

#[test]
fn the_schema_is_strict_enough_to_fail() {
    let schema = include_str!("../../../docs/schema/ReachabilityReport.json");
    let report = serde_json::json!({"apiVersion": "kubectl-mesh/v1alpha1", "kind": "ReachabilityReport"});
    assert!(schema::validate(schema, &report).is_err(), "fields are missing");
}

/// A bundle is what an earlier call saved: here of the same mesh before a policy was written.
#[test]
fn a_bundle_is_held_against_manifests() {
    let mesh = std::fs::read_to_string(folder().join("mesh.yaml")).unwrap();
    let before: Vec<&str> =
        mesh.split("---\n").filter(|document| !document.contains("name: pg\n  namespace: edp")).collect();
    assert_eq!(before.len() + 1, mesh.split("---\n").count());
    let bundle = tempfile::tempdir().unwrap();
    let file = bundle.path().join("old.tar.gz");
    mesh_common::bundle::write(&file, &contents(&before), false).unwrap();
    let ask = |words: &[&str]| {
        let binary = env!("CARGO_BIN_EXE_kubectl-mesh-who_can_reach");
        let mut command = std::process::Command::new(binary);
        let output = command.current_dir(folder()).args(words).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let old = file.to_str().unwrap();
    let diff = ["svc/edp/pg", "--diff", "--fail-on", "narrowed", "-o", "json", "-q"];
    let (status, text) = ask(&[&diff[..], &["-f", "mesh.yaml", "--against", old]].concat());
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, report["against"]["kind"].as_str()), (Some(1), Some("bundle")), "{text}");
    let lost = report["lost"].as_array().unwrap();
    assert!(lost.iter().all(|row| row["causedBy"][0]["subject"] == "AuthorizationPolicy/edp/pg"), "{text}");
    assert_eq!((lost.len(), report["gained"].as_array().unwrap().len()), (3, 0), "{text}");
    // And the bundle as the source, which the policy is put over.
    let overlaid = ask(&[&diff[..], &["--bundle", old, "--overlay", "what-if/same.yaml"]].concat());
    assert_eq!(overlaid.0, Some(1), "{}", overlaid.1);
}

/// What a cluster with these objects would have had saved.
fn contents(documents: &[&str]) -> mesh_common::bundle::Contents {
    let objects: Vec<serde_json::Value> = documents
        .iter()
        .map(|document| mesh_common::yaml::parse(document).unwrap().decode().unwrap())
        .collect();
    let lists = mesh_common::snapshot::RESOURCES.iter().map(|resource| {
        let is_it = |object: &&serde_json::Value| {
            let version = object["apiVersion"].as_str().unwrap();
            object["kind"] == resource.kind
                && version.split_once('/').map_or("", |(group, _)| group) == resource.group
        };
        let items: Vec<&serde_json::Value> = objects.iter().filter(is_it).collect();
        let api_version = resource.api_version(resource.versions[0]);
        let list = serde_json::json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items});
        mesh_common::bundle::List { resource: resource.name(), api_version, text: list.to_string() }
    });
    mesh_common::bundle::Contents {
        namespace: "default".to_owned(),
        source: "kind".to_owned(),
        created_at: "2026-01-01T00:00:00Z".to_owned(),
        lists: lists.collect(),
        not_read: Vec::new(),
    }
}
