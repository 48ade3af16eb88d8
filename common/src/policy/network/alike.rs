//! Which classes of pods need not be told apart: at one end of a hop far fewer are than in a whole mesh.

use rustc_hash::FxHashMap;

use crate::model::Namespace;

use super::PodClass;
use super::classes::{Classes, Selection};
use super::rules::Policy;

#[cfg(test)]
mod tests;

/// By class, a number that those share that the same policies select for what goes out, with the same certainty. Their
/// namespace counts where it is part of the answer.
pub(super) fn by_egress(
    policies: &[Policy<'_>],
    classes: &Classes<'_>,
    egress: &[Vec<usize>],
    unjudged: bool,
) -> Vec<u32> {
    let mut known: FxHashMap<(&[usize], bool, Option<&Namespace>), u32> = FxHashMap::default();
    let mut numbers = Vec::with_capacity(egress.len());
    for (at, selecting) in egress.iter().enumerate() {
        let class = PodClass::at(at);
        let of = classes.get(class);
        let sure =
            |policy: &usize| policies.get(*policy).is_some_and(|policy| policy.subject.sure.has(class));
        let named = unjudged || !selecting.iter().all(sure);
        let on_host = of.is_some_and(|of| of.host_network);
        let key = (selecting.as_slice(), on_host, of.filter(|_| named).map(|of| &of.namespace));
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        numbers.push(*known.entry(key).or_insert(next));
    }
    numbers
}

/// What some rules tell apart of pods: who is in which of their selections.
#[derive(Debug, Default)]
pub(in crate::policy) struct ToldApart<'a>(Vec<&'a Selection>);

impl<'a> ToldApart<'a> {
    pub(super) fn new(selections: impl Iterator<Item = &'a Selection>) -> Self {
        Self(selections.collect())
    }

    /// A number that classes share that are in the same selections; `None` where that is not certain, or where there
    /// are too many of them for a number.
    pub(in crate::policy) fn number(&self, class: PodClass) -> Option<u64> {
        let mut number = 0;
        for (bit, selection) in self.0.iter().enumerate() {
            if selection.maybe.has(class) || bit >= 64 {
                return None;
            }
            number |= u64::from(selection.sure.has(class)) << bit;
        }
        Some(number)
    }
}
