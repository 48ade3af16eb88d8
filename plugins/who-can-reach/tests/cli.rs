//! The binary as it is called: tests/cli/who-can-reach holds what was typed and what came back.

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
        let is_report = step.stdout.starts_with('{') && !step.command.contains("--schema");
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
    for kind in ["ReachabilityReport", "ReachabilityCheckReport"] {
        assert!(kinds.iter().any(|known| known == kind), "no transcript of a {kind}");
    }
}

#[test]
fn the_schema_is_strict_enough_to_fail() {
    let schema = include_str!("../../../docs/schema/ReachabilityReport.json");
    let report = serde_json::json!({"apiVersion": "kubectl-mesh/v1alpha1", "kind": "ReachabilityReport"});
    assert!(schema::validate(schema, &report).is_err(), "fields are missing");
}
