//! What Envoy compares: texts, headers, paths, metadata, identities, addresses.

use std::fmt;

use ipnet::IpNet;

use crate::model::Name;
use crate::policy::envoy::identity::IdentityMatch;

/// One comparison.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Matcher {
    /// The destination's address.
    DestinationIp(IpNet),
    /// The destination's port.
    DestinationPort(u16),
    /// The server name that TLS asked for.
    ServerName(Text),
    /// A header, `:method` and `:authority` among them; without a text, that it is there.
    Header {
        /// Its name as written.
        name: Name,
        /// Its value.
        value: Option<Text>,
    },
    /// The path without query.
    Path(Text),
    /// The path without query, by a template of Envoy's: `*` is a segment, `**` is any number of them.
    PathTemplate(Name),
    /// What a filter found out, for example the claims of a JWT.
    Metadata(Metadata),
    /// The identity of the peer's certificate.
    Identity(IdentityMatch),
    /// The address of the TCP peer.
    DirectRemoteIp(IpNet),
    /// The address of the original client: the TCP peer's, or what trusted proxies say.
    RemoteIp(IpNet),
}

/// Metadata that a filter set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Metadata {
    /// The filter.
    pub filter: Name,
    /// The keys that lead to the value.
    pub path: Vec<Name>,
    /// What the value is compared with.
    pub value: Value,
}

/// A value of metadata is compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Value {
    /// It is such a text.
    Text(Text),
    /// It is a list with such an item.
    ListWith(Box<Value>),
    /// Any of these.
    AnyOf(Vec<Value>),
}

/// A text is compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Text {
    /// With what.
    pub pattern: TextPattern,
    /// Whether upper and lower case are the same.
    pub ignore_case: bool,
}

/// What a text is compared with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TextPattern {
    /// Equal.
    Exact(Name),
    /// Begins with.
    Prefix(Name),
    /// Ends with.
    Suffix(Name),
    /// Not empty.
    Present,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            TextPattern::Exact(exact) => f.write_str(exact),
            TextPattern::Prefix(prefix) => write!(f, "{prefix}*"),
            TextPattern::Suffix(suffix) => write!(f, "*{suffix}"),
            TextPattern::Present => f.write_str("*"),
        }
    }
}

impl Text {
    /// Envoy's `StringMatcher`: source/common/common/matchers.h, `StringMatcherImpl`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let fold = |text: &str| if self.ignore_case { text.to_ascii_lowercase() } else { text.to_owned() };
        match &self.pattern {
            TextPattern::Exact(exact) => fold(exact) == fold(text),
            TextPattern::Prefix(prefix) => fold(text).starts_with(&fold(prefix)),
            TextPattern::Suffix(suffix) => fold(text).ends_with(&fold(suffix)),
            TextPattern::Present => !text.is_empty(),
        }
    }
}

impl fmt::Display for Matcher {
    /// The values with which it holds, as policies write them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DestinationIp(block) | Self::DirectRemoteIp(block) | Self::RemoteIp(block) => {
                write!(f, "{block}")
            }
            Self::DestinationPort(port) => write!(f, "{port}"),
            Self::Header { value: None, .. } => f.write_str("*"),
            Self::ServerName(text) | Self::Path(text) | Self::Header { value: Some(text), .. } => {
                write!(f, "{text}")
            }
            // `{*}` and `{**}`, as Istio writes them.
            Self::PathTemplate(template) => {
                let segments = template.split('/').map(|segment| match segment {
                    "*" => "{*}",
                    "**" => "{**}",
                    other => other,
                });
                f.write_str(&segments.collect::<Vec<_>>().join("/"))
            }
            Self::Metadata(metadata) => write!(f, "{}", metadata.value),
            Self::Identity(wanted) => write!(f, "{wanted}"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text}"),
            Self::ListWith(item) => write!(f, "{item}"),
            Self::AnyOf(all) => {
                let mut shown: Vec<String> = all.iter().map(ToString::to_string).collect();
                shown.dedup();
                f.write_str(&shown.join(", "))
            }
        }
    }
}
