use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::cluster::test_server::{Server, response};
use crate::cluster::{ConnectionFlags, Environment, Loaded, Request, load_in};
use crate::snapshot::Silent;

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
fn pages_are_followed_to_the_end() {
    let server = server(|path| {
        let (path, query) = path.split_once('?')?;
        (path == "/api/v1/pods").then(|| match query {
            "limit=500" => pods(&[pod("a", "1")], "two=="),
            "limit=500&continue=two%3D%3D" => pods(&[pod("a", "2")], "three"),
            "limit=500&continue=three" => pods(&[pod("b", "3")], ""),
            _ => response("400 Bad Request", ""),
        })
    });
    let loaded = read(&server);
    assert_eq!(names(&loaded), ["a/1", "a/2", "b/3"]);
    assert!(not_read(&loaded, "pods").is_empty());
}

#[test]
fn a_list_that_expires_is_begun_again_and_nothing_is_there_twice() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let server = server(move |path| {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        (path == "/api/v1/pods").then(|| {
            match (query.contains("continue"), counted.fetch_add(1, Ordering::SeqCst)) {
                (false, _) => pods(&[pod("a", "1")], "next"),
                (true, 1) => response("410 Gone", FORBIDDEN),
                (true, _) => pods(&[pod("a", "2")], ""),
            }
        })
    });
    let loaded = read(&server);
    assert_eq!(names(&loaded), ["a/1", "a/2"]);
    assert_eq!(calls.load(Ordering::SeqCst), 4);
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

#[test]
fn servers_that_are_busy_are_asked_again_and_only_a_few_times() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let busy = server(move |path| {
        let answer = || {
            match counted.fetch_add(1, Ordering::SeqCst) {
            0 => "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
            1 => response("500 Internal Server Error", FORBIDDEN),
            _ => pods(&[pod("a", "1")], ""),
        }
        };
        path.starts_with("/api/v1/pods").then(answer)
    });
    assert_eq!(names(&read(&busy)), ["a/1"]);
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    let down = server(|path| {
        path.starts_with("/api/v1/pods").then(|| response("503 Service Unavailable", FORBIDDEN))
    });
    let [(_, Why::Failed(error))] = &not_read(&read(&down), "pods")[..] else { panic!("pods were read") };
    assert_eq!(error, "the API server answered 503 Service Unavailable: you shall not");
}

#[test]
fn what_is_no_list_is_not_taken_for_an_empty_one() {
    for garbage in [
        "",
        "<html>",
        "{}",
        "[]",
        r#"{"kind":"PodList","items":{}}"#,
        r#"{"kind":"Status","status":"Success"}"#,
        r#"{"kind":"PodList","apiVersion":"v1"}"#,
        r#"{"kind":"PodList","items":[{"meta"#,
    ] {
        let server = server(move |path| path.starts_with("/api/v1/pods").then(|| ok(garbage)));
        let loaded = read(&server);
        assert!(matches!(&not_read(&loaded, "pods")[..], [(_, Why::Failed(_))]), "{garbage}");
    }
}

/// Pages are asked for until one says that it is the last.
#[test]
fn a_list_that_does_not_say_where_it_ends_is_not_complete() {
    let page = |next: &str| {
        ok(&format!(
            r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"continue":{next}}},"items":[{}]}}"#,
            pod("a", "1")
        ))
    };
    for (next, pages) in [("5", 1), ("{}", 1), (r#""again""#, 2)] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let server = server(move |path| {
            path.starts_with("/api/v1/pods").then(|| {
                counted.fetch_add(1, Ordering::SeqCst);
                page(next)
            })
        });
        let loaded = read(&server);
        assert!(matches!(&not_read(&loaded, "pods")[..], [(_, Why::Failed(_))]), "{next}");
        assert!(!names(&loaded).is_empty(), "what came is kept");
        assert_eq!(calls.load(Ordering::SeqCst), pages, "{next}");
    }
}

/// A server may leave a page empty that is not the last, as one that filters does.
#[test]
fn a_page_without_items_is_not_the_end() {
    let server = server(|path| match path {
        "/api/v1/pods?limit=500" => Some(pods(&[], "next")),
        "/api/v1/pods?limit=500&continue=next" => Some(pods(&[pod("a", "1")], "")),
        _ => None,
    });
    assert_eq!(names(&read(&server)), ["a/1"]);
}

#[test]
fn pages_before_a_failure_are_kept_and_the_rest_is_missing() {
    let server = server(|path| match path {
        "/api/v1/pods?limit=500" => Some(pods(&[pod("a", "1")], "next")),
        "/api/v1/pods?limit=500&continue=next" => Some(response("500 Internal Server Error", "")),
        _ => None,
    });
    let loaded = read(&server);
    assert_eq!(names(&loaded), ["a/1"]);
    assert!(matches!(&not_read(&loaded, "pods")[..], [(all, Why::Failed(_))] if all == "all namespaces"));
}

