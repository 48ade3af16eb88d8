//! ServiceEntry, `networking.istio.io`: hosts that are no Service of the cluster. Nothing judges one yet; it is read so
//! that what is sent to its addresses is not judged without it.

use super::LabelsSelector;
use crate::model::Name;
use crate::wire::wire;

wire! {
    /// A ServiceEntry, as far as it says which addresses are meant.
    #[derive(Clone, Debug)]
    pub struct ServiceEntry {
        /// What was asked for.
        pub spec: ServiceEntrySpec = "spec",
        /// What became of it; empty in one that a person wrote.
        pub status: ServiceEntryStatus = "status",
    }
}

wire! {
    /// `spec` of a ServiceEntry.
    #[derive(Clone, Debug)]
    pub struct ServiceEntrySpec {
        /// Its addresses, or blocks of them.
        pub addresses: Vec<Name> = "addresses",
        /// What stands behind it.
        pub endpoints: Vec<ServiceEntryEndpoint> = "endpoints",
        /// How its endpoints are found; `NONE` where the client knows their address.
        pub resolution: Option<Name> = "resolution",
        /// The hosts that it is about.
        pub hosts: Vec<Name> = "hosts",
        /// The pods behind it, in place of endpoints.
        pub workload_selector: Option<LabelsSelector> = "workloadSelector",
    }
}

wire! {
    /// Something behind a ServiceEntry, which is a workload as a WorkloadEntry is.
    #[derive(Clone, Debug)]
    pub struct ServiceEntryEndpoint {
        /// Its address, or a host's name.
        pub address: Option<Name> = "address",
    }
}

wire! {
    /// `status` of a ServiceEntry.
    #[derive(Clone, Debug)]
    pub struct ServiceEntryStatus {
        /// The addresses that istiod allocated.
        pub addresses: Vec<AllocatedAddress> = "addresses",
    }
}

wire! {
    /// An address that istiod allocated for a host of a ServiceEntry.
    #[derive(Clone, Debug)]
    pub struct AllocatedAddress {
        /// The address.
        pub value: Name = "value",
    }
}

impl ServiceEntry {
    /// The addresses and blocks that are written anywhere in it, hosts' names among them.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let endpoints = self.spec.endpoints.iter().filter_map(|endpoint| endpoint.address.as_deref());
        let allocated = self.status.addresses.iter().map(|address| &*address.value);
        self.spec.addresses.iter().map(|address| &**address).chain(endpoints).chain(allocated)
    }

    /// Whether istiod allocates addresses for it and has not said which (pilot/pkg/controllers/ipallocate).
    #[must_use]
    pub fn awaits_addresses(&self) -> bool {
        self.spec.addresses.is_empty()
            && self.status.addresses.is_empty()
            && self.spec.resolution.as_deref().is_some_and(|resolution| resolution != "NONE")
    }
}
