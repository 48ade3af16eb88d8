//! The filters that the engine compiles for an Envoy, in the JSON of Envoy's own types, compared with istiod's answer
//! to the same question (`mesh_testkit::envoy`, tests/env/istio/istio-rbac).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run fails")]

use std::collections::{BTreeMap, BTreeSet};

use mesh_common::istio::AuthorizationPolicy;
use mesh_common::kubernetes::ObjectMeta;
use mesh_common::model::{Labels, Name, Namespace, Origin, SourceId, Within};
use mesh_common::policy::envoy::{
    AttachedService, Chain, Filters, IdentityMatch, Matcher, Mesh, Provider, Proxy, TrustDomains, compile,
    select,
};
use mesh_common::snapshot::Object;
use serde_json::Value;

mod json;

use json::{filter_json, identity_json};

/// What a question came to.
#[derive(Debug, Default)]
pub struct Compared {
    /// Rules that are equal.
    pub rules: usize,
    /// Matchers of identities that match the same identities.
    pub identities: usize,
    /// The first difference, in words.
    pub different: Option<String>,
}

/// Compares the engine's answer with istiod's.
///
/// # Panics
/// When the question cannot be read.
#[must_use]
pub fn compare(question: &Value, theirs: &Value) -> Compared {
    let filters = filters(question);
    let filter_state = question["filterState"].as_bool().unwrap();
    let tcp = question["chain"] == "tcp";
    let mut compared = Compared::default();
    for (name, ours) in [("custom", &filters.custom), ("local", &filters.local)] {
        let ours: Vec<Value> =
            ours.iter().map(|filter| canonical(filter_json(filter, filter_state, tcp))).collect();
        let theirs: Vec<Value> =
            theirs[name].as_array().unwrap().iter().cloned().map(without_refusal).map(canonical).collect();
        if ours != theirs {
            compared.different = Some(first_difference(name, &ours, &theirs));
            return compared;
        }
        compared.rules += ours.iter().map(rules_in).sum::<usize>();
    }
    let refused = |filter: &Value| filter["refused"] == true;
    let they_refuse =
        ["custom", "local"].iter().any(|name| theirs[*name].as_array().unwrap().iter().any(refused));
    // What is no template is found out later, not by the rules of protoc-gen-validate.
    let we_refuse = filters.refused.iter().any(|refused| refused.value.ends_with("[]"));
    if they_refuse != we_refuse {
        compared.different = Some(format!("refused: {they_refuse}, ours {:?}", filters.refused));
        return compared;
    }
    match identities(&filters, question, &theirs["matched"]) {
        Ok(equal) => compared.identities = equal,
        Err(different) => compared.different = Some(different),
    }
    compared
}

fn without_refusal(mut filter: Value) -> Value {
    filter.as_object_mut().unwrap().remove("refused");
    filter
}

/// Of several `from`, istiod expands the trust domains of the same `when` once for each of them (model.go,
/// `MigrateTrustDomain`): what is there twice is the same.
fn canonical(value: Value) -> Value {
    match value {
        Value::Array(all) => Value::Array(all.into_iter().map(canonical).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| {
                    let value = canonical(value);
                    let value = if key == "orIds" { deduplicated(value) } else { value };
                    (key, value)
                })
                .collect(),
        ),
        other => other,
    }
}

fn deduplicated(mut set: Value) -> Value {
    let mut seen = BTreeSet::new();
    set["ids"].as_array_mut().unwrap().retain(|one| seen.insert(one.to_string()));
    set
}

fn first_difference(name: &str, ours: &[Value], theirs: &[Value]) -> String {
    if ours.len() != theirs.len() {
        return format!(
            "{name}: {} filters, ours {}\ntheirs {theirs:#?}\nours   {ours:#?}",
            theirs.len(),
            ours.len()
        );
    }
    let (at, (ours, theirs)) = ours.iter().zip(theirs).enumerate().find(|(_, (a, b))| a != b).unwrap();
    for part in ["rules", "shadowRules"] {
        let policies =
            |filter: &Value| filter["rbac"][part]["policies"].as_object().cloned().unwrap_or_default();
        let (ours, theirs) = (policies(ours), policies(theirs));
        let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        if let Some(rule) = names.into_iter().find(|rule| ours.get(*rule) != theirs.get(*rule)) {
            let show = |of: &serde_json::Map<String, Value>| {
                of.get(rule).map_or("none".to_owned(), Value::to_string)
            };
            return format!("{name}[{at}] {part} {rule}\ntheirs {}\nours   {}", show(&theirs), show(&ours));
        }
    }
    format!("{name}[{at}]\ntheirs {theirs}\nours   {ours}")
}

