//! Several possible answers into one: the same, dependent on what tells them apart, or unknown.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::codes::Reason;

use super::decision::{By, Cell, Condition, Decision, GateOutcome, Judgement, Verdict};
use super::fold::Domain;
use super::gates::{blocked, too_many};

#[cfg(test)]
mod tests;

/// What tells possible answers apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// In the words of policies.
    pub name: &'static str,
    /// The reason of an answer that depends on it.
    pub reason: Reason,
}

/// The caller's address.
pub(super) const SOURCE_IP: Attribute = Attribute { name: "source.ip", reason: Reason::AddressDecides };
/// The address of the pod that takes the connection.
pub(super) const DESTINATION_IP: Attribute =
    Attribute { name: "destination.ip", reason: Reason::AddressDecides };
/// The pod that takes the connection.
pub(super) const DESTINATION: Attribute =
    Attribute { name: "destination.workload", reason: Reason::DestinationDecides };

/// The waypoint that takes the connection, of two.
pub(super) const WAYPOINT: Attribute = Attribute { name: "waypoint", reason: Reason::WaypointDecides };

/// One answer out of several: if they come down to the same, the first; if one is unknown, that one; otherwise
/// a conditional one, with the values of the attribute for which it is allowed.
#[must_use]
pub fn combine(attribute: Attribute, answers: &[(Vec<String>, Decision)]) -> Decision {
    // Nobody calls, or nothing is called: there is no answer.
    let Some((_, first)) = answers.first() else { return blocked(Reason::NotFound, true) };
    let of = |verdict: Verdict| answers.iter().find(|(_, decision)| decision.verdict() == verdict);
    let comes_down_to_first = |decision: &Decision| {
        decision.verdict() == first.verdict() && decision.conditions == first.conditions
    };
    if answers.iter().all(|(_, decision)| comes_down_to_first(decision)) {
        return with_all_evidence(first, answers);
    }
    if let Some((_, unknown)) = of(Verdict::Unknown) {
        return unknown.clone();
    }
    let Some((_, passing)) = of(Verdict::Conditional).or_else(|| of(Verdict::Allowed)) else {
        return first.clone();
    };
    let mut decision = passing.clone();
    if let Some((_, denied)) = of(Verdict::Denied) {
        for blocked in denied.gates.iter().filter(|gate| gate.outcome == GateOutcome::Block) {
            let outcome = GateOutcome::Conditional;
            let depends = Judgement { outcome, reason: attribute.reason, ..blocked.clone() };
            decision.change(blocked, |gate| *gate = depends);
        }
    }
    decision.conditions = conditions(attribute, answers);
    decision
}

/// The first of answers that come down to the same, with what denies or would not let in by any of them.
fn with_all_evidence(first: &Decision, answers: &[(Vec<String>, Decision)]) -> Decision {
    let mut decision = first.clone();
    for (_, other) in answers.iter().skip(1) {
        let says_more = |gate: &&Judgement| !gate.denying.is_empty() || !gate.candidates.is_empty();
        for other in other.gates.iter().filter(says_more) {
            decision.change(other, |gate| {
                add_new(&mut gate.denying, &other.denying);
                add_new(&mut gate.candidates, &other.candidates);
            });
        }
    }
    decision
}

fn add_new(known: &mut Vec<By>, others: &[By]) {
    let new: Vec<By> = others.iter().filter(|by| !known.contains(by)).cloned().collect();
    known.extend(new);
}

/// The values of the attribute with which some answer lets in; and what those answers depend on themselves, with
/// their values where they are the same for all: which of them go with which is not said.
fn conditions(attribute: Attribute, answers: &[(Vec<String>, Decision)]) -> Vec<Condition> {
    let passing = || answers.iter().filter(|(_, decision)| decision.verdict() != Verdict::Denied);
    let mut by_attribute: BTreeMap<Cow<'static, str>, Vec<String>> = BTreeMap::new();
    for (values, decision) in passing() {
        let said = decision.conditions.iter().find(|condition| condition.attribute == attribute.name);
        // What an answer itself says of the attribute is more exact.
        let values = said.map_or(values, |condition| &condition.values);
        let known = by_attribute.entry(attribute.name.into()).or_default();
        let new: Vec<String> = values.iter().filter(|value| !known.contains(value)).cloned().collect();
        known.extend(new);
    }
    let own = passing().flat_map(|(_, decision)| &decision.conditions);
    for condition in own.filter(|condition| condition.attribute != attribute.name) {
        let same = passing().all(|(_, decision)| decision.conditions.contains(condition));
        by_attribute
            .insert(condition.attribute.clone(), if same { condition.values.clone() } else { Vec::new() });
    }
    let condition = |(attribute, mut values): (Cow<'static, str>, Vec<String>)| {
        // The order in which workloads were asked says nothing, so that equal conditions are equal values.
        if attribute.ends_with(".workload") {
            values.sort_unstable();
        }
        Condition { attribute, values }
    };
    by_attribute.into_iter().map(condition).collect()
}

/// What holds in the worlds of some values.
type World<T> = (Vec<String>, T);

/// Cells of several possible worlds into cells of one.
pub(super) fn join<D: Domain>(
    domain: &D,
    attribute: Attribute,
    worlds: Vec<World<Vec<Cell<D::Set>>>>,
) -> Vec<Cell<D::Set>> {
    let more = worlds.len() > 1;
    let mut worlds = worlds.into_iter();
    let Some((values, cells)) = worlds.next() else { return Vec::new() };
    if !more {
        return merge(domain, cells);
    }
    let start = |cell: Cell<D::Set>| (cell.peers, vec![(values.clone(), cell.decision)]);
    let mut joined: Vec<(D::Set, Vec<World<Decision>>)> = cells.into_iter().map(start).collect();
    for (values, cells) in worlds {
        let mut next = Vec::with_capacity(joined.len());
        for (peers, answers) in &joined {
            for cell in &cells {
                let both = domain.and(peers.clone(), &cell.peers);
                if domain.is_none(&both) {
                    continue;
                }
                let mut answers = answers.clone();
                match answers.iter_mut().find(|(_, decision)| *decision == cell.decision) {
                    Some((known, _)) => known.extend(values.iter().cloned()),
                    None => answers.push((values.clone(), cell.decision.clone())),
                }
                next.push((both, answers));
            }
        }
        joined = next;
        if domain.exceeds(joined.len()) {
            return too_many(domain);
        }
    }
    let cell = |(peers, answers): (D::Set, Vec<World<Decision>>)| Cell {
        peers,
        decision: combine(attribute, &answers),
    };
    merge(domain, joined.into_iter().map(cell).collect())
}

/// Cells with the same answer become one.
pub(super) fn merge<D: Domain>(domain: &D, cells: Vec<Cell<D::Set>>) -> Vec<Cell<D::Set>> {
    let mut merged: Vec<Cell<D::Set>> = Vec::with_capacity(cells.len());
    for cell in cells {
        match merged.iter_mut().find(|known| known.decision == cell.decision) {
            Some(known) => known.peers = domain.or(known.peers.clone(), &cell.peers),
            None => merged.push(cell),
        }
    }
    merged
}
