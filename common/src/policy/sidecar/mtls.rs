//! Which mTLS mode a sidecar enforces at a port: pilot/pkg/security/authn/policy_applier.go,
//! `ComposePeerAuthentication` and `GetMutualTLSModeForPort`, of what pilot/pkg/model/authentication.go,
//! `GetPeerAuthenticationsForWorkload`, finds.
//!
//! This is not what ztunnel gets (`policy::peer_authentication`): here the port of a workload's object always counts, and
//! an empty selector selects like none. At each level the oldest object holds. Of equals istiod takes the first by name
//! (pilot/pkg/model/config.go, `configCompareByCreationTime`); names may be hashed here, and manifests have no age, so that
//! any of them is taken for possible, as at ztunnel: where they differ, that is the answer.

use crate::istio::MtlsMode;
use crate::model::{Labels, Namespace};
use crate::policy::peer_authentication::{
    Entry, Level, PeerAuthenticationIndex, PeerAuthentications, oldest,
};

#[cfg(test)]
mod tests;

/// What a sidecar does with mTLS.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mode {
    /// It terminates none.
    Disable,
    /// It takes mTLS and plaintext.
    Permissive,
    /// It takes mTLS only.
    Strict,
}

/// What holds at a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Enforced {
    /// This mode.
    Mode {
        /// Which.
        mode: Mode,
        /// The object that says so, if one does.
        by: Option<PeerAuthenticationIndex>,
    },
    /// Nothing says which of these objects is the oldest, and they differ.
    Tied(Vec<PeerAuthenticationIndex>),
}

impl Enforced {
    /// The mode, where it is known.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        match self {
            Self::Mode { mode, .. } => Some(*mode),
            Self::Tied(_) => None,
        }
    }
}

/// What holds at a port of a workload; without a port, at those that no object names.
#[must_use]
pub fn at_port(
    all: &PeerAuthentications,
    namespace: &Namespace,
    labels: &Labels,
    port: Option<u16>,
) -> Enforced {
    let found: Vec<&Entry> = all.for_envoy(namespace, labels).collect();
    compose(all, &found, port)
}

/// The ports that objects name which select a workload.
#[must_use]
pub fn ports(all: &PeerAuthentications, namespace: &Namespace, labels: &Labels) -> Vec<u16> {
    all.for_envoy(namespace, labels).flat_map(|entry| entry.ports.keys().copied()).collect()
}

/// What the namespace and the mesh say, whatever workloads and ports do: authentication.go, `GetNamespaceMutualTLSMode`.
/// Clients go by that.
#[must_use]
pub fn of_namespace(all: &PeerAuthentications, namespace: &Namespace) -> Enforced {
    let level = |entry: &Entry| entry.level(all.root());
    let no_labels = Labels::default();
    let found = all.for_envoy(namespace, &no_labels);
    let found: Vec<&Entry> = found.filter(|entry| level(entry) != Level::Workload).collect();
    compose(all, &found, None)
}

/// Every way in which ties may fall; they matter only where the modes differ.
fn compose(all: &PeerAuthentications, found: &[&Entry], port: Option<u16>) -> Enforced {
    let level = |wanted: Level| {
        let of_level = found.iter().copied().filter(|entry| entry.level(all.root()) == wanted);
        oldest(&of_level.collect::<Vec<_>>())
    };
    let (meshes, namespaces, workloads) =
        (level(Level::Mesh), level(Level::Namespace), level(Level::Workload));
    let mut answers: Vec<(Mode, Option<PeerAuthenticationIndex>)> = Vec::new();
    for mesh in options(&meshes) {
        for namespace in options(&namespaces) {
            for workload in options(&workloads) {
                answers.push(effective(mesh, namespace, workload, port));
            }
        }
    }
    match answers.as_slice() {
        [(mode, by), others @ ..] if others.iter().all(|(other, _)| other == mode) => {
            Enforced::Mode { mode: *mode, by: *by }
        }
        _ => {
            let mut tied: Vec<_> = answers.into_iter().filter_map(|(_, by)| by).collect();
            tied.sort_unstable();
            tied.dedup();
            Enforced::Tied(tied)
        }
    }
}

fn options<'e>(entries: &'e [&'e Entry]) -> Vec<Option<&'e Entry>> {
    if entries.is_empty() { vec![None] } else { entries.iter().copied().map(Some).collect() }
}

/// The narrowest that says something; UNSET says nothing. A port that is UNSET has the workload's mode.
fn effective(
    mesh: Option<&Entry>,
    namespace: Option<&Entry>,
    workload: Option<&Entry>,
    port: Option<u16>,
) -> (Mode, Option<PeerAuthenticationIndex>) {
    let of_port = workload.and_then(|entry| Some((entry, *entry.ports.get(&port?)?)));
    let of_all = [workload, namespace, mesh].into_iter().flatten().map(|entry| (entry, entry.mode));
    let said = of_port.into_iter().chain(of_all).find_map(|(entry, mode)| Some((entry, set(mode)?)));
    said.map_or((Mode::Permissive, None), |(entry, mode)| (mode, Some(entry.index)))
}

fn set(mode: MtlsMode) -> Option<Mode> {
    match mode {
        MtlsMode::Unset => None,
        MtlsMode::Disable => Some(Mode::Disable),
        MtlsMode::Permissive => Some(Mode::Permissive),
        MtlsMode::Strict => Some(Mode::Strict),
    }
}
