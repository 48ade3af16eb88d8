//! Kubeconfigs: who asks, and where.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::certificates::Certificate;

/// What may be unusual about a kubeconfig.
#[derive(Clone, Debug, Default)]
pub struct Unusual {
    /// The user's certificate has expired.
    pub expired: bool,
    /// Another server than the cluster's.
    pub server: Option<String>,
    /// The namespace of the context.
    pub namespace: Option<String>,
    /// A `user` entry in place of the certificate: a token, an exec plugin.
    pub user: Option<Value>,
    /// The authority's certificate is not the cluster's.
    pub other_authority: bool,
}

/// A kubeconfig, as JSON, which is YAML too. Context, cluster and user have the user's name.
pub(super) fn text(
    name: &str,
    server: &str,
    authority: Option<&str>,
    user: &Value,
    namespace: Option<&str>,
) -> String {
    let mut cluster = json!({ "server": server });
    if let Some(authority) = authority {
        cluster["certificate-authority-data"] = json!(STANDARD.encode(authority));
    }
    let mut context = json!({ "cluster": name, "user": name });
    if let Some(namespace) = namespace {
        context["namespace"] = json!(namespace);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": name, "cluster": cluster }],
        "users": [{ "name": name, "user": user }],
        "contexts": [{ "name": name, "context": context }],
        "current-context": name,
    })
    .to_string()
}

/// The `user` entry of someone with a certificate.
pub(super) fn with_certificate(certificate: &Certificate) -> Value {
    json!({
        "client-certificate-data": STANDARD.encode(&certificate.chain),
        "client-key-data": STANDARD.encode(&certificate.key),
    })
}
