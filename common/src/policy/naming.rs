//! Which rules name an identity: every item of a policy that says who calls, as it is written.
//!
//! What is written is what a person looks for, so items stay that ztunnel never gets; whether it compares with one
//! is said beside it. Texts are compared as ztunnel does (src/rbac.rs, `matches_principal`), but that an item
//! with `spiffe://` counts for the identity that it means.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::istio::{AuthorizationPolicy, Condition, Source};
use crate::model::identity::SCHEME;
use crate::model::{FieldPath, Identity, Kind, Name, Namespace, ResourceRef, TrustDomain};
use crate::snapshot::Object;

use super::Mesh;
use super::compile::strings;
use super::ir::{Authorization, Provenance, Rule, Scope, ServiceAccountMatch, StringMatch};
use super::peer_set::may_match;

#[cfg(test)]
mod tests;

/// What an item is compared with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// The identity without `spiffe://`.
    Principal(StringMatch),
    /// The namespace of the identity.
    Namespace(StringMatch),
    /// Namespace and account of the identity.
    ServiceAccount(ServiceAccountMatch),
    /// The trust domain of the identity. ztunnel has no such field.
    TrustDomain(StringMatch),
}

/// An item of a policy that says who calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedItem<'a> {
    /// The position in `spec.rules`.
    pub rule: usize,
    /// The field: `spec.rules[0].from[0].source.principals[1]`.
    pub path: FieldPath,
    /// The list that it stands in: `principals`, or the key of a `when`.
    pub list: &'a str,
    /// As it is written.
    pub value: &'a Name,
    /// Whether it says who is meant, not who is not.
    pub positive: bool,
    /// What it is compared with.
    pub pattern: Pattern,
    /// Whether ztunnel has such a field: istiod drops the others.
    pub known_to_ztunnel: bool,
}

/// An item and its policy.
#[derive(Clone, Debug)]
pub struct Naming<'a> {
    /// The policy.
    pub policy: &'a Object<AuthorizationPolicy>,
    /// The item.
    pub item: NamedItem<'a>,
    /// Whether ztunnel compares callers with it: the policy, the rule and the item all get there.
    pub at_ztunnel: bool,
}

/// Every item that says who calls, policy by policy.
#[must_use]
pub fn namings<'a>(mesh: &Mesh<'a>) -> Vec<Naming<'a>> {
    let sent = sent(mesh);
    let trust_domain = mesh.snapshot.settings.mesh.trust_domain.as_str();
    let policies = mesh.snapshot.authorization_policies.iter().map(|policy| &policy.object);
    let of_policy = |policy: &'a Object<AuthorizationPolicy>| {
        let compiled = sent.get(&policy.reference(Kind::AuthorizationPolicy)).copied();
        let naming = move |item: NamedItem<'a>| {
            let at_ztunnel = compiled.is_some_and(|compiled| item.is_compared(compiled, trust_domain));
            Naming { policy, item, at_ztunnel }
        };
        items(policy).into_iter().map(naming).collect::<Vec<_>>()
    };
    policies.flat_map(of_policy).collect()
}

/// What ztunnel gets and enforces, by the object that it comes from.
fn sent<'m>(mesh: &'m Mesh<'_>) -> FxHashMap<ResourceRef, &'m Authorization> {
    let enforced = mesh.policies.authorizations().iter().filter(|policy| !policy.dry_run);
    let by_object = enforced.filter_map(|policy: &Arc<Authorization>| match &policy.provenance {
        Provenance::Resource { reference, .. } => Some((reference.clone(), &**policy)),
        Provenance::Default => None,
    });
    by_object.collect()
}

/// Every item of a policy that says who calls.
#[must_use]
pub fn items(policy: &Object<AuthorizationPolicy>) -> Vec<NamedItem<'_>> {
    let mut found = Found { namespace: policy.namespace(), items: Vec::new() };
    for (rule, written) in policy.spec.rules.iter().enumerate() {
        let path = || FieldPath::spec().field("rules").item(rule);
        for (at, from) in written.sources().iter().enumerate() {
            if let Some(source) = &from.source {
                found.source(rule, source, &path().field("from").item(at).field("source"));
            }
        }
        for (at, condition) in written.when.iter().enumerate() {
            found.condition(rule, condition, &path().field("when").item(at));
        }
    }
    found.items
}

/// How the items of a list are read.
type Reading = fn(&Name, &Namespace) -> Pattern;

const PRINCIPAL: Reading = |value, _| Pattern::Principal(strings::text(value));
const NAMESPACE: Reading = |value, _| Pattern::Namespace(strings::text(value));
const ACCOUNT: Reading = |value, own| Pattern::ServiceAccount(strings::account(value, own));
const TRUST_DOMAIN: Reading = |value, _| Pattern::TrustDomain(strings::text(value));

struct Found<'a> {
    namespace: Namespace,
    items: Vec<NamedItem<'a>>,
}

/// A list of items.
struct List<'a> {
    rule: usize,
    name: &'a str,
    positive: bool,
    reading: Reading,
    path: FieldPath,
    known_to_ztunnel: bool,
}

