//! The binary as it is called: tests/cli/identities holds what was typed and what came back.

use std::path::{Path, PathBuf};

use mesh_testkit::{schema, transcript};

const PREFIX: &str = "kubectl mesh identities";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cli/identities")
}

#[test]
fn transcripts() {
    transcript::check(&folder(), Path::new(env!("CARGO_BIN_EXE_kubectl-mesh-identities")), PREFIX);
}

#[test]
fn every_json_transcript_validates() {
    let mut kinds = Vec::new();
    for step in transcript::steps(&folder()) {
        let is_report = step.stdout.starts_with('{') && !step.command.contains("-o sarif");
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
    assert!(kinds.iter().all(|kind| kind == "IdentityReport"), "{kinds:?}");
    assert!(!kinds.is_empty(), "no transcript of a report");
}

#[test]
fn the_schema_is_strict_enough_to_fail() {
    let schema = include_str!("../../../docs/schema/IdentityReport.json");
    let report = serde_json::json!({"apiVersion": "kubectl-mesh/v1alpha1", "kind": "IdentityReport"});
    assert!(schema::validate(schema, &report).is_err(), "fields are missing");
}

/// What SARIF 2.1.0 asks of a log, as far as it concerns what is written here.
#[test]
fn every_sarif_transcript_is_a_log() {
    let logs = transcript::steps(&folder()).into_iter().filter(|step| step.command.contains("-o sarif"));
    let logs: Vec<serde_json::Value> = logs
        .filter(|step| step.stdout.starts_with('{'))
        .map(|step| serde_json::from_str(&step.stdout).unwrap())
        .collect();
    assert!(!logs.is_empty(), "no transcript of a log");
    for log in logs {
        assert_eq!(log["version"], "2.1.0");
        for run in log["runs"].as_array().unwrap() {
            assert!(run["tool"]["driver"]["name"].is_string());
            let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
            let results = run["results"].as_array().unwrap();
            assert!(!results.is_empty(), "no result");
            results.iter().for_each(|result| is_result(result, rules));
        }
    }
}

#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is a test")]
fn is_result(result: &serde_json::Value, rules: &[serde_json::Value]) {
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
    assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
    for location in result["locations"].as_array().unwrap() {
        let place = &location["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.contains([' ', '\\']), "{uri} is no reference");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
    }
}
