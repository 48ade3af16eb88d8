//! Rules by the caller's address where Envoy does not have it: behind the tunnel of a waypoint (`policy::envoy`, `Tunnel`).

use std::collections::BTreeSet;

use crate::codes::{Code, Evidence};
use crate::istio::{Action, AuthorizationPolicy, From, Rule, TargetKind, TargetReference, WAYPOINT_CLASS};
use crate::model::{Kind, Name, ResourceRef};
use crate::policy::{Remark, Remarks};
use crate::snapshot::Object;

use super::attachments::targets;
use super::blocks;
use super::names::path_of_rule;
use super::survey::Survey;

/// Rules of policies for waypoints that `ipBlocks` or `source.ip` keep from ever matching, or that leave nobody out whom
/// `notIpBlocks` is to leave out.
pub(super) fn at_waypoints(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for policy in survey.policies().filter(|policy| policy.spec.has_targets()) {
        let mut all = targets(policy);
        if !all.any(|target| is_of_waypoint(survey, policy, target.reference)) {
            continue;
        }
        let (nobody, everybody) = match policy.spec.action {
            Action::Allow => ("lets nobody in", "keeps nobody out by address"),
            Action::Deny => ("refuses nobody", "spares nobody by address"),
            Action::Custom => ("asks about nobody", "asks about everybody, whatever the address"),
            Action::Audit => continue,
        };
        for (at, rule) in policy.spec.rules.iter().enumerate() {
            let wanted = (fields(rule), nobody);
            let (fields, effect) = if wanted.0.is_empty() { (excluding(rule), everybody) } else { wanted };
            if !fields.is_empty() {
                let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
                let evidence = Evidence::none().with("rule", at).with("fields", fields.join(" and "));
                let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
                remarks.add(Code::BlocksAtWaypoint, path_of_rule(at), evidence.with("effect", effect));
            }
        }
    }
}

/// Services, ServiceEntries and the class have policies at waypoints only, a Gateway where it is one.
fn is_of_waypoint(
    survey: &Survey<'_>,
    policy: &Object<AuthorizationPolicy>,
    target: &TargetReference,
) -> bool {
    let name = target.name.clone().unwrap_or_default();
    match target.target_kind() {
        Some(TargetKind::Service | TargetKind::ServiceEntry) => true,
        Some(TargetKind::GatewayClass) => *name == *WAYPOINT_CLASS,
        Some(TargetKind::Gateway) => {
            let gateway = ResourceRef::new(Kind::Gateway, policy.namespace(), name);
            survey.snapshot.waypoint(&gateway).is_some_and(crate::snapshot::Waypoint::is_of_istio)
        }
        None => false,
    }
}

/// What of a rule wants the caller's address to be in some block.
fn fields(rule: &Rule) -> BTreeSet<&'static str> {
    let wants = |from: &From| from.source.as_ref().is_some_and(|source| are_blocks(&source.ip_blocks));
    let by_blocks = !rule.sources().is_empty() && rule.sources().iter().all(wants);
    let by_key = rule.when.iter().any(|when| *when.key == *"source.ip" && are_blocks(&when.values));
    let found = [(by_blocks, "ipBlocks"), (by_key, "source.ip")];
    found.into_iter().filter(|(is, _)| *is).map(|(_, field)| field).collect()
}

/// What of a rule wants the caller's address to be in no block of some: it holds for everybody.
fn excluding(rule: &Rule) -> BTreeSet<&'static str> {
    let excludes = |from: &From| from.source.as_ref().is_some_and(|source| are_blocks(&source.not_ip_blocks));
    let by_blocks = rule.sources().iter().any(excludes);
    let by_key = rule.when.iter().any(|when| *when.key == *"source.ip" && are_blocks(&when.not_values));
    let found = [(by_blocks, "notIpBlocks"), (by_key, "notValues of source.ip")];
    found.into_iter().filter(|(is, _)| *is).map(|(_, field)| field).collect()
}

/// Items that cannot be read are left out, some of them with the rule.
fn are_blocks(items: &[Name]) -> bool {
    !items.is_empty() && items.iter().all(|item| blocks::read(item).is_some())
}
