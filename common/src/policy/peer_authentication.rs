//! Which mTLS mode holds for a workload, and what ztunnel gets for it.
//!
//! pilot/pkg/serviceregistry/ambient/authorization.go does this in two steps that do not always agree:
//! `convertedSelectorPeerAuthentications` attaches a name to the workload, `convertPeerAuthentication` writes
//! the policy of that name or leaves it empty. Where an empty one is attached nothing denies: the fail-open
//! corners that docs/semantics.md lists. Among objects of one level the oldest holds; when none is older
//! every possible answer is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::istio::{MtlsMode, PeerAuthentication};
use crate::model::{Labels, Namespace};
use crate::snapshot::Policy;

use super::ir::Authorization;

mod convert;
mod entry;
mod remarks;

pub(super) use remarks::{remarks, tied};

use convert::static_strict;
pub(super) use entry::{Entry, Level, oldest};
use entry::{Selects, choices};

/// The name of the policy that denies whatever has no identity.
pub(super) const STATIC_STRICT: &str = "istio_converted_static_strict";

/// What a converted PeerAuthentication's name begins with (pilot/pkg/model/authentication.go).
const CONVERTED: &str = "converted_peer_authentication_";

/// The position of a PeerAuthentication in the snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeerAuthenticationIndex(pub usize);

/// What holds for a workload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Effective {
    /// The policy that refuses plaintext, if any does.
    pub denies: Option<Arc<Authorization>>,
    /// The object whose mode holds, if there is one.
    pub by: Option<PeerAuthenticationIndex>,
    /// The names that istiod attaches to the workload, for comparing with what it says.
    pub attached: Vec<String>,
}

/// One way in which ties may fall.
struct World {
    /// The mode that the levels above give.
    inherited: MtlsMode,
    /// What holds.
    effective: Effective,
}

/// All PeerAuthentications that istiod looks at.
#[derive(Clone, Debug)]
pub struct PeerAuthentications {
    root: Namespace,
    entries: Vec<Entry>,
    by_namespace: FxHashMap<Namespace, Vec<usize>>,
    static_strict: Arc<Authorization>,
    /// Namespaces in which some objects are of one age: elsewhere nothing can tie.
    may_tie: FxHashSet<Namespace>,
}

impl PeerAuthentications {
    /// Reads the objects that are not hidden.
    pub(super) fn new(policies: &[Policy<PeerAuthentication>], root: &Namespace) -> Self {
        let visible = policies.iter().enumerate().filter(|(_, policy)| policy.hidden.is_none());
        let entries: Vec<Entry> = visible.map(|(at, policy)| Entry::new(at, policy)).collect();
        let mut by_namespace: FxHashMap<Namespace, Vec<usize>> = FxHashMap::default();
        for (at, entry) in entries.iter().enumerate() {
            by_namespace.entry(entry.namespace()).or_default().push(at);
        }
        let ages = |list: &Vec<usize>| {
            let mut ages: Vec<_> =
                list.iter().filter_map(|at| entries.get(*at)).map(|e| &e.created).collect();
            ages.sort_unstable();
            ages.len() > 1
                && (ages.first() == Some(&&None)
                    || ages.windows(2).any(|pair| matches!(pair, [a, b] if a == b)))
        };
        let may_tie =
            by_namespace.iter().filter(|(_, list)| ages(list)).map(|(name, _)| name.clone()).collect();
        let static_strict = Arc::new(static_strict(root));
        Self { root: root.clone(), entries, by_namespace, static_strict, may_tie }
    }

    /// Whether there is any, so that istiod sends the static policy (policies.go, `DefaultPolicy`).
    #[must_use]
    pub fn any(&self) -> bool {
        !self.entries.is_empty()
    }

    /// The policy that denies whatever has no identity.
    #[must_use]
    pub fn static_strict(&self) -> &Arc<Authorization> {
        &self.static_strict
    }

    /// What istiod may send for each object, by the key of the policy: one answer for each of the oldest, `None` where
    /// it sends nothing.
    #[must_use]
    pub fn converted(&self) -> BTreeMap<String, Vec<Option<Authorization>>> {
        let key = |entry: &Entry| format!("{}/{}", entry.namespace(), entry.converted_name());
        self.entries.iter().map(|entry| (key(entry), self.conversions(entry))).collect()
    }

