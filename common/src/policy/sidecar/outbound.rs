//! How a proxy sends to a destination: as plaintext, with the mTLS of sidecars, over HBONE, or with TLS that a
//! DestinationRule asks for.
//!
//! Two places decide, and do not always agree: pilot/pkg/networking/core/cluster_tls.go (`buildUpstreamTLSSettings`,
//! `applyUpstreamTLSSettings`) for the cluster, pilot/pkg/xds/endpoints/endpoint_builder.go (`buildEnvoyLbEndpoint`) with
//! mtls_checker.go (`checkMtlsEnabled`) for each endpoint. What a proxy does not send through a Service it sends on as
//! the application made it (`PassthroughCluster`).

use crate::istio::{ClientTls, TlsMode};
use crate::kubernetes::ServicePort;
use crate::model::{Kind, Namespace, ProxyKind, ResourceRef, Workload, WorkloadIndex};
use crate::policy::peer_authentication::{PeerAuthenticationIndex, PeerAuthentications};
use crate::policy::routing::host_of;
use crate::snapshot::{MeshSnapshot, Service};

use super::destination_rules::{self, Client, Merged};
use super::inbound::Protocol;
use super::{Unclear, routes};

mod addressed;
mod automatic;
mod endpoint;
mod settings;
#[cfg(test)]
mod tests;

use endpoint::Endpoint;
use settings::Settings;

/// How it is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outbound {
    /// As the application makes it: no identity.
    Plaintext(Why),
    /// With the mTLS of sidecars.
    Mtls(Why),
    /// Over HBONE.
    Hbone(Why),
    /// With TLS of a certificate that is not the mesh's, over HBONE or not.
    OwnTls {
        /// The rule that asks for it.
        by: ResourceRef,
    },
    /// It cannot be told.
    Unclear(Unclear),
}

/// Why it is sent like that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// A DestinationRule says so.
    Rule(ResourceRef),
    /// The mode of the destination says so.
    Mode(Option<PeerAuthenticationIndex>),
    /// MeshConfig says so.
    MeshConfig,
    /// The destination takes it, or takes nothing else.
    Destination,
    /// It does not go through a Service that the proxy knows, or past the proxy.
    Passthrough,
}

/// A connection that a proxy sends.
#[derive(Clone, Copy, Debug)]
pub struct Dial<'a> {
    /// What there is.
    pub snapshot: &'a MeshSnapshot,
    /// The modes of destinations.
    pub modes: &'a PeerAuthentications,
    /// Who sends.
    pub client: &'a Workload,
    /// The number that the application dials; `None` for one that nothing names.
    pub dialled: Option<u16>,
    /// The Service that it addresses, by its position.
    pub service: Option<usize>,
    /// Where it ends up.
    pub to: WorkloadIndex,
    /// The port there.
    pub port: Option<u16>,
}

