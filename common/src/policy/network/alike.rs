//! Which classes of pods need not be told apart: at one end of a hop far fewer are than in a whole mesh.

use rustc_hash::FxHashMap;

use crate::model::Namespace;

use super::PodClass;
use super::classes::{ClassSet, Classes, Selection};
use super::rules::Policy;

#[cfg(test)]
mod tests;

/// Who sends: classes by the policies that select them for what goes out.
#[derive(Debug)]
pub(super) struct Sending {
    /// By class, a number that those share that the same policies select for what goes out, with the same certainty.
    /// Their namespace counts where it is part of the answer.
    like: Vec<u32>,
    /// Pods that are not on the network of their node, by these numbers.
    groups: Vec<Vec<PodClass>>,
    /// Such pods that some policy isolates, and the others.
    isolated: ClassSet,
    free: ClassSet,
}

impl Sending {
    pub(super) fn new(
        policies: &[Policy<'_>],
        classes: &Classes<'_>,
        egress: &[Vec<usize>],
        unjudged: bool,
    ) -> Self {
        let like = like(policies, classes, egress, unjudged);
        let mut groups: Vec<Vec<PodClass>> = Vec::new();
        let (mut isolated, mut free) = (ClassSet::default(), ClassSet::default());
        for (at, selecting) in egress.iter().enumerate() {
            let class = PodClass::at(at);
            if classes.get(class).is_none_or(|of| of.host_network) {
                continue;
            }
            if selecting.is_empty() {
                free.insert(at);
            } else {
                isolated.insert(at);
            }
            let number = like.get(at).map_or(0, |number| *number as usize);
            if groups.len() <= number {
                groups.resize(number + 1, Vec::new());
            }
            groups.get_mut(number).into_iter().for_each(|group| group.push(class));
        }
        Self { like, groups, isolated, free }
    }

    /// A number that classes share of which the policies say the same, whatever they send and wherever.
    pub(super) fn like(&self, class: PodClass) -> Option<u32> {
        self.like.get(class.position()).copied()
    }

    /// Pods that are not on the network of their node, with those that share such a number.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Vec<PodClass>> {
        self.groups.iter().filter(|group| !group.is_empty())
    }

    /// Pods that some policy isolates, or may, for what they send.
    pub(super) fn isolated(&self) -> &ClassSet {
        &self.isolated
    }

    /// Pods of which no policy says anything for what they send.
    pub(super) fn free(&self) -> &ClassSet {
        &self.free
    }
}

fn like(policies: &[Policy<'_>], classes: &Classes<'_>, egress: &[Vec<usize>], unjudged: bool) -> Vec<u32> {
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

/// Divides pods by who is in which of these selections. Where that is not certain of one, it is in no set.
pub(super) fn divided<'a>(pods: ClassSet, selections: impl Iterator<Item = &'a Selection>) -> Vec<ClassSet> {
    let mut sets = vec![pods];
    for selection in selections {
        let mut divided = Vec::with_capacity(sets.len() + 1);
        for set in sets {
            let set = if selection.maybe.is_empty() { set } else { set.without(&selection.maybe) };
            let inside = set.clone().and(&selection.sure);
            if inside.is_empty() {
                divided.push(set);
                continue;
            }
            let outside = set.without(&inside);
            divided.push(inside);
            divided.push(outside);
        }
        divided.retain(|set| !set.is_empty());
        sets = divided;
    }
    sets
}
