//! Who may call, grouped so that one answer serves a group: by identity, by how their traffic leaves, by what
//! policies of the network see of them.

use rustc_hash::FxHashMap;

use crate::model::{DataPlane, Name, Serving, Workload, WorkloadIndex};

use super::mesh::Mesh;
use super::network::PodClass;

/// How the traffic of a group leaves.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Leaves {
    /// Through ztunnel, with its identity where the destination takes it.
    Captured,
    /// Not at all, as far as is known: redirected, and no ztunnel serves it.
    Stopped(Serving),
    /// Through an Envoy, or perhaps not with an identity at all.
    Doubtful,
    /// As it is.
    Plain,
    /// As it is, from the network of a node.
    Node(Name),
}

/// Workloads for which one answer holds, addresses aside.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) leaves: Leaves,
    /// What policies of the network see of them.
    pub(super) class: PodClass,
    pub(super) members: Vec<WorkloadIndex>,
}

/// Everyone who may call.
#[derive(Debug)]
pub struct Callers {
    /// By the position of the identity in the table.
    pub(super) by_identity: Vec<Vec<Group>>,
    /// Those without a data plane.
    pub(super) plain: Vec<Group>,
}

impl Callers {
    /// Every identity that arrives, by its position in the table, with what runs as it.
    pub fn arriving(&self) -> impl Iterator<Item = (usize, Vec<WorkloadIndex>)> {
        let arrives = |(_, groups): &(usize, &Vec<Group>)| !groups.is_empty();
        let members = |groups: &[Group]| groups.iter().flat_map(|group| group.members.clone()).collect();
        self.by_identity.iter().enumerate().filter(arrives).map(move |(row, groups)| (row, members(groups)))
    }

    /// Groups the workloads of a mesh.
    #[must_use]
    pub fn new(mesh: &Mesh<'_>) -> Self {
        let mut by_identity: Vec<Vec<Group>> = vec![Vec::new(); mesh.identities().len()];
        let mut plain: FxHashMap<(Leaves, PodClass), Vec<WorkloadIndex>> = FxHashMap::default();
        for index in mesh.snapshot.indexes() {
            let Some(workload) = mesh.workload(index) else { continue };
            let leaves = leaves(workload);
            let class = mesh.network.class(index);
            let of_identity =
                mesh.identities().position(&workload.identity).and_then(|at| by_identity.get_mut(at));
            match (leaves, of_identity) {
                (leaves @ (Leaves::Captured | Leaves::Stopped(_) | Leaves::Doubtful), Some(groups)) => {
                    add(groups, leaves, class, index);
                }
                (leaves, _) => plain.entry((leaves, class)).or_default().push(index),
            }
        }
        let group = |((leaves, class), members)| Group { leaves, class, members };
        let mut plain: Vec<Group> = plain.into_iter().map(group).collect();
        plain.sort_by(|a, b| (&a.leaves, a.class).cmp(&(&b.leaves, b.class)));
        Self { by_identity, plain }
    }
}

fn add(groups: &mut Vec<Group>, leaves: Leaves, class: PodClass, index: WorkloadIndex) {
    match groups.iter_mut().find(|group| group.leaves == leaves && group.class == class) {
        Some(group) => group.members.push(index),
        None => groups.push(Group { leaves, class, members: vec![index] }),
    }
}

fn leaves(workload: &Workload) -> Leaves {
    match workload.capture.data_plane {
        DataPlane::Ambient => match workload.capture.serving {
            Serving::Served if workload.is_unclear() => Leaves::Doubtful,
            Serving::Served => Leaves::Captured,
            stopped => Leaves::Stopped(stopped),
        },
        DataPlane::Sidecar => Leaves::Doubtful,
        DataPlane::None => match &workload.node {
            Some(node) if workload.host_network => Leaves::Node(node.clone()),
            _ => Leaves::Plain,
        },
    }
}
