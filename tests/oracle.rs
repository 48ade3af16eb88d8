//! The engine against what a real istiod and a real ztunnel said: tests/oracle/README.md.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot run fails"
)]

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use ipnet::IpNet;
use mesh_common::manifests;
use mesh_common::model::{Peer, WorkloadIndex};
use mesh_common::policy::ir::{
    Action, Authorization, Block, Field, Match, Scope, ServiceAccountMatch, StringMatch,
};
use mesh_common::policy::{By, Dialled, Gate, Mesh, Resolution, Target, Verdict, judge_peer};
use mesh_common::snapshot::{MeshSnapshot, SettingsOverride};
use mesh_tests::read_gz;
use serde_json::{Value, json};

const ROUNDS: [&str; 5] = ["101", "102", "103", "104", "105"];

fn snapshot(round: &str) -> MeshSnapshot {
    let text = read_gz(&format!("tests/oracle/round-{round}/cluster.json.gz"));
    let objects = manifests::from_text("cluster.json", &text, &manifests::Options::default());
    assert_eq!(objects.gaps, [], "round {round}");
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

fn ambientz(round: &str) -> Value {
    serde_json::from_str(&read_gz(&format!("tests/oracle/round-{round}/ambientz.json.gz"))).unwrap()
}

/// Policies by their keys.
fn by_key(policies: impl Iterator<Item = Value>) -> BTreeMap<String, Value> {
    let key = |policy: &Value| {
        format!("{}/{}", policy["namespace"].as_str().unwrap(), policy["name"].as_str().unwrap())
    };
    policies.map(|policy| (key(&policy), policy)).collect()
}

#[test]
fn compile_equals_istiod_policy_by_policy() {
    for round in ROUNDS {
        let snapshot = snapshot(round);
        let mesh = Mesh::new(&snapshot);
        let authentications = mesh.policies.peer_authentications();
        let static_strict = authentications.any().then(|| (**authentications.static_strict()).clone());
        let converted = authentications.converted();
        let ours = mesh.policies.authorizations().iter().map(|policy| (**policy).clone());
        let ours = by_key(ours.chain(converted.iter().cloned()).chain(static_strict).map(|p| as_istiod(&p)));
        let theirs = ambientz(round);
        let theirs = by_key(theirs["policies"].as_array().unwrap().iter().cloned().map(without_host_bits));
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "round {round}");
        for (key, policy) in &theirs {
            // Where objects tie, any of the possible conversions may be istiod's.
            let possible = converted.iter().filter(|p| p.key() == *key).map(as_istiod);
            let possible: Vec<Value> = possible.chain(ours.get(key).cloned()).collect();
            assert!(possible.contains(policy), "round {round} {key}:\n{policy:#}\nis none of\n{possible:#?}");
        }
    }
}

#[test]
fn attachments_equal_istiod_workload_by_workload() {
    for round in ROUNDS {
        let snapshot = snapshot(round);
        let mesh = Mesh::new(&snapshot);
        let theirs = ambientz(round);
        let mut seen = 0;
        let is_pod = |workload: &&Value| workload["uid"].as_str().unwrap().contains("//Pod/");
        for theirs in theirs["workloads"].as_array().unwrap().iter().filter(is_pod) {
            let (namespace, name) = (theirs["namespace"].as_str().unwrap(), theirs["name"].as_str().unwrap());
            let index = find(&snapshot, &format!("{namespace}/{name}"));
            let workload = snapshot.workload(index).unwrap();
            let attached = mesh.policies.attached(&workload.identity.namespace, &workload.labels);
            let attached: Vec<String> =
                attached.iter().map(|index| mesh.policies.get(*index).unwrap().key()).collect();
            let possible = mesh
                .applied(workload)
                .peer_authentication
                .into_iter()
                .map(|effective| attached.iter().cloned().chain(effective.attached).collect::<Vec<_>>());
            let possible: Vec<Vec<String>> = possible.collect();
            let theirs_attached: Vec<String> = theirs["authorizationPolicies"]
                .as_array()
                .map(|list| list.iter().map(|name| name.as_str().unwrap().to_owned()).collect())
                .unwrap_or_default();
            assert!(
                possible.contains(&theirs_attached),
                "round {round} {namespace}/{name}: {theirs_attached:?} is none of {possible:?}"
            );
            assert_eq!(
                theirs["tunnelProtocol"] == "HBONE",
                workload.is_captured(),
                "round {round} {namespace}/{name}"
            );
            seen += 1;
        }
        assert_eq!(seen, snapshot.workloads.len(), "round {round}");
    }
}

