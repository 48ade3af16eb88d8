use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().copied().collect()
}

#[test]
fn subset_is_by_key_and_value() {
    let pod = labels(&[("app", "pg"), ("tier", "db")]);
    assert!(pod.contains_all(&labels(&[])));
    assert!(pod.contains_all(&labels(&[("tier", "db")])));
    assert!(!pod.contains_all(&labels(&[("tier", "web")])));
    assert!(!labels(&[]).contains_all(&labels(&[("tier", "db")])));
}

#[test]
fn expressions_treat_absent_labels_as_kubernetes_does() {
    let pod = labels(&[("app", "pg")]);
    for (selector, expected) in [
        ("app=pg", true),
        ("app==pg", true),
        ("app=web", false),
        ("app!=web", true),
        ("tier!=web", true),
        ("app in (web, pg)", true),
        ("tier notin (web)", true),
        ("tier in (web)", false),
        ("app", true),
        ("tier", false),
        ("!tier", true),
        ("!app", false),
        ("app=pg,!tier", true),
        ("app=pg,tier", false),
    ] {
        let parsed: LabelSelector = selector.parse().unwrap();
        assert_eq!(parsed.matches(&pod), expected, "{selector}");
    }
}

#[test]
fn refuses_what_is_no_selector() {
    for text in ["", "a b", "=x", "app in pg", "app=(x)", "a,,b"] {
        assert!(text.parse::<LabelSelector>().is_err(), "{text}");
    }
}

#[test]
fn reads_the_wire_form() {
    let json =
        r#"{"matchLabels":{"a":"1"},"matchExpressions":[{"key":"b","operator":"NotIn","values":["x"]}]}"#;
    let selector: LabelSelector = serde_json::from_str(json).unwrap();
    assert!(selector.matches(&labels(&[("a", "1")])));
    assert!(!selector.matches(&labels(&[("a", "1"), ("b", "x")])));
    assert!(!selector.matches(&labels(&[("b", "y")])));
}
