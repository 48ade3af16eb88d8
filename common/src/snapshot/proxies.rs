//! The Envoy of a pod: what it is there for, and what comes to it.
//!
//! By labels and annotations, which the injector and istio-cni go by (manifests/charts/istio-control/istio-discovery/
//! files/injection-template.yaml; cni/pkg/plugin/sidecar_redirect.go, `NewRedirect`; tools/istio-iptables/pkg/capture/
//! run.go). The environments of proxies are not read.

use std::collections::BTreeSet;

use crate::istio::{GATEWAY_NAME, HBONE_PORT, MANAGED, MESH_CONTROLLER, ProxyConfig};
use crate::kubernetes::{Annotations, PROXY_CONFIG, PodSpec};
use crate::model::{Intercepted, Labels, Proxy, ProxyKind};
use crate::yaml;

use super::Clients;
use super::settings::parse_bool;

#[cfg(test)]
mod tests;

const TEMPLATES: &str = "inject.istio.io/templates";
const INTERCEPTION: &str = "sidecar.istio.io/interceptionMode";
const INCLUDE_INBOUND: &str = "traffic.sidecar.istio.io/includeInboundPorts";
const EXCLUDE_INBOUND: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
const INCLUDE_OUTBOUND: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
const EXCLUDE_OUTBOUND: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";
const EXCLUDE_OUTBOUND_PORTS: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";
const TLS_MODE: &str = "security.istio.io/tlsMode";
const TUNNEL: &str = "networking.istio.io/tunnel";

/// The ports of the agent and of Envoy itself: probes, health, metrics.
const OF_THE_AGENT: [u16; 3] = [15020, 15021, 15090];

/// What of a pod says what its Envoy does.
pub(super) struct Written<'a> {
    pub(super) labels: &'a Labels,
    pub(super) annotations: &'a Annotations,
    pub(super) spec: &'a PodSpec,
    /// Whether it runs, so that its labels are those that the injector left.
    pub(super) runs: bool,
    /// Whether it has an Envoy or gets one, and does not only say that it speaks HBONE.
    pub(super) injected: bool,
}

impl Written<'_> {
    /// The Envoy of a pod that has one.
    pub(super) fn proxy(&self, clients: &Clients) -> Proxy {
        let kind = self.kind();
        let is_sidecar = kind == ProxyKind::Sidecar;
        let to_come = |key: &str| !self.runs && is_sidecar && self.labels.get(key).is_none();
        let tunnels = self.labels.get(TUNNEL).unwrap_or_default();
        let own = self.own_settings();
        let metadata = own.as_ref().map(|own| &own.proxy_metadata);
        let intercepted = self.is_intercepted(own.as_ref(), clients);
        let takes = metadata.and_then(|of| of.enable_hbone.as_deref());
        Proxy {
            kind,
            inbound: if intercepted { self.inbound() } else { Intercepted::Unclear },
            outbound: if intercepted { self.outbound() } else { Intercepted::Unclear },
            takes_mtls: self.labels.get(TLS_MODE) == Some("istio") || to_come(TLS_MODE),
            takes_hbone: tunnels.split(',').any(|name| name.trim() == "http")
                || to_come(TUNNEL) && takes.map_or(clients.take_hbone, |text| text == "true"),
            sends_hbone: metadata.map(|of| match of.disable_hbone_send.as_deref() {
                Some(text) => parse_bool(text) != Some(true),
                None => !clients.never_send_hbone,
            }),
        }
    }

    /// What the pod says of its Envoy, over what MeshConfig says of all (pkg/config/mesh/mesh.go, `MergeProxyConfig`);
    /// `None` where that cannot be read.
    fn own_settings(&self) -> Option<ProxyConfig> {
        match self.annotations.get(PROXY_CONFIG) {
            Some(text) => yaml::parse(text).and_then(|node| node.decode()).ok(),
            None => Some(ProxyConfig::default()),
        }
    }

    /// A gateway's pod has no application beside the proxy.
    fn kind(&self) -> ProxyKind {
        if self.labels.get(GATEWAY_NAME).is_some() {
            let managed = self.labels.get(MANAGED);
            let waypoint = managed == Some(MESH_CONTROLLER);
            return if waypoint { ProxyKind::Waypoint } else { ProxyKind::Gateway };
        }
        let proxies = || self.spec.containers.iter().filter(|c| &*c.name == "istio-proxy").count();
        match self.annotations.get(TEMPLATES).map(str::trim) {
            Some("gateway") => ProxyKind::Gateway,
            None | Some("sidecar") if !self.injected => ProxyKind::Unclear,
            None | Some("sidecar") if proxies() > 0 && proxies() == self.spec.containers.len() => {
                ProxyKind::Gateway
            }
            None | Some("sidecar") => ProxyKind::Sidecar,
            Some(_) => ProxyKind::Unclear,
        }
    }

    fn is_intercepted(&self, own: Option<&ProxyConfig>, clients: &Clients) -> bool {
        let own = own.and_then(|own| own.interception_mode.as_deref());
        match self.annotations.get(INTERCEPTION).or(own) {
            Some(mode) => matches!(mode, "REDIRECT" | "TPROXY"),
            None => !clients.not_intercepted,
        }
    }

    /// What is left out counts only where everything is taken in. Where HBONE arrives is never redirected.
    fn inbound(&self) -> Intercepted {
        let excluded = self.annotations.get(EXCLUDE_INBOUND).map_or(Some(BTreeSet::new()), ports);
        match self.annotations.get(INCLUDE_INBOUND).map_or("*", str::trim) {
            "*" => excluded.map_or(Intercepted::Unclear, |mut excluded| {
                excluded.extend(OF_THE_AGENT);
                excluded.insert(HBONE_PORT);
                Intercepted::AllBut(excluded)
            }),
            listed => ports(listed).map_or(Intercepted::Unclear, |mut listed| {
                listed.remove(&HBONE_PORT);
                Intercepted::Only(listed)
            }),
        }
    }

    /// Blocks of addresses are not judged.
    fn outbound(&self) -> Intercepted {
        let everywhere = self.annotations.get(INCLUDE_OUTBOUND).is_none_or(|blocks| blocks.trim() == "*")
            && self.annotations.get(EXCLUDE_OUTBOUND).is_none_or(|blocks| blocks.trim().is_empty());
        if !everywhere {
            return Intercepted::Unclear;
        }
        let excluded = self.annotations.get(EXCLUDE_OUTBOUND_PORTS).map_or(Some(BTreeSet::new()), ports);
        excluded.map_or(Intercepted::Unclear, Intercepted::AllBut)
    }
}

/// A list of ports; none where it has none. A list that cannot be read makes the injector refuse the pod.
fn ports(text: &str) -> Option<BTreeSet<u16>> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| item.parse().ok()).collect()
}
