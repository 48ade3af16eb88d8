//! What is known of a request, and what that says about one comparison: it holds, it does not, or that depends on what
//! is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use serde_json::Value as Json;

use crate::model::Name;

use super::formula::{Formula, Leaf};
use super::ir::{Matcher, Metadata, Text, Value};
use super::matcher::{JWT_FILTER, JWT_PAYLOAD};

mod template;
#[cfg(test)]
mod tests;
mod typed;

pub use typed::{Mistyped, check_method, check_path};

/// Something that may not be known, or not be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Known<T> {
    /// It is not known.
    #[default]
    Unknown,
    /// It is known not to be there. Of a port: one that no policy names.
    Absent,
    /// This.
    Is(T),
}

/// What is not given is not known.
impl<T> From<Option<T>> for Known<T> {
    fn from(given: Option<T>) -> Self {
        given.map_or(Self::Unknown, Self::Is)
    }
}

/// A request, or a connection, apart from its peer.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Request {
    /// Whether it is one of HTTP at all; `None` where that is not known.
    pub is_http: Option<bool>,
    /// Its method.
    pub method: Known<Name>,
    /// Its path, as Envoy has it after normalization; a query may follow.
    pub path: Known<Name>,
    /// Its host, with the port if one is sent.
    pub host: Known<Name>,
    /// Its other headers, by their names in lower case; several of one name are joined with `,`. A name that is not
    /// here is not known.
    pub headers: BTreeMap<Name, Known<Name>>,
    /// The server name that TLS asked for, in whatever case. Without one Envoy has the empty text.
    pub server_name: Known<Name>,
    /// The token that was found valid.
    pub token: Token,
    /// The address of the original client.
    pub remote_ip: Known<IpAddr>,
    /// The address that is called, as the proxy has it.
    pub destination_ip: Known<IpAddr>,
    /// The port that is called, as the proxy has it.
    pub destination_port: Known<u16>,
    /// The tunnel that it comes out of.
    pub tunnel: Tunnel,
    /// Whether filters look for the identity in a certificate that the connection does not have.
    pub identity_is_hidden: bool,
    /// Whether it is a connection of which no request is read, so that nobody but the peer can be the original client.
    pub is_connection: bool,
}

/// A tunnel that ends in the proxy: what comes out of it goes on to an internal listener.
///
/// Its peer's address is then one of Envoy's own, inside of no block (source/extensions/bootstrap/internal_listener/
/// client_connection_factory.cc, `createClientConnection`; source/common/network/cidr_range.cc, `isInRange`). The filter
/// that puts the caller's address in its place (source/extensions/filters/listener/original_dst/original_dst.cc,
/// `onAccept`) does so for the remote address, never for the direct one (source/common/network/socket_impl.h,
/// `setRemoteAddress`), which `source.ip` is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tunnel {
    /// None: the connection comes to the port itself.
    #[default]
    None,
    /// That of a waypoint.
    OfWaypoint,
    /// That of a sidecar, whose CUSTOM policies look for the identity where it is not (pilot/pkg/networking/core/
    /// listener_inbound.go, `buildInboundHBONEListeners`: another builder for the other policies only).
    OfSidecar,
}

/// The claims of a JWT that Envoy found valid.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Token {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// There is none.
    Absent,
    /// These claims.
    Claims {
        /// The payload, as far as it is known.
        claims: serde_json::Map<String, Json>,
        /// Whether there are no others.
        complete: bool,
    },
}

/// Claims of which a proxy makes lists of what stands in them between spaces, as far as that is known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lists {
    /// By whichever rule the token is accepted.
    pub surely: BTreeSet<Name>,
    /// By some of the rules.
    pub maybe: BTreeSet<Name>,
}

impl Lists {
    /// A token with its claims divided; what may be one text or a list of texts is not known.
    #[must_use]
    pub fn divide(&self, token: Token) -> Token {
        let Token::Claims { mut claims, complete } = token else { return token };
        let before = claims.len();
        claims.retain(|name, claim| {
            let is_text = matches!(claim, Json::String(text) if text.contains(' '));
            self.surely.contains(name.as_str()) || !(is_text && self.maybe.contains(name.as_str()))
        });
        let complete = complete && claims.len() == before;
        for name in &self.surely {
            if let Some(Json::String(text)) = claims.get(&**name) {
                let parts = text.split(' ').map(Json::from).collect();
                claims.insert(name.to_string(), Json::Array(parts));
            }
        }
        Token::Claims { claims, complete }
    }
}

