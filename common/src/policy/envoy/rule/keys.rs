//! The attributes that rules can name, and what their values become: pilot/pkg/security/authz/model/generator.go.

use std::fmt;

use crate::model::Name;
use crate::policy::compile::strings;
use crate::policy::envoy::identity::IdentityMatch;
use crate::policy::envoy::ir::{Expression, Matcher, Metadata, Text, Value};
use crate::policy::envoy::matcher;

use super::{CannotCompare, Target};

/// An attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key<'a> {
    // Permissions.
    DestinationIp,
    DestinationPort,
    ServerName,
    Host,
    Method,
    Path,
    /// `experimental.envoy.filters.…`, as a whole.
    EnvoyFilter(&'a str),
    // Principals.
    SourceIp,
    RemoteIp,
    Namespace,
    TrustDomain,
    ServiceAccount,
    Principal,
    RequestPrincipal,
    Audiences,
    Presenter,
    /// `request.headers[name]`: what follows `request.headers`.
    Header(&'a str),
    /// `request.auth.claims[…]`: what follows `request.auth.claims`.
    Claims(&'a str),
}

/// Whether a rule may have this key in a `when` and is not lost.
#[must_use]
pub fn is_known(key: &str) -> bool {
    Key::of(key).is_some()
}

/// Whether only requests have what a key of a `when` is about.
#[must_use]
pub fn only_requests_have(key: &str) -> bool {
    Key::of(key).is_some_and(Key::is_http)
}

impl fmt::Display for Key<'_> {
    /// The attribute in the words of policies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DestinationIp => "destination.ip",
            Self::DestinationPort => "destination.port",
            Self::ServerName => "connection.sni",
            Self::Host => "hosts",
            Self::Method => "methods",
            Self::Path => "paths",
            Self::SourceIp => "source.ip",
            Self::RemoteIp => "remote.ip",
            Self::Namespace => "source.namespace",
            Self::TrustDomain => "source.trustDomain",
            Self::ServiceAccount => "source.serviceAccount",
            Self::Principal => "source.principal",
            Self::RequestPrincipal => "request.auth.principal",
            Self::Audiences => "request.auth.audiences",
            Self::Presenter => "request.auth.presenter",
            Self::EnvoyFilter(key) => key,
            Self::Header(name) => return write!(f, "request.headers{name}"),
            Self::Claims(path) => return write!(f, "request.auth.claims{path}"),
        })
    }
}

impl<'a> Key<'a> {
    /// The key of a `when`; an unknown one loses the whole rule, whatever the action (model.go, `New`).
    pub(super) fn of(key: &'a str) -> Option<Self> {
        Some(match key {
            "destination.ip" => Self::DestinationIp,
            "destination.port" => Self::DestinationPort,
            "connection.sni" => Self::ServerName,
            "source.ip" => Self::SourceIp,
            "remote.ip" => Self::RemoteIp,
            "source.namespace" => Self::Namespace,
            "source.trustDomain" => Self::TrustDomain,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.principal" => Self::Principal,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => Self::Audiences,
            "request.auth.presenter" => Self::Presenter,
            _ if key.starts_with("experimental.envoy.filters.") => Self::EnvoyFilter(key),
            _ => match (key.strip_prefix("request.headers"), key.strip_prefix("request.auth.claims")) {
                (Some(name), _) => Self::Header(name),
                (_, Some(claims)) => Self::Claims(claims),
                _ => return None,
            },
        })
    }

    /// Whether it belongs to what is asked for, not to who asks.
    pub(super) fn is_permission(self) -> bool {
        matches!(
            self,
            Self::DestinationIp
                | Self::DestinationPort
                | Self::ServerName
                | Self::Host
                | Self::Method
                | Self::Path
                | Self::EnvoyFilter(_)
        )
    }

    /// Whether all of its values make one comparison.
    pub(super) fn is_extended(self) -> bool {
        matches!(
            self,
            Self::EnvoyFilter(_)
                | Self::RequestPrincipal
                | Self::Audiences
                | Self::Presenter
                | Self::Claims(_)
        )
    }

    /// Whether only requests have it.
    fn is_http(self) -> bool {
        matches!(
            self,
            Self::Host
                | Self::Method
                | Self::Path
                | Self::Header(_)
                | Self::RequestPrincipal
                | Self::Audiences
                | Self::Presenter
                | Self::Claims(_)
        )
    }

