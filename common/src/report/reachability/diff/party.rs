//! Who is compared: parties that mean the same on both sides, whatever rows they stand in there.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::policy::CellLabel;

use super::side::Answers;
use super::{Way, blocks, names};

/// Somebody who calls.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::report::reachability) enum Party {
    /// What a person deployed.
    Owner(String),
    /// A caller that was asked about, as it was typed.
    Source(String),
    /// Identities that nothing runs as.
    Others(CellLabel),
    /// Identities of other trust domains.
    Foreign,
    /// No identity, in the cluster, from these addresses.
    NoIdentity(Vec<IpNet>),
    /// No identity, no address of the cluster, from these addresses.
    Outside(Vec<IpNet>),
}

/// Everybody whom either side knows.
pub(super) fn all<'a>(old: Option<&Answers<'_, 'a>>, new: Option<&Answers<'_, 'a>>) -> BTreeSet<Party> {
    let sides: Vec<&Answers<'_, 'a>> = old.into_iter().chain(new).collect();
    let mut all = BTreeSet::new();
    for side in &sides {
        all.extend(side.owners.keys().cloned().map(Party::Owner));
        all.extend(side.sources.keys().cloned().map(Party::Source));
    }
    let labels = |side: Option<&Answers<'_, '_>>| side.map(|of| of.labels.clone()).unwrap_or_default();
    let labels = names::common(&labels(old), &labels(new));
    if !labels.is_empty() {
        all.insert(Party::Foreign);
    }
    all.extend(labels.into_iter().map(Party::Others));
    let plain = |side: &Answers<'_, '_>| side.blocks(&side.no_identity);
    let outside = |side: &Answers<'_, '_>| side.blocks(&side.outside);
    all.extend(in_common(&sides, plain).into_iter().map(Party::NoIdentity));
    all.extend(in_common(&sides, outside).into_iter().map(Party::Outside));
    all
}

/// The blocks that both sides tell apart; of one side, its own.
fn in_common<'a, 'b>(
    sides: &[&Answers<'a, 'b>],
    of: impl Fn(&Answers<'a, 'b>) -> Vec<Vec<IpNet>>,
) -> Vec<Vec<IpNet>> {
    match *sides {
        [old, new] => {
            let (old, new) = (of(old), of(new));
            old.iter().flat_map(|a| new.iter().filter_map(|b| blocks::common(a, b))).collect()
        }
        [only] => of(only),
        _ => Vec::new(),
    }
}

/// Leaves out other identities that fare as the rest of them.
pub(super) fn without_repetition(mut ways: Vec<Way>) -> Vec<Way> {
    let is_rest = |way: &&Way| matches!(&way.party, Party::Others(label) if label.is_rest());
    let rest = ways.iter().filter(is_rest);
    let rest: Vec<_> = rest.map(|way| (way.port.clone(), way.before.clone(), way.after.clone())).collect();
    ways.retain(|way| {
        let is_other = matches!(way.party, Party::Others(_) | Party::Foreign) && !is_rest(&way);
        let same = |(port, before, after): &(_, _, _)| {
            *port == way.port && *before == way.before && *after == way.after
        };
        !is_other || !rest.iter().any(same)
    });
    ways
}