/// What a comparison is about, in the words of policies.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Attribute {
    /// `methods`
    Method,
    /// `paths`
    Path,
    /// `hosts`
    Host,
    /// `request.headers[name]`
    Header(Name),
    /// `connection.sni`
    ServerName,
    /// `request.auth.claims[…]`, and what stands for them
    Claim(Vec<Name>),
    /// `experimental.envoy.filters.…[…]`
    Metadata(Name, Vec<Name>),
    /// `remote.ip`
    RemoteIp,
    /// `source.ip`
    SourceIp,
    /// `source.principal` and what else is about the identity
    Identity,
    /// `destination.ip`
    DestinationIp,
    /// `destination.port`
    DestinationPort,
    /// What an external authorizer says.
    Authorizer(Name),
    /// istiod's version: with a CUSTOM policy in dry run it matters.
    IstiodVersion,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed =
            |f: &mut fmt::Formatter<'_>, path: &[Name]| path.iter().try_for_each(|key| write!(f, "[{key}]"));
        match self {
            Self::Method => f.write_str("request.method"),
            Self::Path => f.write_str("request.path"),
            Self::Host => f.write_str("request.host"),
            Self::Header(name) => write!(f, "request.headers[{name}]"),
            Self::ServerName => f.write_str("connection.sni"),
            Self::Claim(path) => {
                f.write_str("request.auth.claims")?;
                bracketed(f, path)
            }
            Self::Metadata(filter, path) => {
                write!(f, "experimental.{filter}")?;
                bracketed(f, path)
            }
            Self::RemoteIp => f.write_str("remote.ip"),
            Self::SourceIp => f.write_str("source.ip"),
            Self::Identity => f.write_str("source.principal"),
            Self::DestinationIp => f.write_str("destination.ip"),
            Self::DestinationPort => f.write_str("destination.port"),
            Self::Authorizer(provider) => write!(f, "extAuthz[{provider}]"),
            Self::IstiodVersion => f.write_str("istiod.version"),
        }
    }
}

impl Attribute {
    /// What a comparison is about.
    pub(super) fn of(matcher: &Matcher) -> Self {
        match matcher {
            Matcher::DestinationIp(_) => Self::DestinationIp,
            Matcher::DestinationPort(_) => Self::DestinationPort,
            Matcher::ServerName(_) => Self::ServerName,
            Matcher::Header { name, .. } => Self::of_header(&name.to_ascii_lowercase()),
            Matcher::Path(_) | Matcher::PathTemplate(_) => Self::Path,
            Matcher::Metadata(metadata) => match claim_path(metadata) {
                Some(path) => Self::Claim(path.to_vec()),
                None => Self::Metadata(metadata.filter.clone(), metadata.path.clone()),
            },
            Matcher::Identity(_) => Self::Identity,
            Matcher::DirectRemoteIp(_) => Self::SourceIp,
            Matcher::RemoteIp(_) => Self::RemoteIp,
        }
    }

    /// Envoy keeps `Host` under the name `:authority`. `:path` holds the query too, so it is a header by itself.
    fn of_header(lower: &str) -> Self {
        match lower {
            ":method" => Self::Method,
            ":authority" | "host" => Self::Host,
            other => Self::Header(other.into()),
        }
    }
}

impl Request {
    /// Whether HTTP is spoken: it is where anything is known that only requests have; `None` where nothing tells.
    #[must_use]
    pub fn speaks_http(&self) -> Option<bool> {
        let given = [&self.method, &self.path, &self.host].into_iter().any(|known| *known != Known::Unknown);
        let given = given || !self.headers.is_empty() || !matches!(self.token, Token::Unknown);
        if given { Some(true) } else { self.is_http }
    }

    /// Adds a header; several of one name are joined as Envoy joins them.
    pub fn add_header(&mut self, name: &str, value: &str) {
        let known = self.headers.entry(name.to_ascii_lowercase().into()).or_default();
        *known = match known {
            Known::Is(first) => Known::Is(format!("{first},{value}").into()),
            Known::Unknown | Known::Absent => Known::Is(value.into()),
        };
    }

    /// As CUSTOM policies see every request. Their filters stand before the one for JWTs (pilot/pkg/networking/core/
    /// listener_builder.go, `buildHTTPConnectionManager`), so that there is no token.
    #[must_use]
    pub fn for_custom(&self) -> Self {
        let identity_is_hidden = self.tunnel == Tunnel::OfSidecar;
        Self { token: Token::Absent, identity_is_hidden, ..self.clone() }
    }

