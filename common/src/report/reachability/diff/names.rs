//! Identities that stand for a group of other identities, so that two readings can be asked about the same.
//!
//! Policies divide other identities by names, prefixes and suffixes, and other policies divide them otherwise. What
//! two descriptions have in common is described by the longer prefix and the longer suffix of either; an identity
//! with these around a sign that no name holds is in that group and in none that is described more closely.

use std::collections::BTreeSet;

use crate::model::{Identity, TrustDomain};
use crate::policy::CellLabel;

/// No name of a namespace, an account or a trust domain holds it, so no policy means it.
const NOBODY: &str = "\u{1}";

/// Beyond so many pairs of descriptions those of each side are asked as they are.
const MOST_PAIRS: usize = 4_096;

/// What both sides tell apart.
pub(super) fn common(old: &[CellLabel], new: &[CellLabel]) -> BTreeSet<CellLabel> {
    let own = || old.iter().chain(new).cloned();
    if old.len().saturating_mul(new.len()) > MOST_PAIRS {
        return own().collect();
    }
    let pairs = old.iter().flat_map(|a| new.iter().filter_map(move |b| both(a, b)));
    if old.is_empty() || new.is_empty() { own().collect() } else { pairs.collect() }
}

fn both(a: &CellLabel, b: &CellLabel) -> Option<CellLabel> {
    Some(CellLabel { namespace: name(&a.namespace, &b.namespace)?, account: name(&a.account, &b.account)? })
}

/// What two patterns have in common. A `*` stands for any text; there is one at most.
fn name(a: &str, b: &str) -> Option<String> {
    match (a.split_once('*'), b.split_once('*')) {
        (None, None) => (a == b).then(|| a.to_owned()),
        (None, Some((prefix, suffix))) => fits(a, prefix, suffix).then(|| a.to_owned()),
        (Some((prefix, suffix)), None) => fits(b, prefix, suffix).then(|| b.to_owned()),
        (Some((prefix_a, suffix_a)), Some((prefix_b, suffix_b))) => {
            let prefix = longer(prefix_a, prefix_b, |long, short| long.starts_with(short))?;
            let suffix = longer(suffix_a, suffix_b, |long, short| long.ends_with(short))?;
            Some(format!("{prefix}*{suffix}"))
        }
    }
}

fn fits(name: &str, prefix: &str, suffix: &str) -> bool {
    name.starts_with(prefix) && name.ends_with(suffix)
}

/// The longer of two parts, when it holds the other.
fn longer<'a>(a: &'a str, b: &'a str, holds: fn(&str, &str) -> bool) -> Option<&'a str> {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    holds(long, short).then_some(long)
}

/// One of a group.
pub(super) fn example(label: &CellLabel, trust_domain: &TrustDomain) -> Identity {
    let name = |pattern: &str| pattern.replacen('*', NOBODY, 1);
    Identity::new(trust_domain.clone(), name(&label.namespace).as_str(), name(&label.account).as_str())
}

/// One of another trust domain.
pub(super) fn foreign() -> Identity {
    Identity::new(NOBODY, NOBODY, NOBODY)
}
