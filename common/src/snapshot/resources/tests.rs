use super::*;

#[test]
fn names_are_unique_and_lead_back() {
    for resource in RESOURCES {
        let found = Resource::named(&resource.name()).unwrap();
        assert!(std::ptr::eq(found, resource), "{}", resource.name());
    }
}

#[test]
fn paths_are_those_of_the_api() {
    let path = |name: &str, namespace| {
        let resource = Resource::named(name).unwrap();
        resource.path(resource.versions[0], namespace)
    };
    assert_eq!(path("pods", None), "/api/v1/pods");
    assert_eq!(path("pods", Some("edp")), "/api/v1/namespaces/edp/pods");
    assert_eq!(
        path("authorizationpolicies.security.istio.io", Some("edp")),
        "/apis/security.istio.io/v1/namespaces/edp/authorizationpolicies"
    );
    assert_eq!(
        path("networkpolicies.crd.projectcalico.org", None),
        "/apis/crd.projectcalico.org/v1/networkpolicies"
    );
}