impl<'a> Found<'a> {
    fn source(&mut self, rule: usize, source: &'a Source, path: &FieldPath) {
        let lists: [(&'static str, &'a [Name], bool, Reading); 8] = [
            ("principals", &source.principals, true, PRINCIPAL),
            ("notPrincipals", &source.not_principals, false, PRINCIPAL),
            ("namespaces", &source.namespaces, true, NAMESPACE),
            ("notNamespaces", &source.not_namespaces, false, NAMESPACE),
            ("serviceAccounts", &source.service_accounts, true, ACCOUNT),
            ("notServiceAccounts", &source.not_service_accounts, false, ACCOUNT),
            ("trustDomains", &source.trust_domains, true, TRUST_DOMAIN),
            ("notTrustDomains", &source.not_trust_domains, false, TRUST_DOMAIN),
        ];
        for (name, values, positive, reading) in lists {
            let path = path.clone().field(name);
            let known_to_ztunnel = !name.ends_with("rustDomains");
            self.list(&List { rule, name, positive, reading, path, known_to_ztunnel }, values);
        }
    }

    /// ztunnel knows two of these keys; sidecars and waypoints all four.
    fn condition(&mut self, rule: usize, condition: &'a Condition, path: &FieldPath) {
        let (reading, known_to_ztunnel): (Reading, bool) = match &*condition.key {
            "source.principal" => (PRINCIPAL, true),
            "source.namespace" => (NAMESPACE, true),
            "source.serviceAccount" => (ACCOUNT, false),
            "source.trustDomain" => (TRUST_DOMAIN, false),
            _ => return,
        };
        let lists =
            [("values", &condition.values, true), ("notValues", &condition.not_values, false)].into_iter();
        for (field, values, positive) in lists {
            let path = path.clone().field(field);
            let name = &*condition.key;
            self.list(&List { rule, name, positive, reading, path, known_to_ztunnel }, values);
        }
    }

    fn list(&mut self, list: &List<'a>, values: &'a [Name]) {
        let items = values.iter().enumerate().map(|(at, value)| NamedItem {
            rule: list.rule,
            path: list.path.clone().item(at),
            list: list.name,
            value,
            positive: list.positive,
            pattern: (list.reading)(value, &self.namespace),
            known_to_ztunnel: list.known_to_ztunnel,
        });
        self.items.extend(items);
    }
}

impl NamedItem<'_> {
    /// Whether it is written with `spiffe://`, so that nothing equals it.
    #[must_use]
    pub fn has_scheme(&self) -> bool {
        matches!(self.pattern, Pattern::Principal(_)) && self.value.starts_with(SCHEME)
    }

    /// Whether an identity is named.
    #[must_use]
    pub fn names(&self, identity: &Identity, principal: &str) -> bool {
        match &self.pattern {
            Pattern::Principal(_) if self.has_scheme() => self.meant().matches(principal),
            Pattern::Principal(wanted) => wanted.matches(principal),
            Pattern::Namespace(wanted) => wanted.matches(identity.namespace.as_str()),
            Pattern::ServiceAccount(wanted) => {
                wanted.namespace == identity.namespace && wanted.service_account == identity.service_account
            }
            Pattern::TrustDomain(wanted) => wanted.matches(identity.trust_domain.as_str()),
        }
    }

    /// The identity that is named in full.
    #[must_use]
    pub fn identity(&self, trust_domain: &TrustDomain) -> Option<Identity> {
        let found: Identity = match &self.pattern {
            Pattern::Principal(_) => match self.meant() {
                StringMatch::Exact(principal) => format!("{SCHEME}{principal}").parse().ok()?,
                _ => return None,
            },
            Pattern::ServiceAccount(of) => {
                Identity::new(trust_domain.clone(), of.namespace.clone(), of.service_account.clone())
            }
            Pattern::Namespace(_) | Pattern::TrustDomain(_) => return None,
        };
        let names = [found.namespace.as_str(), found.service_account.as_str(), found.trust_domain.as_str()];
        names.iter().all(|name| !name.is_empty() && !name.contains(['/', '*', ':'])).then_some(found)
    }

    /// The principal without `spiffe://`.
    fn meant(&self) -> StringMatch {
        strings::text(&self.value.strip_prefix(SCHEME).unwrap_or(self.value).into())
    }

    /// Whether ztunnel compares callers with it, given what it gets of the policy.
    fn is_compared(&self, policy: &Authorization, trust_domain: &str) -> bool {
        let of_rule = policy.rules.iter().find(|rule| rule.index == Some(self.rule));
        let matches = match &self.pattern {
            Pattern::Principal(wanted) => !self.has_scheme() && may_match(wanted, trust_domain),
            _ => true,
        };
        // `selector: {}` is attached to nothing.
        let attached = policy.scope != Scope::WorkloadSelector || policy.selector.is_some();
        self.known_to_ztunnel && matches && attached && of_rule.is_some_and(Rule::may_match)
    }
}
