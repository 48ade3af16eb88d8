//! Who decided, and who is meant, in words.

use crate::codes::Reason;
use crate::report::AssumptionEntry;
use crate::report::Gate;
use crate::report::reachability::{Class, DecidedBy, GateEntry, Hop, PeerEntry, Row};

use super::text::escaped;

#[cfg(test)]
mod tests;

/// More blocks of addresses than this are told as a number.
const MAX_ADDRESSES: usize = 4;

/// Who is meant: `ns/sa`, or the name of a class.
pub(super) fn peer(peer: &PeerEntry) -> String {
    let name = match (peer.class, &peer.identity) {
        (Class::Identity, None) if peer.identity_count > 0 => {
            format!("each other identity ({})", peer.identity_count)
        }
        (Class::Identity, None) => "several identities".to_owned(),
        (Class::Identity, Some(_)) => account(peer),
        (Class::OtherIdentities, None) => "any other identity".to_owned(),
        (Class::OtherIdentities, Some(pattern)) => other(peer, pattern),
        (Class::NoIdentity, _) => "no identity, in the cluster".to_owned(),
        (Class::Outside, _) => "outside".to_owned(),
    };
    let name = match peer.addresses.as_slice() {
        [] => name,
        blocks => format!("{name} {}", addresses(blocks)),
    };
    escaped(&name).into_owned()
}

/// Who is meant by the only answer of a class that takes many blocks to write: what the others leave.
pub(super) fn rest(of: &PeerEntry) -> String {
    format!("{}, any other address", peer(&PeerEntry { addresses: Vec::new(), ..of.clone() }))
}

/// Whether the addresses of a peer are too many to be listed.
pub(super) fn has_many_addresses(peer: &PeerEntry) -> bool {
    peer.addresses.len() > MAX_ADDRESSES + 1
}

/// The addresses, or the first of them and how many more.
fn addresses(blocks: &[String]) -> String {
    match blocks.get(..MAX_ADDRESSES) {
        Some(first) if blocks.len() > MAX_ADDRESSES + 1 => {
            format!("{} and {} more blocks", first.join(","), blocks.len() - MAX_ADDRESSES)
        }
        _ => blocks.join(","),
    }
}

fn account(peer: &PeerEntry) -> String {
    match (&peer.namespace, &peer.service_account) {
        (Some(namespace), Some(account)) => format!("{namespace}/{account}"),
        _ => peer.identity.clone().unwrap_or_default(),
    }
}

/// A pattern stands for what no other row names.
fn other(peer: &PeerEntry, pattern: &str) -> String {
    if pattern == "spiffe://*" {
        return "any identity of another trust domain".to_owned();
    }
    let names = pattern.split_once("/ns/").and_then(|(_, names)| names.split_once("/sa/"));
    match names {
        None => "any other identity of the trust domain".to_owned(),
        _ if !pattern.contains('*') => format!("{} (nothing runs as it)", account(peer)),
        Some((namespace, "*")) => format!("any other identity of {namespace}"),
        Some((namespace, account)) => format!("any other {namespace}/{account}"),
    }
}

/// Kinds of what changes proxies, as opposed to what has one.
const OF_PROXIES: [&str; 13] = [
    "ConfigMap",
    "DestinationRule",
    "EnvoyFilter",
    "GRPCRoute",
    "HTTPRoute",
    "RequestAuthentication",
    "ServiceEntry",
    "Sidecar",
    "TCPRoute",
    "TLSRoute",
    "TrafficExtension",
    "VirtualService",
    "WasmPlugin",
];

/// What is not judged: what an object does to a proxy, or the proxy of an object.
fn whose<'a>(proxy_of: &'a str, by: &'a DecidedBy) -> &'a str {
    by.kind.as_deref().filter(|kind| OF_PROXIES.contains(kind)).unwrap_or(proxy_of)
}

/// An object, or where it stands if its name could not be read.
fn or_its_place<'a>(by: &'a DecidedBy, named: &'a str) -> &'a str {
    let is_without = named.is_empty() || named.ends_with('/');
    by.location.as_deref().filter(|_| is_without).unwrap_or(named)
}