fn rules_in(filter: &Value) -> usize {
    let of = |part: &str| filter["rbac"][part]["policies"].as_object().map_or(0, serde_json::Map::len);
    of("rules") + of("shadowRules")
}

fn identities(filters: &Filters, question: &Value, matched: &Value) -> Result<usize, String> {
    let asked: Vec<&str> =
        question["identities"].as_array().unwrap().iter().map(|i| i.as_str().unwrap()).collect();
    let wanted: BTreeSet<&IdentityMatch> = filters
        .matchers()
        .filter_map(|matcher| match matcher {
            Matcher::Identity(wanted) => Some(wanted),
            _ => None,
        })
        .collect();
    for one in &wanted {
        let key = identity_json(one).to_string();
        let theirs: Vec<usize> = matched[&key]
            .as_array()
            .ok_or_else(|| format!("no identities were compared with {key}"))?
            .iter()
            .map(|at| usize::try_from(at.as_u64().unwrap()).unwrap())
            .collect();
        let ours: Vec<usize> = (0..asked.len()).filter(|at| one.matches(asked[*at])).collect();
        if ours != theirs {
            let show = |of: &[usize]| of.iter().map(|at| asked[*at]).collect::<Vec<_>>().join(" ");
            return Err(format!("{key} matches\ntheirs {}\nours   {}", show(&theirs), show(&ours)));
        }
    }
    Ok(wanted.len())
}

/// The engine's answer to a question.
///
/// # Panics
/// When the question cannot be read.
#[must_use]
pub fn filters(question: &Value) -> Filters {
    let text = |value: &Value| Name::from(value.as_str().unwrap());
    let namespace = |value: &Value| Namespace::from(text(value));
    let policies: Vec<Object<AuthorizationPolicy>> =
        question["policies"].as_array().unwrap().iter().map(object).collect();
    let workload = &question["workload"];
    let (own, root) = (namespace(&workload["namespace"]), namespace(&question["rootNamespace"]));
    let labels: Labels = serde_json::from_value(workload["labels"].clone()).unwrap();
    let service = workload["service"].as_object();
    let attached =
        service.map(|s| (namespace(&s["namespace"]), text(&s["name"]), s["external"].as_bool().unwrap()));
    let proxy = Proxy {
        namespace: &own,
        labels: &labels,
        waypoint: workload["waypoint"].as_bool().unwrap(),
        service: attached.as_ref().map(|(namespace, name, entry)| AttachedService {
            namespace,
            name,
            entry: *entry,
        }),
        root: &root,
        selector_based_gateway_policy: question["selectorBasedGatewayPolicy"].as_bool().unwrap(),
    };
    let mesh = Mesh {
        trust_domains: TrustDomains::new(
            text(&question["trustDomain"]),
            question["trustDomainAliases"].as_array().unwrap().iter().map(text),
        ),
        providers: providers(question),
        multiple_providers: question["multipleProviders"].as_bool().unwrap(),
    };
    let chain = match question["chain"].as_str().unwrap() {
        "http" => Chain::Http,
        "tcp" => Chain::Tcp,
        _ => Chain::Tunnel,
    };
    compile(&mesh, chain, &select(&proxy, &policies))
}

fn object(policy: &Value) -> Object<AuthorizationPolicy> {
    let meta: ObjectMeta = serde_json::from_value(policy["metadata"].clone()).unwrap();
    let spec = serde_json::from_value(policy["spec"].clone()).unwrap();
    let origin = Origin { source: SourceId(0), start: 0, len: 0, within: Within::Whole };
    Object { meta, spec, origin }
}

fn providers(question: &Value) -> BTreeMap<Name, Provider> {
    let all = question["providers"].as_array().unwrap().iter();
    all.filter_map(|one| {
        let name = one["name"].as_str().unwrap();
        let kind = match one["kind"].as_str().unwrap() {
            "http" => Provider::Http,
            "grpc" if name == "grpc" => Provider::Grpc,
            // Names that are no DNS label, and ports that are none.
            "grpc" | "broken" => Provider::Unusable,
            _ => return None,
        };
        Some((name.into(), kind))
    })
    .collect()
}
