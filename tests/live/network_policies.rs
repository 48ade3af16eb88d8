//! Policies of the network that a cluster has: they judge what travels, and what may not be read of them is not guessed.

use std::path::Path;

use mesh_testkit::test_cluster::TestCluster;
use serde_json::{Value, json};

use crate::asking::{Asked, ask, enrolled, grant, placed, plain, policy};
use crate::rbac::{all_rules, without};
use crate::shared;

/// `db` and `web` in the mesh, `plain` outside of it; the number tells the addresses of meshes apart.
fn mesh(namespace: &str, number: u8) -> &'static TestCluster {
    let cluster = shared();
    cluster.create(&enrolled(namespace));
    let address = |of: u8| format!("10.9.{number}.{of}");
    cluster.create(&placed(namespace, "db", &address(1)));
    cluster.create(&placed(namespace, "web", &address(2)));
    cluster.create(&plain(placed(namespace, "plain", &address(3))));
    cluster
}

fn network_policy(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "namespace": namespace, "name": name }, "spec": spec,
    })
}

fn path(namespace: &str, name: &str) -> String {
    format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}")
}

/// `pod/FROM` to `pod/TO:PORT`.
fn call(kubeconfig: &Path, from: &str, to: &str) -> Asked {
    ask(kubeconfig, &[&format!("pod/{to}"), "--from", &format!("pod/{from}"), "-o", "json"])
}

fn decision(from: &str, to: &str) -> String {
    call(shared().admin(), from, to).decision()
}

const OPEN: &str = "allowed authorization NoPolicy";

#[test]
fn what_is_enrolled_needs_the_port_of_hbone() {
    let cluster = mesh("wire", 1);
    let db = json!({ "matchLabels": { "app": "db" } });
    let spec = json!({ "podSelector": db, "ingress": [{ "ports": [{ "port": 80 }] }] });
    cluster.create(&network_policy("wire", "sql", &spec));
    let forgotten = call(cluster.admin(), "wire/web", "wire/db:80");
    assert_eq!(forgotten.decision(), "denied networkPolicyIngress HbonePortBlocked NetworkPolicy wire/sql");
    assert_eq!(decision("wire/plain", "wire/db:80"), OPEN);
    assert_eq!(
        decision("wire/plain", "wire/db:81"),
        "denied networkPolicyIngress NetworkPolicyIsolated NetworkPolicy wire/sql"
    );
    assert_eq!(decision("wire/db", "wire/web:80"), OPEN);

    let opened = json!({ "spec": { "ingress": [{ "ports": [{ "port": 80 }, { "port": 15008 }] }] } });
    cluster.patch(&path("wire", "sql"), &opened);
    // Whatever the port is that is called.
    for port in [80, 81] {
        let opened = call(cluster.admin(), "wire/web", &format!("wire/db:{port}"));
        assert_eq!(opened.decision(), OPEN);
        let row = opened.row();
        let gates = row["hops"][0]["gates"].as_array().unwrap();
        let ingress = gates.iter().find(|gate| gate["gate"] == "networkPolicyIngress").unwrap();
        assert_eq!((&ingress["outcome"], &ingress["by"]), (&json!("pass"), &json!("NetworkPolicy/wire/sql")));
    }
}

/// The API server completes `policyTypes`, and labels namespaces with their names.
#[test]
fn what_leaves_is_judged_where_it_leaves() {
    let cluster = mesh("leaving", 2);
    mesh("arriving", 3);
    let to = |namespace: &str, port: u16| {
        let name = json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace } });
        json!({ "to": [{ "namespaceSelector": name }], "ports": [{ "port": port }] })
    };
    let spec = json!({ "podSelector": {}, "egress": [to("leaving", 15008), to("arriving", 80)] });
    cluster.create(&network_policy("leaving", "quiet", &spec));
    let stopped = "denied networkPolicyEgress HbonePortBlocked NetworkPolicy leaving/quiet";
    assert_eq!(decision("leaving/web", "arriving/db:80"), stopped);
    assert_eq!(decision("leaving/plain", "arriving/db:80"), OPEN);
    // It isolates what comes in as well.
    let closed = "denied networkPolicyIngress NetworkPolicyIsolated NetworkPolicy leaving/quiet";
    assert_eq!(decision("arriving/web", "leaving/db:80"), closed);
    assert_eq!(decision("arriving/web", "arriving/db:80"), OPEN);
    let opened = json!({ "spec": { "egress": [to("arriving", 15008)], "policyTypes": ["Egress"] } });
    cluster.patch(&path("leaving", "quiet"), &opened);
    assert_eq!(decision("leaving/web", "arriving/db:80"), OPEN);
    assert_eq!(decision("arriving/web", "leaving/db:80"), OPEN);
}

