//! What certain callers get at a target, and whom a caller gets to.

use crate::codes::{Code, Evidence, Reason};
use crate::model::{DataPlane, Identity, Workload, WorkloadIndex};
use crate::policy::{Caller, Decision, Destination, Dialled, Gate, Mesh, Resolution, Target, evaluate};
use crate::report::Facts;
use crate::snapshot::Backend;

use super::question::{SourceQuestion, TargetQuestion};
use super::row::{Class, PeerEntry, Row, Rows, of_class, of_identity, settle};
use super::{Answer, Reachability, Way};

/// What each of these callers gets at the target.
#[must_use]
pub fn from(mesh: &Mesh<'_>, question: &TargetQuestion, sources: &[SourceQuestion]) -> Answer<Reachability> {
    let mut facts = Facts::default();
    let mut maker = Rows::new(mesh);
    let mut rows = Vec::new();
    let each = question.each(mesh);
    let named = each.len() > 1;
    let questions = if named { each.as_slice() } else { std::slice::from_ref(question) };
    for question in questions {
        let mut of_target = Vec::new();
        for dialled in question.ports(mesh) {
            for source in sources {
                for part in parts(mesh, question, &dialled, source, &mut facts) {
                    let mut row = maker.row(part.peer(&maker), dialled.to_string(), &part.decision);
                    row.target = named.then(|| question.name.clone());
                    of_target.push(row);
                }
            }
        }
        rows.extend(settle(of_target));
    }
    let evidence = facts.evidence(mesh);
    let body = Reachability {
        target: Some(question.full_name()),
        direction: Way::From,
        rows,
        identities: Vec::new(),
        leaves_out_workloads: false,
        findings: evidence.findings.clone(),
    };
    Answer { body, evidence }
}

/// Whom a caller gets to, among these workloads.
#[must_use]
pub fn to_peers(
    mesh: &Mesh<'_>,
    source: &SourceQuestion,
    workloads: &[WorkloadIndex],
) -> Answer<Reachability> {
    let mut facts = Facts::default();
    let mut maker = Rows::new(mesh);
    let mut rows: Vec<Row> = Vec::new();
    for question in super::list::targets(mesh, workloads) {
        for dialled in question.ports(mesh) {
            for part in parts(mesh, &question, &dialled, source, &mut facts) {
                rows.push(maker.row(called(mesh, &question), dialled.to_string(), &part.decision));
            }
        }
    }
    let evidence = facts.evidence(mesh);
    let body = Reachability {
        target: Some(source.name.clone()),
        direction: Way::To,
        rows: settle(rows),
        identities: Vec::new(),
        leaves_out_workloads: false,
        findings: evidence.findings.clone(),
    };
    Answer { body, evidence }
}

/// Callers of one source who get the same.
pub(super) struct Part {
    callers: Vec<Caller>,
    /// The identity with which they may arrive.
    identity: Option<Identity>,
    pub(super) decision: Decision,
}

/// What the callers of a source get, those with the same answer and identity together.
pub(super) fn parts(
    mesh: &Mesh<'_>,
    question: &TargetQuestion,
    dialled: &Dialled,
    source: &SourceQuestion,
    facts: &mut Facts,
) -> Vec<Part> {
    let resolution = question.target.resolve(mesh, dialled);
    question.touch(mesh, facts, &resolution);
    let reached = reached(mesh, &resolution);
    let takes_identities = match &resolution {
        Resolution::Destinations(_) => reached.iter().any(|to| to.capture.data_plane != DataPlane::None),
        Resolution::Nowhere(_) | Resolution::Unknown(_) => true,
    };
    let callers = Caller::of(&source.place, &mesh.snapshot.services);
    let destinations = match &resolution {
        Resolution::Destinations(destinations) => destinations.as_slice(),
        Resolution::Nowhere(_) | Resolution::Unknown(_) => &[],
    };
    let mut indexes = destinations.iter().filter_map(Destination::workload);
    if !callers.is_empty() && indexes.any(|to| mesh.asks_for_addresses(to)) {
        facts.assume(Code::NoSourceNat, None, Evidence::none());
    }
    let mut parts: Vec<Part> = Vec::new();
    for caller in callers {
        touch(mesh, &caller, &reached, facts);
        let decision = evaluate(mesh, &caller, &resolution);
        facts.decision(&decision);
        let arrives = takes_identities || goes_to_waypoint(&decision);
        let identity = identity(mesh, &caller).filter(|_| arrives).cloned();
        match parts.iter_mut().find(|part| part.decision == decision && part.identity == identity) {
            Some(part) => part.callers.push(caller),
            None => parts.push(Part { callers: vec![caller], identity, decision }),
        }
    }
    parts
}

