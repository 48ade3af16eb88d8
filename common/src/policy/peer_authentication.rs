//! Which mTLS mode holds for a workload, and what ztunnel gets for it.
//!
//! pilot/pkg/serviceregistry/ambient/authorization.go does this in two steps that do not always agree:
//! `convertedSelectorPeerAuthentications` attaches a name to the workload, `convertPeerAuthentication` writes
//! the policy of that name or leaves it empty. Where an empty one is attached nothing denies: the fail-open
//! corners that docs/semantics.md lists. Among objects of one level the oldest holds; when none is older
//! every possible answer is given.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::istio::{MtlsMode, PeerAuthentication};
use crate::model::{Labels, Name, Namespace, Origin, ResourceRef};
use crate::snapshot::Policy;

use super::ir::{Action, Authorization, Clause, Field, Match, Provenance, Rule, Scope, StringMatch};

mod remarks;

pub(super) use remarks::{remarks, tied};

/// The name of the policy that denies whatever has no identity.
pub(super) const STATIC_STRICT: &str = "istio_converted_static_strict";

/// What a converted PeerAuthentication's name begins with (pilot/pkg/model/authentication.go).
const CONVERTED: &str = "converted_peer_authentication_";

/// The position of a PeerAuthentication in the snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeerAuthenticationIndex(pub usize);

/// How a PeerAuthentication selects.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Selects {
    /// Without a selector: everything at its level.
    Everything,
    /// With a selector that has no labels.
    EmptySelector,
    /// By labels.
    Labels(Labels),
}

/// A PeerAuthentication that istiod looks at.
#[derive(Clone, Debug)]
struct Entry {
    index: PeerAuthenticationIndex,
    reference: ResourceRef,
    origin: Origin,
    selects: Selects,
    mode: MtlsMode,
    ports: std::collections::BTreeMap<u16, MtlsMode>,
    created: Option<Name>,
}

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

    /// Every policy that istiod may send for these objects: one answer for each of the oldest.
    #[must_use]
    pub fn converted(&self) -> Vec<Authorization> {
        let mut all: Vec<Authorization> = Vec::new();
        for entry in &self.entries {
            for written in self.conversions(entry) {
                all.extend(written.filter(|policy| !all.contains(policy)));
            }
        }
        all
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

    /// What `convertPeerAuthentication` may write for an object: its own choice of the oldest is among those
    /// without a selector *object* (policies.go, `PeerAuthByNamespace`).
    fn conversions(&self, entry: &Entry) -> Vec<Option<Authorization>> {
        let without_selector = |namespace: &Namespace| {
            let of_namespace = self.of(namespace).filter(|entry| entry.selects == Selects::Everything);
            choices(&of_namespace.collect::<Vec<_>>())
        };
        let mut written = Vec::new();
        for namespace in without_selector(&entry.namespace()) {
            for mesh in without_selector(&self.root) {
                let policy = self.convert(entry, namespace, mesh);
                if !written.contains(&policy) {
                    written.push(policy);
                }
            }
        }
        written
    }

    /// istiod's `convertPeerAuthentication`.
    fn convert(
        &self,
        entry: &Entry,
        namespace: Option<&Entry>,
        mesh: Option<&Entry>,
    ) -> Option<Authorization> {
        if entry.namespace() == self.root || entry.selects == Selects::Everything || entry.ports.is_empty() {
            return None;
        }
        let inherited = Inherited::new(namespace, mesh);
        let mut rules = Vec::new();
        let mut exempt = Vec::new();
        for (port, mode) in &entry.ports {
            match mode {
                MtlsMode::Strict if !inherited.covers_strict_port(entry.mode) => {
                    rules.push(deny(vec![no_identity_at(*port)]));
                }
                mode if mode.exempts() && inherited.writes_exemption(entry.mode) => exempt.push(*port),
                _ => {}
            }
        }
        if entry.mode == MtlsMode::Strict && exempt.is_empty() {
            // Every port is strict: the static policy does.
            return None;
        }
        let mut clauses: Vec<Match> = Vec::new();
        if entry.mode == MtlsMode::Strict {
            clauses.push(no_identity());
        }
        clauses.extend(exempt.iter().map(|port| not_at(*port)));
        if rules.is_empty() && clauses.is_empty() {
            return None;
        }
        if inherited.merges_strict() && !exempt.is_empty() {
            clauses.push(no_identity());
        }
        if !clauses.is_empty() {
            rules.push(deny(clauses));
        }
        Some(Authorization {
            namespace: entry.namespace(),
            name: entry.converted_name().into(),
            scope: Scope::WorkloadSelector,
            action: Action::Deny,
            rules,
            dry_run: false,
            selector: None,
            provenance: Provenance::Resource { reference: entry.reference.clone(), origin: entry.origin },
        })
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
}

/// Where an object stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Level {
    Mesh,
    Namespace,
    Workload,
    /// Labels in the root namespace: ignored.
    Nowhere,
}

impl Entry {
    fn new(at: usize, policy: &Policy<PeerAuthentication>) -> Self {
        let object = &policy.object;
        let selects = match &object.spec.selector {
            None => Selects::Everything,
            Some(selector) => match &selector.match_labels {
                Some(labels) if !labels.is_empty() => Selects::Labels(labels.clone()),
                _ => Selects::EmptySelector,
            },
        };
        Self {
            index: PeerAuthenticationIndex(at),
            reference: object.reference(crate::model::Kind::PeerAuthentication),
            origin: object.origin,
            selects,
            mode: object.spec.mtls.mode,
            ports: object.spec.port_level_mtls.0.clone(),
            created: object.meta.creation_timestamp.clone(),
        }
    }

