//! How hosts are written, and which full names they are about.

/// The full name of a Service. That of the cluster is taken for the usual one.
#[must_use]
pub fn service_host(name: &str, namespace: &str) -> String {
    format!("{name}.{namespace}.svc.cluster.local")
}

/// pkg/config/model (`ResolveShortnameToFQDN`): only what has no dot is a short name, of a Service in the namespace of the
/// object that names it.
#[must_use]
pub fn fully_qualified(host: &str, namespace: &str) -> String {
    let is_short = !host.is_empty() && host != "*" && !host.contains(['.', ':']);
    if is_short { service_host(host, namespace) } else { host.to_owned() }
}

/// Whether a host, or a wildcard, is about a full name.
#[must_use]
pub fn covers(host: &str, name: &str) -> bool {
    match host.strip_prefix('*') {
        Some(suffix) => name.ends_with(suffix),
        None => host == name,
    }
}