fn goes_to_waypoint(decision: &Decision) -> bool {
    decision.gate(Gate::Transport).is_some_and(|transport| transport.reason == Reason::Waypoint)
}

/// The workloads where connections end up.
fn reached<'a>(mesh: &'a Mesh<'_>, resolution: &Resolution) -> Vec<&'a Workload> {
    let Resolution::Destinations(destinations) = resolution else { return Vec::new() };
    destinations.iter().filter_map(|of| mesh.workload(of.workload()?)).collect()
}

fn touch(mesh: &Mesh<'_>, caller: &Caller, destinations: &[&Workload], facts: &mut Facts) {
    match caller {
        Caller::Workload(index) => {
            facts.caller(*index);
            if let Some(workload) = mesh.workload(*index).filter(|w| w.host_network) {
                on_another_node(&workload.owner.to_string(), workload.node.is_some(), destinations, facts);
            }
        }
        Caller::Node(node, _) => on_another_node(&format!("node/{node}"), true, destinations, facts),
        Caller::Address(address) if mesh.snapshot.entry_at(*address).is_some() => {}
        Caller::Address(address) => {
            let subject = format!("ip/{address}");
            let values = Evidence::none().with("subject", &subject);
            facts.assume(Code::AddressUnknown, Some(subject), values);
        }
        Caller::Identity(_) | Caller::Outside => {}
    }
}

/// A node's own processes are let past ztunnel on their own node: where either's is not known, they are taken
/// for different ones.
fn on_another_node(caller: &str, placed: bool, destinations: &[&Workload], facts: &mut Facts) {
    let mut captured = destinations.iter().filter(|to| to.is_captured());
    if captured.any(|to| !placed || to.node.is_none()) {
        let values = Evidence::none().with("subject", caller);
        facts.assume(Code::SourceOnAnotherNode, Some(caller.to_owned()), values);
    }
}

/// The identity that a caller's traffic may carry.
fn identity<'a>(mesh: &'a Mesh<'_>, caller: &'a Caller) -> Option<&'a Identity> {
    match caller {
        Caller::Identity(identity) => Some(identity),
        Caller::Workload(index) => mesh
            .workload(*index)
            .filter(|workload| workload.capture.data_plane != DataPlane::None)
            .map(|workload| &workload.identity),
        Caller::Address(_) | Caller::Node(..) | Caller::Outside => None,
    }
}

impl Part {
    /// Who it is about.
    pub(super) fn peer(&self, maker: &Rows<'_>) -> PeerEntry {
        let workload = |caller: &Caller| match caller {
            Caller::Workload(index) => Some(*index),
            _ => None,
        };
        let workloads: Vec<WorkloadIndex> = self.callers.iter().filter_map(workload).collect();
        let first = self.callers.first();
        let mut peer = match (first, &self.identity) {
            (Some(Caller::Identity(_)), Some(identity)) => maker.named(identity),
            (_, Some(identity)) => of_identity(Class::Identity, identity),
            (Some(Caller::Outside | Caller::Address(_)), None) => of_class(Class::Outside),
            (_, None) => of_class(Class::NoIdentity),
        };
        peer.workloads = maker.owners(&workloads);
        if let Some(Caller::Address(address)) = first {
            peer.addresses = vec![address.to_string()];
        }
        if let Some(Caller::Node(node, address)) = first {
            peer.workloads = vec![format!("node/{node}")].into();
            peer.addresses = address.iter().map(ToString::to_string).collect();
        }
        peer
    }
}

/// What is called, as the peer of a caller.
fn called(mesh: &Mesh<'_>, question: &TargetQuestion) -> PeerEntry {
    let first = match &question.target {
        Target::Workloads(workloads) => workloads.first().copied(),
        Target::Service(at) => mesh.snapshot.services.get(*at).and_then(|service| {
            service.backends.iter().find_map(|backend| match backend {
                Backend::Workload { index, .. } => Some(*index),
                Backend::Address { .. } | Backend::Unclear => None,
            })
        }),
        Target::Address(_) | Target::Node(_) => None,
    };
    let first = first.and_then(|index| mesh.workload(index));
    let mut peer = match first {
        Some(workload) if workload.capture.data_plane != DataPlane::None => {
            of_identity(Class::Identity, &workload.identity)
        }
        _ => of_class(Class::NoIdentity),
    };
    peer.workloads = vec![question.name.clone()].into();
    peer
}
