//! Ports and addresses of Istio's own that policies of the network see.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The port at which HBONE arrives (istio pilot/pkg/model, `HBoneInboundListenPort`).
pub const HBONE_PORT: u16 = 15008;

/// The address from which what a pod's own node sends arrives at a captured pod (istio-cni, `HOST_PROBE_SNAT_IP`).
pub const HOST_PROBE: Ipv4Addr = Ipv4Addr::new(169, 254, 7, 127);

/// The same for IPv6 (`HOST_PROBE_SNAT_IPV6`).
pub const HOST_PROBE_V6: Ipv6Addr =
    Ipv6Addr::new(0xfd16, 0x9254, 0x7127, 0x1337, 0xffff, 0xffff, 0xffff, 0xffff);
