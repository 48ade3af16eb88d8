//! Through which proxy an API server is reached, decided as client-go decides it.
//!
//! A kubeconfig's `proxy-url` wins, whatever `NO_PROXY` says; otherwise Go's rules for the environment hold:
//! golang.org/x/net/http/httpproxy/proxy.go, in the copy that Go's own library has and kubectl is built with (Go
//! 1.26; newer ones of the module let small letters win). kube's own rules are others: it compares `NO_PROXY` with the address
//! of the proxy, refuses lists with an empty item, and knows `HTTPS_PROXY` only.

use std::net::IpAddr;

use http::Uri;
use ipnet::IpNet;

use super::environment::Environment;
use super::error::ConnectError;

#[cfg(test)]
mod tests;

/// The proxy for a server, none when it is reached directly.
pub(super) fn proxy_for(
    server: &Uri,
    of_cluster: &str,
    environment: &Environment,
) -> Result<Option<Uri>, ConnectError> {
    if !of_cluster.is_empty() {
        return address(of_cluster, "`proxy-url` of the cluster").map(Some);
    }
    let names = match server.scheme_str() {
        Some("https") => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let Some((name, value)) = first(environment, names) else { return Ok(None) };
    let without = first(environment, ["NO_PROXY", "no_proxy"]).map_or("", |(_, value)| value);
    match is_direct(server, without) {
        true => Ok(None),
        false => address(value, &format!("variable `{name}`")).map(Some),
    }
}

/// The first that is set: httpproxy/proxy.go, FromEnvironment and getEnvAny.
fn first<'a>(environment: &'a Environment, names: [&'static str; 2]) -> Option<(&'static str, &'a str)> {
    names.into_iter().find_map(|name| Some((name, environment.text(name)?)))
}

/// A proxy's address; `host:port` alone is one that speaks HTTP. Its text may hold a password.
fn address(text: &str, from: &str) -> Result<Uri, ConnectError> {
    let wrong = || ConnectError::new(format!("the {from} is no address of a proxy"));
    let complete = |uri: &Uri| uri.host().is_some_and(|host| !host.is_empty());
    let text = text.trim();
    let text = if text.contains("://") { text.into() } else { format!("http://{text}") };
    let uri = text.parse::<Uri>().ok().filter(complete).ok_or_else(wrong)?;
    match uri.scheme_str() {
        Some("http" | "https") => Ok(uri),
        // Go resolves names at the proxy for both, and so does kube, which knows the first only.
        Some("socks5" | "socks5h") => socks(uri, from),
        scheme => Err(ConnectError::new(format!(
            "the {from} has the scheme `{}`: a proxy speaks `http`, `https` or `socks5`",
            scheme.unwrap_or_default()
        ))),
    }
}

fn socks(uri: Uri, from: &str) -> Result<Uri, ConnectError> {
    let mut parts = uri.into_parts();
    parts.scheme = "socks5".parse().ok();
    if parts.authority.as_ref().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(ConnectError::new(format!(
            "the {from} has a user, which is sent to proxies over HTTP only"
        ))
        .hint("use a proxy that speaks HTTP, or one that asks nobody's name"));
    }
    Uri::from_parts(parts).map_err(|_| ConnectError::new(format!("the {from} is no address of a proxy")))
}

/// Whether no proxy is used for a server: httpproxy/proxy.go, useProxy.
fn is_direct(server: &Uri, without: &str) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("https") { 443 } else { 80 });
    let ip: Option<IpAddr> = host.parse().ok().map(|ip: IpAddr| ip.to_canonical());
    if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
        return true;
    }
    without.split(',').any(|item| matches(item.trim(), &host, ip, port))
}

/// Whether an item of `NO_PROXY` is for a host: `*`, a block of addresses, an address, or a name with all below
/// it, the latter two with or without a port.
fn matches(item: &str, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
    if item == "*" {
        return true;
    }
    if let Ok(block) = item.parse::<IpNet>() {
        return ip.is_some_and(|ip| block.contains(&ip));
    }
    let (name, of_port) = split_port(item);
    if of_port.is_some_and(|of_port| of_port.parse() != Ok(port)) {
        return false;
    }
    match (name.parse::<IpAddr>(), ip) {
        (Ok(address), ip) => ip == Some(address.to_canonical()),
        (Err(_), Some(_)) => false,
        (Err(_), None) => is_domain(&name.to_ascii_lowercase(), host),
    }
}

/// `example.com` is itself and all below; `.example.com` and `*.example.com` are all below.
fn is_domain(name: &str, host: &str) -> bool {
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    match name.strip_prefix('.') {
        Some("") => false,
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
        None if name.is_empty() => false,
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// A host and a port, the host without brackets; an IPv6 address alone has no port.
fn split_port(item: &str) -> (&str, Option<&str>) {
    let bare = |host: &str| -> bool { host.starts_with('[') == host.ends_with(']') };
    match item.rsplit_once(':') {
        Some((host, port)) if bare(host) && (host.starts_with('[') || !host.contains(':')) => {
            (host.trim_matches(['[', ']']), Some(port).filter(|port| !port.is_empty()))
        }
        _ => (item.trim_matches(['[', ']']), None),
    }
}

/// An address without who is to be let in.
pub(super) fn shown(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    format!("{scheme}{host}{}", uri.path().trim_end_matches('/'))
}