/// Who decided.
pub(super) fn decided_by(row: &Row) -> String {
    let Some(by) = &row.decided_by else { return "<unknown>".to_owned() };
    let named = by.policy.as_deref().unwrap_or_default();
    let rule = by.rule.map(|rule| format!(" rules[{rule}]")).unwrap_or_default();
    let text = match by.reason {
        Reason::AllowMatched => format!("ALLOW {named}{rule}"),
        Reason::ExplicitDeny => format!("DENY {named}{rule}"),
        Reason::NoAllowMatched => format!("no ALLOW matches ({})", row.candidates.join(", ")),
        Reason::NoPolicy => "no policy refuses".to_owned(),
        Reason::StrictMtls => format!("STRICT {}", strict(by)),
        Reason::NotCaptured => "not in the mesh".to_owned(),
        Reason::InboundBypassed => "inbound capture is bypassed".to_owned(),
        Reason::NotIntercepted => "the port is not intercepted".to_owned(),
        Reason::HostExempt | Reason::OwnNode => "the pod's own node".to_owned(),
        Reason::Loopback => "the pod itself".to_owned(),
        Reason::TrustDomainMismatch => "another trust domain".to_owned(),
        Reason::TokenRefused => format!("{named} accepts no such token"),
        Reason::NoEndpoint => "no ready endpoint".to_owned(),
        Reason::NoPort => "no such port".to_owned(),
        Reason::NotForTcp => "the port is not for TCP".to_owned(),
        Reason::SelfCall => "a port of ztunnel itself".to_owned(),
        Reason::ProxyPort => "a port of the Envoy itself".to_owned(),
        Reason::RedirectionPending => "redirection is pending".to_owned(),
        Reason::PeerAuthenticationTie => format!("tied PeerAuthentications ({named})"),
        Reason::PolicyUnreadable => {
            format!("unreadable {} {}", by.kind.as_deref().unwrap_or("policy"), or_its_place(by, named))
        }
        Reason::NetworkPolicyIsolated if named.is_empty() => "NetworkPolicies of the source".to_owned(),
        Reason::NetworkPolicyIsolated => format!("isolated by NetworkPolicy {named}"),
        Reason::HbonePortBlocked => format!("NetworkPolicy {named} blocks port 15008").replace("  ", " "),
        Reason::AdminNetworkPolicyDeny => format!("{} {named}{rule} denies", kind_of(by)),
        Reason::NetworkPolicyUnclear => format!("{} {named}{rule} is unclear", kind_of(by)),
        Reason::NodeTraffic => format!("{} {named}, on a node's network", kind_of(by)),
        Reason::NetworkPolicyAllow | Reason::IpBlockAllows | Reason::AdminNetworkPolicyAllow => {
            format!("{} {named}{rule} allows", kind_of(by))
        }
        Reason::KindNotJudged => format!("{} {named} is not judged", by.kind.as_deref().unwrap_or_default()),
        Reason::WaypointNotJudged => format!("{} {named} is not judged", whose("waypoint of", by)),
        Reason::SidecarNotJudged => format!("{} {named} is not judged", whose("Envoy of", by)),
        Reason::NamespaceNotRead => "its Namespace was not read".to_owned(),
        Reason::NotDiscovered => "istiod does not look at its namespace".to_owned(),
        Reason::EndpointUnclear => "its endpoints are not clear".to_owned(),
        Reason::TooManyGroups => "too many groups of peers, ask with --from".to_owned(),
        Reason::ExternalName => "an ExternalName is not judged".to_owned(),
        Reason::AddressDecides
        | Reason::DestinationDecides
        | Reason::SourceDecides
        | Reason::PortDecides
        | Reason::RequestDecides
        | Reason::ProtocolDecides
        | Reason::WaypointDecides
        | Reason::NodeDecides => depends(row, named, &rule),
        Reason::EnvoyRefusesRules => format!("Envoy does not take {named}{rule}"),
        Reason::WaypointNotReady => format!("no pod of waypoint {named} is ready"),
        Reason::NotFound => "nothing has that name".to_owned(),
        Reason::NotReached
        | Reason::Hbone
        | Reason::Mtls
        | Reason::Waypoint
        | Reason::Plaintext
        | Reason::Resolved
        | Reason::MtlsSatisfied
        | Reason::NotIsolated => by.reason.as_str().to_owned(),
    };
    escaped(&text).into_owned()
}

fn kind_of(by: &DecidedBy) -> &str {
    by.kind.as_deref().unwrap_or("NetworkPolicy")
}

/// What a gate said. Of plaintext and of mTLS the same thing is said in different words.
pub(super) fn gate(hop: &Hop, gate: &GateEntry) -> &'static str {
    let arrives = hop.gates.iter().find(|other| other.gate == Gate::Transport).map(|other| other.detail);
    match (gate.detail, arrives) {
        (Reason::MtlsSatisfied, Some(Reason::Hbone | Reason::Mtls | Reason::Waypoint)) => {
            "It arrives with mTLS"
        }
        (Reason::MtlsSatisfied, Some(Reason::Plaintext)) => "Plaintext is taken",
        (detail, _) => detail.meaning().trim_end_matches('.'),
    }
}

/// What was assumed, of one object or of so many: then the verb follows.
pub(super) fn assumption(of: &AssumptionEntry) -> String {
    let message = of.code.message(&of.values);
    let many = of.subject.as_deref().filter(|subject| subject.ends_with(" objects"));
    let have = many.and_then(|many| {
        let rest = message.strip_prefix(many)?.strip_prefix(" has ")?;
        Some(format!("{many} have {rest}"))
    });
    have.unwrap_or(message)
}

/// The name of what a person wrote, else the data plane's.
fn strict(by: &DecidedBy) -> &str {
    by.policy.as_deref().or(by.enforced_as.as_deref()).unwrap_or_default()
}

/// A conditional answer: allowed for which values.
fn depends(row: &Row, named: &str, rule: &str) -> String {
    let conditions = row.conditions.iter().map(|condition| match condition.values.as_slice() {
        [] => format!("{} fits", condition.attribute),
        ways if condition.attribute == "request" => ways.join(", or "),
        values => format!("{} in {}", condition.attribute, values.join(",")),
    });
    let conditions = conditions.collect::<Vec<_>>().join("; ");
    if named.is_empty() {
        format!("allowed if {conditions}")
    } else {
        format!("{named}{rule}: allowed if {conditions}")
    }
}
