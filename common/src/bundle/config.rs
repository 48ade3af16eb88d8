//! Istio's settings that are YAML in a ConfigMap: read, and written again with what was read of them.
//!
//! MeshConfig may hold environments of proxies and headers; the text itself is never kept.

use serde_json::{Value, json};

use crate::istio::{CaCertificate, ConfiguredProvider, ExternalAuthorizer, MeshConfigFile};
use crate::model::labels::{LabelSelector, Labels, Operator};
use crate::snapshot::EnablementSelector;
use crate::yaml::{self, Error};

/// MeshConfig with the fields that decide, as JSON, which is YAML.
pub(super) fn mesh(text: &str) -> String {
    let read = yaml::parse(text).and_then(|node| node.decode::<MeshConfigFile>());
    written(read.map(|mesh| {
        let selectors: Vec<Value> = mesh.discovery_selectors.iter().map(selector).collect();
        let metadata = &mesh.default_config.proxy_metadata;
        let authority = |of: &CaCertificate| json!({"trustDomains": of.trust_domains});
        let authorities: Vec<Value> = mesh.ca_certificates.iter().map(authority).collect();
        json!({
            "trustDomain": mesh.trust_domain, "rootNamespace": mesh.root_namespace,
            "discoverySelectors": selectors, "trustDomainAliases": mesh.trust_domain_aliases,
            "extensionProviders": mesh.extension_providers.iter().map(provider).collect::<Vec<_>>(),
            "caCertificates": authorities, "enableAutoMtls": mesh.enable_auto_mtls,
            "outboundTrafficPolicy": {"mode": mesh.outbound_traffic_policy.mode},
            "defaultDestinationRuleExportTo": mesh.default_destination_rule_export_to,
            "defaultServiceExportTo": mesh.default_service_export_to,
            "defaultConfig": {
                "interceptionMode": mesh.default_config.interception_mode,
                "proxyMetadata": {
                    "ISTIO_META_ENABLE_HBONE": metadata.enable_hbone,
                    "ISTIO_META_DISABLE_HBONE_SEND": metadata.disable_hbone_send,
                },
            },
        })
    }))
}

/// An external authorizer by the name that policies have for it; where it runs decides nothing.
fn provider(provider: &ConfiguredProvider) -> Value {
    let kept = |of: &ExternalAuthorizer| {
        let service = if of.service.is_empty() { "" } else { "kept" };
        json!({ "service": service, "port": of.port })
    };
    let name = Some(("name".to_owned(), Value::from(&*provider.name)));
    let kinds = [("envoyExtAuthzHttp", &provider.http), ("envoyExtAuthzGrpc", &provider.grpc)];
    let kinds = kinds.into_iter().map(|(key, of)| Some((key.to_owned(), kept(of.as_ref()?))));
    Value::Object(std::iter::once(name).chain(kinds).flatten().collect())
}

/// istio-cni's selectors. None at all is not the same as an empty list.
pub(super) fn enablement(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let read = yaml::parse(text).and_then(|node| node.decode::<Vec<EnablementSelector>>());
    let one = |of: &EnablementSelector| {
        json!({
            "podSelector": selector(&of.pod_selector), "namespaceSelector": selector(&of.namespace_selector),
        })
    };
    written(read.map(|all| all.iter().map(one).collect()))
}

/// What cannot be read must stay what cannot be read: a text where settings are expected.
fn written(read: Result<Value, Error>) -> String {
    read.unwrap_or_else(|_| Value::from("it could not be read when it was saved")).to_string()
}

fn selector(selector: &LabelSelector) -> Value {
    let requirements = selector.match_expressions.iter().map(|requirement| {
        json!({
            "key": requirement.key, "operator": requirement.operator.map(operator),
            "values": requirement.values,
        })
    });
    json!({
        "matchLabels": labels(&selector.match_labels), "matchExpressions": requirements.collect::<Vec<_>>(),
    })
}

fn labels(labels: &Labels) -> Value {
    labels.iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::In => "In",
        Operator::NotIn => "NotIn",
        Operator::Exists => "Exists",
        Operator::DoesNotExist => "DoesNotExist",
    }
}
