use super::*;
use crate::cluster::test_server::{Server, response};
use crate::cluster::{ConnectError, ConnectionFlags, Environment, block_on, connect_in};

/// What is made of a server's answers, by path.
fn ask(answer: impl Fn(&str) -> String + Send + Clone + 'static) -> Result<Discovery, Trouble> {
    let server = Server::start(move |head| answer(head.split(' ').nth(1).unwrap_or_default()));
    let flags =
        ConnectionFlags { server: Some(format!("http://{}", server.address)), ..ConnectionFlags::default() };
    let asked = block_on(async {
        let connection = connect_in(&Environment::default(), &flags).await?;
        Ok::<_, ConnectError>(Discovery::ask(&Api { connection, timeout: flags.request_timeout }).await)
    });
    asked.unwrap()
}

fn resource(name: &str) -> &'static Resource {
    Resource::named(name).unwrap()
}

fn of(text: &str) -> Discovery {
    aggregated(serde_json::from_str::<Groups>(text).unwrap().items.unwrap())
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

#[test]
fn an_answer_that_is_no_list_does_not_say_that_there_is_nothing() {
    for body in [
        r#"{"kind":"Status","status":"Success"}"#,
        r#"{"kind":"APIGroupList"}"#,
        r#"{"kind":"APIGroupDiscoveryList"}"#,
        r#"{"kind":"APIVersions","versions":["v1"]}"#,
        r#"{"groups":[]}"#,
        "<html>",
    ] {
        let asked = ask(move |_| response("200 OK", body));
        assert!(matches!(asked, Err(Trouble::Failed(_))), "{body}: {asked:?}");
    }
}

#[test]
fn a_group_whose_resources_cannot_be_read_is_unclear() {
    const GROUPS: &str = r#"{"kind":"APIGroupList","groups":[
        {"name":"security.istio.io","versions":[{"version":"v1"}]}]}"#;
    let policies = r#"{"kind":"APIResourceList","resources":[{"name":"authorizationpolicies"}]}"#;
    let table = [
        (policies, Served::In("v1".into())),
        (r#"{"kind":"APIResourceList","resources":[]}"#, Served::Not),
        (r#"{"kind":"Status","status":"Success"}"#, Served::Unclear),
        (r#"{"kind":"APIResourceList","resources":{}}"#, Served::Unclear),
        (r#"{"kind":"APIResourceList"}"#, Served::Unclear),
        ("", Served::Unclear),
    ];
    for (body, served) in table {
        let asked = ask(move |path| response("200 OK", if path == "/apis" { GROUPS } else { body })).unwrap();
        assert_eq!(asked.version(resource("authorizationpolicies.security.istio.io")), served, "{body}");
        assert_eq!(asked.version(resource("gateways.gateway.networking.k8s.io")), Served::Not, "{body}");
    }
}