    /// What holds for a workload: one answer, or one for each way in which ties may fall.
    #[must_use]
    pub fn effective(&self, namespace: &Namespace, labels: &Labels) -> Vec<Effective> {
        let applying: Vec<&Entry> = self.applying(namespace, labels).collect();
        let level = |wanted: Level| {
            let of_level = applying.iter().copied().filter(|entry| entry.level(&self.root) == wanted);
            choices(&of_level.collect::<Vec<_>>())
        };
        let mut answers = Vec::new();
        for mesh in level(Level::Mesh) {
            for of_namespace in level(Level::Namespace) {
                for workload in level(Level::Workload) {
                    for answer in self.attach(mesh, of_namespace, workload) {
                        if !answers.contains(&answer) {
                            answers.push(answer);
                        }
                    }
                }
            }
        }
        answers
    }

    /// What may hold for a workload that only this object selects, for each way in which ties may fall.
    fn worlds(&self, entry: &Entry) -> Vec<World> {
        let (namespace, no_labels) = (entry.namespace(), Labels::default());
        let level = |wanted: Level| {
            let of_level =
                self.applying(&namespace, &no_labels).filter(|other| other.level(&self.root) == wanted);
            choices(&of_level.collect::<Vec<_>>())
        };
        let mut worlds = Vec::new();
        for mesh in level(Level::Mesh) {
            for of_namespace in level(Level::Namespace) {
                let modes = [of_namespace, mesh].into_iter().flatten().map(|other| other.mode);
                let inherited = modes.into_iter().find(|mode| *mode != MtlsMode::Unset).unwrap_or_default();
                let effective = self.attach(mesh, of_namespace, Some(entry)).into_iter();
                worlds.extend(effective.map(|effective| World { inherited, effective }));
            }
        }
        worlds
    }

    /// workloads.go, `fetchPeerAuthentications`: those of the namespace that select the workload, and those of
    /// root that have no selector *object*.
    fn applying<'a>(&'a self, namespace: &Namespace, labels: &'a Labels) -> impl Iterator<Item = &'a Entry> {
        let own = self.of(namespace).filter(move |entry| match &entry.selects {
            Selects::Labels(wanted) => labels.contains_all(wanted),
            Selects::Everything | Selects::EmptySelector => true,
        });
        let root = (*namespace != self.root).then(|| self.of(&self.root));
        own.chain(root.into_iter().flatten().filter(|entry| entry.selects == Selects::Everything))
    }

