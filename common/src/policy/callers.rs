//! Who may call, grouped so that one answer serves a group: by identity, by how their traffic leaves, by what
//! policies of the network see of them.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::model::{DataPlane, Name, Serving, Workload, WorkloadIndex};

use super::arrival::address_towards;
use super::family::Family;
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
    /// Who sends without an identity: those without a data plane, and where nothing takes identities, everyone.
    without_identity: [Crowd; 2],
    /// By workload, its address towards IPv4, towards IPv6, and towards what has none.
    addresses: [Vec<Option<IpAddr>>; 3],
}

/// Who sends without an identity.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// Pods whose traffic leaves as it is, in their order, with their classes.
    pub(super) ordinary: Vec<(WorkloadIndex, PodClass)>,
    /// All others.
    pub(super) others: Vec<Group>,
}

impl Crowd {
    fn new<'a>(groups: impl Iterator<Item = &'a Group>) -> Self {
        let mut crowd = Self::default();
        for group in groups {
            match group.leaves {
                Leaves::Plain | Leaves::Captured => {
                    crowd.ordinary.extend(group.members.iter().map(|member| (*member, group.class)));
                }
                Leaves::Stopped(_) | Leaves::Doubtful | Leaves::Node(_) => crowd.others.push(group.clone()),
            }
        }
        crowd.ordinary.sort_unstable();
        crowd
    }
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
        let crowds = [Crowd::new(plain.iter()), Crowd::new(plain.iter().chain(by_identity.iter().flatten()))];
        let towards = |family| mesh.snapshot.workloads.iter().map(|w| address_towards(w, family)).collect();
        let addresses = [Some(Family::V4), Some(Family::V6), None].map(towards);
        Self { by_identity, without_identity: crowds, addresses }
    }

    /// The address that a workload has towards a destination.
    pub(super) fn address(&self, index: WorkloadIndex, to: Option<&Workload>) -> Option<IpAddr> {
        let [v4, v6, none] = &self.addresses;
        let towards = match Family::of_destination(to) {
            Some(Family::V4) => v4,
            Some(Family::V6) => v6,
            None => none,
        };
        towards.get(index.0).copied().flatten()
    }

    /// Who sends without an identity to what takes identities, or to what does not.
    pub(super) fn without_identity(&self, takes_identities: bool) -> &Crowd {
        let [plain, everyone] = &self.without_identity;
        if takes_identities { plain } else { everyone }
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
