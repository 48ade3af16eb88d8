//! WorkloadEntry, `networking.istio.io`: a machine that is no pod. Nothing judges one yet; it is read so that what
//! it may change is not judged without it.

use crate::model::{Labels, Name};
use crate::wire::wire;

wire! {
    /// `spec` of a WorkloadEntry, as far as it says what it stands for.
    #[derive(Clone, Debug)]
    pub struct WorkloadEntry {
        /// Its address, or a host's name.
        pub address: Option<Name> = "address",
        /// What Services select it by.
        pub labels: Labels = "labels",
    }
}