    /// What an Envoy's mode is made of: those of the namespace that select the workload, an empty selector like none,
    /// and those of root that select everything (pilot/pkg/model/authentication.go, `getConfigsForWorkload`).
    pub(super) fn for_envoy<'a>(
        &'a self,
        namespace: &Namespace,
        labels: &'a Labels,
    ) -> impl Iterator<Item = &'a Entry> {
        let own = self.of(namespace).filter(|entry| match &entry.selects {
            Selects::Labels(wanted) => labels.contains_all(wanted),
            Selects::Everything | Selects::EmptySelector => true,
        });
        let elsewhere = (*namespace != self.root).then_some(&self.root);
        let of_root = elsewhere.into_iter().flat_map(|root| self.of(root));
        own.chain(of_root).filter(|entry| entry.level(&self.root) != Level::Nowhere)
    }

    /// The namespace whose objects are for the whole mesh.
    pub(super) fn root(&self) -> &Namespace {
        &self.root
    }

    fn of(&self, namespace: &Namespace) -> impl Iterator<Item = &Entry> {
        let of_namespace = self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default();
        of_namespace.iter().filter_map(|at| self.entries.get(*at))
    }

    /// istiod's `convertedSelectorPeerAuthentications`, for one choice of the oldest.
    fn attach(
        &self,
        mesh: Option<&Entry>,
        namespace: Option<&Entry>,
        workload: Option<&Entry>,
    ) -> Vec<Effective> {
        let mode = |entry: Option<&Entry>| entry.map_or(MtlsMode::Unset, |entry| entry.mode);
        let mut strict = mode(mesh) == MtlsMode::Strict;
        let mut by = mesh.filter(|entry| entry.mode != MtlsMode::Unset);
        if mode(namespace) != MtlsMode::Unset {
            strict = mode(namespace) == MtlsMode::Strict;
            by = namespace;
        }
        let Some(workload) = workload else { return vec![self.strict_or_not(strict, by)] };
        if workload.mode != MtlsMode::Unset {
            strict = workload.mode == MtlsMode::Strict;
            by = Some(workload);
        }
        if !workload.is_attached(strict) {
            return vec![self.strict_or_not(strict, by)];
        }
        let name = format!("{}/{}", workload.namespace(), workload.converted_name());
        let effective = |denies: Option<Authorization>| Effective {
            // ztunnel skips a name that it does not know (src/state.rs, `assert_rbac`).
            denies: denies.map(Arc::new),
            by: Some(workload.index),
            attached: vec![name.clone()],
        };
        // With an own or inherited STRICT the static policy gives way; otherwise it was never there.
        self.conversions(workload).into_iter().map(effective).collect()
    }

    fn strict_or_not(&self, strict: bool, by: Option<&Entry>) -> Effective {
        Effective {
            denies: strict.then(|| self.static_strict.clone()),
            by: by.map(|entry| entry.index),
            attached: strict.then(|| self.static_strict.key()).into_iter().collect(),
        }
    }

    /// The objects among which nothing decides which holds for a workload, when that makes a difference; level by
    /// level, by their positions in the snapshot.
    #[must_use]
    pub fn ties(&self, namespace: &Namespace, labels: &Labels) -> Vec<Vec<PeerAuthenticationIndex>> {
        if !self.may_tie.contains(namespace) && !self.may_tie.contains(&self.root) {
            return Vec::new();
        }
        let effective = self.effective(namespace, labels);
        let denies = |effective: &Effective| effective.denies.as_ref().map(|policy| policy.rules.clone());
        if effective.windows(2).all(|pair| matches!(pair, [a, b] if denies(a) == denies(b))) {
            return Vec::new();
        }
        let applying: Vec<&Entry> = self.applying(namespace, labels).collect();
        let levels = [Level::Mesh, Level::Namespace, Level::Workload].into_iter();
        let tied = levels.map(|level| {
            let of_level = applying.iter().copied().filter(|entry| entry.level(&self.root) == level);
            oldest(&of_level.collect::<Vec<_>>())
        });
        let differ = |tied: &Vec<&Entry>| {
            tied.windows(2).any(|pair| matches!(pair, [a, b] if a.mode != b.mode || a.ports != b.ports))
        };
        tied.filter(differ).map(|tied| tied.iter().map(|entry| entry.index).collect()).collect()
    }

    /// The older objects behind which one holds for none of the workloads with these labels; none when it holds
    /// for some workload, or may.
    #[must_use]
    pub fn shadowing(
        &self,
        index: PeerAuthenticationIndex,
        workloads: &[&Labels],
    ) -> Vec<PeerAuthenticationIndex> {
        let Some(entry) = self.entries.iter().find(|entry| entry.index == index) else { return Vec::new() };
        let namespace = entry.namespace();
        let older = |labels: &Labels| {
            let is_older = |other: &&Entry| match (&other.created, &entry.created) {
                (Some(other), Some(own)) => other < own,
                _ => false,
            };
            let of_level =
                self.of(&namespace).filter(|other| other.level(&self.root) == entry.level(&self.root));
            let stands_before = move |other: &&Entry| match (&entry.selects, &other.selects) {
                // The conversion looks at objects without a selector only (policies.go, `PeerAuthByNamespace`).
                (Selects::Everything, other) => *other == Selects::Everything,
                (Selects::EmptySelector, other) => !matches!(other, Selects::Labels(_)),
                (Selects::Labels(_), Selects::Labels(wanted)) => labels.contains_all(wanted),
                (Selects::Labels(_), _) => false,
            };
            of_level.filter(is_older).find(stands_before).map(|other| other.index)
        };
        let found: Option<FxHashSet<PeerAuthenticationIndex>> =
            match (&entry.selects, entry.level(&self.root)) {
                (_, Level::Nowhere) => None,
                (Selects::Labels(wanted), _) => {
                    let selected = workloads.iter().filter(|labels| labels.contains_all(wanted));
                    selected.map(|labels| older(labels)).collect()
                }
                _ => older(&Labels::default()).map(|other| [other].into_iter().collect()),
            };
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        found.sort_unstable();
        found
    }
}