    /// As a chain for TCP has it: nothing there reads who the original client was. What comes out of a tunnel has the
    /// address of who sent the tunnel (pilot/pkg/xds/filters/filters.go, `ConnectAuthorityFilter`).
    #[must_use]
    pub fn as_connection(&self) -> Self {
        Self { is_connection: true, ..self.clone() }
    }

    /// Whether a comparison with the peer is one with something that is not there.
    pub(super) fn hides(&self, matcher: &Matcher) -> bool {
        match matcher {
            Matcher::Identity(_) => self.identity_is_hidden,
            Matcher::DirectRemoteIp(_) => self.tunnel != Tunnel::None,
            _ => false,
        }
    }

    /// Whether a comparison that is not about the peer holds.
    pub(super) fn holds(&self, matcher: &Matcher) -> Formula {
        let told = match matcher {
            Matcher::DestinationIp(block) => compare(&self.destination_ip, |ip| block.contains(ip)),
            Matcher::DestinationPort(port) => compare(&self.destination_port, |own| own == port),
            Matcher::RemoteIp(block) => compare(&self.remote_ip, |ip| block.contains(ip)),
            Matcher::ServerName(text) => match &self.server_name {
                Known::Absent => Some(text.matches("")),
                // Envoy keeps it in lower case (ConnectionSocketImpl::setRequestedServerName).
                known => compare(known, |name| text.matches(&name.to_ascii_lowercase())),
            },
            Matcher::Path(text) => compare(&self.path, |path| text.matches(without_query(path))),
            Matcher::PathTemplate(template) => {
                compare(&self.path, |path| template::matches(template, without_query(path)))
            }
            Matcher::Header { name, value } => self.header(&name.to_ascii_lowercase(), value.as_ref()),
            Matcher::Metadata(metadata) => match claim_path(metadata) {
                Some(path) => self.token.claim(path, &metadata.value),
                None => None,
            },
            Matcher::Identity(_) | Matcher::DirectRemoteIp(_) => None,
        };
        told.map_or_else(|| Formula::Is(Leaf::Matcher(matcher.clone())), Formula::from)
    }

    /// source/common/http/header_utility.cc: a header that is not there matches nothing. Every request has a method
    /// and a host.
    fn header(&self, lower: &str, wanted: Option<&Text>) -> Option<bool> {
        let unknown = Known::Unknown;
        let own = match Attribute::of_header(lower) {
            Attribute::Method => &self.method,
            Attribute::Host => &self.host,
            _ if lower == ":path" => &self.path,
            _ => self.headers.get(lower).unwrap_or(&unknown),
        };
        match (own, wanted) {
            (Known::Unknown, None) if [":method", ":authority", "host"].contains(&lower) => Some(true),
            (own, wanted) => compare(own, |own| wanted.is_none_or(|text| text.matches(own))),
        }
    }
}

/// What is not there is not equal to anything.
fn compare<T>(own: &Known<T>, matches: impl FnOnce(&T) -> bool) -> Option<bool> {
    match own {
        Known::Unknown => None,
        Known::Absent => Some(false),
        Known::Is(own) => Some(matches(own)),
    }
}

/// source/common/http/path_utility.cc, `removeQueryAndFragment`.
fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

/// The claim that metadata is about.
fn claim_path(metadata: &Metadata) -> Option<&[Name]> {
    let (first, rest) = metadata.path.split_first()?;
    (&*metadata.filter == JWT_FILTER && &**first == JWT_PAYLOAD).then_some(rest)
}

impl Token {
    fn claim(&self, path: &[Name], wanted: &Value) -> Option<bool> {
        let (claims, complete) = match self {
            Self::Unknown => return None,
            Self::Absent => return Some(false),
            Self::Claims { claims, complete } => (claims, *complete),
        };
        let Some((first, rest)) = path.split_first() else {
            // The payload as a whole is no text and no list.
            return Some(false);
        };
        let Some(mut value) = claims.get(&**first) else { return complete.then_some(false) };
        for key in rest {
            match value.get(&**key) {
                Some(inner) => value = inner,
                None => return Some(false),
            }
        }
        Some(is_such(value, wanted))
    }
}

/// source/common/common/matchers.cc: a text is compared with texts only.
fn is_such(value: &Json, wanted: &Value) -> bool {
    match wanted {
        Value::Text(text) => value.as_str().is_some_and(|own| text.matches(own)),
        Value::ListWith(item) => {
            value.as_array().is_some_and(|list| list.iter().any(|one| is_such(one, item)))
        }
        Value::AnyOf(all) => all.iter().any(|one| is_such(value, one)),
    }
}
