//! Whether plaintext is taken: the policies that istiod makes of PeerAuthentications.
//!
//! To ztunnel they are DENY policies like any other; they are a gate of their own because a person wrote another
//! object and has to mend another object.

use crate::codes::Reason;
use crate::policy::decision::{By, Gate, GateOutcome, Judgement};
use crate::policy::fold::{self, Domain};
use crate::policy::peer_authentication::Effective;

use super::{Flow, Parts};

const GATE: Gate = Gate::PeerAuthentication;

pub(super) fn parts<D: Domain>(domain: &D, flow: &Flow<'_>) -> Parts<D::Set> {
    let mut answers = flow.applied.peer_authentication.iter().map(|effective| of(domain, effective));
    let first = answers.next().unwrap_or_else(|| vec![(domain.all(), passed())]);
    let parts = answers.fold(first, |parts, other| tied(domain, parts, &other));
    match flow.applied.unreadable_authentication.first() {
        Some(unreadable) => unless_readable(domain, parts, *unreadable),
        None => parts,
    }
}

fn passed() -> Judgement {
    Judgement::new(GATE, GateOutcome::Pass, Reason::MtlsSatisfied)
}

fn of<D: Domain>(domain: &D, effective: &Effective) -> Parts<D::Set> {
    let Some(policy) = &effective.denies else { return vec![(domain.all(), passed())] };
    let refused = fold::policy(domain, policy).into_iter();
    let refused = refused.fold(domain.none(), |all, (peers, _)| domain.or(all, &peers));
    let by = By::Mtls { object: effective.by, enforced_as: policy.key().into() };
    let mut strict = Judgement::new(GATE, GateOutcome::Block, Reason::StrictMtls).by(by.clone());
    strict.denying.push(by);
    let let_in = domain.without(domain.all(), &refused);
    vec![(refused, strict), (let_in, passed())]
}

/// Two ways in which a tie may fall: where they differ it is unknown.
fn tied<D: Domain>(domain: &D, parts: Parts<D::Set>, other: &Parts<D::Set>) -> Parts<D::Set> {
    let mut joined = Vec::new();
    for (peers, judgement) in parts {
        for (others, second) in other {
            let both = domain.and(peers.clone(), others);
            if domain.is_none(&both) {
                continue;
            }
            let said = if judgement.outcome == second.outcome || judgement.outcome == GateOutcome::Unknown {
                judgement.clone()
            } else {
                let by = judgement.by.clone().or_else(|| second.by.clone());
                Judgement { by, ..Judgement::new(GATE, GateOutcome::Unknown, Reason::PeerAuthenticationTie) }
            };
            joined.push((both, said));
        }
    }
    joined
}

/// An object that could not be read may refuse or admit plaintext; it says nothing about identities.
fn unless_readable<D: Domain>(domain: &D, parts: Parts<D::Set>, unreadable: usize) -> Parts<D::Set> {
    let unknown =
        Judgement::new(GATE, GateOutcome::Unknown, Reason::PolicyUnreadable).by(By::Unreadable(unreadable));
    let plaintext = domain.plaintext();
    let known = parts.into_iter().map(|(peers, judgement)| (domain.without(peers, &plaintext), judgement));
    let mut parts: Parts<D::Set> = known.collect();
    parts.push((plaintext, unknown));
    parts
}