    fn namespace(&self) -> Namespace {
        self.reference.namespace.clone().unwrap_or_else(|| "".into())
    }

    fn level(&self, root: &Namespace) -> Level {
        match (&self.selects, self.namespace() == *root) {
            (Selects::Labels(_), true) => Level::Nowhere,
            (Selects::Labels(_), false) => Level::Workload,
            (_, true) => Level::Mesh,
            (_, false) => Level::Namespace,
        }
    }

    fn converted_name(&self) -> String {
        format!("{CONVERTED}{}", self.reference.name)
    }

    /// Whether the converted policy is attached, given whether the workload is STRICT without its ports.
    fn is_attached(&self, strict: bool) -> bool {
        let has = |wanted: fn(MtlsMode) -> bool| self.ports.values().any(|mode| wanted(*mode));
        match self.mode {
            MtlsMode::Strict => has(MtlsMode::exempts),
            MtlsMode::Permissive | MtlsMode::Disable => has(|mode| mode == MtlsMode::Strict),
            // Under an inherited STRICT only PERMISSIVE is looked for; DISABLE alone is not seen.
            MtlsMode::Unset if strict => has(|mode| mode == MtlsMode::Permissive),
            MtlsMode::Unset => has(|mode| mode == MtlsMode::Strict),
        }
    }
}

/// What the levels above say, in the terms of `convertPeerAuthentication`'s conditions.
struct Inherited {
    namespace: Option<MtlsMode>,
    mesh: Option<MtlsMode>,
}

impl Inherited {
    fn new(namespace: Option<&Entry>, mesh: Option<&Entry>) -> Self {
        Self { namespace: namespace.map(|entry| entry.mode), mesh: mesh.map(|entry| entry.mode) }
    }

    fn namespace_is_silent(&self) -> bool {
        matches!(self.namespace, None | Some(MtlsMode::Unset))
    }

    /// Whether a STRICT port is left out because something above covers it. The last condition stands outside
    /// of the one on the own mode: in Go `&&` binds more tightly than `||`.
    fn covers_strict_port(&self, own: MtlsMode) -> bool {
        own == MtlsMode::Strict
            || own == MtlsMode::Unset && self.namespace == Some(MtlsMode::Strict)
            || self.namespace_is_silent() && self.mesh == Some(MtlsMode::Strict)
    }

    /// Whether an exempted port is written: not when nothing strict is left to exempt it from.
    fn writes_exemption(&self, own: MtlsMode) -> bool {
        let nothing_strict_above = match (self.namespace, self.mesh) {
            (Some(namespace), _) => namespace != MtlsMode::Strict,
            (None, mesh) => mesh != Some(MtlsMode::Strict),
        };
        match own {
            MtlsMode::Permissive | MtlsMode::Disable => false,
            MtlsMode::Strict => true,
            MtlsMode::Unset => !nothing_strict_above,
        }
    }

    /// Whether the exemption has to carry the STRICT from above.
    fn merges_strict(&self) -> bool {
        let strict_or_silent = self.namespace_is_silent() || self.namespace == Some(MtlsMode::Strict);
        self.mesh == Some(MtlsMode::Strict) && strict_or_silent || self.namespace == Some(MtlsMode::Strict)
    }
}

/// Every object that may count as the oldest; `None` when there is no object.
fn choices<'a>(entries: &[&'a Entry]) -> Vec<Option<&'a Entry>> {
    if entries.is_empty() { vec![None] } else { oldest(entries).into_iter().map(Some).collect() }
}

/// The oldest by whole seconds. An object without a time stamp was never applied: it may be of any age.
fn oldest<'a>(entries: &[&'a Entry]) -> Vec<&'a Entry> {
    let first = entries.iter().filter_map(|entry| entry.created.as_ref()).min();
    entries
        .iter()
        .copied()
        .filter(|entry| entry.created.is_none() || entry.created.as_ref() == first)
        .collect()
}

fn static_strict(root: &Namespace) -> Authorization {
    Authorization {
        namespace: root.clone(),
        name: STATIC_STRICT.into(),
        scope: Scope::WorkloadSelector,
        action: Action::Deny,
        rules: vec![deny(vec![no_identity()])],
        dry_run: false,
        selector: None,
        provenance: Provenance::Default,
    }
}

/// A rule whose clauses have one match each.
fn deny(matches: Vec<Match>) -> Rule {
    Rule { clauses: matches.into_iter().map(|one| Clause { matches: vec![one] }).collect(), index: None }
}

fn no_identity() -> Match {
    let principals = Field { any_of: Vec::new(), none_of: vec![StringMatch::Presence] };
    Match { principals, ..Match::default() }
}

fn no_identity_at(port: u16) -> Match {
    let destination_ports = Field { any_of: vec![port], none_of: Vec::new() };
    Match { destination_ports, ..no_identity() }
}

fn not_at(port: u16) -> Match {
    let destination_ports = Field { any_of: Vec::new(), none_of: vec![port] };
    Match { destination_ports, ..Match::default() }
}