#[test]
fn every_verdict_equals_ztunnels() {
    let mut judged = BTreeMap::new();
    for round in ROUNDS {
        let snapshot = snapshot(round);
        let mesh = Mesh::new(&snapshot);
        for line in read_gz(&format!("tests/oracle/round-{round}/verdicts.jsonl.gz")).lines() {
            let recorded: Value = serde_json::from_str(line).unwrap();
            judge(&mesh, &recorded);
            *judged.entry(round).or_insert(0) += 1;
        }
    }
    println!("connections judged and agreed: {judged:?}, {} in all", judged.values().sum::<i32>());
    assert_eq!(judged.values().sum::<i32>(), 1092);
}

fn judge(mesh: &Mesh<'_>, recorded: &Value) {
    let target = Target::Workloads(vec![find(mesh.snapshot, recorded["to"].as_str().unwrap())]);
    let port: u16 = recorded["port"].as_u64().unwrap().try_into().unwrap();
    let dialled = Dialled::Port(mesh_common::model::PortRef::Number(port));
    let Resolution::Destinations(destinations) = target.resolve(mesh, &dialled) else { panic!("{recorded}") };
    let source: std::net::SocketAddr = recorded["src"].as_str().unwrap().parse().unwrap();
    let peer = Peer {
        identity: recorded["identity"].as_str().map(|identity| identity.parse().unwrap()),
        address: Some(source.ip()),
    };
    let decision = judge_peer(mesh, &peer, &destinations);
    let expected = if recorded["verdict"] == "allow" { Verdict::Allowed } else { Verdict::Denied };
    assert_eq!(decision.verdict(), expected, "{recorded}\n{decision:#?}");
    let reason = recorded["reason"].as_str().unwrap();
    if let Some(policy) = reason.strip_prefix("explicitly denied by: ") {
        let denying = decision.gates.iter().flat_map(|gate| &gate.denying);
        let names: Vec<String> = denying.map(|by| enforced_as(mesh, by)).collect();
        assert!(names.contains(&policy.to_owned()), "{recorded}: {policy} is none of {names:?}");
    } else if !reason.is_empty() {
        assert_eq!(reason, "allow policies exist, but none allowed");
        let gate = decision.gate(Gate::Authorization).unwrap();
        assert_eq!(gate.reason.as_str(), "NoAllowMatched", "{recorded}\n{decision:#?}");
        assert!(decision.gates.iter().all(|gate| gate.denying.is_empty()), "{recorded}");
    }
}

fn enforced_as(mesh: &Mesh<'_>, by: &By) -> String {
    match by {
        By::Rule(rule) => mesh.policies.get(rule.policy).unwrap().key(),
        By::Mtls { enforced_as, .. } => enforced_as.to_string(),
        other => panic!("{other:?}"),
    }
}

fn find(snapshot: &MeshSnapshot, name: &str) -> WorkloadIndex {
    let found = snapshot.indexes().find(|index| snapshot.workload(*index).unwrap().reference.key() == name);
    found.unwrap_or_else(|| panic!("no pod {name}"))
}

