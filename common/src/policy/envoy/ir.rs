//! The filters in Envoy's terms: envoy/config/rbac/v3/rbac.proto, as far as istiod uses it.
//!
//! A policy matches when any of its permissions and any of its principals hold. Permissions and principals are
//! expressions of the same shape; only what they compare differs.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::{Name, Namespace};

mod comparisons;

pub use comparisons::{Matcher, Metadata, Text, TextPattern, Value};

/// The kind of chain that filters are built for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Chain {
    /// Requests.
    Http,
    /// Connections.
    Tcp,
    /// The tunnel into a waypoint: rules for TCP in a filter for HTTP, without CUSTOM
    /// (pilot/pkg/networking/core/listener_waypoint.go, `buildHCMConnectTerminateChain`).
    Tunnel,
}

impl Chain {
    /// Whether what only requests have cannot be compared.
    #[must_use]
    pub fn is_tcp(self) -> bool {
        self != Self::Http
    }
}

/// The filters of a chain, in the order in which Envoy runs them: CUSTOM, then (behind the one for JWTs) AUDIT, DENY,
/// ALLOW.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filters {
    /// Of CUSTOM policies.
    pub custom: Vec<Filter>,
    /// Of all others.
    pub local: Vec<Filter>,
    /// What is written and not compared: on a chain for TCP, or because it is none of what it should be.
    pub dropped: Vec<Dropped>,
    /// What Envoy would not take. It then keeps the configuration that it had, which is not known.
    pub refused: Vec<Refused>,
}

impl Filters {
    /// Whether nothing was compiled: everything gets in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.custom.is_empty() && self.local.is_empty()
    }

    /// Everything that is compared, also by what is only noted.
    pub fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        let rbac = self.custom.iter().chain(&self.local).filter_map(|filter| match filter {
            Filter::Rbac(rbac) => Some(rbac),
            Filter::ExtAuthz { .. } => None,
        });
        let rules = rbac.flat_map(|rbac| rbac.rules.iter().chain(&rbac.shadow_rules));
        let policies = rules.flat_map(|rules| rules.policies.values());
        let expressions = policies.flat_map(|policy| policy.permissions.iter().chain(&policy.principals));
        expressions.flat_map(Expression::matchers)
    }
}

/// Something that is written and not compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Dropped {
    /// The rule.
    pub rule: RuleName,
    /// What happens to what it matches.
    pub action: Action,
    /// The attribute, in the words of policies.
    pub key: Name,
    /// The value, where it is that: all of them otherwise.
    pub value: Option<Name>,
    /// Whether the whole rule went with it.
    pub with_rule: bool,
}

/// A rule that makes a configuration that Envoy does not take.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Refused {
    /// The rule.
    pub rule: RuleName,
    /// What is wrong with it, as written.
    pub value: Name,
}

/// One filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Filter {
    /// Rules.
    Rbac(Rbac),
    /// Asks an external authorizer about what the filter before marked.
    ExtAuthz {
        /// Its name among MeshConfig's `extensionProviders`.
        provider: Name,
    },
}

/// A filter with rules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rbac {
    /// What is enforced.
    pub rules: Option<Rules>,
    /// What is only noted.
    pub shadow_rules: Option<Rules>,
    /// What the note is for.
    pub shadow: Shadow,
}

/// What shadow rules are noted for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shadow {
    /// Nothing.
    None,
    /// A dry run.
    DryRun(Action),
    /// The external authorizer that comes next.
    ExtAuthz,
}

/// Rules of one action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// What happens to what they match.
    pub action: Action,
    /// The rules. Envoy goes by the order of their names, as text.
    pub policies: BTreeMap<RuleName, Policy>,
    /// The policies they were compiled from, also those of which no rule is left.
    pub compiled_from: Vec<PolicyName>,
}

/// An AuthorizationPolicy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PolicyName {
    /// Its namespace.
    pub namespace: Namespace,
    /// Its name.
    pub name: Name,
}

/// What happens to what a rule matches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// It gets in, and nothing else does.
    Allow,
    /// It is refused.
    Deny,
    /// It is marked for an audit log.
    Log,
}

/// The name under which Envoy has a rule.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RuleName {
    /// The policy's namespace.
    pub namespace: Namespace,
    /// The policy's name.
    pub policy: Name,
    /// The position in `spec.rules`; 0 also of a policy without rules.
    pub rule: usize,
    /// Of a CUSTOM policy: its provider.
    pub provider: Option<Name>,
    /// Whether it denies because its provider cannot be asked.
    pub bad_custom: bool,
}

impl RuleName {
    /// The policy.
    #[must_use]
    pub fn policy_name(&self) -> PolicyName {
        PolicyName { namespace: self.namespace.clone(), name: self.policy.clone() }
    }
}

impl fmt::Display for RuleName {
    /// pilot/pkg/security/authz/builder/builder.go, `policyName`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.provider.as_deref() {
            None => {}
            Some("") => f.write_str("istio-ext-authz-")?,
            Some(provider) => write!(f, "istio-ext-authz-{provider}-")?,
        }
        write!(f, "ns[{}]-policy[{}]-rule[{}]", self.namespace, self.policy, self.rule)?;
        f.write_str(if self.bad_custom { "-deny-due-to-bad-CUSTOM-action" } else { "" })
    }
}

impl Ord for RuleName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for RuleName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A rule: any permission and any principal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// What is asked for.
    pub permissions: Vec<Expression>,
    /// Who asks, and what the request says of itself.
    pub principals: Vec<Expression>,
}

/// A permission or a principal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expression {
    /// Always.
    Any,
    /// All of these; there is one at least.
    All(Vec<Expression>),
    /// Any of these.
    AnyOf(Vec<Expression>),
    /// The opposite.
    Not(Box<Expression>),
    /// What is compared.
    Is(Matcher),
}

impl Expression {
    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Everything that is compared.
    pub fn matchers(&self) -> Box<dyn Iterator<Item = &Matcher> + '_> {
        match self {
            Self::Any => Box::new(std::iter::empty()),
            Self::All(all) | Self::AnyOf(all) => Box::new(all.iter().flat_map(Self::matchers)),
            Self::Not(one) => one.matchers(),
            Self::Is(matcher) => Box::new(std::iter::once(matcher)),
        }
    }
}
