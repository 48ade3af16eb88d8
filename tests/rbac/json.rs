//! Filters in the JSON of Envoy's own types, as protojson writes them.

use mesh_common::policy::envoy::{
    Action, Expression, Filter, IdentityMatch, Matcher, Policy, Rbac, Rules, Shadow, Text, TextPattern,
    Value as Wanted,
};
use serde_json::{Value, json};

pub(super) fn filter_json(filter: &Filter, filter_state: bool, tcp: bool) -> Value {
    match filter {
        Filter::Rbac(rbac) => {
            let mut json = rbac_json(rbac, filter_state);
            if tcp {
                json["statPrefix"] = json!("tcp.");
            }
            json!({ "rbac": json })
        }
        Filter::ExtAuthz { provider } => json!({ "extAuthz": format!("istio-ext-authz-{provider}") }),
    }
}

fn rbac_json(rbac: &Rbac, filter_state: bool) -> Value {
    let mut json = json!({});
    for (field, rules) in [("rules", &rbac.rules), ("shadowRules", &rbac.shadow_rules)] {
        if let Some(rules) = rules {
            json[field] = rules_json(rules, filter_state);
        }
    }
    match rbac.shadow {
        Shadow::DryRun(Action::Allow) => json["shadowRulesStatPrefix"] = json!("istio_dry_run_allow_"),
        Shadow::DryRun(_) => json["shadowRulesStatPrefix"] = json!("istio_dry_run_deny_"),
        Shadow::ExtAuthz => json["shadowRulesStatPrefix"] = json!("istio_ext_authz_"),
        Shadow::None => {}
    }
    json
}

fn rules_json(rules: &Rules, filter_state: bool) -> Value {
    let mut json = json!({});
    match rules.action {
        Action::Allow => {}
        Action::Deny => json["action"] = json!("DENY"),
        Action::Log => json["action"] = json!("LOG"),
    }
    if !rules.policies.is_empty() {
        let policies =
            rules.policies.iter().map(|(name, policy)| (name.to_string(), policy_json(policy, filter_state)));
        json["policies"] = Value::Object(policies.collect());
    }
    json
}

fn policy_json(policy: &Policy, filter_state: bool) -> Value {
    let permissions: Vec<Value> =
        policy.permissions.iter().map(|one| permission_json(one, filter_state)).collect();
    let principals: Vec<Value> =
        policy.principals.iter().map(|one| principal_json(one, filter_state)).collect();
    json!({ "permissions": permissions, "principals": principals })
}

fn permission_json(permission: &Expression, filter_state: bool) -> Value {
    let all =
        |all: &[Expression]| all.iter().map(|one| permission_json(one, filter_state)).collect::<Vec<_>>();
    match permission {
        Expression::Any => json!({ "any": true }),
        Expression::All(of) => json!({ "andRules": { "rules": all(of) } }),
        Expression::AnyOf(of) => json!({ "orRules": { "rules": all(of) } }),
        Expression::Not(one) => json!({ "notRule": permission_json(one, filter_state) }),
        Expression::Is(matcher) => matcher_json(matcher, filter_state),
    }
}

fn principal_json(principal: &Expression, filter_state: bool) -> Value {
    let all =
        |all: &[Expression]| all.iter().map(|one| principal_json(one, filter_state)).collect::<Vec<_>>();
    match principal {
        Expression::Any => json!({ "any": true }),
        Expression::All(of) => json!({ "andIds": { "ids": all(of) } }),
        Expression::AnyOf(of) => json!({ "orIds": { "ids": all(of) } }),
        Expression::Not(one) => json!({ "notId": principal_json(one, filter_state) }),
        Expression::Is(matcher) => matcher_json(matcher, filter_state),
    }
}

