//! The file of `--check`: what is expected of connections, read strictly.

use std::collections::BTreeMap;

use crate::model::{Name, PortRef};
use crate::policy::Verdict;
use crate::policy::envoy::{Mistyped, Request, Token, check_method, check_path};
use crate::report::API_VERSION;
use crate::snapshot::Locator;
use crate::wire::wire;
use crate::yaml::{self, Node, Value};

#[cfg(test)]
mod tests;

/// What is expected.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectations(pub Vec<Expectation>);

/// What is expected of some connections.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// Its name.
    pub name: Option<String>,
    /// Every pair of `from` and `to`, in their order.
    pub pairs: Vec<PairOf>,
    /// The port.
    pub port: Option<PortRef>,
    /// What is known of the request.
    pub request: Request,
    /// What should come out; nothing is a question only.
    pub expect: Option<Verdict>,
    /// Where it stands, from 1.
    pub line: usize,
}

/// Who calls and who is called, as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PairOf {
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
}

/// A file that is not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ExpectationError {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// One line.
    pub message: String,
}

impl From<yaml::Error> for ExpectationError {
    fn from(error: yaml::Error) -> Self {
        Self { line: error.line, column: error.column, message: error.message }
    }
}

wire! {
    /// An expectation as written.
    struct Written {
        /// Who calls.
        pub from: OneOrMore = "from",
        /// Who is called.
        pub to: OneOrMore = "to",
        /// The port.
        pub port: Option<PortRef> = "port",
        /// What is spoken.
        pub protocol: Option<Protocol> = "protocol",
        /// The HTTP method.
        pub method: Option<Name> = "method",
        /// The path.
        pub path: Option<Name> = "path",
        /// The host.
        pub host: Option<Name> = "host",
        /// Headers.
        pub headers: BTreeMap<Name, Name> = "headers",
        /// The name in the TLS handshake.
        pub sni: Option<Name> = "sni",
        /// Claims of a JWT.
        pub jwt_claims: BTreeMap<Name, serde_json::Value> = "jwtClaims",
        /// What should come out.
        pub expect: Option<Expected> = "expect",
        /// A name.
        pub name: Option<String> = "name",
    }
    unknown
}

/// What is spoken. ztunnel does not look at it; an Envoy does where no Service says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Tcp,
    Http,
    Https,
    Tls,
    Grpc,
}

/// A verdict as written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Allowed,
    Denied,
    Conditional,
    Unknown,
}

/// A name, or several.
#[derive(Default)]
struct OneOrMore(Vec<String>);

impl<'de> serde::Deserialize<'de> for OneOrMore {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> serde::de::Visitor<'de> for Names {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name or a list of names")
            }

            fn visit_str<E>(self, name: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![name.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMore, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(OneOrMore(names))
            }
        }
        deserializer.deserialize_any(Names)
    }
}

impl Expectations {
    /// Reads a file.
    ///
    /// # Errors
    /// The first place that is no YAML, names an unknown field, kind or verdict, or leaves out what is needed.
    pub fn parse(text: &str) -> Result<Self, ExpectationError> {
        let node = yaml::parse(text)?;
        let wrong =
            |at: &Node, message: String| ExpectationError { line: at.line, column: at.column, message };
        let Value::Map(fields) = &node.value else {
            return Err(wrong(&node, "expected a map with apiVersion, kind and expectations".to_owned()));
        };
        for (key, value) in fields {
            let message = match (key.text.as_str(), value.as_text()) {
                ("apiVersion", Some(API_VERSION)) | ("kind", Some("ReachabilityExpectations")) => continue,
                ("expectations", _) => continue,
                ("apiVersion", _) => format!("expected apiVersion `{API_VERSION}`"),
                ("kind", _) => "expected kind `ReachabilityExpectations`".to_owned(),
                (other, _) => format!("unknown field `{other}`"),
            };
            return Err(ExpectationError { line: key.line, column: key.column, message });
        }
        for required in ["apiVersion", "kind"] {
            if node.get(required).is_none() {
                return Err(wrong(&node, format!("missing field `{required}`")));
            }
        }
        match node.get("expectations").map(|list| (list, &list.value)) {
            Some((_, Value::List(items))) => {
                items.iter().map(Expectation::read).collect::<Result<_, _>>().map(Self)
            }
            Some((other, _)) => Err(wrong(other, "expected a list of expectations".to_owned())),
            None => Err(wrong(&node, "missing field `expectations`".to_owned())),
        }
    }
}

impl Written {
    /// Refuses a method or a path that no policy sees.
    fn check_request(&self) -> Result<(), String> {
        let said = |field, of: Mistyped| format!("`{field}`: {}; {}", of.message, of.hint);
        self.method.as_deref().map_or(Ok(()), check_method).map_err(|of| said("method", of))?;
        self.path.as_deref().map_or(Ok(()), check_path).map_err(|of| said("path", of))
    }

    /// What is known of the request. What TLS hides is no request to anybody on the way.
    fn request(&self) -> Request {
        let mut request = Request {
            is_http: self.protocol.map(|protocol| matches!(protocol, Protocol::Http | Protocol::Grpc)),
            method: self.method.clone().into(),
            path: self.path.clone().into(),
            host: self.host.clone().into(),
            server_name: self.sni.clone().into(),
            ..Request::default()
        };
        for (name, value) in &self.headers {
            request.add_header(name, value);
        }
        if !self.jwt_claims.is_empty() {
            let claims = self.jwt_claims.iter().map(|(name, value)| (name.to_string(), value.clone()));
            request.token = Token::Claims { claims: claims.collect(), complete: false };
        }
        request
    }
}

impl Expectation {
    fn read(node: &Node) -> Result<Self, ExpectationError> {
        let written: Written = node.decode()?;
        let wrong = |message: String| ExpectationError { line: node.line, column: node.column, message };
        if let Some(unknown) = written.unknown.first() {
            let place =
                node.entry(unknown).map_or((node.line, node.column), |(key, _)| (key.line, key.column));
            let message = format!("unknown field `{unknown}`");
            return Err(ExpectationError { line: place.0, column: place.1, message });
        }
        written.check_request().map_err(wrong)?;
        for (field, names) in [("from", &written.from), ("to", &written.to)] {
            if names.0.is_empty() {
                return Err(wrong(format!("missing field `{field}`")));
            }
        }
        for name in written.from.0.iter().chain(&written.to.0) {
            name.parse::<Locator>().map_err(|error| wrong(error.to_string()))?;
        }
        let has_port = |name: &&String| name.parse::<Locator>().is_ok_and(|locator| locator.port.is_some());
        if let Some(name) = written.from.0.iter().find(has_port) {
            return Err(wrong(format!("`{name}` names a port, but who calls has none")));
        }
        if let Some(name) = written.to.0.iter().find(has_port).filter(|_| written.port.is_some()) {
            return Err(wrong(format!("`{name}` names a port, and so does `port`")));
        }
        let pair = |from: &String, to: &String| PairOf { from: from.clone(), to: to.clone() };
        let pairs = written.from.0.iter().flat_map(|from| written.to.0.iter().map(move |to| pair(from, to)));
        Ok(Self {
            pairs: pairs.collect(),
            port: written.port.clone(),
            expect: written.expect.map(|expected| match expected {
                Expected::Allowed => Verdict::Allowed,
                Expected::Denied => Verdict::Denied,
                Expected::Conditional => Verdict::Conditional,
                Expected::Unknown => Verdict::Unknown,
            }),
            request: written.request(),
            name: written.name.clone(),
            line: node.line,
        })
    }
}
