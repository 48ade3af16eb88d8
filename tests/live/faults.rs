//! Bad networks and overloaded servers: an answer with gaps or one clear error, in time, and never another verdict.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use mesh_testkit::test_cluster::{Fault, FaultyProxy, ISTIO, Options, Rule, TestCluster};
use serde_json::json;

use crate::asking::{Asked, Verdicts, ask, enrolled, little_mesh, placed};
use crate::shared;

const TIMEOUT: Duration = Duration::from_secs(2);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(6);

/// A part of the requests each; the last is all of them.
const REQUESTS: [&str; 11] = [
    "GET /apis ",
    "/pods",
    "/services",
    "/endpointslices",
    "/authorizationpolicies",
    "/peerauthentications",
    "/namespaces?",
    "/configmaps",
    "/networkpolicies",
    "/gateways",
    "GET",
];

fn faults() -> Vec<Fault> {
    vec![
        Fault::Hang,
        Fault::Delay(TIMEOUT * 2),
        Fault::Delay(TIMEOUT / 4),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Status(503),
        Fault::Garbage,
        Fault::GarbageBody,
        Fault::Cut(0),
        Fault::Cut(10),
        Fault::Cut(700),
        Fault::Close,
    ]
}

/// Rows about the little mesh and about everyone else; other tests' pods come and go.
fn own(asked: &Asked) -> Verdicts {
    let is_own = |who: &str| !who.starts_with("spiffe://") || who.contains("/ns/faulty");
    asked.verdicts().into_iter().filter(|(who, _)| is_own(who)).collect()
}

/// What is right, with everything else read: the rows, the one denied pair, and the one allowed pair.
struct Known {
    list: Verdicts,
}

fn questions(kubeconfig: &Path, timeout: &str) -> [(&'static str, Asked); 3] {
    let asked = |question: &[&str]| {
        let timeout = format!("--request-timeout={timeout}");
        ask(kubeconfig, &[question, &["-o", "json", &timeout]].concat())
    };
    [
        ("list", asked(&["svc/faulty/db:5432"])),
        ("denied", asked(&["pod/faulty/db:80", "--from", "pod/faulty-away/client"])),
        ("allowed", asked(&["pod/faulty/db:80", "--from", "pod/faulty/web"])),
    ]
}

/// What is wrong with an answer, if anything is.
fn complaint(known: &Known, question: &str, asked: &Asked) -> Option<String> {
    if asked.took > TIMEOUT + SLACK {
        return Some(format!("took {:.1} s", asked.took.as_secs_f64()));
    }
    if asked.status == Some(2) {
        let first = asked.stderr.lines().find(|line| line.starts_with("error: "));
        return (first.is_none() || !asked.stdout.is_empty()).then(|| format!("no clear error: {asked:?}"));
    }
    let verdicts = if question == "list" { own(asked) } else { asked.verdicts() };
    let wrong = verdicts.iter().find(|(who, verdict)| {
        let right = match question {
            "list" => known.list.get(*who).map(String::as_str),
            other => Some(other),
        };
        verdict.as_str() != "unknown" && right.is_some_and(|right| right != verdict.as_str())
    });
    if let Some((who, verdict)) = wrong {
        let rows = asked.json()["rows"].as_array().unwrap().clone();
        let reasons: Vec<String> = rows.iter().map(|row| row["decidedBy"].to_string()).collect();
        return Some(format!("{who} became {verdict}; {reasons:?}"));
    }
    let lost = question == "list" && known.list.keys().any(|who| !verdicts.contains_key(who));
    let doubts = verdicts.values().any(|verdict| verdict == "unknown");
    let expected = match question {
        _ if doubts || lost => 3,
        "denied" => 1,
        _ => return (!matches!(asked.status, Some(0 | 3))).then(|| format!("exit {:?}", asked.status)),
    };
    (asked.status != Some(expected)).then(|| format!("exit {:?}, not {expected}; lost: {lost}", asked.status))
}

#[test]
fn no_fault_makes_another_verdict() {
    let cluster = shared();
    little_mesh(cluster, "faulty");
    let [list, denied, allowed] =
        questions(&cluster.kubeconfig("calm", &["system:masters"]), "60s").map(|(_, asked)| asked);
    denied.exits(1);
    allowed.exits(0);
    let known = Known { list: own(&list.exits(0)) };
    let complaints = Mutex::new(Vec::new());
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for fault in faults() {
            let (known, complaints, outcomes) = (&known, &complaints, &outcomes);
            scope.spawn(move || {
                let proxy = FaultyProxy::start(cluster, "troubled", &["system:masters"], Vec::new());
                for request in REQUESTS {
                    proxy.set(vec![Rule::always(request, fault.clone())]);
                    for (question, asked) in questions(proxy.kubeconfig(), "2s") {
                        let line = format!(
                            "{fault:?} {request}: {question}: exit {:?} {:.1} s",
                            asked.status,
                            asked.took.as_secs_f64()
                        );
                        if let Some(complaint) = complaint(known, question, &asked) {
                            complaints.lock().unwrap().push(format!("{line}: {complaint}\n{}", asked.stderr));
                        }
                        outcomes.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    println!("{}", outcomes.into_inner().unwrap().join("\n"));
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// MeshConfig names the root namespace: whoever cannot read one or the other must not be sure.
#[test]
fn a_denial_that_settings_point_at_is_never_an_allowance() {
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.install_istio_crds(ISTIO);
    for name in ["istio-system", "shop", "policies"] {
        cluster.create(&enrolled(name));
    }
    cluster.create(&json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "namespace": "istio-system", "name": "istio" },
        "data": { "mesh": "rootNamespace: policies" },
    }));
    cluster.create(&json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": { "namespace": "policies", "name": "nobody" }, "spec": { "action": "DENY", "rules": [{}] },
    }));
    for (number, name) in ["db", "web"].iter().enumerate() {
        cluster.create(&placed("shop", name, &format!("10.0.0.{}", number + 1)));
    }
    let question = ["pod/shop/db:80", "--from", "pod/shop/web", "-o", "json", "--request-timeout=2s"];
    ask(cluster.admin(), &question[..5]).exits(1);
    for fault in [Fault::Hang, Fault::Status(500), Fault::GarbageBody, Fault::Cut(10), Fault::Close] {
        let proxy = FaultyProxy::start(&cluster, "troubled", &["system:masters"], Vec::new());
        for request in
            ["/pods", "/configmaps", "/authorizationpolicies", "GET /apis ", "/namespaces/policies/"]
        {
            proxy.set(vec![Rule::always(request, fault.clone())]);
            let asked = ask(proxy.kubeconfig(), &question);
            println!("{fault:?} {request}: exit {:?}\n{}", asked.status, asked.stderr);
            assert_ne!(asked.status, Some(0), "{fault:?} {request}: {}", asked.stdout);
        }
    }
}
