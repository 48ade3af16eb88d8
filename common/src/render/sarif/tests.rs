use serde_json::Value;

use crate::codes::Evidence;

use super::*;

fn finding(code: Code, location: Option<&str>) -> Finding {
    Finding {
        code,
        severity: code.severity(),
        subject: "AuthorizationPolicy/a/p".to_owned(),
        location: location.map(str::to_owned),
        evidence: Evidence::none(),
    }
}

fn written(findings: &[Finding]) -> Value {
    let mut out = Vec::new();
    log(&mut out, findings).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_result_points_at_its_rule_and_its_line() {
    let found = [
        finding(Code::EmptySelector, Some("mesh.yaml:7")),
        finding(Code::CustomActionDropped, Some("mesh.yaml:3")),
        finding(Code::DryRunDropped, Some("mesh.yaml:9")),
    ];
    let run = &written(&found)["runs"][0];
    let rules = &run["tool"]["driver"]["rules"];
    for (at, level) in ["error", "error", "note"].into_iter().enumerate() {
        let result = &run["results"][at];
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]["id"]);
        assert_eq!(result["level"], level);
    }
    let place = &run["results"][0]["locations"][0];
    assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "mesh.yaml");
    assert_eq!(place["physicalLocation"]["region"]["startLine"], 7);
    assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], "AuthorizationPolicy/a/p");
}

#[test]
fn what_stands_in_no_file_has_the_name_of_its_object() {
    let place = &written(&[finding(Code::EmptySelector, None)])["runs"][0]["results"][0]["locations"][0];
    let expected = serde_json::json!({"logicalLocations": [{"fullyQualifiedName": "AuthorizationPolicy/a/p", "kind": "resource"}]});
    assert_eq!(*place, expected);
}

#[test]
fn help_has_no_holes() {
    let help =
        &written(&[finding(Code::PrincipalMatchesNobody, None)])["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(help["help"]["text"], "write TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT");
}

#[test]
fn names_of_files_become_references() {
    for (file, expected) in [
        ("./a/b.yaml", "a/b.yaml"),
        ("a b#c.yaml", "a%20b%23c.yaml"),
        ("/abs/b.yaml", "file:///abs/b.yaml"),
        ("ü.yaml", "%C3%BC.yaml"),
        ("C:x.yaml", "C%3Ax.yaml"),
    ] {
        assert_eq!(uri(file), expected);
    }
}