impl Dial<'_> {
    /// How it is sent.
    #[must_use]
    pub fn outbound(&self) -> Outbound {
        let Some(proxy) = &self.client.proxy else { return Outbound::Plaintext(Why::Passthrough) };
        let gateway = match proxy.kind {
            ProxyKind::Gateway => true,
            ProxyKind::Sidecar => false,
            ProxyKind::Waypoint | ProxyKind::Unclear => return self.not_judged(&self.client.owner),
        };
        if !gateway {
            match proxy.outbound.takes(self.dialled) {
                Some(true) => {}
                Some(false) => return Outbound::Plaintext(Why::Passthrough),
                None => return self.not_judged(&self.client.owner),
            }
        }
        match self.addressed(gateway) {
            Ok(Some((service, port))) => {
                self.through(service, port, gateway).unwrap_or_else(Outbound::Unclear)
            }
            // Gateways know nothing but Services.
            Ok(None) if gateway && self.service.is_some() => self.not_judged(&self.client.owner),
            Ok(None) => self.past_services().unwrap_or_else(Outbound::Unclear),
            Err(unclear) => Outbound::Unclear(unclear),
        }
    }

    fn not_judged(&self, object: &ResourceRef) -> Outbound {
        Outbound::Unclear(Unclear::not_judged(object.clone()))
    }

    /// What no Service takes goes to where it was meant to go, unless the mesh sends only what it knows.
    fn past_services(&self) -> Result<Outbound, Unclear> {
        routes::changing_passthrough(self.snapshot, self.client)?;
        Ok(Outbound::Plaintext(Why::Passthrough))
    }

    fn through(&self, service: &Service, port: &ServicePort, gateway: bool) -> Result<Outbound, Unclear> {
        routes::changing(self.snapshot, self.client, service)?;
        let namespace = namespace_of(service);
        let host = host_of(service);
        let client = Client { namespace: &self.client.identity.namespace, labels: &self.client.labels };
        let rule = destination_rules::heeded(self.snapshot, client, &host, &namespace);
        self.unread_rules(&namespace)?;
        let sent = self.by_rule(service, port, gateway, rule.as_ref())?;
        let rival = rule.as_ref().and_then(|rule| destination_rules::without_order(self.snapshot, rule.by));
        match rival {
            Some(rival) => Err(Unclear::not_judged(rival.reference(Kind::Other("DestinationRule".into())))),
            None => Ok(sent),
        }
    }

    /// A rule that was not read may be the one that counts.
    fn unread_rules(&self, of_service: &Namespace) -> Result<(), Unclear> {
        let root = &self.snapshot.settings.mesh.root_namespace;
        let places = [&self.client.identity.namespace, of_service, root];
        let kind = Kind::from_wire("DestinationRule");
        let unread = |namespace| Unclear::unread(self.snapshot, &kind, &[namespace]);
        places.into_iter().find_map(unread).map_or(Ok(()), Err)
    }

    fn by_rule(
        &self,
        service: &Service,
        port: &ServicePort,
        gateway: bool,
        rule: Option<&Merged<'_>>,
    ) -> Result<Outbound, Unclear> {
        let policy = rule.and_then(|rule| rule.policy);
        let settings = Settings::of(policy, port.port);
        let by_rule = || rule.map_or(Why::Destination, |rule| Why::Rule(rule.reference()));
        if let Some(rule) = rule.filter(|_| settings.is_odd) {
            return Err(Unclear::not_judged(rule.reference()));
        }
        // Gateways choose among the pods of a headless Service; sidecars take the one that was meant.
        let chooses = !service.headless || gateway || self.snapshot.settings.istiod.eds_for_headless;
        let endpoint = Endpoint { dial: self, chooses };
        match (settings.cluster, rule) {
            (Some(tls), Some(rule)) => match tls.mode {
                TlsMode::Simple | TlsMode::Mutual if !gateway && rule.may_not_read(tls) => {
                    endpoint.plain_or_hbone(by_rule())
                }
                TlsMode::Simple | TlsMode::Mutual => Ok(Outbound::OwnTls { by: rule.reference() }),
                TlsMode::Disable => endpoint.plain_or_hbone(by_rule()),
                TlsMode::IstioMutual if !self.is_expected(tls) => Err(Unclear::not_judged(rule.reference())),
                TlsMode::IstioMutual => endpoint.mtls_or_hbone(by_rule()),
            },
            _ => self.automatic(service, port, &endpoint, settings.endpoint, by_rule()),
        }
    }

    /// Whether the destination's certificate has one of the names that the rule asks for.
    fn is_expected(&self, tls: &ClientTls) -> bool {
        let names = &tls.subject_alt_names;
        let identity = self.snapshot.workload(self.to).map(|to| to.identity.to_string());
        names.is_empty() || identity.is_some_and(|identity| names.iter().any(|name| **name == *identity))
    }
}

fn namespace_of(service: &Service) -> Namespace {
    service.reference.namespace.clone().unwrap_or_else(|| "".into())
}
