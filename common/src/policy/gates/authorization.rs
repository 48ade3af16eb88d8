//! What the policies say at ztunnel: src/state.rs, `assert_rbac`.
//!
//! Any DENY that matches refuses; without ALLOW policies everything else gets in; otherwise what one of them
//! matches. An ALLOW policy that can never match still counts as one; a dry-run policy does not.

use std::sync::Arc;

use crate::codes::Reason;
use crate::policy::decision::{By, Gate, GateOutcome, Judgement};
use crate::policy::fold::{self, Domain};
use crate::policy::ir::{Action, Authorization, PolicyIndex, RuleRef};

use super::{Flow, Parts};

const GATE: Gate = Gate::Authorization;

pub(super) fn parts<D: Domain>(domain: &D, flow: &Flow<'_>) -> Parts<D::Set> {
    let enforced =
        flow.applied.policies.iter().filter_map(|index| Some((*index, flow.mesh.policies.get(*index)?)));
    let enforced: Vec<Entry<'_>> = enforced.filter(|(_, policy)| !policy.dry_run).collect();
    let of = |action| enforced.iter().copied().filter(move |(_, policy)| policy.action == action);
    let mut parts = Vec::new();
    let Some(denied) = denied(domain, of(Action::Deny)) else {
        return vec![(domain.all(), Judgement::new(GATE, GateOutcome::Unknown, Reason::TooManyGroups))];
    };
    for (peers, denying) in denied {
        let allowed = allowed(domain, &peers, of(Action::Allow));
        if denying.is_empty() {
            parts.extend(allowed);
            continue;
        }
        // Whom no ALLOW lets in either has more than the DENY to mend.
        let mut by_deny_alone = domain.none();
        for (peers, judgement) in allowed {
            if judgement.candidates.is_empty() {
                by_deny_alone = domain.or(by_deny_alone, &peers);
            } else {
                let denied = Judgement { candidates: judgement.candidates, ..explicit_deny(denying.clone()) };
                parts.push((peers, denied));
            }
        }
        if !domain.is_none(&by_deny_alone) {
            parts.push((by_deny_alone, explicit_deny(denying)));
        }
    }
    if let Some(unreadable) = flow.applied.unreadable.first() {
        for (_, judgement) in
            parts.iter_mut().filter(|(_, judgement)| judgement.reason != Reason::ExplicitDeny)
        {
            // It may be a DENY that matches, or an ALLOW that does, or that makes the others count.
            let unknown = Judgement::new(GATE, GateOutcome::Unknown, Reason::PolicyUnreadable);
            *judgement = unknown.by(By::Unreadable(*unreadable));
        }
    }
    parts
}

type Entry<'a> = (PolicyIndex, &'a Arc<Authorization>);

/// Divides everyone by all the DENY policies that match them; `None` when that are too many parts.
fn denied<'a, D: Domain>(
    domain: &D,
    policies: impl Iterator<Item = Entry<'a>>,
) -> Option<Vec<(D::Set, Vec<RuleRef>)>> {
    let mut cells = vec![(domain.all(), Vec::new())];
    for (index, policy) in policies {
        let hits = fold::policy(domain, policy);
        if hits.is_empty() {
            continue;
        }
        let mut divided = Vec::with_capacity(cells.len() + hits.len());
        for (peers, denying) in cells {
            let mut rest: D::Set = peers.clone();
            for (matched, rule) in &hits {
                let both = domain.and(peers.clone(), matched);
                if !domain.is_none(&both) {
                    rest = domain.without(rest, &both);
                    let more = RuleRef { policy: index, rule: *rule };
                    divided.push((both, denying.iter().cloned().chain([more]).collect()));
                }
            }
            if !domain.is_none(&rest) {
                divided.push((rest, denying));
            }
        }
        cells = divided;
        if domain.exceeds(cells.len()) {
            return None;
        }
    }
    Some(cells)
}

fn explicit_deny(denying: Vec<RuleRef>) -> Judgement {
    let judgement = Judgement::new(GATE, GateOutcome::Block, Reason::ExplicitDeny);
    let denying: Vec<By> = denying.into_iter().map(By::Rule).collect();
    Judgement { by: denying.first().cloned(), denying, ..judgement }
}

/// Divides those whom no DENY matches by the ALLOW policy that lets them in.
fn allowed<'a, D: Domain>(
    domain: &D,
    peers: &D::Set,
    policies: impl Iterator<Item = Entry<'a>>,
) -> Parts<D::Set> {
    let mut rest = peers.clone();
    let mut parts = Vec::new();
    let mut candidates = Vec::new();
    for (index, policy) in policies {
        candidates.push(By::Rule(RuleRef { policy: index, rule: None }));
        if domain.is_none(&rest) {
            continue;
        }
        for (matched, rule) in fold::policy(domain, policy) {
            let both = domain.and(matched, &rest);
            if !domain.is_none(&both) {
                rest = domain.without(rest, &both);
                let judgement = Judgement::new(GATE, GateOutcome::Pass, Reason::AllowMatched);
                parts.push((both, judgement.by(By::Rule(RuleRef { policy: index, rule }))));
            }
        }
    }
    if domain.is_none(&rest) {
        return parts;
    }
    let judgement = if candidates.is_empty() {
        Judgement::new(GATE, GateOutcome::Pass, Reason::NoPolicy)
    } else {
        Judgement { candidates, ..Judgement::new(GATE, GateOutcome::Block, Reason::NoAllowMatched) }
    };
    parts.push((rest, judgement));
    parts
}
