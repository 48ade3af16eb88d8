use super::*;
use crate::model::{Origin, SourceId, Within};

fn policy(namespace: &str, spec: &str) -> Object<AuthorizationPolicy> {
    Object {
        meta: serde_json::from_str(&format!(r#"{{"name": "p", "namespace": "{namespace}"}}"#)).unwrap(),
        spec: serde_json::from_str(spec).unwrap(),
        origin: Origin { source: SourceId(0), start: 0, len: 0, within: Within::Whole },
    }
}

/// Whether a proxy in `shop` enforces a policy.
fn enforces(
    labels: &[(&str, &str)],
    waypoint: bool,
    by_selector: bool,
    policy: &Object<AuthorizationPolicy>,
) -> bool {
    let labels: Labels = labels.iter().copied().collect();
    let (shop, root, other) =
        (Namespace::from("shop"), Namespace::from("istio-system"), Namespace::from("other"));
    let services = [
        None,
        Some(AttachedService { namespace: &other, name: &"cart".into(), entry: false }),
        Some(AttachedService { namespace: &other, name: &"cart".into(), entry: true }),
    ]
    .map(|service| {
        let proxy = Proxy {
            namespace: &shop,
            labels: &labels,
            waypoint,
            service,
            root: &root,
            selector_based_gateway_policy: by_selector,
        };
        proxy.enforces(policy)
    });
    services.contains(&true)
}

const SIDECAR: &[(&str, &str)] = &[("app", "web")];
const BARE: &[(&str, &str)] = &[];
const GATEWAY: &[(&str, &str)] = &[("app", "web"), ("gateway.networking.k8s.io/gateway-name", "gw")];

#[test]
fn by_selector() {
    let cases = [
        // Namespace, spec, sidecar, pod without labels, gateway.
        ("shop", r#"{}"#, true, true, true),
        ("shop", r#"{"selector": {}}"#, true, true, true),
        ("shop", r#"{"selector": {"matchLabels": {}}}"#, true, true, true),
        ("shop", r#"{"selector": {"matchLabels": {"app": "web"}}}"#, true, false, true),
        ("shop", r#"{"selector": {"matchLabels": {"app": "cart"}}}"#, false, false, false),
        ("istio-system", r#"{"selector": {"matchLabels": {"app": "web"}}}"#, true, false, true),
        ("other", r#"{}"#, false, false, true),
        ("elsewhere", r#"{}"#, false, false, false),
    ];
    for (namespace, spec, sidecar, bare, gateway) in cases {
        let policy = policy(namespace, spec);
        // Policies of the namespace of a Service count where there is one, as at a waypoint; a sidecar has none.
        let of_other = namespace == "other";
        assert_eq!(enforces(SIDECAR, false, true, &policy), sidecar || of_other, "{namespace} {spec}");
        assert_eq!(enforces(BARE, false, true, &policy), bare || of_other, "{namespace} {spec}");
        assert_eq!(enforces(GATEWAY, false, true, &policy), gateway, "{namespace} {spec}");
        assert!(!enforces(GATEWAY, false, false, &policy), "{namespace} {spec}");
        assert!(!enforces(GATEWAY, true, true, &policy), "{namespace} {spec}");
    }
}

#[test]
fn by_target() {
    let gateway = |extra: &str| {
        format!(r#"{{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gw"{extra}}}"#)
    };
    let class = r#"{"group": "gateway.networking.k8s.io", "kind": "GatewayClass", "name": "istio-waypoint"}"#;
    let other_class = r#"{"group": "gateway.networking.k8s.io", "kind": "GatewayClass", "name": "istio"}"#;
    let service = |group: &str| format!(r#"{{{group}"kind": "Service", "name": "cart"}}"#);
    let entry = r#"{"group": "networking.istio.io", "kind": "ServiceEntry", "name": "cart"}"#;
    let cases = [
        // Namespace, target, gateway, waypoint.
        ("shop", gateway(""), true, true),
        ("shop", gateway(r#", "namespace": "shop""#), true, true),
        ("shop", gateway(r#", "namespace": "other""#), false, false),
        ("istio-system", gateway(""), false, false),
        ("istio-system", class.to_owned(), false, true),
        ("shop", class.to_owned(), false, false),
        ("istio-system", other_class.to_owned(), false, false),
        ("other", service(""), false, true),
        ("other", service(r#""group": "","#), false, true),
        ("other", service(r#""group": "core","#), false, true),
        ("other", service(r#""group": "apps","#), false, false),
        ("shop", service(""), false, false),
        ("other", entry.to_owned(), false, true),
        ("shop", entry.to_owned(), false, false),
    ];
    for (namespace, target, of_gateway, of_waypoint) in cases {
        for spec in [format!(r#"{{"targetRefs": [{target}]}}"#), format!(r#"{{"targetRef": {target}}}"#)] {
            let policy = policy(namespace, &spec);
            assert_eq!(enforces(GATEWAY, false, true, &policy), of_gateway, "{namespace} {spec}");
            assert_eq!(enforces(GATEWAY, true, true, &policy), of_waypoint, "{namespace} {spec}");
            assert!(!enforces(SIDECAR, false, true, &policy), "{namespace} {spec}");
        }
    }
}

#[test]
fn a_target_ref_counts_only_without_target_refs() {
    let of = |name: &str| {
        format!(r#"{{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "{name}"}}"#)
    };
    let both = policy("shop", &format!(r#"{{"targetRef": {}, "targetRefs": [{}]}}"#, of("gw"), of("x")));
    assert!(!enforces(GATEWAY, false, true, &both));
    let empty = policy("shop", &format!(r#"{{"targetRef": {}, "targetRefs": []}}"#, of("gw")));
    assert!(enforces(GATEWAY, false, true, &empty));
}
