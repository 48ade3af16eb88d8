//! What an address may be that is no known pod's: what Istio's objects name, or what was not read. Such addresses
//! are not judged; whose they are is all that is said here.

use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::istio::{ServiceEntry, WorkloadEntry};
use crate::model::{Kind, ResourceRef};

use super::{Gap, NotRead, Object, Objects, Unreadable, Why};

#[cfg(test)]
mod tests;

/// Of which istiod allocates addresses (pilot/pkg/features/pilot.go, `IPAutoallocateIPv4Prefix` and
/// `IPAutoallocateIPv6Prefix`).
const ALLOCATED: [&str; 2] = ["240.240.0.0/16", "2001:2::/48"];

/// Addresses of what is no pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    single: FxHashMap<IpAddr, ResourceRef>,
    blocks: Vec<(IpNet, ResourceRef)>,
    /// What may have any address: a name of a host stands in its place.
    any: Option<ResourceRef>,
    /// What may have any address, because it was not read.
    unread: Option<ResourceRef>,
    /// What tells of that, and whether it can change nothing else.
    gaps: FxHashMap<Gap, bool>,
}

impl Addresses {
    pub(super) fn new(objects: &Objects, unreadable: &[Unreadable]) -> Self {
        let mut addresses = Self::default();
        objects.workload_entries.iter().for_each(|entry| addresses.add_machine(entry));
        objects.service_entries.iter().for_each(|entry| addresses.add_hosts(entry));
        addresses.add_unread(&objects.not_read, unreadable);
        addresses
    }

    /// What has an address, or may have it.
    pub(super) fn entry_at(&self, address: IpAddr) -> Option<ResourceRef> {
        let block = || self.blocks.iter().find(|(block, _)| block.contains(&address)).map(|(_, of)| of);
        let found = self.single.get(&address).or_else(block);
        found.or(self.any.as_ref()).or(self.unread.as_ref()).cloned()
    }

    /// Whether a gap is why an address may be anyone's.
    pub(super) fn hang_on(&self, gap: &Gap) -> bool {
        self.gaps.contains_key(gap)
    }

    /// Whether a gap can change nothing else: workloads of its namespace are judged without ServiceEntries.
    pub(super) fn alone_hang_on(&self, gap: &Gap) -> bool {
        self.gaps.get(gap).is_some_and(|alone| *alone)
    }

    fn add_machine(&mut self, entry: &Object<WorkloadEntry>) {
        let reference = entry.reference(Kind::Other("WorkloadEntry".into()));
        match entry.spec.address.as_ref().map(|text| text.parse::<IpAddr>()) {
            Some(Ok(address)) => {
                self.single.entry(address.to_canonical()).or_insert(reference);
            }
            Some(Err(_)) | None => {
                self.any.get_or_insert(reference);
            }
        }
    }

    /// A host's name has no address that anybody looks up.
    fn add_hosts(&mut self, entry: &Object<ServiceEntry>) {
        let reference = entry.reference(Kind::Other("ServiceEntry".into()));
        let allocated = if entry.spec.awaits_addresses() { ALLOCATED.as_slice() } else { &[] };
        for text in entry.spec.addresses().chain(allocated.iter().copied()) {
            if let Ok(address) = text.parse::<IpAddr>() {
                self.single.entry(address.to_canonical()).or_insert_with(|| reference.clone());
            } else if let Ok(block) = text.parse::<IpNet>() {
                self.blocks.push((block, reference.clone()));
            }
        }
    }

    /// Pods, or what is none, of which some were not read.
    fn add_unread(&mut self, lists: &[NotRead], unreadable: &[Unreadable]) {
        let kinds = [Kind::Pod, Kind::Other("ServiceEntry".into()), Kind::Other("WorkloadEntry".into())];
        for kind in kinds {
            let lists: Vec<&NotRead> = lists.iter().filter(|list| list.is_of(&kind)).collect();
            let objects: Vec<&Unreadable> = unreadable.iter().filter(|object| object.is(&kind)).collect();
            let alone = kind.wire() == "ServiceEntry";
            if !lists.is_empty() || !objects.is_empty() {
                self.unread.get_or_insert(ResourceRef::cluster(kind, "*"));
            }
            let told = lists.iter().filter(|list| list.why != Why::NotAsked).map(|list| list.gap());
            let told = told.chain(objects.iter().map(|object| object.gap.clone()));
            self.gaps.extend(told.map(|gap| (gap, alone)));
        }
    }
}
