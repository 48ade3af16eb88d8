//! What checks look at: the mesh, and what follows from it that several of them ask for.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::istio::AuthorizationPolicy;
use crate::model::{DataPlane, Identity, Kind, Namespace, ResourceRef, Workload, WorkloadIndex};
use crate::policy::ir::Provenance;
use crate::policy::{Mesh, NamedItem, items};
use crate::snapshot::{Affects, Extent, GapKind, MeshSnapshot, Object, Service};

use super::attachments::Bindings;
use super::envoys::{Planes, Selectable};

/// What checks look at.
pub(super) struct Survey<'a> {
    pub(super) mesh: &'a Mesh<'a>,
    pub(super) snapshot: &'a MeshSnapshot,
    selectable: Selectable<'a>,
    /// What is bound to waypoints.
    pub(super) bindings: Bindings<'a>,
    /// The workloads for which an AuthorizationPolicy counts.
    counting: FxHashMap<ResourceRef, Vec<WorkloadIndex>>,
    /// The Services in front of a workload.
    services: FxHashMap<WorkloadIndex, Vec<&'a Service>>,
    /// What runs as an account.
    running: FxHashMap<&'a Identity, Vec<&'a Workload>>,
    /// The accounts of a namespace.
    accounts: FxHashMap<&'a Namespace, Accounts<'a>>,
    /// Where workloads or accounts could not be read; `None` when that may be anywhere.
    incomplete: Option<Vec<&'a Extent>>,
}

/// The accounts of a namespace, by name.
#[derive(Default)]
pub(super) struct Accounts<'a> {
    /// As objects.
    pub(super) read: BTreeSet<&'a str>,
    /// As what something runs.
    pub(super) running: BTreeSet<&'a str>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(mesh: &'a Mesh<'a>) -> Self {
        let snapshot = mesh.snapshot;
        let mut services: FxHashMap<WorkloadIndex, Vec<&Service>> = FxHashMap::default();
        for service in &snapshot.services {
            for backend in &service.backends {
                if let crate::snapshot::Backend::Workload { index, .. } = backend {
                    services.entry(*index).or_default().push(service);
                }
            }
        }
        let mut running: FxHashMap<&Identity, Vec<&Workload>> = FxHashMap::default();
        for workload in &snapshot.workloads {
            running.entry(&workload.identity).or_default().push(workload);
        }
        Self {
            mesh,
            snapshot,
            selectable: Selectable::new(snapshot),
            bindings: Bindings::new(snapshot),
            counting: counting(mesh),
            services,
            running,
            accounts: accounts(snapshot),
            incomplete: incomplete(snapshot),
        }
    }

    /// The policies that istiod looks at.
    pub(super) fn policies(&self) -> impl Iterator<Item = &'a Object<AuthorizationPolicy>> {
        let seen = self.snapshot.authorization_policies.iter().filter(|policy| policy.hidden.is_none());
        seen.map(|policy| &policy.object)
    }

    /// Every item that says who calls, with its policy.
    pub(super) fn items(&self) -> impl Iterator<Item = (&'a Object<AuthorizationPolicy>, NamedItem<'a>)> {
        self.policies().flat_map(|policy| items(policy).into_iter().map(move |item| (policy, item)))
    }

    /// All workloads with their positions.
    pub(super) fn workloads(&self) -> impl Iterator<Item = (WorkloadIndex, &'a Workload)> {
        self.snapshot.workloads.iter().enumerate().map(|(at, workload)| (WorkloadIndex(at), workload))
    }

    /// The namespaces in which something runs, or may.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'a Namespace> {
        self.accounts.keys().copied()
    }

    /// The workloads of a namespace.
    pub(super) fn in_namespace(&self, namespace: &Namespace) -> impl Iterator<Item = &'a Workload> {
        let indexes = self.snapshot.in_namespace(namespace.as_str()).iter();
        indexes.filter_map(|index| self.snapshot.workload(*index))
    }

    /// The workloads for which a policy counts as ztunnel and sidecars take it.
    pub(super) fn counting_for(
        &self,
        policy: &Object<AuthorizationPolicy>,
    ) -> impl Iterator<Item = (WorkloadIndex, &'a Workload)> {
        let found = self.counting.get(&policy.reference(Kind::AuthorizationPolicy));
        let indexes = found.map(Vec::as_slice).unwrap_or_default().iter().copied();
        indexes.filter_map(|index| Some((index, self.snapshot.workload(index)?)))
    }

    /// The workloads of the mesh that a policy of either kind is for, as Envoys read its selector.
    pub(super) fn selected_indexes(&self, policy: &ResourceRef) -> Vec<WorkloadIndex> {
        self.selectable.selected(self.mesh, policy)
    }

    /// What handles the traffic of those workloads.
    pub(super) fn planes_of(&self, policy: &ResourceRef) -> Planes {
        self.selectable.planes(self.mesh, policy)
    }

    /// What runs as an account.
    pub(super) fn running_as(&self, identity: &Identity) -> &[&'a Workload] {
        self.running.get(identity).map(Vec::as_slice).unwrap_or_default()
    }

    /// The accounts of a namespace, if any is known.
    pub(super) fn accounts_of(&self, namespace: &Namespace) -> Option<&Accounts<'a>> {
        self.accounts.get(namespace)
    }

    /// The Services in front of a workload.
    pub(super) fn services_of(&self, index: WorkloadIndex) -> &[&'a Service] {
        self.services.get(&index).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether nothing of a namespace is known to be missing, so that what is not there does not exist.
    pub(super) fn is_complete(&self, namespace: &Namespace) -> bool {
        let incomplete = self.incomplete.as_ref();
        incomplete.is_some_and(|found| !found.iter().any(|extent| extent.covers(namespace.as_str())))
    }

    /// Whether everything is known that may run in a namespace, or in any: also what has no pod just now.
    pub(super) fn knows_what_may_run(&self, namespace: Option<&Namespace>) -> bool {
        const MAKERS: [Kind; 5] =
            [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob];
        let snapshot = self.snapshot;
        let Some(namespace) = namespace else {
            let unread = |kind| snapshot.not_read.iter().any(|list| list.is_of(kind));
            return self.incomplete.as_ref().is_some_and(Vec::is_empty) && !MAKERS.iter().any(unread);
        };
        let unread = |kind| snapshot.unread(kind, namespace.as_str()).is_some();
        self.is_complete(namespace) && !MAKERS.iter().any(unread)
    }

    /// Whether everything is known that may be bound to a waypoint.
    pub(super) fn knows_what_is_bound(&self) -> bool {
        let bound = [Kind::Service, Kind::from_wire("ServiceEntry"), Kind::Namespace];
        let unread = |kind| self.snapshot.not_read.iter().any(|list| list.is_of(kind));
        self.knows_what_may_run(None) && !bound.iter().any(unread)
    }

    pub(super) fn is_root(&self, namespace: &Namespace) -> bool {
        *namespace == self.snapshot.settings.mesh.root_namespace
    }
}

