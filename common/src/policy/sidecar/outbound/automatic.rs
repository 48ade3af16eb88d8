//! How it is sent where no rule says it for the cluster: mTLS where the mode of the namespace and the endpoint take it.

use crate::codes::Reason;
use crate::istio::TlsMode;
use crate::kubernetes::ServicePort;
use crate::model::{Kind, Namespace, ResourceRef};
use crate::policy::peer_authentication::PeerAuthenticationIndex;
use crate::policy::sidecar::Unclear;
use crate::policy::sidecar::mtls::{self, Enforced, Mode};
use crate::snapshot::{Backend, MeshSnapshot, Service};

use super::endpoint::Endpoint;
use super::{Dial, Outbound, Why, namespace_of};

impl Dial<'_> {
    /// Without a rule for the cluster: mTLS where the namespace's mode and the endpoint take it.
    pub(super) fn automatic(
        &self,
        service: &Service,
        port: &ServicePort,
        endpoint: &Endpoint<'_>,
        said: Option<TlsMode>,
        by_rule: Why,
    ) -> Result<Outbound, Unclear> {
        if !self.snapshot.settings.mesh.clients.auto_mtls {
            return endpoint.plain_or_hbone(Why::MeshConfig);
        }
        if service.headless && !self.all_take_mtls(service, port)? {
            return endpoint.plain_or_hbone(Why::Destination);
        }
        let namespace = namespace_of(service);
        self.unread_modes(&namespace)?;
        match known(mtls::of_namespace(self.modes, &namespace), self.snapshot)? {
            (Mode::Disable, by) => return endpoint.plain_or_hbone(Why::Mode(by)),
            (Mode::Permissive | Mode::Strict, _) if !endpoint.chooses => {
                return Ok(Outbound::Mtls(Why::Destination));
            }
            _ => {}
        }
        if endpoint.tunnels()? {
            return Ok(Outbound::Hbone(Why::Destination));
        }
        // mtls_checker.go reads a rule in its own way: a setting for the port without TLS does not hide the one for all.
        // The label of the endpoint is not its to say (`buildEnvoyLbEndpoint`).
        match said {
            Some(TlsMode::IstioMutual) if self.takes_mtls() => Ok(Outbound::Mtls(by_rule)),
            Some(TlsMode::IstioMutual) => Ok(Outbound::Plaintext(Why::Destination)),
            Some(_) => Ok(Outbound::Plaintext(by_rule)),
            None => self.by_endpoint(),
        }
    }

    fn takes_mtls(&self) -> bool {
        let to = self.snapshot.workload(self.to);
        to.and_then(|to| to.proxy.as_ref()).is_some_and(|proxy| proxy.takes_mtls)
    }

    /// What the destination itself says to clients.
    fn by_endpoint(&self) -> Result<Outbound, Unclear> {
        let Some(to) = self.snapshot.workload(self.to) else {
            return Ok(Outbound::Plaintext(Why::Destination));
        };
        if !self.takes_mtls() {
            return Ok(Outbound::Plaintext(Why::Destination));
        }
        let namespace = &to.identity.namespace;
        self.unread_modes(namespace)?;
        match known(mtls::at_port(self.modes, namespace, &to.labels, self.port), self.snapshot)? {
            (Mode::Disable, by) => Ok(Outbound::Plaintext(Why::Mode(by))),
            _ => Ok(Outbound::Mtls(Why::Destination)),
        }
    }

    fn unread_modes(&self, namespace: &Namespace) -> Result<(), Unclear> {
        let root = &self.snapshot.settings.mesh.root_namespace;
        let unread = Unclear::unread(self.snapshot, &Kind::PeerAuthentication, &[namespace, root]);
        unread.map_or(Ok(()), Err)
    }

    /// push_context.go, `BestEffortInferServiceMTLSMode`: a headless Service has mTLS for all of its endpoints or for none.
    fn all_take_mtls(&self, service: &Service, port: &ServicePort) -> Result<bool, Unclear> {
        let unclear = || Unclear::not_judged(service.reference.clone());
        if service.endpoints_not_read {
            return Err(unclear());
        }
        // Whether those that are not ready are among the endpoints depends on istiod's version and on when they came.
        let (mut any, mut doubted, mut refusing) = (false, false, false);
        for backend in &service.backends {
            let (index, ready) = match backend {
                Backend::Workload { index, ready } => (*index, *ready),
                Backend::Address { .. } => return Ok(false),
                Backend::Unclear => return Err(unclear()),
            };
            let Some(workload) = self.snapshot.workload(index) else { continue };
            if Service::target_port(port, workload).is_none() {
                continue;
            }
            let takes = workload.proxy.as_ref().is_some_and(|proxy| proxy.takes_mtls);
            if !takes && ready {
                return Ok(false);
            }
            any |= ready;
            doubted |= !ready;
            refusing |= !takes;
        }
        if doubted && any == refusing { Err(unclear()) } else { Ok(any) }
    }
}

fn known(
    enforced: Enforced,
    snapshot: &MeshSnapshot,
) -> Result<(Mode, Option<PeerAuthenticationIndex>), Unclear> {
    match enforced {
        Enforced::Mode { mode, by } => Ok((mode, by)),
        Enforced::Tied(tied) => {
            let first = tied.first().and_then(|index| snapshot.peer_authentications.get(index.0));
            let object = first.map(|policy| policy.object.reference(Kind::PeerAuthentication));
            let object = object.unwrap_or_else(|| ResourceRef::cluster(Kind::PeerAuthentication, "*"));
            Err(Unclear { reason: Reason::PeerAuthenticationTie, object })
        }
    }
}
