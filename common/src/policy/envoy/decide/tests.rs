use super::*;
use crate::istio::AuthorizationPolicy;
use crate::model::{Name, Origin, SourceId, Within};
use crate::policy::envoy::compile::{Mesh, Provider, compile};
use crate::policy::envoy::fold::OnePeer;
use crate::policy::envoy::ir::Chain;
use crate::policy::envoy::request::{Known, Token, Tunnel};
use crate::policy::envoy::select::Selected;
use crate::policy::envoy::trust_domains::TrustDomains;
use crate::snapshot::Object;

/// Policies of the namespace `shop`, named in their order.
fn filters(chain: Chain, specs: &[&str]) -> Filters {
    let object = |(at, spec): (usize, &&str)| -> Object<AuthorizationPolicy> {
        let (dry_run, spec) = spec.strip_prefix("dry-run ").map_or(("false", *spec), |spec| ("true", spec));
        let meta = format!(
            r#"{{"name": "p{at}", "namespace": "shop", "annotations": {{"istio.io/dry-run": "{dry_run}"}}}}"#
        );
        Object {
            meta: serde_json::from_str(&meta).unwrap(),
            spec: serde_json::from_str(spec).unwrap(),
            origin: Origin { source: SourceId(0), start: 0, len: 0, within: Within::Whole },
        }
    };
    let objects: Vec<_> = specs.iter().enumerate().map(object).collect();
    let of = |action| objects.iter().filter(move |object| object.spec.action == action).collect();
    let selected = Selected {
        custom: of(crate::istio::Action::Custom),
        audit: of(crate::istio::Action::Audit),
        deny: of(crate::istio::Action::Deny),
        allow: of(crate::istio::Action::Allow),
    };
    let providers = [(Name::from("grpc"), Provider::Grpc)].into();
    let mesh =
        Mesh { trust_domains: TrustDomains::new("cluster.local", []), providers, multiple_providers: false };
    compile(&mesh, chain, &selected)
}

fn web() -> OnePeer<'static> {
    OnePeer { identity: Some("spiffe://cluster.local/ns/shop/sa/web"), address: Some([10, 0, 0, 1].into()) }
}

fn outcome(peer: &OnePeer<'_>, request: &Request, filters: &Filters) -> Outcome {
    let mut cells = decide(peer, request, filters);
    assert_eq!(cells.len(), 1);
    cells.pop().unwrap().1
}

/// In short: the verdict, why, and when.
fn told(request: &Request, chain: Chain, specs: &[&str]) -> String {
    let outcome = outcome(&web(), request, &filters(chain, specs));
    let shown = |rule: &RuleName| format!("{}[{}]", rule.policy, rule.rule);
    let by = outcome.decided_by.as_ref().map(shown).unwrap_or_default();
    let on: Vec<String> = outcome.allowed_when.attributes().iter().map(ToString::to_string).collect();
    format!("{} {:?} {by} {}", outcome.verdict.as_str(), outcome.why, on.join(" ")).trim_end().to_owned()
}

fn get(path: &str) -> Request {
    Request { method: Known::Is("GET".into()), path: Known::Is(path.into()), ..Request::default() }
}

const ALLOW_GET: &str = r#"{"rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}"#;
const ALLOW_POST: &str = r#"{"rules": [{"to": [{"operation": {"methods": ["POST"]}}]}]}"#;
const DENY_ADMIN: &str = r#"{"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/admin*"]}}]}]}"#;
const ALLOW_WEB: &str = r#"{"rules": [{"from": [{"source": {"serviceAccounts": ["web"]}}]}]}"#;

