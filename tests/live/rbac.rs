//! What users get who may not read everything: an answer with gaps that name the rule, never another answer.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mesh_testkit::test_cluster::TestCluster;
use serde_json::Value;

use crate::asking::{Asked, Verdicts, ask, grant, little_mesh, may_read};
use crate::shared;

const LIST: [&str; 4] = ["svc/rights/db:5432", "-n", "rights", "-o"];
const OF_WEB: [&str; 3] = ["svc/rights/db:5432", "--from", "pod/rights/web"];
const OF_CLIENT: [&str; 3] = ["svc/rights/db:5432", "--from", "pod/rights-away/client"];
/// A DENY policy decides, whatever else there is.
const SEALED: [&str; 3] = ["pod/rights/sealed:80", "--from", "pod/rights/web"];

fn mesh() -> &'static TestCluster {
    static MESH: OnceLock<()> = OnceLock::new();
    MESH.get_or_init(|| little_mesh(shared(), "rights"));
    shared()
}

fn user(name: &str, namespace: Option<&str>, rules: &[Value]) -> PathBuf {
    grant(mesh(), name, namespace, rules);
    mesh().kubeconfig(name, &["people"])
}

fn list(kubeconfig: &Path) -> Asked {
    let arguments: Vec<&str> = LIST.iter().copied().chain(["json"]).collect();
    ask(kubeconfig, &arguments)
}

fn from(kubeconfig: &Path, question: [&str; 3]) -> Asked {
    let arguments: Vec<&str> = question.into_iter().chain(["-o", "json"]).collect();
    ask(kubeconfig, &arguments)
}

/// Everything that a question may read.
pub(crate) fn all_rules() -> Vec<Value> {
    vec![
        may_read("", &["pods", "namespaces", "services", "configmaps", "nodes", "serviceaccounts"]),
        may_read("discovery.k8s.io", &["endpointslices"]),
        may_read("networking.k8s.io", &["networkpolicies"]),
        may_read("policy.networking.k8s.io", &["*"]),
        may_read("security.istio.io", &["*"]),
        may_read("networking.istio.io", &["*"]),
        may_read("extensions.istio.io", &["*"]),
        may_read("gateway.networking.k8s.io", &["*"]),
    ]
}

/// All rules without this resource.
pub(crate) fn without(resource: &str) -> Vec<Value> {
    let named = ["authorizationpolicies", "peerauthentications", "requestauthentications"];
    let mut rules = all_rules();
    for rule in &mut rules {
        if rule["apiGroups"][0] == "security.istio.io" {
            rule["resources"] = named.iter().copied().collect();
        }
        rule["resources"].as_array_mut().unwrap().retain(|name| name != resource);
    }
    rules.retain(|rule| !rule["resources"].as_array().unwrap().is_empty());
    rules
}

/// Rows about the little mesh and about everyone else; other tests' pods come and go.
fn own(verdicts: Verdicts) -> Verdicts {
    let is_own = |who: &str| !who.starts_with("spiffe://") || who.contains("/ns/rights");
    verdicts.into_iter().filter(|(who, _)| is_own(who)).collect()
}

fn rbac_of(gap: &Value) -> &str {
    gap["rbac"].as_str().unwrap_or_else(|| panic!("no rule: {gap}"))
}

/// Whoever knows less says `unknown` more often, and never anything else.
#[track_caller]
fn assert_no_other_verdict(known: &Verdicts, said: &Verdicts) {
    for (who, verdict) in said {
        if let Some(known) = known.get(who) {
            assert!(verdict == known || verdict == "unknown", "{who}: {known} became {verdict}");
        }
    }
}

#[test]
fn who_may_read_everything_gets_the_same_as_an_administrator() {
    let admin = mesh().kubeconfig("boss", &["system:masters"]);
    let reader = user("mesh-reader", None, &all_rules());
    for (kubeconfig, name) in [(&admin, "admin"), (&reader, "reader")] {
        let asked = list(kubeconfig).exits(0);
        let verdicts = own(asked.verdicts());
        assert!(asked.gaps().is_empty(), "{name}: {:?}", asked.gaps());
        assert_eq!(verdicts["spiffe://cluster.local/ns/rights/sa/web 5432"], "allowed", "{verdicts:?}");
        assert_eq!(
            verdicts["spiffe://cluster.local/ns/rights-away/sa/client 5432"], "denied",
            "{verdicts:?}"
        );
        from(kubeconfig, OF_WEB).exits(0);
        from(kubeconfig, OF_CLIENT).exits(1);
        from(kubeconfig, SEALED).exits(1);
    }
    assert_eq!(own(list(&admin).verdicts()), own(list(&reader).verdicts()));
}

/// As the ClusterRole `view` gives in a namespace: nothing of the cluster, nothing of elsewhere.
#[test]
fn a_user_of_one_namespace_gets_what_is_known_there() {
    let viewer = user("viewer", Some("rights"), &all_rules());
    let asked = list(&viewer).exits(3);
    println!("namespaced viewer:\n{}{}", ask(&viewer, &LIST[..3]).stdout, ask(&viewer, &LIST[..3]).stderr);
    let admin = mesh().kubeconfig("boss", &["system:masters"]);
    assert_no_other_verdict(&list(&admin).verdicts(), &asked.verdicts());
    assert!(asked.workloads().contains(&"pod/rights/web".to_owned()), "{:?}", asked.workloads());
    for resource in ["pods", "authorizationpolicies.security.istio.io", "namespaces"] {
        let gaps = asked.gaps();
        let gap = gaps.iter().find(|(subject, _)| subject.starts_with(resource));
        let gap = gap.unwrap_or_else(|| panic!("no gap for {resource}: {:?}", gaps.keys()));
        assert_eq!(gap.1["kind"], "forbidden");
        assert!(rbac_of(gap.1).contains(resource.split('.').next().unwrap()), "{}", gap.1);
    }
    // What the root namespace may deny is not known; what a policy here denies is.
    from(&viewer, OF_WEB).exits(3);
    from(&viewer, SEALED).exits(1);
}

