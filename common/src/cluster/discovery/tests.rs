use super::*;

fn resource(name: &str) -> &'static Resource {
    Resource::named(name).unwrap()
}

fn of(text: &str) -> Discovery {
    aggregated(serde_json::from_str(text).unwrap())
}

#[test]
fn the_best_known_version_is_taken() {
    let discovery = of(
        r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"security.istio.io"},"versions":[
        {"version":"v2","resources":[{"resource":"authorizationpolicies"},{"resource":"peerauthentications"}]},
        {"version":"v1beta1","resources":[{"resource":"authorizationpolicies"}]},
        {"version":"v1","resources":[{"resource":"authorizationpolicies"}]}]}]}"#,
    );
    let version = |name| discovery.version(resource(name));
    assert_eq!(version("authorizationpolicies.security.istio.io"), Served::In("v1".into()));
    // Its objects are told to be of a version that is not known.
    assert_eq!(version("peerauthentications.security.istio.io"), Served::In("v2".into()));
    assert_eq!(version("gateways.gateway.networking.k8s.io"), Served::Not);
}

#[test]
fn what_the_server_cannot_tell_is_not_taken_for_missing() {
    let discovery =
        of(r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"projectcalico.org"},"versions":[
        {"version":"v3","freshness":"Stale","resources":[]}]}]}"#);
    assert_eq!(discovery.version(resource("networkpolicies.projectcalico.org")), Served::Unclear);
}

#[test]
fn kubernetes_own_groups_are_never_asked_about() {
    for (name, built_in) in [
        ("pods", true),
        ("networkpolicies.networking.k8s.io", true),
        ("roles.rbac.authorization.k8s.io", true),
        ("gateways.gateway.networking.k8s.io", false),
        ("adminnetworkpolicies.policy.networking.k8s.io", false),
        ("authorizationpolicies.security.istio.io", false),
    ] {
        assert_eq!(is_built_in(resource(name)), built_in, "{name}");
    }
}