fn accounts(snapshot: &MeshSnapshot) -> FxHashMap<&Namespace, Accounts<'_>> {
    let mut found: FxHashMap<&Namespace, Accounts<'_>> = FxHashMap::default();
    for (namespace, account) in snapshot.service_accounts.keys() {
        found.entry(namespace).or_default().read.insert(account.as_str());
    }
    for workload in &snapshot.workloads {
        let of = found.entry(&workload.identity.namespace).or_default();
        of.running.insert(workload.service_account.as_str());
    }
    found
}

fn counting(mesh: &Mesh<'_>) -> FxHashMap<ResourceRef, Vec<WorkloadIndex>> {
    let mut counting: FxHashMap<ResourceRef, Vec<WorkloadIndex>> = FxHashMap::default();
    for index in mesh.snapshot.indexes() {
        let Some(workload) = mesh.workload(index) else { continue };
        for policy in mesh.applied(workload).policies {
            let provenance = mesh.policies.get(policy).map(|policy| &policy.provenance);
            if let Some(Provenance::Resource { reference, .. }) = provenance {
                counting.entry(reference.clone()).or_default().push(index);
            }
        }
    }
    counting
}

fn incomplete(snapshot: &MeshSnapshot) -> Option<Vec<&Extent>> {
    // What is there and not judged is not missing.
    let missing = snapshot.gaps.iter().filter(|gap| gap.kind != GapKind::Unsupported);
    let missing = missing.filter(|gap| !snapshot.only_addresses_hang_on(gap));
    let extents = missing.filter_map(|gap| match &gap.affects {
        Affects::Everything => Some(None),
        Affects::Workloads(extent) => Some(Some(extent)),
        Affects::Policies(_) | Affects::Nothing => None,
    });
    extents.collect()
}

/// Whether something of the mesh handles a workload's traffic.
pub(super) fn is_in_mesh(workload: &Workload) -> bool {
    workload.capture.data_plane != DataPlane::None
}

/// What a person deployed, each once.
pub(super) fn owners<'w>(workloads: impl Iterator<Item = &'w Workload>) -> BTreeSet<String> {
    workloads.map(|workload| workload.owner.to_string()).collect()
}

/// Some names, and how many more.
pub(super) fn some_of(names: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = names.into_iter().collect();
    match names.get(..SHOWN) {
        Some(shown) if names.len() > SHOWN + 1 => {
            format!("{} and {} more", shown.join(", "), names.len() - SHOWN)
        }
        _ => names.join(", "),
    }
}

/// The nearest of some names, in backticks.
pub(super) fn nearest(names: Vec<String>) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = names.into_iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    shown.join(", ")
}
