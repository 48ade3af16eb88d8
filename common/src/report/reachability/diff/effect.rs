//! Which way an answer went.

use ipnet::IpNet;

use crate::policy::{Condition, Verdict};

use super::answer::Meaning;
use super::{Effect, Gain, is_closed};

/// Whether two answers differ. A caller that is not there gets as little as one that is denied.
pub(super) fn differ(before: Option<&Meaning>, after: Option<&Meaning>) -> bool {
    before != after && !(is_closed(before) && is_closed(after))
}

/// What became of a way.
pub(super) fn gain(before: Option<&Meaning>, after: Option<&Meaning>) -> Gain {
    let is_open = |meaning: Option<&Meaning>| meaning.is_some_and(|of| of.verdict == Verdict::Allowed);
    match (is_open(before), is_open(after)) {
        (false, true) if is_closed(before) => Gain::Gained,
        (true, false) if is_closed(after) => Gain::Lost,
        _ => Gain::Changed,
    }
}

/// Which way it went.
pub(super) fn effect(before: Option<&Meaning>, after: Option<&Meaning>) -> Effect {
    let verdict = |meaning: Option<&Meaning>| meaning.map_or(Verdict::Denied, |meaning| meaning.verdict);
    let conditions = |meaning: Option<&Meaning>| meaning.map(|of| of.conditions.clone()).unwrap_or_default();
    match (verdict(before), verdict(after)) {
        (Verdict::Unknown, _) | (_, Verdict::Unknown) => Effect::Unclear,
        (Verdict::Conditional, Verdict::Conditional) => of_values(&conditions(before), &conditions(after)),
        // From what lets everybody in to what lets nobody in.
        (before, after) if after < before => Effect::Widened,
        _ => Effect::Narrowed,
    }
}

/// Conditions on the same attributes can be compared by their values.
fn of_values(before: &[Condition], after: &[Condition]) -> Effect {
    let within = |these: &[Condition], those: &[Condition]| {
        these.len() == those.len()
            && these.iter().all(|this| {
                let same = those.iter().find(|that| that.attribute == this.attribute);
                same.is_some_and(|that| this.values.iter().all(|value| covers(&that.values, value)))
            })
    };
    match (within(before, after), within(after, before)) {
        (true, false) => Effect::Widened,
        (false, true) => Effect::Narrowed,
        _ => Effect::Unclear,
    }
}

/// Whether a value, or a block of addresses around it, is among some.
fn covers(values: &[String], wanted: &str) -> bool {
    let net = |text: &str| text.parse::<IpNet>().ok();
    values.iter().any(|value| {
        value == wanted || net(value).zip(net(wanted)).is_some_and(|(outer, inner)| outer.contains(&inner))
    })
}
