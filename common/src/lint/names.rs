//! Texts that nobody's name can equal, whatever there is in the mesh.

use crate::codes::{Code, Evidence};
use crate::model::{FieldPath, Kind};
use crate::policy::ir::{ServiceAccountMatch, StringMatch};
use crate::policy::{NamedItem, Pattern, Remark, Remarks, may_match};

use super::survey::Survey;

/// Principals that are no identity of any trust domain, and wildcards of another.
pub(super) fn principals(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let trust_domain = survey.snapshot.settings.mesh.trust_domain.as_str();
    for (policy, item) in survey.items() {
        let Pattern::Principal(wanted) = &item.pattern else { continue };
        let remarked = item.has_scheme() || is_remarked_as_foreign(item.value, trust_domain);
        if remarked || item.value.is_empty() || may_match(wanted, trust_domain) {
            continue;
        }
        let code = match is_foreign(wanted) {
            true => Code::ForeignPrincipal,
            false => Code::PrincipalMatchesNobody,
        };
        let evidence = evidence(&item).with("trust_domain", trust_domain);
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        remarks.add(code, item.path.clone(), evidence);
    }
}

/// What `policy` remarks on when it converts the item.
fn is_remarked_as_foreign(value: &str, trust_domain: &str) -> bool {
    let own = value.split_once("/ns/").map(|(of, _)| of);
    own.is_some_and(|of| !of.contains('*') && of != trust_domain)
}

/// Whether it may be an identity of some other trust domain.
fn is_foreign(wanted: &StringMatch) -> bool {
    match wanted {
        StringMatch::Exact(text) => {
            let of = text.split('/').next().unwrap_or_default();
            !of.is_empty() && may_match(wanted, of)
        }
        StringMatch::Prefix(text) => match text.split_once('/') {
            Some((of, _)) => !of.is_empty() && may_match(wanted, of),
            None => true,
        },
        StringMatch::Suffix(text) => text.rsplit_once("/ns/").is_some_and(|(of, _)| may_match(wanted, of)),
        StringMatch::Presence => false,
    }
}

/// Namespaces and accounts with signs that no name of Kubernetes has: slashes, capitals, `spiffe://`.
pub(super) fn namespaces_and_accounts(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for (policy, item) in survey.items() {
        // Asterisks inside are remarked on where they are converted; the API server refuses them in accounts.
        let expected = match &item.pattern {
            Pattern::Namespace(wanted) if !is_name_of_a_namespace(wanted) => "a namespace",
            Pattern::ServiceAccount(of) if !is_name_of_an_account(of) => "ACCOUNT or NAMESPACE/ACCOUNT",
            _ => continue,
        };
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        remarks.add(Code::NameMatchesNobody, item.path.clone(), evidence(&item).with("expected", expected));
    }
}

fn is_name_of_a_namespace(wanted: &StringMatch) -> bool {
    match wanted {
        StringMatch::Exact(text) | StringMatch::Prefix(text) | StringMatch::Suffix(text) => {
            text.contains('*') || text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'))
        }
        StringMatch::Presence => true,
    }
}

fn is_name_of_an_account(of: &ServiceAccountMatch) -> bool {
    let (namespace, account) = (of.namespace.as_str(), of.service_account.as_str());
    let is_name = |text: &str| text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '.' | '*'));
    is_name(namespace) && is_name(account)
}

/// The item, and the list that it stands in.
pub(super) fn evidence(item: &NamedItem<'_>) -> Evidence {
    Evidence::none().with("rule", item.rule).with("value", item.value).with("field", item.list)
}

/// The place of a rule.
pub(super) fn path_of_rule(rule: usize) -> FieldPath {
    FieldPath::spec().field("rules").item(rule)
}