fn matcher_json(matcher: &Matcher, filter_state: bool) -> Value {
    let block = |block: &ipnet::IpNet| json!({ "addressPrefix": block.addr().to_string(), "prefixLen": block.prefix_len() });
    match matcher {
        Matcher::DestinationIp(of) => json!({ "destinationIp": block(of) }),
        Matcher::DestinationPort(port) => json!({ "destinationPort": port }),
        Matcher::ServerName(text) => json!({ "requestedServerName": text_json(text) }),
        Matcher::Header { name, value } => header_json(name, value.as_ref()),
        Matcher::Path(text) => json!({ "urlPath": { "path": text_json(text) } }),
        Matcher::PathTemplate(template) => json!({ "uriTemplate": { "name": "uri-template", "typedConfig": {
            "@type": "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
            "pathTemplate": template,
        } } }),
        Matcher::Metadata(metadata) => {
            let path: Vec<Value> = metadata.path.iter().map(|key| json!({ "key": key })).collect();
            json!({ "metadata": { "filter": metadata.filter, "path": path, "value": value_json(&metadata.value) } })
        }
        Matcher::Identity(wanted) if filter_state => {
            json!({ "filterState": { "key": "io.istio.peer_principal", "stringMatch": identity_json(wanted) } })
        }
        Matcher::Identity(wanted) => json!({ "authenticated": { "principalName": identity_json(wanted) } }),
        Matcher::DirectRemoteIp(of) => json!({ "directRemoteIp": block(of) }),
        Matcher::RemoteIp(of) => json!({ "remoteIp": block(of) }),
    }
}

/// protojson leaves out an empty name.
fn header_json(name: &str, value: Option<&Text>) -> Value {
    let mut header = match value {
        Some(text) => json!({ "stringMatch": text_json(text) }),
        None => json!({ "presentMatch": true }),
    };
    if !name.is_empty() {
        header["name"] = json!(name);
    }
    json!({ "header": header })
}

fn value_json(value: &Wanted) -> Value {
    match value {
        Wanted::Text(text) => json!({ "stringMatch": text_json(text) }),
        Wanted::ListWith(item) => json!({ "listMatch": { "oneOf": value_json(item) } }),
        Wanted::AnyOf(all) => {
            json!({ "orMatch": { "valueMatchers": all.iter().map(value_json).collect::<Vec<_>>() } })
        }
    }
}

fn text_json(text: &Text) -> Value {
    let mut json = match &text.pattern {
        TextPattern::Exact(exact) => json!({ "exact": exact }),
        TextPattern::Prefix(prefix) => json!({ "prefix": prefix }),
        TextPattern::Suffix(suffix) => json!({ "suffix": suffix }),
        TextPattern::Present => regex(".+"),
    };
    if text.ignore_case {
        json["ignoreCase"] = json!(true);
    }
    json
}

fn regex(regex: &str) -> Value {
    json!({ "safeRegex": { "regex": regex } })
}

/// The text or expression that istiod makes of a comparison with an identity (generator.go).
pub(super) fn identity_json(wanted: &IdentityMatch) -> Value {
    match wanted {
        IdentityMatch::Any => regex(".+"),
        IdentityMatch::Principal(exact) => json!({ "exact": format!("spiffe://{exact}") }),
        IdentityMatch::PrincipalPrefix(prefix) => json!({ "prefix": format!("spiffe://{prefix}") }),
        IdentityMatch::PrincipalSuffix(suffix) => regex(&format!("spiffe://.*{}", quoted(suffix))),
        IdentityMatch::Namespace(glob) => {
            let parts: Vec<String> = glob.split('*').map(quoted).collect();
            regex(&format!(".*/ns/{}/.*", parts.join(".*")))
        }
        IdentityMatch::ServiceAccount { namespace, account } => {
            regex(&format!("spiffe://.+/ns/{}/(.+/|)sa/{}(/.+)?", quoted(namespace), quoted(account)))
        }
        IdentityMatch::TrustDomain(trust_domain) => match trust_domain.split_once('*') {
            None => json!({ "prefix": format!("spiffe://{trust_domain}/") }),
            Some(("", "")) => json!({ "prefix": "spiffe://" }),
            Some((prefix, suffix)) => {
                regex(&format!("spiffe://{}[^/]*{}/.*", quoted(prefix), quoted(suffix)))
            }
        },
    }
}

/// Go's `regexp.QuoteMeta`.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}
