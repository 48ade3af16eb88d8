use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::cluster::test_server::{Server, response};
use crate::cluster::{ConnectionFlags, Environment, Loaded, Request, load_in};
use crate::snapshot::Silent;

mod failures;
mod pages;

const FORBIDDEN: &str = r#"{"kind":"Status","message":"you shall not"}"#;
const DISCOVERY: &str = r#"{"kind":"APIGroupDiscoveryList","items":[
    {"metadata":{"name":"security.istio.io"},"versions":[
        {"version":"v1beta1","resources":[{"resource":"authorizationpolicies"},{"resource":"peerauthentications"}]}]}]}"#;

/// The path and the query of a request.
fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}

fn ok(body: &str) -> String {
    response("200 OK", body)
}

fn empty(kind: &str) -> String {
    ok(&format!(r#"{{"kind":"{kind}","apiVersion":"v1","metadata":{{}},"items":[]}}"#))
}

fn pod(namespace: &str, name: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}"}},"spec":{{}},"status":{{}}}}"#)
}

fn pods(items: &[String], next: &str) -> String {
    ok(&format!(
        r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"continue":"{next}"}},"items":[{}]}}"#,
        items.join(",")
    ))
}

/// A server that has nothing but what `special` says.
fn server(special: impl Fn(&str) -> Option<String> + Send + Clone + 'static) -> Server {
    Server::start(move |head| {
        let path = path(head);
        special(path).unwrap_or_else(|| match path {
            "/apis" => ok(DISCOVERY),
            _ if path.contains("/istio-cni-config") || path.ends_with("/istio") => {
                response("404 Not Found", "")
            }
            _ => empty("List"),
        })
    })
}

fn read_with(server: &Server, needs: &Needs, timeout: Option<Duration>) -> Result<Loaded, ConnectError> {
    let flags = ConnectionFlags {
        server: Some(format!("http://{}", server.address)),
        request_timeout: timeout,
        ..ConnectionFlags::default()
    };
    let needs = needs.clone();
    load_in(
        &Environment::default(),
        &Request {
            flags: &flags,
            needs: &move |_| needs.clone(),
            namespace: Some("edp"),
            given: &SettingsOverride::default(),
            keep: None,
            progress: Arc::new(Silent),
        },
    )
}

fn read(server: &Server) -> Loaded {
    read_with(server, &everything(), Some(Duration::from_secs(20))).unwrap()
}

fn everything() -> Needs {
    Needs::basic().with(Topic::Pods, Extent::all()).with(Topic::Policies, Extent::one("edp"))
}

fn names(loaded: &Loaded) -> Vec<String> {
    let mut names: Vec<String> =
        loaded.objects.pods.iter().map(|pod| format!("{}/{}", pod.namespace(), pod.meta.name)).collect();
    names.sort();
    names
}

fn not_read(loaded: &Loaded, resource: &str) -> Vec<(String, Why)> {
    let lists = loaded.objects.not_read.iter().filter(|list| list.resource == resource);
    lists.map(|list| (list.extent.to_string(), list.why.clone())).collect()
}

