#![expect(clippy::needless_pass_by_value, reason = "tables are easier to read with values")]

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{Direction, End, EndKind, Hop, NetworkPolicies, Ruling, Travelling, Uncertain};
use crate::model::WorkloadIndex;
use crate::snapshot::{MeshSnapshot, SettingsOverride};

/// Namespaces `a` (team=x) and `b`, of which nothing was read; a pod in each: a/web with its port `http`, b/db.
fn snapshot(policies: &[Value]) -> MeshSnapshot {
    let pod = |namespace: &str, name: &str, address: Option<&str>| {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}]},
            "status": {"podIP": address}})
    };
    let mut documents = vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"team": "x"}}}),
        pod("a", "web", Some("10.0.0.1")),
        pod("b", "db", None),
    ];
    documents.extend(policies.iter().cloned());
    let list = json!({"apiVersion": "v1", "kind": "List", "items": documents}).to_string();
    let objects = crate::manifests::from_text("test.json", &list, &crate::manifests::Options::default());
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

fn namespaced(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "a"}, "spec": spec})
}

fn admin(name: &str, priority: i64, ingress: Value) -> Value {
    json!({"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
        "metadata": {"name": name},
        "spec": {"priority": priority, "subject": {"namespaces": {"matchLabels": {"team": "x"}}}, "ingress": ingress}})
}

/// What comes to a/web from b/db, or from an address, at a port.
fn ruling(policies: &[Value], from: Option<&str>, port: Travelling<'_>) -> String {
    let snapshot = snapshot(policies);
    let network = NetworkPolicies::new(&snapshot);
    let index = |name: &str| {
        let found = snapshot.workloads.iter().position(|workload| workload.reference.key() == name);
        WorkloadIndex(found.unwrap())
    };
    let addresses: Vec<IpAddr> = from.iter().map(|text| text.parse().unwrap()).collect();
    let kind = match from {
        Some(_) => EndKind::Address,
        None => network.kind_of(index("b/db")),
    };
    let other = End { kind, addresses: &addresses };
    let of = network.class(index("a/web"));
    said(&network, &network.rule(Hop { of, direction: Direction::Ingress, other, port }))
}

fn said(network: &NetworkPolicies<'_>, ruling: &Ruling) -> String {
    let name = |by: &super::NetworkRule| {
        let rule = by.rule.map(|rule| format!("[{rule}]")).unwrap_or_default();
        format!("{}{rule}", network.written(*by).unwrap().0.name)
    };
    match ruling {
        Ruling::NotIsolated => "not isolated".to_owned(),
        Ruling::OwnNode => "own node".to_owned(),
        Ruling::Allowed { by, address } => {
            format!("allowed {}{}", name(by), if *address { " by address" } else { "" })
        }
        Ruling::Isolated { by } => format!("isolated {}", name(by)),
        Ruling::Denied { by } => format!("denied {}", name(by)),
        Ruling::Depends { by, conditions } => {
            let all = conditions.iter().map(|c| format!("{}={}", c.attribute, c.values.join("|")));
            format!("{} if {}", name(by), all.collect::<Vec<_>>().join(" and "))
        }
        Ruling::Uncertain(Uncertain::Namespace(namespace)) => format!("unknown Namespace/{namespace}"),
        Ruling::Uncertain(Uncertain::Node(by)) => format!("unknown node {}", name(by)),
        Ruling::Uncertain(Uncertain::Rule(by)) => format!("unknown {}", name(by)),
        Ruling::Uncertain(Uncertain::Object(object)) => format!("unknown {object}"),
    }
}

const HTTP: Travelling<'static> = Travelling::Number(8080);

#[test]
fn network_policies_add_up() {
    let none = namespaced("none", json!({"podSelector": {}}));
    let from =
        |name: &str, peer: Value| namespaced(name, json!({"podSelector": {}, "ingress": [{"from": [peer]}]}));
    let unread = from("unread", json!({"namespaceSelector": {"matchLabels": {"team": "y"}}}));
    let named =
        from("named", json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}}}));
    let block = from("block", json!({"ipBlock": {"cidr": "10.0.0.0/8"}}));
    let table: [(&[&Value], &str); 6] = [
        (&[], "not isolated"),
        (&[&none], "isolated none"),
        (&[&none, &unread], "unknown Namespace/b"),
        (&[&none, &unread, &named], "allowed named[0]"),
        // The address of the pod is not known.
        (&[&none, &block], "block[0] if source.ip=10.0.0.0/8"),
        (&[&block, &unread], "unknown Namespace/b"),
    ];
    for (policies, expected) in table {
        let policies: Vec<Value> = policies.iter().map(|policy| (*policy).clone()).collect();
        assert_eq!(ruling(&policies, None, HTTP), expected, "{policies:?}");
    }
}