#[test]
fn deny_before_allow() {
    let unknown = Request::default();
    let cases: [(&[&str], &Request, &str); 11] = [
        (&[], &unknown, "allowed NoPolicy"),
        (&[DENY_ADMIN], &get("/"), "allowed NoPolicy"),
        (&[DENY_ADMIN], &get("/admin"), "denied ExplicitDeny p0[0]"),
        (&[DENY_ADMIN, ALLOW_GET], &get("/"), "allowed AllowMatched p1[0]"),
        (&[DENY_ADMIN, ALLOW_POST], &get("/"), "denied NoAllowMatched"),
        (&[DENY_ADMIN, ALLOW_GET], &get("/admin/x"), "denied ExplicitDeny p0[0]"),
        (&[DENY_ADMIN], &unknown, "conditional Depends  request.path"),
        (&[DENY_ADMIN, ALLOW_GET], &unknown, "conditional Depends  request.method request.path"),
        (&[ALLOW_GET, ALLOW_WEB], &unknown, "allowed AllowMatched p1[0]"),
        (&["{}"], &unknown, "denied NoAllowMatched"),
        (
            &[r#"{"action": "AUDIT", "rules": [{}]}"#, r#"dry-run {"action": "DENY", "rules": [{}]}"#],
            &unknown,
            "allowed NoPolicy",
        ),
    ];
    for (specs, request, wanted) in cases {
        assert_eq!(told(request, Chain::Http, specs), wanted, "{specs:?}");
    }
}

#[test]
fn what_excludes_itself_is_decided() {
    let not_get = r#"{"action": "DENY", "rules": [{"to": [{"operation": {"notMethods": ["GET"]}}]}]}"#;
    assert_eq!(told(&Request::default(), Chain::Http, &[not_get, ALLOW_POST]), "denied NoAllowMatched");
    let rest = r#"{"rules": [{"to": [{"operation": {"notMethods": ["GET"]}}]}]}"#;
    assert_eq!(told(&Request::default(), Chain::Http, &[ALLOW_GET, rest]), "allowed AllowMatched");
}

#[test]
fn http_on_tcp() {
    let any = Request::default();
    // What would be only some requests is every connection.
    assert_eq!(told(&any, Chain::Tcp, &[DENY_ADMIN]), "denied ExplicitDeny p0[0]");
    assert_eq!(told(&any, Chain::Tcp, &[ALLOW_GET]), "denied NoAllowMatched");
    assert_eq!(told(&any, Chain::Tcp, &[ALLOW_GET, ALLOW_WEB]), "allowed AllowMatched p1[0]");
    let filters = filters(Chain::Tcp, &[ALLOW_GET]);
    let candidates = outcome(&web(), &any, &filters).candidates;
    assert_eq!(candidates.iter().map(|policy| &*policy.name).collect::<Vec<_>>(), ["p0"]);
}

#[test]
fn custom_depends_on_what_it_asks() {
    let custom = r#"{"action": "CUSTOM", "provider": {"name": "grpc"}, "rules": [{"to": [{"operation": {"paths": ["/admin*"]}}]}]}"#;
    let unknown = r#"{"action": "CUSTOM", "provider": {"name": "x"}, "rules": [{"to": [{"operation": {"paths": ["/admin*"]}}]}]}"#;
    let dry_run = format!("dry-run {custom}");
    let cases: [(&str, &str, &str); 6] = [
        (custom, "/", "allowed NoPolicy"),
        (custom, "/admin", "conditional Depends  extAuthz[grpc]"),
        (unknown, "/", "allowed NoPolicy"),
        (unknown, "/admin", "denied ExplicitDeny p0[0]"),
        (&dry_run, "/", "allowed NoPolicy"),
        (&dry_run, "/admin", "conditional Depends  istiod.version"),
    ];
    for (spec, path, wanted) in cases {
        assert_eq!(told(&get(path), Chain::Http, &[spec]), wanted, "{spec} {path}");
    }
    assert_eq!(told(&get("/admin"), Chain::Http, &[custom, DENY_ADMIN]), "denied ExplicitDeny p1[0]");
}

#[test]
fn custom_stands_before_tokens() {
    let rule = r#""rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}]"#;
    let custom = format!(r#"{{"action": "CUSTOM", "provider": {{"name": "grpc"}}, {rule}}}"#);
    let claims = serde_json::json!({"iss": "i", "sub": "s"});
    let token = Token::Claims { claims: claims.as_object().unwrap().clone(), complete: true };
    let request = Request { token, ..Request::default() };
    assert_eq!(told(&request, Chain::Http, &[&custom]), "allowed NoPolicy");
    assert_eq!(told(&request, Chain::Http, &[&format!(r#"{{{rule}}}"#)]), "allowed AllowMatched p0[0]");
    let deny = format!(r#"{{"action": "DENY", {rule}}}"#);
    assert_eq!(told(&request, Chain::Http, &[&deny]), "denied ExplicitDeny p0[0]");
}

#[test]
fn plaintext_is_nobody_and_none_of_the_others() {
    let nobody = OnePeer { identity: None, address: Some([10, 0, 0, 1].into()) };
    let decides = |spec: &str| outcome(&nobody, &Request::default(), &filters(Chain::Http, &[spec])).verdict;
    for field in ["principals", "namespaces", "trustDomains", "serviceAccounts"] {
        let negative = format!("not{}{}", field[..1].to_uppercase(), &field[1..]);
        let rule =
            |field: &str| format!(r#"{{"rules": [{{"from": [{{"source": {{"{field}": ["*"]}}}}]}}]}}"#);
        assert_eq!(decides(&rule(field)), Verdict::Denied, "{field}");
        assert_eq!(decides(&rule(&negative)), Verdict::Allowed, "{negative}");
    }
}

#[test]
fn every_rule_that_had_a_part_is_named() {
    let specs = [DENY_ADMIN, ALLOW_GET, ALLOW_WEB, r#"{"action": "DENY", "rules": [{}, {}]}"#];
    let outcome = outcome(&web(), &Request::default(), &filters(Chain::Http, &specs));
    let names = |hits: &[Hit]| {
        let shown =
            |hit: &Hit| format!("{}[{}] {}", hit.rule.policy, hit.rule.rule, hit.when == Formula::True);
        hits.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(outcome.verdict, Verdict::Denied);
    assert_eq!(names(&outcome.denying), ["p0[0] false", "p3[0] true", "p3[1] true"]);
    assert_eq!(outcome.decided_by.map(|rule| rule.policy), Some("p3".into()));
    assert_eq!(names(&outcome.allowing), ["p1[0] false", "p2[0] true"]);
}

#[test]
fn what_envoy_does_not_take_is_unknown() {
    let broken = r#"{"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["x{*}"]}}]}]}"#;
    assert_eq!(told(&get("/"), Chain::Http, &[broken]), "unknown ConfigurationRefused");
    assert_eq!(told(&get("/"), Chain::Tcp, &[broken]), "denied ExplicitDeny p0[0]");
}

#[test]
fn a_tunnel_hides_the_address_and_from_custom_policies_of_sidecars_the_identity() {
    let by_address = r#"{"action": "DENY", "rules": [{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]}]}"#;
    let by_identity = r#"{"action": "CUSTOM", "provider": {"name": "none"},
        "rules": [{"from": [{"source": {"namespaces": ["shop"]}}]}]}"#;
    let table = [
        (Tunnel::None, by_address, "denied"),
        (Tunnel::OfWaypoint, by_address, "allowed"),
        (Tunnel::OfSidecar, by_address, "allowed"),
        (Tunnel::None, by_identity, "denied"),
        (Tunnel::OfWaypoint, by_identity, "denied"),
        (Tunnel::OfSidecar, by_identity, "allowed"),
    ];
    for (tunnel, policy, expected) in table {
        let request = Request { tunnel, ..Request::default() };
        for chain in [Chain::Tcp, Chain::Http] {
            let verdict = outcome(&web(), &request, &filters(chain, &[policy])).verdict;
            assert_eq!(verdict.as_str(), expected, "{tunnel:?} {policy}");
        }
    }
}

#[test]
fn on_a_connection_the_peer_is_the_original_client() {
    let policy = r#"{"rules": [{"from": [{"source": {"remoteIpBlocks": ["10.0.0.0/8"]}}]}]}"#;
    let filters = filters(Chain::Tcp, &[policy]);
    let verdict = |request: &Request, address| {
        let peer = OnePeer { identity: None, address };
        outcome(&peer, request, &filters).verdict.as_str().to_owned()
    };
    let (near, far) = (Some([10, 0, 0, 1].into()), Some([11, 0, 0, 1].into()));
    let request = Request { tunnel: Tunnel::OfWaypoint, ..Request::default() };
    assert_eq!(verdict(&request, near), "conditional");
    assert_eq!(verdict(&request.as_connection(), near), "allowed");
    assert_eq!(verdict(&request.as_connection(), far), "denied");
    assert_eq!(verdict(&request.as_connection(), None), "conditional");
}
