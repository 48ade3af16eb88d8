//! Over which family of addresses a connection travels, where both ends have both.

use std::net::IpAddr;

use crate::model::Workload;

use super::arrival::Caller;
use super::gates::resolve::Destination;
use super::mesh::Mesh;

/// IPv4 or IPv6: a connection is of one, from end to end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    const BOTH: [Self; 2] = [Self::V4, Self::V6];

    pub(super) fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// That by which a destination is called, if it has an address.
    pub(super) fn of_destination(to: Option<&Workload>) -> Option<Self> {
        to.and_then(|to| to.addresses.first()).map(|address| Self::of(*address))
    }

    /// Whether a workload has addresses of both.
    pub(super) fn both(workload: &Workload) -> bool {
        Self::BOTH.iter().all(|family| family.has(workload))
    }

    /// Whether a workload may be reached over it: what a template makes has no addresses yet.
    pub(super) fn may_reach(self, workload: &Workload) -> bool {
        workload.addresses.is_empty() || self.has(workload)
    }

    fn has(self, workload: &Workload) -> bool {
        workload.addresses.iter().any(|address| Self::of(*address) == self)
    }

    /// Whether a caller that has both may come over either: to one destination, or to one here and another there.
    pub(super) fn differ(destinations: &[&Workload]) -> bool {
        Self::BOTH.iter().all(|family| destinations.iter().any(|to| family.may_reach(to)))
    }

    /// The families over which a caller may reach destinations, when there are two and it may matter which.
    pub(super) fn of_caller(
        mesh: &Mesh<'_>,
        caller: &Caller,
        destinations: &[Destination],
    ) -> Vec<Option<Self>> {
        let Caller::Workload(index) = caller else { return vec![None] };
        let mut reached = destinations.iter().filter_map(|of| mesh.workload(of.workload()?));
        let over_either = |to: &Workload| Self::BOTH.iter().all(|family| family.may_reach(to));
        if mesh.workload(*index).is_some_and(Self::both) && reached.any(over_either) {
            return Self::BOTH.map(Some).to_vec();
        }
        vec![None]
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}
