//! The filters of a chain: pilot/pkg/security/authz/builder/builder.go, `build`, `buildHTTP`, `buildTCP`.

use std::collections::BTreeMap;

use crate::istio::AuthorizationPolicy;
use crate::model::Name;
use crate::snapshot::{Object, asks_for_dry_run};

use super::ir::{
    Action, Chain, Dropped, Expression, Filter, Filters, Matcher, Metadata, Policy, PolicyName, Rbac,
    Refused, RuleName, Rules, Shadow,
};
use super::rule::{self, Target};
use super::select::Selected;
use super::trust_domains::TrustDomains;

mod refused;
#[cfg(test)]
mod tests;

/// What filters depend on besides policies.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// MeshConfig's `trustDomain` and `trustDomainAliases`.
    pub trust_domains: TrustDomains,
    /// MeshConfig's `extensionProviders` that are external authorizers, by name.
    pub providers: BTreeMap<Name, Provider>,
    /// istiod's `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`.
    pub multiple_providers: bool,
}

/// An external authorizer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Provider {
    /// `envoyExtAuthzHttp`: only requests can be asked about.
    Http,
    /// `envoyExtAuthzGrpc`.
    Grpc,
    /// One that istiod cannot use: its name, port, service or another field is wrong
    /// (builder/extauthz.go, `processExtensionProvider`).
    Unusable,
}

/// The filters of one chain, of the policies that were selected.
#[must_use]
pub fn compile(mesh: &Mesh, chain: Chain, selected: &Selected<'_>) -> Filters {
    let mut filters = Filters::default();
    let mut compiler = Compiler { mesh, chain, dropped: Vec::new() };
    if chain != Chain::Tunnel {
        filters.custom = compiler.custom(&selected.custom);
    }
    let by_action =
        [(Action::Log, &selected.audit), (Action::Deny, &selected.deny), (Action::Allow, &selected.allow)];
    let local = by_action.into_iter().filter(|(_, policies)| !policies.is_empty());
    filters.local = local.map(|(action, policies)| Filter::Rbac(compiler.local(action, policies))).collect();
    filters.dropped = compiler.dropped;
    filters.refused = refused::refused(filters.custom.iter().chain(&filters.local));
    filters
}

type Written = Object<AuthorizationPolicy>;

struct Compiler<'a> {
    mesh: &'a Mesh,
    chain: Chain,
    dropped: Vec<Dropped>,
}

impl Compiler<'_> {
    /// AUDIT, DENY, ALLOW: what is dry run goes into the shadow. An ALLOW filter without rules lets nothing in.
    fn local(&mut self, action: Action, policies: &[&Written]) -> Rbac {
        let (dry_run, enforced) = by_dry_run(policies);
        let mut rules = |of: Vec<&Written>| (!of.is_empty()).then(|| self.rules(action, &of, None));
        let (rules, shadow_rules) = (rules(enforced), rules(dry_run));
        // shadowRuleStatPrefix: AUDIT has none; where nothing is noted it is that of ALLOW.
        let shadow = match (&shadow_rules, action) {
            (None, _) => Shadow::DryRun(Action::Allow),
            (Some(_), Action::Log) => Shadow::None,
            (Some(_), action) => Shadow::DryRun(action),
        };
        Rbac { rules, shadow_rules, shadow }
    }

    /// CUSTOM: for each provider a filter that marks what its policies match and one that asks about that; or, where
    /// it cannot be asked, one that denies it.
    fn custom(&mut self, policies: &[&Written]) -> Vec<Filter> {
        let mut by_provider: BTreeMap<&Name, Vec<&Written>> = BTreeMap::new();
        for policy in policies {
            by_provider.entry(&policy.spec.provider.name).or_default().push(policy);
        }
        let too_many = by_provider.len() > 1 && !self.mesh.multiple_providers;
        let mut filters = Vec::new();
        for (name, policies) in by_provider {
            let usable = self.mesh.providers.get(name).filter(|_| !too_many);
            let (dry_run, enforced) = by_dry_run(&policies);
            match usable {
                Some(Provider::Http) if self.chain == Chain::Tcp => {}
                Some(Provider::Http | Provider::Grpc) => {
                    // The dry run is put where Envoy enforces it: it denies what it matches.
                    let dry_run = self.rules(Action::Deny, &dry_run, Some(name));
                    filters.push(Filter::Rbac(Rbac {
                        rules: (!dry_run.policies.is_empty()).then_some(dry_run),
                        shadow_rules: Some(self.rules(Action::Deny, &enforced, Some(name))),
                        shadow: Shadow::ExtAuthz,
                    }));
                    filters.push(Filter::ExtAuthz { provider: name.clone() });
                }
                Some(Provider::Unusable) | None => {
                    let rules = self.rules(Action::Deny, &enforced, Some(name));
                    filters.push(Filter::Rbac(bad_custom(rules)));
                }
            }
        }
        filters
    }

    fn rules(&mut self, action: Action, policies: &[&Written], provider: Option<&Name>) -> Rules {
        let mut rules = Rules { action, policies: BTreeMap::new(), compiled_from: Vec::new() };
        for policy in policies {
            let (namespace, name) = (policy.namespace(), policy.meta.name.clone());
            let allows = action == Action::Allow;
            let target = Target::new(&namespace, &self.mesh.trust_domains, self.chain.is_tcp(), allows);
            let rule_name = |rule| RuleName {
                namespace: namespace.clone(),
                policy: name.clone(),
                rule,
                provider: provider.cloned(),
                bad_custom: false,
            };
            for (at, written) in policy.spec.rules.iter().enumerate() {
                let mut dropped = Vec::new();
                let made = rule::policy(&target, written, &mut dropped);
                self.dropped.extend(dropped.into_iter().map(|rule::Dropped { key, value }| Dropped {
                    rule: rule_name(at),
                    action,
                    key,
                    value,
                    with_rule: made.is_none(),
                }));
                rules.policies.extend(made.map(|policy| (rule_name(at), policy)));
            }
            if policy.spec.rules.is_empty() {
                rules.policies.insert(rule_name(0), match_never());
            }
            rules.compiled_from.push(PolicyName { namespace, name });
        }
        rules
    }
}

fn by_dry_run<'a>(policies: &[&'a Written]) -> (Vec<&'a Written>, Vec<&'a Written>) {
    policies.iter().copied().partition(|policy| asks_for_dry_run(&policy.meta))
}

/// `getBadCustomDenyRules`: what would have been asked about is denied; a dry run is not.
fn bad_custom(mut rules: Rules) -> Rbac {
    let policies = std::mem::take(&mut rules.policies).into_iter();
    let renamed = policies.map(|(name, policy)| (RuleName { bad_custom: true, ..name }, policy));
    let rules = Rules { policies: renamed.collect(), ..rules };
    Rbac { rules: Some(rules), shadow_rules: None, shadow: Shadow::None }
}

/// `rbacPolicyMatchNever`.
fn match_never() -> Policy {
    let never = || vec![Expression::Any.negated()];
    Policy { permissions: never(), principals: never() }
}
