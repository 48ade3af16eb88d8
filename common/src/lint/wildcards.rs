//! Namespaces with an asterisk, which an Envoy looks for in the whole identity: some are found in every one.

use crate::codes::Code;
use crate::istio::{Action, AuthorizationPolicy};
use crate::model::{Kind, Name};
use crate::policy::envoy::IdentityMatch;
use crate::policy::{Pattern, Remark, Remarks};
use crate::snapshot::Object;

use super::names::evidence;
use super::survey::Survey;

#[cfg(test)]
mod tests;

/// Items of `namespaces` whose asterisk stands for so much that every identity matches.
pub(super) fn namespaces(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for (policy, item) in survey.items() {
        let is_namespace = matches!(item.pattern, Pattern::Namespace(_)) && &**item.value != "*";
        if is_namespace && finds_everybody(item.value) && is_read_by_envoys(survey, policy) {
            let action = match policy.spec.action {
                Action::Allow => "ALLOW",
                Action::Deny => "DENY",
                Action::Audit => "AUDIT",
                Action::Custom => "CUSTOM",
            };
            let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
            let evidence = evidence(&item).with("action", action);
            remarks.add(Code::NamespaceMatchesEverybody, item.path.clone(), evidence);
        }
    }
}

/// Whether an item finds itself in what every identity has: `/ns/`, `/sa/`. The names stand for those of anybody.
fn finds_everybody(value: &Name) -> bool {
    const ANYBODY: &str = "spiffe://\u{1}/ns/\u{1}/sa/\u{1}";
    value.contains('*') && IdentityMatch::Namespace(value.clone()).matches(ANYBODY)
}

/// By waypoints and gateways, or by an Envoy in a pod.
fn is_read_by_envoys(survey: &Survey<'_>, policy: &Object<AuthorizationPolicy>) -> bool {
    policy.spec.has_targets() || survey.planes_of(&policy.reference(Kind::AuthorizationPolicy)).envoy
}
