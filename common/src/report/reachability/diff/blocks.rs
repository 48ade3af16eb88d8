//! Blocks of addresses that two lists have in common. No blocks at all are all addresses.

use ipnet::IpNet;

/// What is in both; `None` when nothing is.
pub(super) fn common(a: &[IpNet], b: &[IpNet]) -> Option<Vec<IpNet>> {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => return Some(b.to_vec()),
        (_, true) => return Some(a.to_vec()),
        _ => {}
    }
    // Of two blocks one is in the other, or they have nothing in common.
    let both = a.iter().flat_map(|a| b.iter().filter_map(move |b| inner(*a, *b)));
    let mut both: Vec<IpNet> = both.collect();
    both.sort();
    both.dedup();
    (!both.is_empty()).then_some(both)
}

fn inner(a: IpNet, b: IpNet) -> Option<IpNet> {
    if a.contains(&b) { Some(b) } else { b.contains(&a).then_some(a) }
}

/// Whether all of the first is in the second.
pub(super) fn is_within(inner: &[IpNet], outer: &[IpNet]) -> bool {
    outer.is_empty() || !inner.is_empty() && inner.iter().all(|net| outer.iter().any(|of| of.contains(net)))
}
