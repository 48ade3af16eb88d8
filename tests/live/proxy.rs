//! The faulty proxy does what its faults say, as kubectl sees it.

use std::time::{Duration, Instant};

use mesh_testkit::test_cluster::{Fault, FaultyProxy, Rule};

use crate::{shared, stdout};

const LIST: &str = "GET /api/v1/namespaces/default/configmaps";

fn proxy(rules: Vec<Rule>) -> FaultyProxy {
    FaultyProxy::start(shared(), "through-the-proxy", &["system:masters"], rules)
}

fn list(proxy: &FaultyProxy, more: &[&str]) -> std::process::Output {
    let arguments: Vec<&str> = ["get", "configmaps", "-n", "default"].iter().chain(more).copied().collect();
    shared().kubectl(proxy.kubeconfig(), &arguments)
}

#[test]
fn what_meets_no_rule_passes_as_the_user() {
    let proxy = proxy(vec![Rule::always("/api/v1/nodes", Fault::Close)]);
    assert!(stdout(&list(&proxy, &["-o", "name"])).contains("configmap/kube-root-ca.crt"));
    assert!(proxy.requests().iter().any(|request| request.starts_with(LIST)), "{:?}", proxy.requests());
    let name = stdout(
        &shared()
            .kubectl(proxy.kubeconfig(), &["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]),
    );
    assert_eq!(name, "through-the-proxy");
}

#[test]
fn faults_look_like_faults() {
    let cases = [
        (Fault::Status(500), "an error on the server"),
        (Fault::Garbage, "malformed HTTP"),
        (Fault::GarbageBody, "invalid character"),
        (Fault::Cut(10), "unexpected EOF"),
        (Fault::Close, "EOF"),
    ];
    for (fault, expected) in cases {
        let proxy = proxy(vec![Rule::always(LIST, fault.clone())]);
        let failed = list(&proxy, &[]);
        let said = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert!(!failed.status.success() && said.contains(expected), "{fault:?}: {said}");
    }
}

#[test]
fn too_many_requests_pass_when_repeated() {
    let proxy = proxy(vec![Rule::first(1, LIST, Fault::Status(429))]);
    stdout(&list(&proxy, &[]));
    assert_eq!(proxy.requests().iter().filter(|request| request.starts_with(LIST)).count(), 2);
}

#[test]
fn a_delay_delays_and_a_hang_hangs() {
    let proxy = proxy(vec![Rule::always(LIST, Fault::Delay(Duration::from_secs(1)))]);
    let begin = Instant::now();
    stdout(&list(&proxy, &[]));
    assert!(begin.elapsed() >= Duration::from_secs(1));
    proxy.set(vec![Rule::always(LIST, Fault::Hang)]);
    let failed = list(&proxy, &["--request-timeout=1s"]);
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(!failed.status.success() && (said.contains("Timeout") || said.contains("deadline")), "{said}");
}
