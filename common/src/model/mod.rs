//! The words of the field: identities, labels, ports, references, where something was written.
//!
//! Plain values without behaviour of their own mesh: nothing here knows a policy, a file or a cluster.

pub mod connection;
pub mod identity;
pub mod labels;
pub mod origin;
pub mod port;
pub mod proxy;
pub mod reference;
pub mod workload;

pub use connection::{Peer, Sender};
pub use identity::{Identity, Namespace, ServiceAccount, TrustDomain};
pub use labels::{LabelSelector, Labels};
pub use origin::{FieldPath, Location, Origin, Segment, SourceId, Within};
pub use port::{ContainerPort, PortRef, Protocol};
pub use proxy::{Intercepted, Proxy, ProxyKind};
pub use reference::{Kind, ResourceRef};
pub use workload::{Capture, Certainty, DataPlane, Readiness, Serving, Workload, WorkloadIndex};

/// A short name that many objects share: cloned by reference count.
pub type Name = std::sync::Arc<str>;
