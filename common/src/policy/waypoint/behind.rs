//! What a waypoint itself gets at the pods behind it, whoever called it.

use std::collections::BTreeSet;

use crate::model::{Identity, Peer, ResourceRef, Sender, WorkloadIndex};
use crate::policy::beside::Way;
use crate::policy::decision::Decision;
use crate::policy::evaluate::judge_stretch;
use crate::policy::gates::resolve::{At, Destination};
use crate::policy::mesh::Mesh;

impl Mesh<'_> {
    /// What each of the accounts that a waypoint runs as gets over HBONE at a port of a workload. Where its pods are on the
    /// network is left out.
    #[must_use]
    pub fn behind_waypoint(
        &self,
        gateway: &ResourceRef,
        to: WorkloadIndex,
        port: u16,
    ) -> Vec<(Identity, Decision)> {
        let (at, port) = (At::Workload(to), Some(port));
        let destination = Destination { at, port, service: None, dialled: port };
        let gets = |identity: Identity| {
            let peer = Peer { identity: Some(identity.clone()), address: None, sender: Sender::Unread };
            (identity, judge_stretch(self, &peer, &destination, Way::Hbone))
        };
        self.identities_of_waypoint(gateway).into_iter().map(gets).collect()
    }

    /// The identities of a waypoint's pods, or the one that istiod will give them.
    fn identities_of_waypoint(&self, gateway: &ResourceRef) -> BTreeSet<Identity> {
        let pods = self.pods_of_gateway(gateway).iter().filter_map(|index| self.workload(*index));
        let running: BTreeSet<Identity> = pods.map(|pod| pod.identity.clone()).collect();
        let written = || {
            let (account, namespace) = (self.account_of_unseen(gateway)?, gateway.namespace.as_ref()?);
            let trust_domain = self.snapshot.settings.mesh.trust_domain.clone();
            Some(Identity::new(trust_domain, namespace.as_str(), &*account))
        };
        if running.is_empty() { written().into_iter().collect() } else { running }
    }
}
