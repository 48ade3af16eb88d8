use crate::istio::Rule;
use crate::model::Namespace;

use super::*;
use crate::policy::envoy::ir::Matcher;

fn compiled(rule: &str, tcp: bool, allows: bool) -> Option<Policy> {
    let rule: Rule = serde_json::from_str(rule).unwrap();
    let trust_domains = TrustDomains::new("cluster.local", []);
    let namespace = Namespace::from("shop");
    policy(&Target::new(&namespace, &trust_domains, tcp, allows), &rule, &mut Vec::new())
}

fn count(policy: &Policy) -> (usize, usize) {
    let of = |all: &[Expression]| all.iter().map(|one| one.matchers().count()).sum();
    (of(&policy.permissions), of(&policy.principals))
}

#[test]
fn what_only_requests_have_costs_an_allow_its_rule_and_a_deny_the_part() {
    let rules = [
        r#"{"to": [{"operation": {"methods": ["GET"], "ports": ["80"]}}]}"#,
        r#"{"to": [{"operation": {"ports": ["80"]}}, {"operation": {"paths": ["/a"]}}]}"#,
        r#"{"to": [{"operation": {"hosts": ["a"], "ports": ["80"]}}], "from": [{"source": {"requestPrincipals": ["*"]}}]}"#,
        r#"{"to": [{"operation": {"ports": ["80"]}}], "when": [{"key": "request.headers[a]", "values": ["b"]}]}"#,
        r#"{"to": [{"operation": {"ports": ["80"]}}], "when": [{"key": "request.auth.claims[a]", "notValues": ["b"]}]}"#,
    ];
    for rule in rules {
        assert!(compiled(rule, false, true).is_some(), "{rule}");
        assert_eq!(compiled(rule, true, true), None, "{rule}");
        assert_eq!(count(&compiled(rule, true, false).unwrap()), (1, 0), "{rule}");
    }
}

#[test]
fn what_connections_have_too_stays_on_tcp() {
    let rules = [
        r#"{"from": [{"source": {"remoteIpBlocks": ["10.0.0.1"], "serviceAccounts": ["web"], "trustDomains": ["td"]}}]}"#,
        r#"{"when": [{"key": "connection.sni", "values": ["a"]}, {"key": "remote.ip", "values": ["::1"]},
            {"key": "experimental.envoy.filters.a[b]", "values": ["c"]}]}"#,
    ];
    for rule in rules {
        let on_tcp = compiled(rule, true, true);
        assert_eq!(on_tcp, compiled(rule, false, true), "{rule}");
        let (permissions, principals) = count(&on_tcp.unwrap());
        assert_eq!(permissions + principals, 3, "{rule}");
    }
}

#[test]
fn an_unknown_key_costs_every_action_its_rule() {
    let rule = r#"{"when": [{"key": "source.labels[app]", "values": ["a"]}]}"#;
    for allows in [true, false] {
        assert_eq!(compiled(rule, false, allows), None);
    }
}

#[test]
fn an_item_that_is_none_costs_an_allow_its_rule_and_a_deny_the_item() {
    let rule = r#"{"to": [{"operation": {"ports": ["80", "http"], "notPorts": ["x"]}}]}"#;
    assert_eq!(compiled(rule, false, true), None);
    let deny = compiled(rule, false, false).unwrap();
    let port = Expression::AnyOf(vec![Expression::Is(Matcher::DestinationPort(80))]);
    assert_eq!(deny.permissions, [Expression::All(vec![port])]);
}

#[test]
fn an_entry_without_its_source_is_anything() {
    for rule in
        ["{}", r#"{"from": [{}], "to": [{}]}"#, r#"{"from": [], "to": []}"#, r#"{"from": [{"source": {}}]}"#]
    {
        let any = [Expression::All(vec![Expression::Any])];
        let policy = compiled(rule, true, true).unwrap();
        assert_eq!(
            (policy.permissions.as_slice(), policy.principals.as_slice()),
            (&any[..], &any[..]),
            "{rule}"
        );
    }
}

#[test]
fn a_when_is_part_of_every_entry() {
    let rule = r#"{"from": [{"source": {"namespaces": ["a"]}}, {"source": {"namespaces": ["b"]}}],
        "when": [{"key": "source.ip", "values": ["10.0.0.1"]}]}"#;
    assert_eq!(count(&compiled(rule, false, true).unwrap()), (0, 4));
}

#[test]
fn request_principals_are_divided_at_the_last_slash() {
    let cases = [
        ("*", "*", "*"),
        ("https://issuer.example/sub", "https://issuer.example", "sub"),
        ("https://issuer.example/*", "https://issuer.example", "*"),
        ("*/sub", "*", "sub"),
        ("*.example/sub", "*.example", "sub"),
        ("*sub", "*", "*sub"),
        ("iss*", "iss*", "*"),
        ("iss/su*", "iss", "su*"),
        ("iss", "iss", ""),
    ];
    for (written, issuer, subject) in cases {
        let rule = format!(r#"{{"from": [{{"source": {{"requestPrincipals": ["{written}"]}}}}]}}"#);
        let policy = compiled(&rule, false, true).unwrap();
        let texts = policy.principals.iter().flat_map(Expression::matchers).map(|matcher| match matcher {
            Matcher::Metadata(metadata) => format!("{:?}", metadata.value),
            other => panic!("{other:?}"),
        });
        let wanted = [issuer, subject].map(|text| {
            format!(
                "{:?}",
                crate::policy::envoy::ir::Value::Text(crate::policy::envoy::ir::Text::written(text))
            )
        });
        assert_eq!(texts.collect::<Vec<_>>(), wanted, "{written}");
    }
}

#[test]
fn keys_in_brackets() {
    let cases = [
        ("request.headers[x-a]", true),
        ("request.headers", false),
        ("request.headersx[a]", false),
        ("request.auth.claims[a][b]", true),
        ("request.auth.claims[a]b]", true),
        ("request.auth.claims.a", false),
        ("request.auth.claims", true),
        ("experimental.envoy.filters.a.b[c]", true),
        ("experimental.envoy.filters.a", false),
    ];
    for (key, known) in cases {
        let rule = format!(r#"{{"when": [{{"key": "{key}", "values": ["v"]}}]}}"#);
        assert_eq!(compiled(&rule, false, true).is_some(), known, "{key}");
    }
}
