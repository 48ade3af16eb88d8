//! Where workloads and nodes are found: by their namespaces and addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::model::{Name, Namespace, Workload, WorkloadIndex};

use super::{Objects, services};

pub(super) fn by_namespace(workloads: &[Workload]) -> FxHashMap<Namespace, Vec<WorkloadIndex>> {
    let mut by_namespace: FxHashMap<Namespace, Vec<WorkloadIndex>> = FxHashMap::default();
    for (at, workload) in workloads.iter().enumerate() {
        by_namespace.entry(workload.identity.namespace.clone()).or_default().push(WorkloadIndex(at));
    }
    by_namespace
}

/// Pods on the node's network share its address: it is no pod's own.
pub(super) fn by_address(workloads: &[Workload]) -> services::ByAddress {
    let own = workloads.iter().enumerate().filter(|(_, workload)| !workload.host_network);
    own.flat_map(|(at, workload)| workload.addresses.iter().map(move |ip| (*ip, WorkloadIndex(at)))).collect()
}

/// The nodes by the addresses that their pods know of.
pub(super) fn by_host_address(objects: &Objects) -> FxHashMap<IpAddr, Name> {
    let mut found = FxHashMap::default();
    for pod in &objects.pods {
        let (Some(node), Some(status)) = (&pod.spec.spec.node_name, &pod.spec.status) else { continue };
        let own = status.pod_ip.iter().chain(status.pod_ips.iter().map(|of| &of.ip));
        let own = own.filter(|_| pod.spec.spec.host_network);
        let of_host = status.host_ip.iter().chain(status.host_ips.iter().map(|of| &of.ip));
        for address in own.chain(of_host).filter_map(|text| text.parse().ok()) {
            found.entry(address).or_insert_with(|| node.clone());
        }
    }
    found
}

pub(super) fn nodes(objects: &Objects) -> BTreeSet<Name> {
    let named = objects.nodes.iter().map(|node| node.meta.name.clone());
    let used = objects.pods.iter().filter_map(|pod| pod.spec.spec.node_name.clone());
    named.chain(used).collect()
}
