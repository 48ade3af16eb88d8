//! What an address may be that is no known pod's: what Istio's objects name, or what was not read. Such addresses
//! are not judged; whose they are is all that is said here.

use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::istio::{ServiceEntry, WorkloadEntry};
use crate::kubernetes::ServiceSpec;
use crate::model::{Kind, Name, ResourceRef};

use super::{Gap, NotRead, Object, Objects, PodObject, Unreadable, Why};

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
    /// Services by the port that every node opens for them.
    node_ports: FxHashMap<u16, ResourceRef>,
    /// Pods by the port that their node opens for them.
    host_ports: FxHashMap<(Name, u16), ResourceRef>,
    /// Whether a Service that was not read may have a port at every node.
    services_unread: Option<ResourceRef>,
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
        objects.services.iter().for_each(|service| addresses.add_service(service));
        for (service, address) in &objects.load_balancers {
            addresses.add_published(service, address);
        }
        objects.pods.iter().for_each(|pod| addresses.add_host_ports(pod));
        addresses.add_unread(&objects.not_read, unreadable);
        addresses
    }

    /// What a node takes connections for at a port; kube-proxy and the CNI plugin `portmap` forward them. Kubernetes
    /// gives Services ports between 30000 and 32767, unless it is told otherwise.
    pub(super) fn published_at(&self, node: &Name, port: Option<u16>) -> Option<ResourceRef> {
        const NODE_PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;
        let port = port?;
        let unread = self.services_unread.as_ref().filter(|_| NODE_PORTS.contains(&port));
        let of_pod = self.host_ports.get(&(node.clone(), port));
        self.node_ports.get(&port).or(of_pod).or(unread).cloned()
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

    /// A Service beside its own addresses. What is sent there goes to its pods by way of a node: not judged.
    fn add_service(&mut self, service: &Object<ServiceSpec>) {
        let reference = service.reference(Kind::Service);
        for address in &service.spec.external_ips {
            self.add_published(&reference, address);
        }
        for port in service.spec.ports.iter().filter_map(|port| port.node_port).filter(|port| *port > 0) {
            self.node_ports.entry(port).or_insert_with(|| reference.clone());
        }
    }

    fn add_published(&mut self, service: &ResourceRef, address: &str) {
        if let Ok(address) = address.parse::<IpAddr>() {
            self.single.entry(address.to_canonical()).or_insert_with(|| service.clone());
        }
    }

    fn add_host_ports(&mut self, pod: &Object<PodObject>) {
        let spec = &pod.spec.spec;
        let Some(node) = spec.node_name.as_ref().filter(|_| !spec.host_network) else { return };
        let ports = spec.containers.iter().flat_map(|container| &container.ports);
        for port in ports.filter_map(|port| port.host_port).filter(|port| *port > 0) {
            let reference = pod.reference(Kind::Pod);
            self.host_ports.entry((node.clone(), port)).or_insert(reference);
        }
    }

    /// Pods, or what is none, of which some were not read.
    fn add_unread(&mut self, lists: &[NotRead], unreadable: &[Unreadable]) {
        let entries = ["ServiceEntry", "WorkloadEntry"].map(|kind| Kind::Other(kind.into()));
        let kinds = [Kind::Pod, Kind::Service].into_iter().chain(entries);
        for kind in kinds {
            let lists: Vec<&NotRead> = lists.iter().filter(|list| list.is_of(&kind)).collect();
            let objects: Vec<&Unreadable> = unreadable.iter().filter(|object| object.is(&kind)).collect();
            let alone = kind.wire() == "ServiceEntry";
            if !lists.is_empty() || !objects.is_empty() {
                let any = ResourceRef::cluster(kind, "*");
                if any.kind == Kind::Service {
                    self.services_unread = Some(any.clone());
                }
                self.unread.get_or_insert(any);
            }
            let told = lists.iter().filter(|list| list.why != Why::NotAsked).map(|list| list.gap());
            let told = told.chain(objects.iter().map(|object| object.gap.clone()));
            self.gaps.extend(told.map(|gap| (gap, alone)));
        }
    }
}
