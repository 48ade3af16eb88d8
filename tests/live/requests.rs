//! What is asked of the API server: no more than a question needs.

use std::collections::BTreeSet;

use crate::asking::{ask, little_mesh};
use crate::shared;

/// The paths that a user listed or got, without their queries but for selectors.
fn asked_by(user: &str) -> BTreeSet<String> {
    let log = shared().audit_log();
    let own = log.into_iter().filter(|event| event.user == user);
    let path = |uri: &str| {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let selector = query.split('&').find_map(|part| part.strip_prefix("labelSelector="));
        selector.map_or_else(|| path.to_owned(), |selector| format!("{path} {selector}"))
    };
    own.map(|event| path(&event.uri)).collect()
}

fn of<'a>(paths: &'a BTreeSet<String>, resource: &str) -> Vec<&'a str> {
    let suffix = format!("/{resource}");
    paths.iter().filter(|path| path.ends_with(&suffix)).map(String::as_str).collect()
}

#[test]
fn a_question_reads_what_it_needs() {
    let cluster = shared();
    little_mesh(cluster, "frugal");
    let policies = [
        "/apis/security.istio.io/v1/namespaces/frugal/authorizationpolicies",
        "/apis/security.istio.io/v1/namespaces/istio-system/authorizationpolicies",
    ];

    let pair = cluster.kubeconfig("asks-for-a-pair", &["system:masters"]);
    ask(&pair, &["pod/frugal/db:80", "--from", "pod/frugal-away/client"]).exits(1);
    let paths = asked_by("asks-for-a-pair");
    // Istio's own say which istiod counts; where they are is asked by their labels.
    let pods = ["frugal-away", "frugal", "istio-system"].map(|of| format!("/api/v1/namespaces/{of}/pods"));
    assert_eq!(of(&paths, "pods"), pods, "{paths:#?}");
    for selector in ["app%3Distiod", "k8s-app%3Distio-cni-node"] {
        assert!(paths.contains(&format!("/api/v1/pods {selector}")), "{paths:#?}");
    }
    assert_eq!(of(&paths, "authorizationpolicies"), policies);
    assert_eq!(of(&paths, "configmaps"), ["/api/v1/namespaces/istio-system/configmaps"]);

    let list = cluster.kubeconfig("asks-for-a-list", &["system:masters"]);
    ask(&list, &["pod/frugal/db:80"]).exits(0);
    let paths = asked_by("asks-for-a-list");
    assert_eq!(of(&paths, "pods"), ["/api/v1/pods"], "{paths:#?}");
    assert_eq!(of(&paths, "authorizationpolicies"), policies);
    assert_eq!(of(&paths, "services"), ["/api/v1/namespaces/frugal/services"]);

    for path in asked_by("asks-for-a-pair").union(&paths) {
        let is_secret = path.contains("/secrets") || path.contains("/serviceaccounts");
        assert!(!is_secret, "{path}");
    }
    let verbs: BTreeSet<String> = cluster
        .audit_log()
        .into_iter()
        .filter(|event| event.user.starts_with("asks-for-a-"))
        .map(|event| event.verb)
        .collect();
    assert!(verbs.iter().all(|verb| matches!(verb.as_str(), "get" | "list")), "{verbs:?}");
}
