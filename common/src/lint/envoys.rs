//! Which workloads with an Envoy a policy is for: those are found by one of their labels, so that the cost grows with
//! the objects and not with their pairs.
//!
//! pilot/pkg/model/policyattachment.go, `ShouldAttachPolicy`: no selector, an empty one, and empty labels select
//! everything.

use rustc_hash::FxHashMap;

use crate::model::{DataPlane, Labels, Namespace, ProxyKind, ResourceRef, Workload, WorkloadIndex};
use crate::policy::Mesh;
use crate::snapshot::MeshSnapshot;

/// Workloads of the mesh, as Envoys' policies select them.
pub(super) struct Selectable<'a> {
    root: &'a Namespace,
    everywhere: Place<'a>,
    by_namespace: FxHashMap<&'a Namespace, Place<'a>>,
}

/// What handles the traffic of some workloads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Planes {
    /// Whether a ztunnel does for one of them, or may.
    pub(super) ambient: bool,
    /// Whether an Envoy does for one of them.
    pub(super) envoy: bool,
    /// Whether an Envoy beside an application does for one of them.
    pub(super) sidecar: bool,
}

impl Planes {
    fn add(&mut self, workload: &Workload) {
        self.ambient |= workload.is_captured();
        self.envoy |= workload.has_envoy();
        self.sidecar |= has_sidecar(workload);
    }
}

/// Whether an Envoy stands beside an application.
pub(super) fn has_sidecar(workload: &Workload) -> bool {
    workload.has_envoy() && workload.proxy.as_ref().is_some_and(|proxy| proxy.kind == ProxyKind::Sidecar)
}

/// The workloads of a namespace, or of all.
#[derive(Default)]
struct Place<'a> {
    all: Vec<WorkloadIndex>,
    planes: Planes,
    by_label: FxHashMap<&'a str, FxHashMap<&'a str, Vec<WorkloadIndex>>>,
}

impl<'a> Place<'a> {
    fn add(&mut self, index: WorkloadIndex, workload: &'a Workload) {
        self.all.push(index);
        self.planes.add(workload);
        for (key, value) in workload.labels.iter() {
            self.by_label.entry(key).or_default().entry(value).or_default().push(index);
        }
    }

    fn with(&self, key: &str, value: &str) -> &[WorkloadIndex] {
        let found = self.by_label.get(key).and_then(|values| values.get(value));
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// Those with the rarest of some labels.
    fn candidates(&self, wanted: &Labels) -> &[WorkloadIndex] {
        let found = wanted.iter().map(|(key, value)| self.with(key, value));
        found.min_by_key(|found| found.len()).unwrap_or(&self.all)
    }
}

impl<'a> Selectable<'a> {
    /// Those outside of the mesh go by no policy.
    pub(super) fn new(snapshot: &'a MeshSnapshot) -> Self {
        let root = &snapshot.settings.mesh.root_namespace;
        let mut found = Self { root, everywhere: Place::default(), by_namespace: FxHashMap::default() };
        for (at, workload) in snapshot.workloads.iter().enumerate() {
            if workload.capture.data_plane != DataPlane::None {
                let of_namespace = found.by_namespace.entry(&workload.identity.namespace).or_default();
                of_namespace.add(WorkloadIndex(at), workload);
                found.everywhere.add(WorkloadIndex(at), workload);
            }
        }
        found
    }

    /// The workloads that a policy is for, as Envoys read its selector.
    pub(super) fn selected(&self, mesh: &Mesh<'_>, policy: &ResourceRef) -> Vec<WorkloadIndex> {
        let Some(place) = self.place(policy) else { return Vec::new() };
        let none = Labels::default();
        let wanted = mesh.selector_of(policy).flatten().unwrap_or(&none);
        let has_all = |index: &WorkloadIndex| {
            mesh.workload(*index).is_some_and(|workload| workload.labels.contains_all(wanted))
        };
        place.candidates(wanted).iter().copied().filter(has_all).collect()
    }

    /// What handles the traffic of the workloads that a policy is for.
    pub(super) fn planes(&self, mesh: &Mesh<'_>, policy: &ResourceRef) -> Planes {
        let Some(place) = self.place(policy) else { return Planes::default() };
        if mesh.selector_of(policy).flatten().is_none_or(Labels::is_empty) {
            return place.planes;
        }
        let mut planes = Planes::default();
        let selected = self.selected(mesh, policy).into_iter();
        selected.filter_map(|index| mesh.workload(index)).for_each(|workload| planes.add(workload));
        planes
    }

    fn place(&self, policy: &ResourceRef) -> Option<&Place<'a>> {
        let namespace = policy.namespace.as_ref()?;
        if namespace == self.root { Some(&self.everywhere) } else { self.by_namespace.get(namespace) }
    }
}