/// A list that hangs is a gap; a server that hangs is an error; both come in time.
#[test]
fn what_hangs_is_told_in_time() {
    let hang = || {
        std::thread::sleep(Duration::from_secs(30));
        String::new()
    };
    let started = Instant::now();
    let timeout = Some(Duration::from_millis(1500));
    let slow = server(move |path| path.starts_with("/api/v1/pods").then(hang));
    let loaded = read_with(&slow, &everything(), timeout).unwrap();
    assert!(matches!(&not_read(&loaded, "pods")[..], [(_, Why::TimedOut(_))]));
    let dead = server(move |_| Some(hang()));
    let error = read_with(&dead, &everything(), timeout).unwrap_err();
    assert!(error.message.contains("did not answer within 1.5 s"), "{}", error.message);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[test]
fn a_timeout_that_no_clock_reaches_is_none() {
    let server = server(|_| None);
    assert!(read_with(&server, &everything(), Some(Duration::MAX)).is_ok());
}

#[test]
fn credentials_that_are_refused_end_it() {
    let server =
        server(|path| path.starts_with("/api/v1/pods").then(|| response("401 Unauthorized", FORBIDDEN)));
    let error = read_with(&server, &everything(), None).unwrap_err();
    let expected = format!("the API server `http://{}` let nobody in: it was told no user", server.address);
    assert_eq!(error.message, expected);
}

#[test]
fn where_nothing_may_be_read_the_error_names_the_right() {
    let server = server(|_| Some(response("403 Forbidden", FORBIDDEN)));
    let error = read_with(&server, &everything(), None).unwrap_err();
    assert_eq!(error.message, "nothing could be read: you may not list any of what the question needs");
    let first = "ask for {apiGroups: [\"\"], resources: [\"pods\", \"namespaces\"], verbs: [\"list\"]} in a ClusterRole";
    assert_eq!(error.hints[0], first);
    let policies =
        "resources: [\"authorizationpolicies\", \"peerauthentications\"], verbs: [\"list\"]} in a Role of";
    assert!(error.hints.iter().any(|hint| hint.contains(policies)), "{:?}", error.hints);
}

/// Whoever may not act as somebody else may not do it for any list.
#[test]
fn who_may_not_act_as_somebody_else_is_told_that() {
    for verb in ["impersonate", "impersonate:user-info", "impersonate-on:user-info:list"] {
        let server = server(move |_| {
            let said = format!(
                r#"{{"kind":"Status","message":"users \"boss\" is forbidden: User \"me\" cannot {verb} resource \"users\" in API group \"\""}}"#
            );
            Some(response("403 Forbidden", &said))
        });
        let error = read_with(&server, &everything(), None).unwrap_err();
        assert!(error.message.contains(&format!("cannot {verb} resource")), "{}", error.message);
        assert!(error.hints[0].contains("verbs: [\"impersonate\"]"), "{:?}", error.hints);
    }
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

/// A slow server is not asked for what the first answers point at; that is told then.
#[test]
fn what_is_given_up_is_not_taken_for_read() {
    let server = server(|path| match path.split('?').next()? {
        "/api/v1/pods" => {
            std::thread::sleep(Duration::from_secs(30));
            None
        }
        "/api/v1/namespaces/istio-system/configmaps" => Some(ok(
            r#"{"kind":"ConfigMapList","metadata":{},"items":[{"metadata":{"name":"istio","namespace":"istio-system"},
                "data":{"mesh":"rootNamespace: policies"}}]}"#,
        )),
        _ => None,
    });
    let loaded = read_with(&server, &everything(), Some(Duration::from_millis(1500))).unwrap();
    let missing = not_read(&loaded, "authorizationpolicies.security.istio.io");
    let given_up =
        |(extent, why): &(String, Why)| extent.contains("`policies`") && matches!(why, Why::TimedOut(_));
    assert!(missing.iter().any(given_up), "{missing:?}");
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

/// What nobody asked for stands among what was not read, and is no reason.
#[test]
fn the_cause_of_no_answer_is_a_list_that_was_asked_for() {
    let server = server(|path| (path != "/apis").then(|| response("403 Forbidden", FORBIDDEN)));
    let needs = Needs::default().with(Topic::Nodes, Extent::all());
    let error = read_with(&server, &needs, None).unwrap_err();
    assert_eq!(error.message, "nothing could be read: you may not list any of what the question needs");
}