    /// One value.
    pub(super) fn value(self, value: &Name, target: &Target<'_>) -> Result<Matcher, CannotCompare> {
        if self.is_http() && target.tcp {
            return Err(CannotCompare);
        }
        let network = || strings::network(value).ok_or(CannotCompare);
        Ok(match self {
            Self::DestinationIp => Matcher::DestinationIp(network()?),
            Self::DestinationPort => Matcher::DestinationPort(strings::port(value).ok_or(CannotCompare)?),
            Self::ServerName => Matcher::ServerName(Text::written(value)),
            Self::Host => matcher::host(value),
            Self::Method => matcher::header(":method", value),
            Self::Path => matcher::path(value),
            Self::SourceIp => Matcher::DirectRemoteIp(network()?),
            Self::RemoteIp => Matcher::RemoteIp(network()?),
            Self::Namespace => Matcher::Identity(IdentityMatch::Namespace(value.clone())),
            Self::TrustDomain => Matcher::Identity(IdentityMatch::TrustDomain(value.clone())),
            Self::ServiceAccount => {
                Matcher::Identity(IdentityMatch::service_account(value, target.namespace))
            }
            Self::Principal => Matcher::Identity(IdentityMatch::principal(value)),
            Self::Header(name) => matcher::header(in_brackets(name).ok_or(CannotCompare)?, value),
            Self::EnvoyFilter(_)
            | Self::RequestPrincipal
            | Self::Audiences
            | Self::Presenter
            | Self::Claims(_) => return Err(CannotCompare),
        })
    }

    /// All values together.
    pub(super) fn list(self, values: &[Name], target: &Target<'_>) -> Result<Expression, CannotCompare> {
        if self.is_http() && target.tcp {
            return Err(CannotCompare);
        }
        match self {
            Self::EnvoyFilter(key) => envoy_filter(key, values).map(Expression::Is),
            Self::RequestPrincipal => Ok(request_principals(values)),
            Self::Audiences => Ok(Expression::Is(matcher::claims(&["aud"], values))),
            Self::Presenter => Ok(Expression::Is(matcher::claims(&["azp"], values))),
            Self::Claims(path) => {
                let path = in_nested_brackets(path).ok_or(CannotCompare)?;
                Ok(Expression::Is(matcher::claims(&path, values)))
            }
            _ => Err(CannotCompare),
        }
    }
}

/// `envoyFilterGenerator`: `experimental.envoy.filters.a.b[c]`, and `[v]` for a list with the item `v`.
fn envoy_filter(key: &str, values: &[Name]) -> Result<Matcher, CannotCompare> {
    let key = key.strip_prefix("experimental.").unwrap_or(key);
    let (filter, field) = key.strip_suffix(']').unwrap_or(key).split_once('[').ok_or(CannotCompare)?;
    let value = matcher::any_of(values.iter().map(|value| {
        if value.starts_with('[') && value.ends_with(']') {
            Value::ListWith(Box::new(Value::Text(Text::written(value.trim_matches(['[', ']'])))))
        } else {
            Value::Text(Text::written(value))
        }
    }));
    Ok(Matcher::Metadata(Metadata { filter: filter.into(), path: vec![field.into()], value }))
}

/// `requestPrincipalGenerator`: the claims `iss` and `sub`, divided at the last slash.
fn request_principals(values: &[Name]) -> Expression {
    let one = |value: &Name| {
        let (issuer, subject) = issuer_and_subject(value);
        let claim = |name, text| Expression::Is(matcher::claim(&[name], Value::Text(text)));
        Expression::All(vec![claim("iss", issuer), claim("sub", subject)])
    };
    let mut any: Vec<Expression> = values.iter().map(one).collect();
    match (any.len(), any.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            any.extend(last);
            Expression::AnyOf(any)
        }
    }
}

fn issuer_and_subject(value: &str) -> (Text, Text) {
    let parts = value.rsplit_once('/');
    if value == "*" {
        return (Text::present(), Text::present());
    }
    match (value.strip_prefix('*'), value.strip_suffix('*'), parts) {
        (Some(_), _, Some(("*", subject))) => (Text::present(), Text::exact(subject)),
        (Some(_), _, Some((issuer, subject))) => {
            (Text::suffix(issuer.strip_prefix('*').unwrap_or(issuer)), Text::exact(subject))
        }
        (Some(subject), _, None) => (Text::present(), Text::suffix(subject)),
        (None, Some(_), Some((issuer, "*"))) => (Text::exact(issuer), Text::present()),
        (None, Some(_), Some((issuer, subject))) => {
            (Text::exact(issuer), Text::prefix(subject.strip_suffix('*').unwrap_or(subject)))
        }
        (None, Some(issuer), None) => (Text::prefix(issuer), Text::present()),
        (None, None, Some((issuer, subject))) => (Text::exact(issuer), Text::exact(subject)),
        (None, None, None) => (Text::exact(value), Text::exact("")),
    }
}

/// util.go, `extractNameInBrackets`.
fn in_brackets(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// util.go, `extractNameInNestedBrackets`: `[a][b]` is a path; what is no path is one name.
fn in_nested_brackets(text: &str) -> Option<Vec<&str>> {
    let mut claims = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.strip_prefix('[').and_then(|rest| rest.find(['[', ']']).map(|at| (rest, at)));
        match end {
            Some((inner, at)) if inner.get(at..).is_some_and(|end| end.starts_with(']')) => {
                claims.push(inner.get(..at)?);
                rest = inner.get(at + 1..)?;
            }
            _ => return in_brackets(text).map(|name| vec![name]),
        }
    }
    Some(claims)
}
