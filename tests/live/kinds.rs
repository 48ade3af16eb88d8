//! Kinds that an API server does not have, has in other versions, or has without an object.

use mesh_testkit::test_cluster::{
    Fault, FaultyProxy, NETWORK_POLICIES, OLD_ISTIO, OLD_NETWORK_POLICIES, Options, Rule, TestCluster,
};
use serde_json::{Value, json};

use crate::asking::{Asked, ask, enrolled, placed, policy, principal};

const QUESTION: [&str; 3] = ["pod/shop/db:80", "-o", "json"];
const OF_WEB: &str = "spiffe://cluster.local/ns/shop/sa/web 80";
const OF_CLIENT: &str = "spiffe://cluster.local/ns/shop/sa/client 80";

fn start() -> TestCluster {
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.create(&enrolled("shop"));
    for (number, name) in ["db", "web", "client"].iter().enumerate() {
        cluster.create(&placed("shop", name, &format!("10.0.0.{}", number + 1)));
    }
    cluster
}

fn asked(cluster: &TestCluster) -> Asked {
    ask(cluster.admin(), &QUESTION)
}

fn web_alone(version: &str) -> Value {
    let web = json!({ "source": { "principals": [principal("shop", "web")] } });
    let mut policy = policy("shop", "web-alone", "db", &json!({ "rules": [{ "from": [web] }] }));
    policy["apiVersion"] = json!(format!("security.istio.io/{version}"));
    policy
}

/// The one cluster in the order in which people install things.
#[test]
fn kinds_come_one_after_the_other() {
    let cluster = start();
    without_istio(&cluster);
    with_an_old_istio(&cluster);
    with_a_version_alone(&cluster);
    with_admin_network_policies(&cluster);
}

fn without_istio(cluster: &TestCluster) {
    let asked = asked(cluster).exits(0);
    let gaps = asked.gaps();
    let missing: Vec<&str> = gaps.keys().map(|subject| subject.split(' ').next().unwrap()).collect();
    assert_eq!(missing, ["authorizationpolicies.security.istio.io", "peerauthentications.security.istio.io"]);
    assert!(gaps.values().all(|gap| gap["kind"] == "missingKind"), "{gaps:?}");
    assert_eq!(asked.verdicts()[OF_CLIENT], "allowed");
}

fn with_an_old_istio(cluster: &TestCluster) {
    cluster.install_istio_crds(OLD_ISTIO[0]);
    cluster.create(&web_alone("v1beta1"));
    let asked = asked(cluster).exits(0);
    assert!(asked.gaps().is_empty(), "{:?}", asked.gaps());
    let verdicts = asked.verdicts();
    assert_eq!((&*verdicts[OF_WEB], &*verdicts[OF_CLIENT]), ("allowed", "denied"));
    let log = cluster.audit_log();
    let path = "/apis/security.istio.io/v1/namespaces/shop/authorizationpolicies?limit=500";
    assert!(log.iter().any(|event| event.uri == path && event.code == 200));
}

/// As it was before Istio 1.22, whether the server tells what it has or cannot.
fn with_a_version_alone(cluster: &TestCluster) {
    let path =
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/authorizationpolicies.security.istio.io";
    let mut versions = cluster.get(path).unwrap()["spec"]["versions"].clone();
    for version in versions.as_array_mut().unwrap() {
        version["served"] = json!(version["name"] == "v1beta1");
    }
    cluster.patch(path, &json!({ "spec": { "versions": versions } }));
    cluster.wait_for("/apis/security.istio.io/v1beta1", "policies in v1beta1", |_| true);
    let list = "/apis/security.istio.io/v1/authorizationpolicies";
    cluster.wait_gone(list);
    let asked = asked(cluster).exits(0);
    assert_eq!(asked.verdicts()[OF_CLIENT], "denied");
    for fault in [Fault::Status(500), Fault::GarbageBody, Fault::Cut(10)] {
        let rules = vec![Rule::always("GET /apis ", fault.clone())];
        let proxy = FaultyProxy::start(cluster, "blind", &["system:masters"], rules);
        let asked = ask(proxy.kubeconfig(), &QUESTION);
        assert_eq!(asked.verdicts()[OF_CLIENT], "denied", "{fault:?}");
    }
    let mut versions = versions.as_array().unwrap().clone();
    versions.iter_mut().for_each(|version| version["served"] = json!(true));
    cluster.patch(path, &json!({ "spec": { "versions": versions } }));
    cluster.wait_for(list, "policies in v1", |_| true);
}

fn with_admin_network_policies(cluster: &TestCluster) {
    cluster.install_network_policy_crds(OLD_NETWORK_POLICIES);
    let before = asked(cluster).exits(0);
    assert!(before.gaps().is_empty(), "{:?}", before.gaps());
    cluster.create(&json!({
        "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
        "metadata": { "name": "cluster-wide" },
        "spec": { "priority": 1, "subject": { "namespaces": {} }, "ingress": [{
            "name": "no-hbone", "action": "Deny",
            "from": [{ "namespaces": { "namespaceSelector": {} } }],
            "ports": [{ "portNumber": { "protocol": "TCP", "port": 15008 } }],
        }] },
    }));
    // As the first releases of the API wrote it: a field that is not known is not passed over.
    let after = asked(cluster).exits(3);
    let verdicts = after.verdicts();
    assert_eq!((&*verdicts[OF_WEB], &*verdicts[OF_CLIENT]), ("unknown", "denied"), "{:?}", after.gaps());
    assert!(after.stdout.contains("MESH0953"), "{:?}", after.gaps());

    // The later ones of the same version know other peers; what they do not know the server drops, which leaves all.
    cluster.install_network_policy_crds(NETWORK_POLICIES);
    let path = "/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies/cluster-wide";
    cluster.wait_for(path, "peers of the later form", |policy| {
        policy.pointer("/spec/ingress/0/from/0/namespaces") == Some(&json!({}))
    });
    let later = asked(cluster).exits(0);
    let verdicts = later.verdicts();
    assert!(later.gaps().is_empty(), "{:?}", later.gaps());
    assert_eq!((&*verdicts[OF_WEB], &*verdicts[OF_CLIENT]), ("denied", "denied"));
    assert!(later.stdout.contains("AdminNetworkPolicyDeny"), "{}", later.stdout);
}
