//! istiod's `convertPeerAuthentication`: what ztunnel gets for an object, condition by condition.

use crate::istio::MtlsMode;
use crate::model::Namespace;
use crate::policy::ir::{Action, Authorization, Clause, Field, Match, Provenance, Rule, Scope, StringMatch};

use super::entry::{Entry, Selects, choices};
use super::{PeerAuthentications, STATIC_STRICT};

impl PeerAuthentications {
    /// What `convertPeerAuthentication` may write for an object: its own choice of the oldest is among those
    /// without a selector *object* (policies.go, `PeerAuthByNamespace`).
    pub(super) fn conversions(&self, entry: &Entry) -> Vec<Option<Authorization>> {
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

pub(super) fn static_strict(root: &Namespace) -> Authorization {
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