/// Those of the cluster come before and after those of the namespace.
#[test]
fn administrators_have_the_first_and_the_last_word() {
    let cluster = mesh("governed", 4);
    let own = json!({ "matchLabels": { "kubernetes.io/metadata.name": "governed" } });
    let rule = |action: &str| {
        let hbone = json!({ "portNumber": { "protocol": "TCP", "port": 15008 } });
        json!({ "action": action, "from": [{ "namespaces": own }], "ports": [hbone] })
    };
    let admin = |kind: &str, name: &str, spec: &Value| {
        let mut spec = spec.clone();
        spec["subject"] = json!({ "namespaces": own });
        cluster.create(&json!({
            "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": kind,
            "metadata": { "name": name }, "spec": spec,
        }));
    };
    let all = "/apis/policy.networking.k8s.io/v1alpha1";
    admin("BaselineAdminNetworkPolicy", "default", &json!({ "ingress": [rule("Deny")] }));
    let last = "denied networkPolicyIngress AdminNetworkPolicyDeny BaselineAdminNetworkPolicy default";
    assert_eq!(decision("governed/web", "governed/db:80"), last);
    admin("AdminNetworkPolicy", "let-in", &json!({ "priority": 7, "ingress": [rule("Allow")] }));
    assert_eq!(decision("governed/web", "governed/db:80"), OPEN);
    let nobody = json!({ "podSelector": {}, "policyTypes": ["Ingress"] });
    cluster.create(&network_policy("governed", "nobody", &nobody));
    assert_eq!(decision("governed/web", "governed/db:80"), OPEN);
    admin("AdminNetworkPolicy", "keep-out", &json!({ "priority": 6, "ingress": [rule("Deny")] }));
    let first = "denied networkPolicyIngress AdminNetworkPolicyDeny AdminNetworkPolicy keep-out";
    assert_eq!(decision("governed/web", "governed/db:80"), first);
    for name in ["let-in", "keep-out"] {
        cluster.delete(&format!("{all}/adminnetworkpolicies/{name}"));
    }
    let own = "denied networkPolicyIngress NetworkPolicyIsolated NetworkPolicy governed/nobody";
    assert_eq!(decision("governed/web", "governed/db:80"), own);
    cluster.delete(&format!("{all}/baselineadminnetworkpolicies/default"));
}

#[test]
fn what_may_not_be_listed_may_isolate() {
    let cluster = mesh("secluded", 5);
    mesh("visible", 6);
    let nobody = json!({ "action": "DENY", "rules": [{}] });
    cluster.create(&policy("visible", "nobody", "web", &nobody));
    let no_admin: Vec<Value> =
        all_rules().into_iter().filter(|rule| rule["apiGroups"][0] != "policy.networking.k8s.io").collect();
    let admin_kinds = vec!["adminnetworkpolicies", "baselineadminnetworkpolicies"];
    for (user, rules, resources, kind) in [
        ("no-network-policies", without("networkpolicies"), vec!["networkpolicies"], "NetworkPolicy"),
        ("no-admin-policies", no_admin, admin_kinds, "AdminNetworkPolicy"),
    ] {
        grant(cluster, user, None, &rules);
        let kubeconfig = cluster.kubeconfig(user, &["people"]);
        let asked = call(&kubeconfig, "secluded/web", "visible/db:80");
        assert_eq!(asked.decision(), format!("unknown networkPolicyEgress PolicyUnreadable {kind} *"));
        for resource in resources {
            let gaps = asked.gaps();
            let gap = gaps.iter().find(|(subject, _)| subject.starts_with(resource));
            let (_, gap) = gap.unwrap_or_else(|| panic!("{resource}: {:?}", gaps.keys()));
            assert_eq!(gap["kind"], "forbidden", "{gap}");
            assert!(gap["rbac"].to_string().contains(resource), "{gap}");
        }
        // What denies by itself denies.
        let denied = "denied authorization ExplicitDeny AuthorizationPolicy visible/nobody";
        assert_eq!(call(&kubeconfig, "secluded/web", "visible/web:80").decision(), denied);
    }

    // Those of one end alone.
    let user = "half-of-network-policies";
    grant(cluster, user, None, &without("networkpolicies"));
    let network = crate::asking::may_read("networking.k8s.io", &["networkpolicies"]);
    grant(cluster, user, Some("visible"), &[network]);
    let kubeconfig = cluster.kubeconfig(user, &["people"]);
    assert_eq!(call(&kubeconfig, "visible/plain", "visible/db:80").decision(), OPEN);
    let asked = call(&kubeconfig, "secluded/web", "visible/db:80");
    assert_eq!(asked.decision(), "unknown networkPolicyEgress PolicyUnreadable NetworkPolicy *");
    let gaps: Vec<String> = asked.gaps().into_keys().collect();
    assert_eq!(gaps, ["networkpolicies.networking.k8s.io in namespaces other than `visible`"]);
}
