//! Which Service's cluster takes a connection: the listeners that a proxy has for what its application dials.

use crate::istio::PortProtocol;
use crate::kubernetes::ServicePort;
use crate::model::WorkloadIndex;
use crate::snapshot::{Backend, Service};

use super::{Dial, Protocol, Unclear};

/// A Service, and the port of it that is dialled.
type Addressed<'a> = (&'a Service, &'a ServicePort);

impl Dial<'_> {
    /// The Service and the port of it whose cluster takes the connection. Ports for UDP, which a name or `appProtocol` may
    /// say of one for TCP, have no cluster (cluster.go, `buildOutboundClusters`).
    pub(super) fn addressed(&self, gateway: bool) -> Result<Option<Addressed<'_>>, Unclear> {
        let Some(number) = self.dialled else { return Ok(None) };
        let service = self.service.and_then(|at| self.snapshot.services.get(at));
        match service {
            Some(service) if !service.headless => {
                Ok(listened_at(service, number).map(|port| (service, port)))
            }
            Some(service) if gateway => {
                listened_at(service, number).map_or(Ok(None), |port| self.at_the_port((service, port), true))
            }
            _ => self.as_headless(service, number),
        }
    }

    /// listener.go, `buildSidecarOutboundListeners`: bytes for a pod's address, dialled itself or for the name of a
    /// headless Service, are taken for those of a headless Service that the pod has a port for, of which nothing tells
    /// which; requests go by their Host header.
    fn as_headless(&self, named: Option<&Service>, number: u16) -> Result<Option<Addressed<'_>>, Unclear> {
        let to = self.snapshot.workload(self.to);
        let sure = self.snapshot.services_of(self.to).filter(|service| service.headless);
        let namespace = to.map(|to| &to.identity.namespace);
        let here = namespace.into_iter().flat_map(|of| self.snapshot.services_in(of));
        let ports = sure
            .chain(here.map(|(_, service)| service).filter(|service| may_have(service, self.to)))
            .filter_map(|service| Some((service, listened_at(service, number)?)));
        let (requests, bytes): (Vec<Addressed<'_>>, Vec<_>) =
            ports.partition(|(_, port)| Protocol::of(port) == Protocol::Http);
        let has_port =
            |(_, port): &Addressed<'_>| to.is_none_or(|to| Service::target_port(port, to).is_some());
        let (bytes, nowhere): (Vec<Addressed<'_>>, Vec<_>) = bytes.into_iter().partition(has_port);
        let is_named = |of: &Addressed<'_>| named.is_some_and(|named| named.reference == of.0.reference);
        let unclear = |of: &Addressed<'_>| Err(Unclear::not_judged(of.0.reference.clone()));
        let chooses = self.snapshot.settings.istiod.eds_for_headless;
        if let Some(first) = bytes.first() {
            let is_meant = named.is_none() || is_named(first);
            let alone = bytes.len() == 1 && requests.is_empty() && first.0.has(self.to);
            return if is_meant && alone { self.at_the_port(*first, chooses) } else { unclear(first) };
        }
        if let Some(of) = requests.iter().find(|of| is_named(of)) {
            return self.at_the_port(*of, chooses);
        }
        // By its name requests may find a Service all the same, where other bytes do not.
        let detected = |of: &&Addressed<'_>| is_named(of) && PortProtocol::of(of.1) == PortProtocol::Detected;
        let by_name = requests.first().filter(|_| named.is_none()).or_else(|| nowhere.iter().find(detected));
        by_name.map_or(Ok(None), unclear)
    }

    /// Where the proxy chooses among the endpoints of a headless Service, it dials the target port.
    fn at_the_port<'s>(&self, of: Addressed<'s>, chooses: bool) -> Result<Option<Addressed<'s>>, Unclear> {
        let to = self.snapshot.workload(self.to);
        let is_other =
            to.and_then(|to| Service::target_port(of.1, to)) != self.port || self.service.is_none();
        if chooses && is_other { Err(Unclear::not_judged(of.0.reference.clone())) } else { Ok(Some(of)) }
    }
}

fn listened_at(service: &Service, number: u16) -> Option<&ServicePort> {
    let mut ports = service.ports.iter();
    ports.find(|port| port.port == number && PortProtocol::of(port) != PortProtocol::Udp)
}

/// Whether an EndpointSlice may say of a pod that it stands behind a headless Service.
fn may_have(service: &Service, pod: WorkloadIndex) -> bool {
    let unclear = || service.endpoints_not_read || service.backends.contains(&Backend::Unclear);
    service.headless && unclear() && !service.has(pod)
}