#[test]
fn who_may_not_list_everywhere_gets_what_is_at_home() {
    let server = server(|path| match path.split('?').next()? {
        "/api/v1/pods" | "/api/v1/namespaces" => Some(response("403 Forbidden", FORBIDDEN)),
        "/api/v1/namespaces/edp/pods" => Some(pods(&[pod("edp", "pg")], "")),
        "/api/v1/namespaces/istio-system/pods" => Some(response("403 Forbidden", FORBIDDEN)),
        "/api/v1/namespaces/edp" => Some(ok(r#"{"kind":"Namespace","metadata":{"name":"edp"}}"#)),
        "/api/v1/namespaces/istio-system" => Some(response("403 Forbidden", FORBIDDEN)),
        _ => None,
    });
    let loaded = read(&server);
    assert_eq!(names(&loaded), ["edp/pg"]);
    assert_eq!(loaded.objects.namespaces.len(), 1);
    let elsewhere = vec![("namespaces other than `edp`".to_owned(), Why::Forbidden)];
    assert_eq!(not_read(&loaded, "pods"), elsewhere);
    assert_eq!(not_read(&loaded, "namespaces"), elsewhere);
}

#[test]
fn a_kind_that_is_not_there_is_missing_and_an_old_version_is_read() {
    let server = server(|path| {
        let policies = "/apis/security.istio.io/v1beta1/namespaces/edp/authorizationpolicies?limit=500";
        (path == policies).then(|| {
            let policy = r#"{"apiVersion":"security.istio.io/v1beta1","kind":"AuthorizationPolicy",
                "metadata":{"name":"deny","namespace":"edp"},"spec":{}}"#;
            ok(&format!(r#"{{"kind":"AuthorizationPolicyList","metadata":{{}},"items":[{policy}]}}"#))
        })
    });
    let loaded = read(&server);
    assert_eq!(loaded.objects.authorization_policies.len(), 1);
    assert!(not_read(&loaded, "gateways.gateway.networking.k8s.io").is_empty(), "most clusters have none");
    let elsewhere = "namespaces other than `edp`, `istio-system`".to_owned();
    assert_eq!(not_read(&loaded, "authorizationpolicies.security.istio.io"), [(elsewhere, Why::NotAsked)]);
}

/// Where the server cannot tell what it has, no version is taken for the only one.
#[test]
fn an_old_version_is_found_without_discovery() {
    let server = server(|path| {
        let policies = "/apis/security.istio.io/v1beta1/namespaces/edp/authorizationpolicies?limit=500";
        let policy = r#"{"metadata":{"name":"deny","namespace":"edp"},"spec":{}}"#;
        match path {
            "/apis" => Some(response("500 Internal Server Error", "")),
            _ if path == policies => Some(ok(&format!(
                r#"{{"kind":"AuthorizationPolicyList","metadata":{{}},"items":[{policy}]}}"#
            ))),
            _ => path.starts_with("/apis/security.istio.io/v1/").then(|| response("404 Not Found", "")),
        }
    });
    let loaded = read(&server);
    assert_eq!(loaded.objects.authorization_policies.len(), 1);
    assert!(
        loaded.objects.not_read.iter().all(|list| list.why == Why::NotAsked),
        "{:?}",
        loaded.objects.not_read
    );
}

/// Not every 404 is a kind that does not exist.
#[test]
fn kubernetes_own_kinds_are_never_missing() {
    let server = server(|path| path.starts_with("/api/v1/pods").then(|| response("404 Not Found", "")));
    assert!(matches!(&not_read(&read(&server), "pods")[..], [(_, Why::Failed(_))]));
}

/// A kind that the server says it has, or of which it cannot tell, may have objects that were not seen.
#[test]
fn what_discovery_does_not_rule_out_is_never_missing() {
    let stale = r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"security.istio.io"},
        "versions":[{"version":"v1","freshness":"Stale"}]}]}"#;
    let answers = [("200 OK", DISCOVERY), ("200 OK", stale), ("403 Forbidden", FORBIDDEN)];
    for (status, discovery) in answers {
        let server = server(move |path| match path {
            "/apis" => Some(response(status, discovery)),
            _ => path.starts_with("/apis/security.istio.io/").then(|| response("404 Not Found", "")),
        });
        let whys = not_read(&read(&server), "authorizationpolicies.security.istio.io");
        assert!(whys.iter().any(|(_, why)| matches!(why, Why::Failed(_))), "{discovery}: {whys:?}");
        assert!(whys.iter().all(|(_, why)| *why != Why::Missing), "{discovery}: {whys:?}");
    }
}

#[test]
fn a_cluster_without_istio_is_told() {
    let server =
        server(|path| (path == "/apis").then(|| ok(r#"{"kind":"APIGroupDiscoveryList","items":[]}"#)));
    let lists = read(&server).objects.not_read;
    let missing: Vec<_> =
        lists.iter().filter(|l| l.why == Why::Missing).map(|l| l.resource.as_str()).collect();
    assert_eq!(missing, ["authorizationpolicies.security.istio.io", "peerauthentications.security.istio.io"]);
}

/// Policies of a root namespace that only MeshConfig names, and settings beside an istiod that is elsewhere.
#[test]
fn what_the_first_answers_point_at_is_read_too() {
    let istiod = r#"{"metadata":{"name":"istiod","namespace":"mesh","labels":{"app":"istiod"}},
        "spec":{"containers":[{"name":"discovery"}]},"status":{}}"#;
    let server = server(move |path| match path.split('?').next()? {
        "/api/v1/pods" => Some(pods(&[istiod.to_owned()], "")),
        "/api/v1/namespaces/mesh/configmaps" => Some(ok(
            r#"{"kind":"ConfigMapList","metadata":{},"items":[{"metadata":{"name":"istio","namespace":"mesh"},
                "data":{"mesh":"rootNamespace: policies"}}]}"#,
        )),
        "/apis/security.istio.io/v1beta1/namespaces/policies/authorizationpolicies" => {
            Some(ok(r#"{"kind":"AuthorizationPolicyList","metadata":{},"items":[
                {"metadata":{"name":"deny","namespace":"policies"},"spec":{}}]}"#))
        }
        _ => None,
    });
    let loaded = read(&server);
    assert_eq!(loaded.objects.config_maps.len(), 1);
    assert_eq!(loaded.objects.authorization_policies.len(), 1);
    let asked = not_read(&loaded, "authorizationpolicies.security.istio.io");
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].0.contains("`nobody`") && asked[0].0.contains("`policies`"), "{asked:?}");
}

