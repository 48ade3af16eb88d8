//! How a written value becomes something that Envoy compares: pilot/pkg/security/authz/matcher.

use crate::model::Name;

use super::ir::{Matcher, Metadata, Text, TextPattern, Value};

/// The filter that leaves a JWT's claims, and where (pilot/pkg/xds/filters, `EnvoyJwtFilterName`).
pub(super) const JWT_FILTER: &str = "envoy.filters.http.jwt_authn";
/// The key below which the claims are.
pub(super) const JWT_PAYLOAD: &str = "payload";

impl Text {
    pub(super) fn exact(text: &str) -> Self {
        Self { pattern: TextPattern::Exact(text.into()), ignore_case: false }
    }

    pub(super) fn prefix(text: &str) -> Self {
        Self { pattern: TextPattern::Prefix(text.into()), ignore_case: false }
    }

    pub(super) fn suffix(text: &str) -> Self {
        Self { pattern: TextPattern::Suffix(text.into()), ignore_case: false }
    }

    pub(super) fn present() -> Self {
        Self { pattern: TextPattern::Present, ignore_case: false }
    }

    /// string.go, `StringMatcher`: `*`, `*suffix`, `prefix*`, otherwise exact. Only one asterisk counts.
    pub(super) fn written(value: &str) -> Self {
        if value == "*" {
            Self::present()
        } else if let Some(suffix) = value.strip_prefix('*') {
            Self::suffix(suffix)
        } else if let Some(prefix) = value.strip_suffix('*') {
            Self::prefix(prefix)
        } else {
            Self::exact(value)
        }
    }
}

/// header.go, `HeaderMatcher`: unlike elsewhere `*` is a header that is there, also when it is empty.
pub(super) fn header(name: &str, value: &str) -> Matcher {
    Matcher::Header { name: name.into(), value: (value != "*").then(|| Text::written(value)) }
}

/// header.go, `HostMatcher`: the same, whatever the case.
pub(super) fn host(value: &str) -> Matcher {
    let text = Text { ignore_case: true, ..Text::written(value) };
    Matcher::Header { name: ":authority".into(), value: (value != "*").then_some(text) }
}

/// permission.go with template.go: a path with `{*}` or `{**}` anywhere is a template as a whole, in which `*` and
/// `**` mean the same.
pub(super) fn path(value: &str) -> Matcher {
    if value.contains("{*}") || value.contains("{**}") {
        return Matcher::PathTemplate(value.replace("{*}", "*").replace("{**}", "**").into());
    }
    Matcher::Path(Text::written(value))
}

/// Any of these texts.
pub(super) fn any_of(values: impl IntoIterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.into_iter().collect();
    match (values.len(), values.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            values.extend(last);
            Value::AnyOf(values)
        }
    }
}

/// util.go, `MetadataListValueMatcherForJWTClaims`: a claim that is a list with such an item, or such a text.
pub(super) fn claims(path: &[&str], values: &[Name]) -> Matcher {
    let value = any_of(values.iter().map(|value| Value::Text(Text::written(value))));
    claim(path, Value::AnyOf(vec![Value::ListWith(Box::new(value.clone())), value]))
}

/// A claim of a JWT.
pub(super) fn claim(path: &[&str], value: Value) -> Matcher {
    let path = std::iter::once(&JWT_PAYLOAD).chain(path).map(|key| Name::from(*key)).collect();
    Matcher::Metadata(Metadata { filter: JWT_FILTER.into(), path, value })
}
