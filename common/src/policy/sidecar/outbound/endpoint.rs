//! An endpoint of a cluster, as istiod gives it to a proxy: pilot/pkg/xds/endpoints/endpoint_builder.go.

use crate::codes::Reason;
use crate::model::{ProxyKind, Serving};

use super::{Dial, Outbound, Unclear, Why};

/// An endpoint of a cluster.
pub(super) struct Endpoint<'a> {
    pub(super) dial: &'a Dial<'a>,
    /// Whether the proxy chooses it, so that it knows what it takes.
    pub(super) chooses: bool,
}

impl Endpoint<'_> {
    pub(super) fn plain_or_hbone(&self, why: Why) -> Result<Outbound, Unclear> {
        Ok(if self.tunnels()? { Outbound::Hbone(Why::Destination) } else { Outbound::Plaintext(why) })
    }

    pub(super) fn mtls_or_hbone(&self, why: Why) -> Result<Outbound, Unclear> {
        Ok(if self.tunnels()? { Outbound::Hbone(Why::Destination) } else { Outbound::Mtls(why) })
    }

    /// `buildEnvoyLbEndpoint`: HBONE where the endpoint takes it and not the mTLS of sidecars, or where that is preferred.
    pub(super) fn tunnels(&self) -> Result<bool, Unclear> {
        let settings = &self.dial.snapshot.settings;
        let Some(to) = self.dial.snapshot.workload(self.dial.to).filter(|_| self.chooses) else {
            return Ok(false);
        };
        let captured = to.is_captured() && to.capture.serving != Serving::Pending;
        let proxy = to.proxy.as_ref();
        let takes = captured && settings.istiod.ambient
            || proxy.is_some_and(|proxy| proxy.takes_hbone || proxy.kind == ProxyKind::Waypoint);
        let prefers_mtls = proxy.is_some_and(|proxy| proxy.takes_mtls) && !settings.istiod.prefers_hbone;
        if !takes || prefers_mtls {
            return Ok(false);
        }
        let client = self.dial.client;
        match client.proxy.as_ref().map(|proxy| proxy.sends_hbone) {
            Some(Some(true)) => {}
            Some(Some(false)) | None => return Ok(false),
            Some(None) => return Err(Unclear::not_judged(client.owner.clone())),
        }
        if to.is_unclear() {
            return Err(Unclear { reason: Reason::NamespaceNotRead, object: to.namespace() });
        }
        // The endpoint is then one of a listener that does not exist.
        let broken = !settings.istiod.sends_hbone;
        if broken { Err(Unclear::not_judged(to.owner.clone())) } else { Ok(true) }
    }
}
