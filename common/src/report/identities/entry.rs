//! One account: what runs as it, what its certificate is, which rules name it.

use std::collections::{BTreeMap, BTreeSet};

use crate::istio::Action;
use crate::model::{DataPlane, Identity, Kind, Workload, WorkloadIndex};
use crate::policy::ir::StringMatch;
use crate::policy::{Mesh, Naming, Pattern, namings};
use crate::snapshot::{CertificateState, Places};

use super::{CertificateEntry, CertificateWord, DataPlaneWord, IdentityEntry, PolicyEntry, Way};

/// Everything that accounts are told of.
pub(super) struct Entries<'a> {
    mesh: &'a Mesh<'a>,
    /// What runs as an account.
    pub(super) running: BTreeMap<&'a Identity, Vec<WorkloadIndex>>,
    /// Items of policies, with what is shown of each.
    namings: Vec<(Naming<'a>, PolicyEntry)>,
    /// Accounts that policies name in full.
    pub(super) named: BTreeSet<Identity>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(mesh: &'a Mesh<'a>) -> Self {
        let mut running: BTreeMap<&Identity, Vec<WorkloadIndex>> = BTreeMap::new();
        for (at, workload) in mesh.snapshot.workloads.iter().enumerate() {
            running.entry(&workload.identity).or_default().push(WorkloadIndex(at));
        }
        let trust_domain = &mesh.snapshot.settings.mesh.trust_domain;
        let namings = namings(mesh);
        let named = namings.iter().filter_map(|naming| naming.item.identity(trust_domain)).collect();
        let mut places = Places::new(&mesh.snapshot.sources);
        let shown = |naming: Naming<'a>| {
            let entry = policy_entry(&mut places, &naming);
            (naming, entry)
        };
        Self { mesh, running, named, namings: namings.into_iter().map(shown).collect() }
    }

    /// What is told of an account.
    pub(super) fn entry(&self, identity: &Identity) -> IdentityEntry {
        let running = self.running.get(identity).map(Vec::as_slice).unwrap_or_default();
        let workloads: Vec<&Workload> =
            running.iter().filter_map(|index| self.mesh.workload(*index)).collect();
        let owners: BTreeSet<String> = workloads.iter().map(|workload| workload.owner.to_string()).collect();
        let own = self.mesh.snapshot.settings.mesh.trust_domain == identity.trust_domain;
        let creators = self.mesh.snapshot.pod_creators.as_ref().map(|creators| {
            let of_namespace = own.then(|| creators.of(&identity.namespace));
            of_namespace.into_iter().flatten().map(ToString::to_string).collect()
        });
        IdentityEntry {
            identity: identity.to_string(),
            namespace: identity.namespace.to_string(),
            service_account: identity.service_account.to_string(),
            trust_domain: identity.trust_domain.to_string(),
            workloads: owners.into_iter().collect(),
            data_plane: data_plane(&workloads),
            certificate: self.certificate(identity),
            policies: self.policies(identity),
            may_create_pods: creators,
        }
    }

    fn certificate(&self, identity: &Identity) -> CertificateEntry {
        let Some(all) = &self.mesh.snapshot.certificates else {
            return CertificateEntry { state: CertificateWord::Unknown, not_after: None };
        };
        let Some(held) = all.of(identity) else {
            return CertificateEntry { state: CertificateWord::None, not_after: None };
        };
        let state = match held.state {
            CertificateState::Available => CertificateWord::Available,
            CertificateState::Unknown => CertificateWord::Unknown,
            CertificateState::Initializing => CertificateWord::Initializing,
            CertificateState::Unavailable => CertificateWord::Unavailable,
            CertificateState::Absent => CertificateWord::None,
        };
        CertificateEntry { state, not_after: held.not_after.map(|time| time.to_string()) }
    }

    /// Policy by policy, as they are written. ztunnel lets nobody of another trust domain in.
    fn policies(&self, identity: &Identity) -> Vec<PolicyEntry> {
        let principal = identity.principal();
        let own = self.mesh.snapshot.settings.mesh.trust_domain == identity.trust_domain;
        let naming = self.namings.iter().filter(|(naming, _)| naming.item.names(identity, &principal));
        let entry =
            |entry: &PolicyEntry| PolicyEntry { at_ztunnel: own && entry.at_ztunnel, ..entry.clone() };
        let mut found: Vec<PolicyEntry> = naming.map(|(_, shown)| entry(shown)).collect();
        found.sort();
        found
    }
}

/// One word for several workloads. A Namespace that was not read leaves all of them in doubt.
fn data_plane(workloads: &[&Workload]) -> Option<DataPlaneWord> {
    if workloads.iter().any(|workload| workload.is_unclear()) {
        return Some(DataPlaneWord::Unknown);
    }
    let words: BTreeSet<DataPlaneWord> = workloads
        .iter()
        .map(|workload| match workload.capture.data_plane {
            DataPlane::Ambient => DataPlaneWord::Ambient,
            DataPlane::Sidecar => DataPlaneWord::Sidecar,
            DataPlane::None => DataPlaneWord::None,
        })
        .collect();
    if words.len() > 1 { Some(DataPlaneWord::Mixed) } else { words.first().copied() }
}

fn policy_entry(places: &mut Places<'_>, naming: &Naming<'_>) -> PolicyEntry {
    let item = &naming.item;
    let location = places.locate(&naming.policy.origin, &item.path);
    let field = item.path.to_string();
    PolicyEntry {
        policy: naming.policy.reference(Kind::AuthorizationPolicy).key(),
        action: match naming.policy.spec.action {
            Action::Allow => "ALLOW",
            Action::Deny => "DENY",
            Action::Audit => "AUDIT",
            Action::Custom => "CUSTOM",
        },
        rule: item.rule,
        field: field.strip_prefix("spec.").unwrap_or(&field).to_owned(),
        value: item.value.to_string(),
        positive: item.positive,
        way: match &item.pattern {
            Pattern::Principal(StringMatch::Exact(_)) => Way::Exact,
            Pattern::Principal(StringMatch::Prefix(_)) => Way::Prefix,
            Pattern::Principal(StringMatch::Suffix(_)) => Way::Suffix,
            Pattern::Principal(StringMatch::Presence) => Way::Any,
            Pattern::Namespace(_) => Way::Namespace,
            Pattern::ServiceAccount(_) => Way::ServiceAccount,
            Pattern::TrustDomain(_) => Way::TrustDomain,
        },
        at_ztunnel: naming.at_ztunnel,
        location: location.map(|l| format!("{}:{}", l.file, l.line)),
    }
}