/// One of the ConfigMaps that may be read by name does not make up for another.
#[test]
fn settings_by_name_are_read_when_all_of_them_are() {
    let config =
        |name: &str| ok(&format!(r#"{{"kind":"ConfigMap","metadata":{{"name":"{name}"}},"data":{{}}}}"#));
    let cases = [
        (Some("istio"), Some("istio-cni-config"), true),
        (Some("istio"), None, false),
        (None, Some("istio-cni-config"), false),
    ];
    for (mesh, cni, all) in cases {
        let server = server(move |path| match path.split('?').next()? {
            "/api/v1/namespaces/istio-system/configmaps" => Some(response("403 Forbidden", FORBIDDEN)),
            "/api/v1/namespaces/istio-system/configmaps/istio" => {
                Some(mesh.map_or_else(|| response("403 Forbidden", FORBIDDEN), config))
            }
            "/api/v1/namespaces/istio-system/configmaps/istio-cni-config" => {
                Some(cni.map_or_else(|| response("403 Forbidden", FORBIDDEN), config))
            }
            _ => None,
        });
        let loaded = read(&server);
        assert_eq!(not_read(&loaded, "configmaps").is_empty(), all, "{mesh:?} {cni:?}");
        assert_eq!(
            loaded.objects.config_maps.len(),
            usize::from(mesh.is_some()) + usize::from(cni.is_some())
        );
    }
}

/// Namespaces come from people and from MeshConfig: neither says what is asked for.
#[test]
fn a_name_is_never_more_than_a_segment_of_a_path() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = asked.clone();
    let server = server(move |path| {
        seen.lock().unwrap().push(path.to_owned());
        None
    });
    for odd in ["a?b", "a#b", "a b", "a/../b", "..", "%2e", "a%2Fb", ""] {
        let named = crate::snapshot::Named {
            kind: crate::model::Kind::Deployment,
            namespace: Some(odd.into()),
            name: odd.into(),
        };
        let mut needs = Needs::basic().with(Topic::Policies, Extent::one(odd));
        needs.named.insert(named);
        needs.home.insert(odd.into());
        read_with(&server, &needs, Some(Duration::from_secs(20))).unwrap();
    }
    let asked = asked.lock().unwrap();
    let escaped = "/apis/apps/v1/namespaces/a%3Fb/deployments/a%3Fb";
    assert!(asked.iter().any(|path| path == escaped), "{asked:?}");
    for path in asked.iter() {
        let (path, query) = path.split_once('?').unwrap_or((path, "limit=500"));
        assert!(
            query.contains("limit=500") && !path.contains("//") && !path.contains(".."),
            "{path}?{query}"
        );
        assert!(!path.to_uppercase().contains("%2E") && !path.contains("%25"), "{path}");
        assert!(!path.contains("%2F") && !path.contains('#'), "{path}");
    }
}

/// A waypoint in another namespace than what it stands in front of: what is attached to it is written there.
#[test]
fn policies_and_pods_of_a_waypoint_elsewhere_are_read() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = asked.clone();
    let discovery = r#"{"kind":"APIGroupDiscoveryList","items":[
        {"metadata":{"name":"security.istio.io"},"versions":[
            {"version":"v1","resources":[{"resource":"authorizationpolicies"}]}]},
        {"metadata":{"name":"gateway.networking.k8s.io"},"versions":[
            {"version":"v1","resources":[{"resource":"gateways"}]}]}]}"#;
    let server = server(move |path| {
        seen.lock().unwrap().push(path.split('?').next().unwrap_or_default().to_owned());
        let service = |name: &str, namespace: &str| {
            format!(
                r#"{{"metadata":{{"name":"{name}","namespace":"edp","labels":{{
                    "istio.io/use-waypoint":"way","istio.io/use-waypoint-namespace":"{namespace}"}}}},"spec":{{}}}}"#
            )
        };
        match path.split('?').next()? {
            "/apis" => Some(ok(discovery)),
            "/api/v1/namespaces/edp/services" => Some(ok(&format!(
                r#"{{"kind":"ServiceList","metadata":{{}},"items":[{},{}]}}"#,
                service("one", "infra"),
                service("two", "nobody")
            ))),
            "/apis/gateway.networking.k8s.io/v1/gateways" => {
                Some(ok(r#"{"kind":"GatewayList","metadata":{},
                "items":[{"metadata":{"name":"way","namespace":"infra"},"spec":{}}]}"#))
            }
            "/api/v1/namespaces/infra/pods" => Some(pods(&[pod("infra", "way-1")], "")),
            _ => None,
        }
    });
    let called = [Topic::Pods, Topic::Services, Topic::Policies];
    let needs = called.iter().fold(Needs::basic(), |needs, topic| needs.with(*topic, Extent::one("edp")));
    let loaded = read_with(&server, &needs, Some(Duration::from_secs(20))).unwrap();
    assert_eq!(names(&loaded), ["infra/way-1"]);
    let policies = not_read(&loaded, "authorizationpolicies.security.istio.io");
    let elsewhere = "namespaces other than `edp`, `infra`, `istio-system`".to_owned();
    assert_eq!(policies, [(elsewhere, Why::NotAsked)]);
    let asked = asked.lock().unwrap();
    let of_infra = "/apis/security.istio.io/v1/namespaces/infra/authorizationpolicies";
    assert!(asked.iter().any(|path| path == of_infra), "{asked:?}");
    // Nothing more than that, and nothing where no Gateway is.
    assert!(
        !asked.iter().any(|path| path.contains("/nobody/") || path.contains("/infra/services")),
        "{asked:?}"
    );
}
