//! What people deployed, by the order of its names: a list of owners is made of numbers, not by comparing texts.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::{ResourceRef, WorkloadIndex};
use crate::policy::Mesh;

use super::Names;

/// The owners of all workloads.
#[derive(Debug)]
pub(in crate::report::reachability) struct Owners {
    names: Arc<[String]>,
    /// By workload, the position of its owner's name.
    of: Vec<u32>,
}

impl Owners {
    pub(in crate::report::reachability) fn new(mesh: &Mesh<'_>) -> Self {
        let workloads = &mesh.snapshot.workloads;
        let distinct: FxHashMap<&ResourceRef, String> =
            workloads.iter().map(|workload| (&workload.owner, workload.owner.to_string())).collect();
        let mut names: Vec<String> = distinct.values().cloned().collect();
        names.sort_unstable();
        names.dedup();
        let position = |owner: &ResourceRef| {
            let name = distinct.get(owner)?;
            u32::try_from(names.binary_search(name).ok()?).ok()
        };
        let of = workloads.iter().map(|workload| position(&workload.owner).unwrap_or_default()).collect();
        Self { names: names.into(), of }
    }

    /// The names of the owners of some workloads, each once and in their order.
    pub(super) fn names(&self, workloads: &[WorkloadIndex]) -> Names {
        let mut owners: Vec<u32> =
            workloads.iter().filter_map(|index| self.of.get(index.0).copied()).collect();
        owners.sort_unstable();
        owners.dedup();
        Names::of(&self.names, owners)
    }
}
