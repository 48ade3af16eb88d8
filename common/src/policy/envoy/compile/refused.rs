//! What Envoy's own validation of a configuration refuses, and istiod's conversion lets through: empty keys, and path
//! templates that are none. Admission refuses most of it first.
//!
//! envoy/config/rbac/v3, envoy/type/matcher/v3 and envoy/config/route/v3 (the rules of protoc-gen-validate);
//! source/extensions/path/uri_template_lib/uri_template_internal.cc, `parsePathPatternSyntax`.

use crate::model::Name;
use crate::policy::envoy::matcher::{JWT_FILTER, JWT_PAYLOAD};

use super::{Expression, Filter, Matcher, Metadata, Policy, Refused, RuleName};

/// The rules because of which the filters are not taken.
pub(super) fn refused<'a>(filters: impl Iterator<Item = &'a Filter>) -> Vec<Refused> {
    let mut refused = Vec::new();
    for filter in filters {
        let Filter::Rbac(rbac) = filter else { continue };
        for rules in [&rbac.rules, &rbac.shadow_rules].into_iter().flatten() {
            refused.extend(rules.policies.iter().flat_map(|(name, policy)| of_rule(name, policy)));
        }
    }
    refused.sort();
    refused.dedup();
    refused
}

fn of_rule<'a>(name: &'a RuleName, policy: &'a Policy) -> impl Iterator<Item = Refused> + 'a {
    let matchers = policy.permissions.iter().chain(&policy.principals).flat_map(Expression::matchers);
    matchers.filter_map(of_matcher).map(|value| Refused { rule: name.clone(), value })
}

fn of_matcher(matcher: &Matcher) -> Option<Name> {
    match matcher {
        // HeaderMatcher.name: min_len 1.
        Matcher::Header { name, .. } => {
            (name.is_empty() || name.contains(['\0', '\r', '\n'])).then(|| "request.headers[]".into())
        }
        Matcher::Metadata(metadata) => of_metadata(metadata),
        Matcher::PathTemplate(template) => (!is_template(template)).then(|| template.clone()),
        _ => None,
    }
}

/// MetadataMatcher.PathSegment.key: min_len 1.
fn of_metadata(metadata: &Metadata) -> Option<Name> {
    let nameless = || metadata.path.iter().any(|key| key.is_empty());
    let of_jwt =
        &*metadata.filter == JWT_FILTER && metadata.path.first().is_some_and(|k| &**k == JWT_PAYLOAD);
    let shown = if of_jwt { "request.auth.claims[]".into() } else { format!("{}[]", metadata.filter).into() };
    nameless().then_some(shown)
}

/// A `/`, then segments: `*`, `**`, or characters that a segment may have. After `**` there is no other operator. What
/// follows an operator without a slash must be the end. (A variable, `{name}`, is possible in Envoy; what istiod lets
/// through of braces is taken for a mistake.)
fn is_template(template: &str) -> bool {
    let Some(mut rest) = template.strip_prefix('/') else { return false };
    let mut text_glob = false;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("**").or_else(|| rest.strip_prefix('*')) {
            if text_glob {
                return false;
            }
            text_glob = rest.starts_with("**");
            rest = behind;
        } else {
            let end = rest.find('/').unwrap_or(rest.len());
            let (literal, behind) = rest.split_at(end);
            if !is_literal(literal) {
                return false;
            }
            rest = behind;
        }
        match rest.strip_prefix('/') {
            Some(next) => rest = next,
            None => return rest.is_empty() || is_literal(rest),
        }
    }
    true
}

fn is_literal(text: &str) -> bool {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()+,;:@".contains(c);
    !text.is_empty() && text.chars().all(is_valid)
}
