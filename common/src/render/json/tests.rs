use super::*;
use crate::codes::Evidence;
use crate::render::test_rows::denied;
use crate::report::SourceDescription;
use crate::report::reachability::{CheckResult, Row};

#[test]
fn a_row_has_every_field() {
    let row = denied("web", "ui", &[]);
    let json = serde_json::to_value(RowJson::of(&row)).unwrap();
    let named = Row { target: Some("deploy/shop/cart".to_owned()), ..row.clone() };
    let in_matrix = serde_json::to_value(RowJson::of(&named)).unwrap();
    assert_eq!(json.get("target"), Some(&Value::Null));
    assert_eq!(in_matrix["target"], "deploy/shop/cart");
    let names = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut expected = names(&serde_json::to_value(&named).unwrap());
    assert_eq!(names(&in_matrix), expected, "as the report has them");
    expected.retain(|name| name != "target");
    assert!(expected.iter().all(|name| json[name] == in_matrix[name]));
}

#[test]
fn what_an_expectation_rests_on_is_said_in_sentences() {
    let assumption = AssumptionEntry {
        code: Code::EnrolledAsLabelled,
        subject: Some("deploy/web/ui".to_owned()),
        values: Evidence::none().with("subject", "deploy/web/ui"),
    };
    let result = CheckResult {
        index: 0,
        pair: 0,
        name: None,
        from: "deploy/web/ui".to_owned(),
        to: "svc/shop/cart".to_owned(),
        expect: None,
        passed: None,
        row: denied("web", "ui", &[]),
        assumptions: vec![assumption],
        gaps: Vec::new(),
    };
    let json = serde_json::to_value(ResultJson::of(&result)).unwrap();
    let message = json["assumptions"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("deploy/web/ui"), "{message}");
    assert_eq!(json["assumptions"][0]["hint"], "ask the cluster to know");
    assert_eq!(json["verdict"], "denied");
    assert!(json.get("target").is_none(), "`to` names it");
}

#[test]
fn many_rows_are_written_as_one_text_would_be() {
    for count in [0, 1, 255, 256, 257, 5_000] {
        let row = |at: usize| denied("web", &format!("\n  \"rows\": []{at}"), &["deploy/web/ui"]);
        let body = Reachability {
            target: Some("\n  \"rows\": []".to_owned()),
            direction: Way::From,
            rows: (0..count).map(row).collect(),
            identities: Vec::new(),
            leaves_out_workloads: false,
            findings: Vec::new(),
        };
        let source = SourceDescription { kind: "files", names: vec!["\n  \"rows\": []".into()] };
        let metadata = Metadata { generated_at: String::new(), source };
        let envelope =
            Envelope { api_version: "", kind: "", metadata, assumptions: Vec::new(), gaps: Vec::new(), body };
        let (mut some_at_a_time, mut whole) = (Vec::new(), Vec::new());
        reachability(&mut some_at_a_time, &envelope, false).unwrap();
        write(&mut whole, &ReachabilityJson::of(&envelope), false).unwrap();
        assert!(some_at_a_time == whole, "{count} rows");
    }
}
