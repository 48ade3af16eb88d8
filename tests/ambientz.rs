//! istiod's own account of what it tells ztunnel, `/debug/ambientz`, compared with what the engine makes of the same
//! objects: policy by policy, pod by pod.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use ipnet::IpNet;
use mesh_common::model::Workload;
use mesh_common::policy::Mesh;
use mesh_common::policy::ir::{
    Action, Authorization, Block, Field, Match, Scope, ServiceAccountMatch, StringMatch,
};
use serde_json::{Value, json};

/// What came of a comparison.
#[derive(Debug, Default)]
pub struct Compared {
    /// How many are equal.
    pub equal: usize,
    /// What is not, in words.
    pub different: Vec<String>,
}

impl Compared {
    /// Counts one thing.
    pub fn count(&mut self, difference: Option<String>) {
        match difference {
            None => self.equal += 1,
            Some(difference) => self.different.push(difference),
        }
    }
}

/// Compares the converted policies, both ways: none is missing, none is too many. Where objects tie, any of the
/// possible conversions may be istiod's.
#[must_use]
pub fn policies(mesh: &Mesh<'_>, ambientz: &Value) -> Compared {
    let ours = possible(mesh);
    let theirs: BTreeMap<String, Value> = items(ambientz, "policies")
        .iter()
        .map(|policy| (key(policy), without_host_bits(policy.clone())))
        .collect();
    let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let mut compared = Compared::default();
    for key in keys {
        let theirs = theirs.get(key);
        let possible = ours.get(key).map(Vec::as_slice).unwrap_or_default();
        let equal = possible.iter().any(|ours| ours.as_ref() == theirs);
        if !equal {
            compared
                .different
                .push(format!("{key}: istiod has\n{theirs:#?}\nwhich is none of\n{possible:#?}"));
        }
        compared.equal += usize::from(equal && theirs.is_some());
    }
    compared
}

/// What istiod may have under each key, in its words; `None` where it may have nothing.
fn possible(mesh: &Mesh<'_>) -> BTreeMap<String, Vec<Option<Value>>> {
    let authentications = mesh.policies.peer_authentications();
    let static_strict = authentications.any().then(|| authentications.static_strict());
    let certain = mesh.policies.authorizations().iter().chain(static_strict);
    let certain = certain.map(|policy| (policy.key(), vec![Some(as_istiod(policy))]));
    let in_words = |written: Vec<Option<Authorization>>| {
        written.iter().map(|policy| policy.as_ref().map(as_istiod)).collect()
    };
    let converted = authentications.converted().into_iter();
    certain.chain(converted.map(|(key, written)| (key, in_words(written)))).collect()
}

/// The pods of which istiod tells.
pub fn pods(ambientz: &Value) -> impl Iterator<Item = &Value> {
    let is_pod = |workload: &&Value| workload["uid"].as_str().unwrap_or_default().contains("//Pod/");
    items(ambientz, "workloads").iter().filter(is_pod)
}

/// `namespace/name`
#[must_use]
pub fn key(of: &Value) -> String {
    let text = |field: &str| of[field].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

/// The names of the policies that istiod attaches to a pod.
#[must_use]
pub fn attachments(pod: &Value) -> Vec<String> {
    let names = items(pod, "authorizationPolicies").iter();
    names.map(|name| name.as_str().unwrap_or_default().to_owned()).collect()
}

/// Compares what is attached to a pod, in its order.
#[must_use]
pub fn attached(mesh: &Mesh<'_>, workload: &Workload, pod: &Value) -> Option<String> {
    let attached = mesh.policies.attached(&workload.identity.namespace, &workload.labels);
    let attached: Vec<String> =
        attached.iter().filter_map(|index| mesh.policies.get(*index)).map(|policy| policy.key()).collect();
    let ways = mesh.applied(workload).peer_authentication.into_iter();
    let possible: Vec<Vec<String>> =
        ways.map(|effective| attached.iter().cloned().chain(effective.attached).collect()).collect();
    let theirs = attachments(pod);
    (!possible.contains(&theirs)).then(|| format!("{}: {theirs:?} is none of {possible:?}", key(pod)))
}

/// A list; what is not set is empty.
#[must_use]
pub fn items<'a>(of: &'a Value, list: &str) -> &'a [Value] {
    of[list].as_array().map(Vec::as_slice).unwrap_or_default()
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

/// An address of a waypoint, in base64: the bytes of its text or, of one of two waypoints, of the address itself.
#[must_use]
pub fn text_of_address(address: &Value) -> String {
    let bytes = STANDARD.decode(address["address"].as_str().unwrap_or_default()).unwrap();
    if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return IpAddr::from(four).to_string();
    }
    // No text of an address has sixteen bytes and a zero among them.
    match <[u8; 16]>::try_from(bytes.as_slice()) {
        Ok(sixteen) if sixteen.contains(&0) => IpAddr::from(sixteen).to_string(),
        _ => String::from_utf8(bytes).unwrap(),
    }
}