#[test]
fn ports_are_those_that_travel() {
    let ports = |ports: Value| [namespaced("p", json!({"podSelector": {}, "ingress": [{"ports": ports}]}))];
    let table = [
        (json!([{"port": "http"}]), HTTP, "allowed p[0]"),
        (json!([{"port": "http"}]), Travelling::Number(15008), "isolated p"),
        (json!([{"port": 8000, "endPort": 9000}]), HTTP, "allowed p[0]"),
        (json!([{"port": 8080, "protocol": "UDP"}]), HTTP, "isolated p"),
        (json!([{"protocol": "TCP"}]), HTTP, "allowed p[0]"),
        (json!([]), HTTP, "allowed p[0]"),
        (
            json!([{"port": 8000, "endPort": 9000}]),
            Travelling::AnyBut(&[8080]),
            "p[0] if destination.port=8000-9000",
        ),
        (json!([{"port": 80}]), Travelling::AnyBut(&[80]), "isolated p"),
        (json!([{"port": 80}]), Travelling::AnyBut(&[8080]), "p[0] if destination.port=80"),
        (json!([{"port": "http"}]), Travelling::AnyBut(&[8080]), "isolated p"),
        (json!([{"port": 1, "endPort": 65535}]), Travelling::AnyBut(&[8080]), "allowed p[0]"),
    ];
    for (of, port, expected) in table {
        assert_eq!(ruling(&ports(of.clone()), None, port), expected, "{of}");
    }
}

#[test]
fn administrators_come_first_in_their_order() {
    let all = json!([{"namespaces": {}}]);
    let rule = |action: &str| json!([{"action": action, "from": all}]);
    let unread =
        |action: &str| json!([{"action": action, "from": [{"namespaces": {"matchLabels": {"team": "y"}}}]}]);
    let none = namespaced("none", json!({"podSelector": {}}));
    let baseline = json!({"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "BaselineAdminNetworkPolicy",
        "metadata": {"name": "default"}, "spec": {"subject": {"namespaces": {}}, "ingress": rule("Deny")}});
    let table: [(Vec<Value>, &str); 10] = [
        (vec![admin("p", 1, rule("Allow")), none.clone()], "allowed p[0]"),
        (vec![admin("p", 1, rule("Deny"))], "denied p[0]"),
        (vec![admin("p", 1, rule("Pass")), admin("q", 2, rule("Deny"))], "not isolated"),
        (vec![admin("p", 1, rule("Pass")), admin("q", 2, rule("Deny")), none.clone()], "isolated none"),
        (vec![admin("p", 2, rule("Deny")), admin("q", 1, rule("Allow"))], "allowed q[0]"),
        (vec![admin("p", 1, rule("Deny")), admin("q", 1, rule("Allow"))], "unknown q"),
        (vec![baseline.clone()], "denied default[0]"),
        (vec![baseline, none.clone(), admin("p", 1, rule("Pass"))], "isolated none"),
        // Whether the first rule matches matters only where the rest says something else.
        (vec![admin("p", 1, unread("Deny")), none], "isolated none"),
        (vec![admin("p", 1, unread("Deny"))], "unknown Namespace/b"),
    ];
    for (policies, expected) in table {
        assert_eq!(ruling(&policies, None, HTTP), expected, "{policies:?}");
    }
}

#[test]
fn blocks_have_holes() {
    let block = json!({"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.8/32"]}});
    let policy = [namespaced("p", json!({"podSelector": {}, "ingress": [{"from": [block]}]}))];
    for (address, expected) in [
        ("203.0.113.7", "allowed p[0]"),
        ("203.0.113.8", "isolated p"),
        ("::ffff:203.0.113.7", "allowed p[0]"),
        ("fd00::1", "isolated p"),
    ] {
        assert_eq!(ruling(&policy, Some(address), HTTP), expected, "{address}");
    }
}