#[test]
fn one_kind_that_may_not_be_read_is_one_gap() {
    let admin = mesh().kubeconfig("boss", &["system:masters"]);
    let open = |kubeconfig: &Path| ask(kubeconfig, &["pod/rights/open:80", "-o", "json"]);
    let (of_db, of_open) = (own(list(&admin).verdicts()), own(open(&admin).verdicts()));
    let cases = [
        ("authorizationpolicies", "authorizationpolicies.security.istio.io", 3, 3),
        // Whom a policy refuses it refuses in any mode, and who is allowed is no plaintext.
        ("peerauthentications", "peerauthentications.security.istio.io", 0, 3),
        ("networkpolicies", "networkpolicies.networking.k8s.io", 3, 3),
        ("namespaces", "namespaces", 3, 3),
        ("endpointslices", "endpointslices.discovery.k8s.io", 3, 3),
        ("configmaps", "configmaps in namespace `istio-system`", 0, 0),
        ("nodes", "", 0, 0),
    ];
    for (resource, subject, status_of_db, status_of_open) in cases {
        let reader = user(&format!("no-{resource}"), None, &without(resource));
        for (asked, known, status) in
            [(list(&reader), &of_db, status_of_db), (open(&reader), &of_open, status_of_open)]
        {
            let asked = asked.exits(status);
            assert_no_other_verdict(known, &own(asked.verdicts()));
            let gaps = asked.gaps();
            let forbidden: Vec<_> = gaps.iter().filter(|(_, gap)| gap["kind"] == "forbidden").collect();
            if subject.is_empty() {
                assert!(gaps.is_empty(), "{resource}: {gaps:?}");
                continue;
            }
            let [(said, gap)] = forbidden[..] else { panic!("{resource}: {gaps:?}") };
            assert!(said.starts_with(subject), "{resource}: {said}");
            assert!(rbac_of(gap).contains(&format!("resources: [\"{resource}\"]")), "{gap}");
        }
    }
}

#[test]
fn pods_that_may_not_be_listed_are_asked_for_by_name() {
    let reader = user("no-pods", None, &without("pods"));
    let asked = list(&reader);
    println!("no pods: {:?}\n{}\n{}", asked.status, asked.stdout, asked.stderr);
    assert!(matches!(asked.status, Some(2 | 3)), "{asked:?}");
}

#[test]
fn who_may_only_read_pods_of_a_namespace_gets_an_answer() {
    let poor = user("pods-only", Some("rights"), &[may_read("", &["pods"])]);
    for arguments in [
        vec!["pod/rights/db:80", "-n", "rights"],
        vec!["pod/rights/db:80", "-n", "rights", "--from", "pod/rights/web"],
        vec!["svc/rights/db:5432", "-n", "rights"],
    ] {
        let asked = ask(&poor, &arguments);
        println!(
            "$ kubectl mesh who-can-reach {}\n{}{}exit {:?}\n",
            arguments.join(" "),
            asked.stdout,
            asked.stderr,
            asked.status
        );
    }
    let asked = ask(&poor, &["pod/rights/db:80", "-n", "rights", "-o", "json"]).exits(3);
    assert!(asked.verdicts().values().all(|verdict| verdict == "unknown"), "{:?}", asked.verdicts());
    assert!(asked.gaps().len() > 3, "{:?}", asked.gaps());
    let missing = ask(&poor, &["svc/rights/db:5432"]).exits(2);
    for said in ["services in namespace `rights`", "you may not list them", "among what could be read"] {
        assert!(missing.stderr.contains(said), "{}", missing.stderr);
    }
    let rule = "hint: ask for {apiGroups: [\"\"], resources: [\"services\"], verbs: [\"list\"]} in a Role of `rights`";
    assert!(missing.stderr.contains(rule), "{}", missing.stderr);
}

#[test]
fn who_may_read_nothing_is_told_what_to_ask_for() {
    let nobody = mesh().kubeconfig("nobody-at-all", &["nothing"]);
    let asked = ask(&nobody, &OF_WEB);
    let error = asked.error();
    println!("{}", asked.stderr);
    assert!(error.contains("you may not list"), "{error}");
    let first = asked.stderr.lines().nth(1).unwrap();
    assert!(first.starts_with("hint: ask for {apiGroups: [\"\"], resources: [\"pods\""), "{first}");
    assert!(asked.stderr.contains("resources: [\"authorizationpolicies\", "), "{}", asked.stderr);
}

#[test]
fn acting_as_somebody_else_is_being_somebody_else() {
    let viewer = user("impersonated", None, &all_rules());
    let admin = mesh().kubeconfig("actor", &["system:masters"]);
    let of = |more: &[&str]| {
        let arguments: Vec<&str> = OF_WEB.into_iter().chain(more.iter().copied()).collect();
        ask(&admin, &arguments)
    };
    of(&["--as", "impersonated"]).exits(0);
    let error = of(&["--as", "nobody-at-all"]).error();
    assert!(error.contains("you may not list"), "{error}");
    of(&["--as", "nobody-at-all", "--as-group", "system:masters"]).exits(0);
    let asked = ask(&viewer, &OF_WEB.into_iter().chain(["--as", "actor"]).collect::<Vec<_>>());
    println!("{}", asked.stderr);
    let error = asked.error();
    assert!(error.contains("cannot impersonate"), "{error}");
}
