//! Who may send, as far as it runs: every identity with every class of pods that run as it, and every class of pods
//! without.
//!
//! Policies of the mesh see identities, policies of the network see pods. A row of a universe is one that neither
//! divides.

use std::ops::Range;

use crate::model::{Identity, WorkloadIndex};
use crate::policy::network::{EndKind, NetworkPolicies, PodClass};
use crate::snapshot::MeshSnapshot;

use super::IdentityTable;

/// The senders of a mesh.
#[derive(Debug)]
pub struct Senders {
    table: IdentityTable,
    /// Positions of identities with classes, in order.
    pairs: Vec<(usize, PodClass)>,
    /// Where the pairs of each identity begin, and where the last ones end.
    bounds: Vec<usize>,
    /// What each class is to the network.
    classes: Vec<EndKind<'static>>,
    class_of: Vec<PodClass>,
}

impl Senders {
    /// The senders of a snapshot: `carrying` says whose traffic may carry its identity.
    #[must_use]
    pub fn new(
        snapshot: &MeshSnapshot,
        table: IdentityTable,
        network: &NetworkPolicies<'_>,
        carrying: impl Fn(WorkloadIndex) -> bool,
    ) -> Self {
        let class_of: Vec<PodClass> = snapshot.indexes().map(|index| network.class(index)).collect();
        let mut classes: Vec<EndKind<'static>> =
            (0..network.class_count()).map(|at| EndKind::Pod(PodClass::at(at))).collect();
        for index in snapshot.indexes() {
            if let Some(class) = classes.get_mut(network.class(index).position()) {
                *class = network.kind_of(index);
            }
        }
        let pair = |index: WorkloadIndex| {
            let workload = snapshot.workload(index).filter(|_| carrying(index))?;
            Some((table.position(&workload.identity)?, network.class(index)))
        };
        let mut pairs: Vec<(usize, PodClass)> = snapshot.indexes().filter_map(pair).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let begin = |identity: usize| pairs.partition_point(|(of, _)| *of < identity);
        let bounds = (0..=table.len()).map(begin).collect();
        Self { table, pairs, bounds, classes, class_of }
    }

    /// The identities.
    #[must_use]
    pub fn table(&self) -> &IdentityTable {
        &self.table
    }

    /// How many pairs of an identity and a class there are.
    pub(super) fn pair_count(&self) -> usize {
        self.pairs.len()
    }

    /// A pair by its position.
    pub(super) fn pair(&self, at: usize) -> Option<(usize, EndKind<'static>)> {
        let (identity, class) = self.pairs.get(at)?;
        Some((*identity, *self.classes.get(class.position())?))
    }

    /// The class of each pair, in their order.
    pub(super) fn pair_classes(&self) -> impl Iterator<Item = PodClass> {
        self.pairs.iter().map(|(_, class)| *class)
    }

    /// The pairs of an identity.
    pub(super) fn pairs_of(&self, identity: usize) -> Range<usize> {
        let bound = |at: usize| self.bounds.get(at).copied().unwrap_or_default();
        bound(identity)..bound(identity + 1)
    }

    /// The position of a pair.
    pub(super) fn position(&self, identity: &Identity, class: PodClass) -> Option<usize> {
        self.pairs.binary_search(&(self.table.position(identity)?, class)).ok()
    }

    /// What each class is to the network, in their order.
    pub(super) fn classes(&self) -> &[EndKind<'static>] {
        &self.classes
    }

    /// The class of a workload.
    pub(super) fn class_of(&self, workload: WorkloadIndex) -> Option<PodClass> {
        self.class_of.get(workload.0).copied()
    }
}