/// A policy in the words of istiod's `/debug/ambientz`: protobuf's JSON, in which what is not set is not there.
fn as_istiod(policy: &Authorization) -> Value {
    let scope = match policy.scope {
        Scope::Global => None,
        Scope::Namespace => Some("NAMESPACE"),
        Scope::WorkloadSelector => Some("WORKLOAD_SELECTOR"),
    };
    let groups = policy.rules.iter().map(|rule| {
        let clauses =
            rule.clauses.iter().map(|clause| set(vec![("matches", list(&clause.matches, as_istiod_match))]));
        set(vec![("rules", Some(clauses.collect::<Vec<_>>()).filter(|c| !c.is_empty()).map(Value::from))])
    });
    set(vec![
        ("name", Some(json!(*policy.name))),
        ("namespace", Some(json!(policy.namespace.as_str()))),
        ("scope", scope.map(Value::from)),
        ("action", (policy.action == Action::Deny).then(|| json!("DENY"))),
        ("groups", Some(groups.collect::<Vec<_>>()).filter(|g| !g.is_empty()).map(Value::from)),
        ("dryRun", policy.dry_run.then_some(Value::Bool(true))),
    ])
}

fn as_istiod_match(one: &Match) -> Value {
    let mut fields = Vec::new();
    let mut add = |positive, negative, (any_of, none_of)| {
        fields.push((positive, any_of));
        fields.push((negative, none_of));
    };
    add("namespaces", "notNamespaces", both(&one.namespaces, text));
    add("serviceAccounts", "notServiceAccounts", both(&one.service_accounts, account));
    add("principals", "notPrincipals", both(&one.principals, text));
    add("sourceIps", "notSourceIps", both(&one.source_ips, block));
    add("destinationIps", "notDestinationIps", both(&one.destination_ips, block));
    add("destinationPorts", "notDestinationPorts", both(&one.destination_ports, |port| json!(port)));
    set(fields)
}

fn both<T>(field: &Field<T>, item: fn(&T) -> Value) -> (Option<Value>, Option<Value>) {
    (list(&field.any_of, item), list(&field.none_of, item))
}

fn list<T>(items: &[T], item: fn(&T) -> Value) -> Option<Value> {
    (!items.is_empty()).then(|| items.iter().map(item).collect())
}

fn set(fields: Vec<(&str, Option<Value>)>) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn text(wanted: &StringMatch) -> Value {
    match wanted {
        StringMatch::Exact(exact) => json!({"exact": **exact}),
        StringMatch::Prefix(prefix) => json!({"prefix": **prefix}),
        StringMatch::Suffix(suffix) => json!({"suffix": **suffix}),
        StringMatch::Presence => json!({"presence": {}}),
    }
}

fn account(wanted: &ServiceAccountMatch) -> Value {
    json!({"namespace": wanted.namespace.as_str(), "serviceAccount": wanted.service_account.as_str()})
}

/// Bytes in base64.
fn block(block: &Block) -> Value {
    let bytes = match block.net().network() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let mut fields = json!({"address": STANDARD.encode(bytes)});
    if block.net().prefix_len() > 0 {
        fields["length"] = json!(block.net().prefix_len());
    }
    fields
}

/// istiod sends the bits behind a prefix as they are written; nobody looks at them, and we do not keep them.
fn without_host_bits(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_host_bits).collect(),
        Value::Object(fields) if fields.contains_key("address") => {
            let bytes = STANDARD.decode(fields["address"].as_str().unwrap()).unwrap();
            let address = match <[u8; 4]>::try_from(bytes.as_slice()) {
                Ok(v4) => IpAddr::from(v4),
                Err(_) => IpAddr::from(<[u8; 16]>::try_from(bytes.as_slice()).unwrap()),
            };
            let length = fields.get("length").and_then(Value::as_u64).unwrap_or_default();
            block(&Block::new(IpNet::new(address, length.try_into().unwrap()).unwrap()))
        }
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, without_host_bits(value))).collect()
        }
        other => other,
    }
}