/// What NetworkPolicies let through another of them cannot take back; what they do not, it may let in.
#[test]
fn a_policy_that_is_not_understood_may_only_add() {
    let odd = namespaced("odd", json!({"podSelector": {}, "ingres": []}));
    let open = namespaced("open", json!({"podSelector": {}, "ingress": [{}]}));
    let none = namespaced("none", json!({"podSelector": {}}));
    let cilium = json!({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "c", "namespace": "a"}});
    let baseline = json!({"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "BaselineAdminNetworkPolicy",
        "metadata": {"name": "default"}, "spec": {"subject": {"namespaces": {}},
        "ingress": [{"action": "Allow", "from": [{"namespaces": {}}]}]}});
    let table: [(Vec<Value>, &str); 6] = [
        // It may isolate, and then the baseline has no say.
        (vec![odd.clone(), baseline], "unknown NetworkPolicy/a/odd"),
        (vec![odd.clone()], "unknown NetworkPolicy/a/odd"),
        (vec![odd.clone(), open.clone()], "allowed open[0]"),
        (vec![odd.clone(), none], "unknown NetworkPolicy/a/odd"),
        (vec![odd, admin("p", 1, json!([{"action": "Deny", "from": [{"namespaces": {}}]}]))], "denied p[0]"),
        (vec![cilium, open], "unknown CiliumNetworkPolicy/a/c"),
    ];
    for (policies, expected) in table {
        assert_eq!(ruling(&policies, None, HTTP), expected, "{policies:?}");
    }
}

/// Every way in which an object is wrong sets it aside as a whole.
#[test]
fn what_the_api_server_would_refuse_is_not_judged() {
    let network = [
        json!({"podSelector": {"matchLabel": {}}}),
        json!({"podSelector": {"matchExpressions": [{"key": "a"}]}}),
        json!({"policyTypes": ["ingress"]}),
        json!({"ingress": [{"form": []}]}),
        json!({"ingress": [{"from": [{}]}]}),
        json!({"ingress": [{"from": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}]}),
        json!({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]}]}),
        json!({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["x"]}}]}]}),
        json!({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/9"]}}]}]}),
        json!({"ingress": [{"ports": [{"port": 0}]}]}),
        json!({"podSelector": {"matchExpressions": [{"key": "a", "operator": "NotIn"}]}}),
        json!({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}}),
        json!({"egress": [{"ports": [{"port": 9, "endPort": 8}]}]}),
        json!({"egress": [{"ports": [{"port": "http", "endPort": 8}]}]}),
        // A text is a name, and no name has digits only.
        json!({"egress": [{"ports": [{"port": "8080"}]}]}),
        json!({"ingress": [{"ports": [{"port": "http--admin"}]}]}),
        json!({"ingress": [{"ports": [{"port": "a-name-too-long-x"}]}]}),
    ];
    for spec in network {
        let snapshot = snapshot(&[namespaced("p", spec.clone())]);
        assert!(snapshot.network_policies.is_empty(), "{spec}");
        assert_eq!(snapshot.unreadable.len(), 1, "{spec}");
    }
    let rules = [
        json!([{"action": "Refuse", "from": [{"namespaces": {}}]}]),
        json!([{"action": "Deny", "from": [{}]}]),
        json!([{"action": "Deny"}]),
        json!([{"action": "Deny", "from": [{"networks": ["10.0.0.0/8"]}]}]),
        json!([{"action": "Deny", "from": [{"namespaces": {"sameLabels": ["x"]}}]}]),
        json!([{"action": "Deny", "from": [{"namespaces": {}, "pods": {}}]}]),
        json!([{"action": "Deny", "from": [{"namespaces": {}}], "ports": [{"portRange": {"start": 2, "end": 1}}]}]),
        json!([{"action": "Deny", "from": [{"namespaces": {}}], "ports": [{}]}]),
    ];
    for ingress in rules {
        let snapshot = snapshot(&[admin("p", 1, ingress.clone())]);
        assert!(snapshot.admin_network_policies.is_empty(), "{ingress}");
        assert_eq!(snapshot.unreadable.len(), 1, "{ingress}");
    }
}
