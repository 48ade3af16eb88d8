use super::*;
use crate::model::{Origin, SourceId, Within};

fn policy(name: &str, dry_run: bool, spec: &str) -> Written {
    let annotations = if dry_run { r#"{"istio.io/dry-run": "true"}"# } else { "{}" };
    let meta = format!(r#"{{"name": "{name}", "namespace": "shop", "annotations": {annotations}}}"#);
    Object {
        meta: serde_json::from_str(&meta).unwrap(),
        spec: serde_json::from_str(spec).unwrap(),
        origin: Origin { source: SourceId(0), start: 0, len: 0, within: Within::Whole },
    }
}

fn mesh(multiple_providers: bool) -> Mesh {
    let providers = [("http", Provider::Http), ("grpc", Provider::Grpc), ("broken", Provider::Unusable)];
    Mesh {
        trust_domains: TrustDomains::new("cluster.local", []),
        providers: providers.into_iter().map(|(name, kind)| (name.into(), kind)).collect(),
        multiple_providers,
    }
}

/// What the filters of some policies are, in short.
fn filters(chain: Chain, multiple_providers: bool, policies: &[Written]) -> String {
    let mut selected = Selected::default();
    for policy in policies {
        match policy.spec.action {
            crate::istio::Action::Allow => selected.allow.push(policy),
            crate::istio::Action::Deny => selected.deny.push(policy),
            crate::istio::Action::Audit => selected.audit.push(policy),
            crate::istio::Action::Custom => selected.custom.push(policy),
        }
    }
    let filters = compile(&mesh(multiple_providers), chain, &selected);
    let rules = |rules: &Option<Rules>| {
        let Some(rules) = rules else { return "-".to_owned() };
        let names = rules
            .policies
            .keys()
            .map(|name| format!("{}{}", name.policy, if name.bad_custom { "!" } else { "" }));
        format!("{:?}({})", rules.action, names.collect::<Vec<_>>().join(" "))
    };
    let shown = filters.custom.iter().chain(&filters.local).map(|filter| match filter {
        Filter::Rbac(rbac) => format!("{}/{}", rules(&rbac.rules), rules(&rbac.shadow_rules)),
        Filter::ExtAuthz { provider } => format!("ask {provider}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

const ANY: &str = r#""rules": [{}]"#;

fn custom(name: &str, dry_run: bool, provider: &str) -> Written {
    let provider = format!(r#""provider": {{"name": "{provider}"}}"#);
    policy(name, dry_run, &format!(r#"{{"action": "CUSTOM", {provider}, {ANY}}}"#))
}

#[test]
fn audit_then_deny_then_allow() {
    let of =
        |action: &str| policy(&action.to_lowercase(), false, &format!(r#"{{"action": "{action}", {ANY}}}"#));
    let policies = [of("ALLOW"), of("DENY"), of("AUDIT")];
    assert_eq!(filters(Chain::Http, false, &policies), "Log(audit)/-, Deny(deny)/-, Allow(allow)/-");
}

#[test]
fn dry_run_is_only_noted() {
    let policies = [policy("a", true, &format!("{{{ANY}}}")), policy("b", false, &format!("{{{ANY}}}"))];
    assert_eq!(filters(Chain::Tcp, false, &policies), "Allow(b)/Allow(a)");
    assert_eq!(filters(Chain::Tcp, false, &policies[..1]), "-/Allow(a)");
}

#[test]
fn an_allow_without_a_rule_left_is_still_there() {
    let policies = [policy("a", false, r#"{"rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}"#)];
    assert_eq!(filters(Chain::Http, false, &policies), "Allow(a)/-");
    assert_eq!(filters(Chain::Tcp, false, &policies), "Allow()/-");
    // One without rules has a rule that never matches.
    assert_eq!(filters(Chain::Tcp, false, &[policy("a", false, "{}")]), "Allow(a)/-");
}

#[test]
fn custom_asks_its_provider_or_denies() {
    let cases = [
        (vec![custom("a", false, "grpc")], Chain::Http, "-/Deny(a), ask grpc"),
        (vec![custom("a", false, "grpc")], Chain::Tcp, "-/Deny(a), ask grpc"),
        (vec![custom("a", false, "http")], Chain::Http, "-/Deny(a), ask http"),
        (vec![custom("a", false, "http")], Chain::Tcp, ""),
        (vec![custom("a", false, "broken")], Chain::Http, "Deny(a!)/-"),
        (vec![custom("a", false, "nobody")], Chain::Tcp, "Deny(a!)/-"),
        (vec![custom("a", false, "grpc")], Chain::Tunnel, ""),
        // A dry run is enforced where its provider can be asked, and vanishes where it cannot.
        (
            vec![custom("a", true, "grpc"), custom("b", false, "grpc")],
            Chain::Http,
            "Deny(a)/Deny(b), ask grpc",
        ),
        (vec![custom("a", true, "broken")], Chain::Http, "Deny()/-"),
    ];
    for (policies, chain, wanted) in cases {
        assert_eq!(filters(chain, false, &policies), wanted);
    }
}

#[test]
fn several_providers_deny_unless_istiod_takes_them() {
    let policies = [custom("a", false, "http"), custom("b", false, "grpc")];
    assert_eq!(filters(Chain::Http, false, &policies), "Deny(b!)/-, Deny(a!)/-");
    assert_eq!(filters(Chain::Http, true, &policies), "-/Deny(b), ask grpc, -/Deny(a), ask http");
    assert_eq!(filters(Chain::Tcp, false, &policies), "Deny(b!)/-, Deny(a!)/-");
}

#[test]
fn what_is_dropped_is_told() {
    let to = r#""rules": [{"to": [{"operation": {"methods": ["GET"], "ports": ["80", "x"]}}]}]"#;
    let dropped = |action: &str, chain| {
        let policy = policy("a", false, &format!(r#"{{"action": "{action}", {to}}}"#));
        let mut selected = Selected::default();
        if action == "DENY" {
            selected.deny.push(&policy);
        } else {
            selected.allow.push(&policy);
        }
        let dropped = compile(&mesh(false), chain, &selected).dropped;
        let shown = dropped.iter().map(|d| format!("{} {:?} {}", d.key, d.value.as_deref(), d.with_rule));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        dropped("DENY", Chain::Tcp),
        [r#"methods Some("GET") false"#, r#"destination.port Some("x") false"#]
    );
    assert_eq!(dropped("DENY", Chain::Http), [r#"destination.port Some("x") false"#]);
    assert_eq!(dropped("ALLOW", Chain::Tcp), [r#"methods Some("GET") true"#]);
}

#[test]
fn what_envoy_does_not_take() {
    let cases = [
        (r#"{"when": [{"key": "request.headers[]", "values": ["a"]}]}"#, true),
        (r#"{"when": [{"key": "request.auth.claims[]", "values": ["a"]}]}"#, true),
        (r#"{"when": [{"key": "request.auth.claims", "values": ["a"]}]}"#, false),
        (r#"{"when": [{"key": "experimental.envoy.filters.a[]", "values": ["a"]}]}"#, true),
        (r#"{"to": [{"operation": {"paths": ["/a/{*}"]}}]}"#, false),
        (r#"{"to": [{"operation": {"paths": ["/a/{**}", "/{*}/b/"]}}]}"#, false),
        (r#"{"to": [{"operation": {"paths": ["/a/{*}.json"]}}]}"#, false),
        (r#"{"to": [{"operation": {"paths": ["a/{*}"]}}]}"#, true),
        (r#"{"to": [{"operation": {"paths": ["/{**}/{*}"]}}]}"#, true),
        (r#"{"to": [{"operation": {"paths": ["/a=b/{*}"]}}]}"#, true),
        (r#"{"to": [{"operation": {"paths": ["/{*}x/b"]}}]}"#, true),
        (r#"{"to": [{"operation": {"paths": ["/{id}"]}}]}"#, false),
    ];
    for (rule, refused) in cases {
        let policy = policy("a", false, &format!(r#"{{"rules": [{rule}]}}"#));
        let selected = Selected { allow: vec![&policy], ..Selected::default() };
        assert_eq!(!compile(&mesh(false), Chain::Http, &selected).refused.is_empty(), refused, "{rule}");
    }
}
