//! Whether the network lets a hop through: at the end that sends, then at the end that is called.
//!
//! What is judged is what travels: HBONE to port 15008, plaintext to the port of the application. Both are TCP from
//! the pod's own address (ztunnel ARCHITECTURE.md; src/proxy/outbound.rs, `build_request`). Which object of the
//! sender's side decides is looked up for those who are told ([`with_evidence`]), because senders are many.

use std::cell::OnceCell;
use std::net::IpAddr;

use crate::codes::Reason;
use crate::istio::{HBONE_PORT, HOST_PROBE, HOST_PROBE_V6};
use crate::model::{Kind, ResourceRef, Workload};
use crate::policy::decision::{By, Cell, Decision, Gate, GateOutcome, Judgement};
use crate::policy::fold::Domain;
use crate::policy::mesh::Mesh;
use crate::policy::network::{
    ClassSet, Direction, End, EndKind, Hop, NetworkRule, PodClass, Ruling, Sent, Travelling, Uncertain,
    is_judged,
};

use super::resolve::{At, Destination};
use super::{Flow, divide, transport};

mod witness;

pub(in crate::policy) use witness::{Witness, with_evidence};

/// What travels to the destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Travels {
    /// HBONE.
    Hbone,
    /// What the application sends.
    AsSent,
    /// One of both.
    Either,
    /// That is not known, or nothing does.
    Unknown,
}

impl Travels {
    fn of(decision: &Decision, workload: Option<&Workload>) -> Self {
        let unclear = workload.is_some_and(Workload::is_unclear);
        match decision.gate(Gate::Transport).map(|transport| transport.reason) {
            Some(Reason::Hbone | Reason::Plaintext | Reason::TrustDomainMismatch) if unclear => Self::Either,
            Some(Reason::Waypoint) => Self::Hbone,
            Some(Reason::Hbone | Reason::TrustDomainMismatch) => Self::Hbone,
            Some(
                Reason::Plaintext
                | Reason::Mtls
                | Reason::NotIntercepted
                | Reason::ProxyPort
                | Reason::NotCaptured
                | Reason::InboundBypassed
                | Reason::SelfCall
                | Reason::RedirectionPending,
            ) => Self::AsSent,
            Some(Reason::SidecarNotJudged) => Self::Either,
            _ => Self::Unknown,
        }
    }
}

/// Divides cells by what the network says at both ends.
pub(super) fn through<D: Domain>(domain: &D, flow: &Flow<'_>, cells: Vec<Cell<D::Set>>) -> Vec<Cell<D::Set>> {
    let called = Called::new(flow.mesh, flow.destination);
    let (mut done, mut rest) = (Vec::with_capacity(cells.len()), cells);
    while let Some(first) = rest.first() {
        let travels = Travels::of(&first.decision, flow.workload);
        let (same, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|cell| Travels::of(&cell.decision, flow.workload) == travels);
        rest = others;
        let within = same.iter().fold(domain.none(), |all, cell| domain.or(all, &cell.peers));
        let sides = [Gate::NetworkPolicyEgress, Gate::NetworkPolicyIngress];
        done.extend(sides.into_iter().fold(same, |cells, gate| {
            divide(domain, cells, &parts(domain, flow.mesh, &called, &within, (gate, travels)))
        }));
    }
    done
}

/// What the network says of the way to pods that are only written. Their labels are not all known, so that what
/// isolates anything there may let them through or not.
pub(super) fn to_what_is_written<D: Domain>(
    domain: &D,
    mesh: &Mesh<'_>,
    object: &ResourceRef,
    judged: bool,
    cells: Vec<Cell<D::Set>>,
) -> Vec<Cell<D::Set>> {
    let sides = [Gate::NetworkPolicyEgress, Gate::NetworkPolicyIngress];
    if !judged {
        let nothing = |cells, gate| divide(domain, cells, &[(domain.all(), Judgement::not_reached(gate))]);
        return sides.into_iter().fold(cells, nothing);
    }
    let unclear = |gate| {
        let judgement = Judgement::new(gate, GateOutcome::Unknown, Reason::NetworkPolicyUnclear);
        judgement.by(By::Object(object.clone()))
    };
    let [egress, ingress] = sides;
    let alike = || mesh.network.alike_senders();
    let of_egress = domain.by_sender(&domain.all(), false, alike, |sender, _| match sender {
        EndKind::Pod(class) | EndKind::HostPod(class, _)
            if mesh.network.isolates(class, Direction::Egress) =>
        {
            unclear(egress)
        }
        EndKind::Unrun(_) if mesh.network.isolates_egress() => unclear(egress),
        _ => not_isolated(egress),
    });
    let isolated = object.namespace.as_ref().is_some_and(|namespace| mesh.network.may_isolate_in(namespace));
    let of_ingress = if isolated { unclear(ingress) } else { not_isolated(ingress) };
    let cells = divide(domain, cells, &of_egress);
    divide(domain, cells, &[(domain.all(), of_ingress)])
}

fn parts<D: Domain>(
    domain: &D,
    mesh: &Mesh<'_>,
    called: &Called<'_>,
    within: &D::Set,
    (gate, travels): (Gate, Travels),
) -> Vec<(D::Set, Judgement)> {
    let network = &mesh.network;
    if travels == Travels::Unknown {
        return vec![(domain.all(), Judgement::not_reached(gate))];
    }
    let isolated = match gate {
        Gate::NetworkPolicyEgress => network.isolates_egress(),
        _ => called.class().is_some_and(|class| network.isolates(class, Direction::Ingress)),
    };
    if !isolated {
        return vec![(domain.all(), not_isolated(gate))];
    }
    if gate == Gate::NetworkPolicyEgress {
        return domain.by_sender(
            within,
            false,
            || called.alike_senders(mesh, travels),
            |sender, _| {
                // Who decides is found for those who are told.
                Judgement { by: None, ..called.judge(mesh, gate, sender, &[], travels) }
            },
        );
    }
    let addressed = called.class().is_some_and(|class| network.ingress_blocks(class).next().is_some());
    let alike = || called.class().map(|class| network.alike_to(class)).unwrap_or_default();
    domain.by_sender(within, addressed, alike, |sender, address| {
        called.judge(mesh, gate, sender, address.as_slice(), travels)
    })
}

fn class_of(end: EndKind<'_>) -> Option<PodClass> {
    match end {
        EndKind::Pod(class) | EndKind::HostPod(class, _) => Some(class),
        _ => None,
    }
}

/// The end that is called.
struct Called<'a> {
    kind: EndKind<'static>,
    addresses: Vec<IpAddr>,
    /// Whether it is a node itself.
    on_node: bool,
    port: Option<u16>,
    /// The ports that have rows of their own.
    listed: Vec<u16>,
    workload: Option<&'a Workload>,
    /// What policies say of HBONE to it, and of what the application sends, when many are asked about.
    sent: [OnceCell<Option<Sent>>; 2],
}

impl<'a> Called<'a> {
    fn new(mesh: &Mesh<'a>, destination: &Destination) -> Self {
        let workload = destination.workload().and_then(|index| mesh.workload(index));
        let (kind, addresses) = match &destination.at {
            At::Workload(index) => {
                (mesh.network.kind_of(*index), workload.map(|w| w.addresses.clone()).unwrap_or_default())
            }
            At::Address(address) => (EndKind::Address, vec![*address]),
            At::Node(node) => (EndKind::Address, mesh.snapshot.addresses_of_node(node)),
        };
        let mut listed = match (destination.port, destination.workload()) {
            (None, Some(index)) => mesh.ports_of(index),
            _ => Vec::new(),
        };
        if workload.is_some_and(Workload::is_captured) {
            // Nobody gets to these, so that no other port is one of them.
            listed.extend(transport::OWN_PORTS);
        }
        let on_node = matches!(destination.at, At::Node(_));
        let sent = <[OnceCell<Option<Sent>>; 2]>::default();
        Self { kind, addresses, on_node, port: destination.port, listed, workload, sent }
    }

    fn class(&self) -> Option<PodClass> {
        class_of(self.kind)
    }

    fn is_node(&self) -> bool {
        self.on_node || matches!(self.kind, EndKind::HostPod(..))
    }

    /// Whether a sender is on the node of the pod: no policy keeps that out (Kubernetes
    /// staging/src/k8s.io/api/networking/v1/types.go, `NetworkPolicySpec.Ingress`).
    fn is_own_node_of(&self, sender: EndKind<'_>) -> bool {
        let (EndKind::Node(of) | EndKind::HostPod(_, Some(of))) = sender else { return false };
        self.workload.and_then(|workload| workload.node.as_deref()) == Some(of)
    }

    fn as_sent(&self) -> Travelling<'_> {
        self.port.map_or(Travelling::AnyBut(&self.listed), Travelling::Number)
    }

    /// Both ports that may travel, with what is known of all who send to them.
    fn ways(&self) -> [(Travelling<'_>, &OnceCell<Option<Sent>>); 2] {
        let [hbone, as_sent] = &self.sent;
        [(Travelling::Number(HBONE_PORT), hbone), (self.as_sent(), as_sent)]
    }

    /// A hop to it, from this class.
    fn sent_by<'b>(&'b self, of: PodClass, port: Travelling<'b>) -> Hop<'b> {
        let other = End { kind: self.kind, addresses: &self.addresses };
        Hop { of, direction: Direction::Egress, other, port }
    }

    /// What holds for all who send to it, over HBONE or as the application does.
    fn of_all(&self, mesh: &Mesh<'_>, over_hbone: bool) -> Option<&Sent> {
        let [hbone, as_sent] = self.ways();
        let (port, sent) = if over_hbone { hbone } else { as_sent };
        // What is said of all is not about one of them.
        sent.get_or_init(|| mesh.network.sent(self.sent_by(PodClass::at(0), port))).as_ref()
    }

    /// Sets of pods of which one judgement holds for what they send to it.
    fn alike_senders(&self, mesh: &Mesh<'_>, travels: Travels) -> Vec<ClassSet> {
        let sets = |over_hbone| Some(mesh.network.alike_sent(self.of_all(mesh, over_hbone)?));
        let sets = match travels {
            Travels::AsSent | Travels::Unknown => sets(false),
            // Both are looked at.
            Travels::Hbone | Travels::Either => {
                sets(true).zip(sets(false)).map(|(a, b)| ClassSet::cut(&a, &b))
            }
        };
        sets.unwrap_or_else(|| mesh.network.alike_senders())
    }

    /// What one side of a hop says of a sender at some address.
    fn judge(
        &self,
        mesh: &Mesh<'_>,
        gate: Gate,
        sender: EndKind<'_>,
        from: &[IpAddr],
        travels: Travels,
    ) -> Judgement {
        let ruling = |(port, sent): (Travelling<'_>, &OnceCell<Option<Sent>>)| {
            let hop = match (gate, sender, self.class()) {
                (_, EndKind::Itself, _) => return Ruling::NotIsolated,
                (Gate::NetworkPolicyEgress, EndKind::Unrun(Some(namespace)), _) => {
                    return mesh.network.rule_unrun(namespace);
                }
                (Gate::NetworkPolicyEgress, EndKind::Pod(of) | EndKind::HostPod(of, _), _) => {
                    self.sent_by(of, port)
                }
                (Gate::NetworkPolicyIngress, _, Some(of)) => {
                    let other = End { kind: sender, addresses: from };
                    Hop { of, direction: Direction::Ingress, other, port }
                }
                // What does not run, and what uses the network of a node, is not isolated.
                _ => return Ruling::NotIsolated,
            };
            let ruling = match (gate, sent.get()) {
                (Gate::NetworkPolicyEgress, Some(Some(sent))) => mesh.network.rule_sent(hop, sent),
                _ => mesh.network.rule(hop),
            };
            match ruling {
                ruling if gate == Gate::NetworkPolicyIngress && self.is_own_node_of(sender) => {
                    of_own_node(ruling)
                }
                // Its own node is not kept from a pod either, and which one that is nobody asks here.
                Ruling::Isolated { by } if gate == Gate::NetworkPolicyEgress && self.is_node() => {
                    Ruling::Uncertain(Uncertain::Node(by))
                }
                ruling => ruling,
            }
        };
        let [hbone, as_sent] = self.ways();
        match travels {
            Travels::Hbone => {
                let judged = judgement(mesh, gate, ruling(hbone));
                let meant = |judged: &Judgement| {
                    judged.reason == Reason::NetworkPolicyIsolated
                        && matches!(ruling(as_sent), Ruling::Allowed { .. })
                };
                let reason = if meant(&judged) { Reason::HbonePortBlocked } else { judged.reason };
                Judgement { reason, ..judged }
            }
            Travels::AsSent | Travels::Unknown => judgement(mesh, gate, ruling(as_sent)),
            Travels::Either => {
                let (hbone, as_sent) = (ruling(hbone), ruling(as_sent));
                if hbone.is_like(&as_sent) {
                    return judgement(mesh, gate, as_sent);
                }
                let unclear = self.workload.filter(|workload| workload.is_unclear());
                let (reason, by) = match (unclear, self.workload) {
                    (Some(workload), _) => (Reason::NamespaceNotRead, Some(workload.namespace())),
                    (None, workload) => (Reason::SidecarNotJudged, workload.map(|w| w.owner.clone())),
                };
                let judgement = Judgement::new(gate, GateOutcome::Unknown, reason);
                Judgement { by: by.map(By::Object), ..judgement }
            }
        }
    }
}

/// What holds for the pod's own node: NetworkPolicies do not keep it out; whether an administrator's do is not said.
fn of_own_node(ruling: Ruling) -> Ruling {
    match ruling {
        Ruling::Isolated { .. }
        | Ruling::Depends { .. }
        | Ruling::Uncertain(Uncertain::Node(_) | Uncertain::Namespace(_)) => Ruling::OwnNode,
        Ruling::Denied { by } => Ruling::Uncertain(Uncertain::Node(by)),
        ruling => ruling,
    }
}

fn not_isolated(gate: Gate) -> Judgement {
    Judgement::new(gate, GateOutcome::NotApplicable, Reason::NotIsolated)
}

fn judgement(mesh: &Mesh<'_>, gate: Gate, ruling: Ruling) -> Judgement {
    let by_rule = |outcome, reason, by| Judgement::new(gate, outcome, reason).by(By::Network(by));
    let is_admins = |by: NetworkRule| {
        mesh.network.written(by).is_some_and(|(reference, ..)| reference.kind != Kind::NetworkPolicy)
    };
    match ruling {
        Ruling::NotIsolated => not_isolated(gate),
        Ruling::OwnNode => Judgement::new(gate, GateOutcome::Pass, Reason::OwnNode),
        Ruling::Allowed { by, address: true } => by_rule(GateOutcome::Pass, Reason::IpBlockAllows, by),
        Ruling::Allowed { by, .. } if is_admins(by) => {
            by_rule(GateOutcome::Pass, Reason::AdminNetworkPolicyAllow, by)
        }
        Ruling::Allowed { by, .. } => by_rule(GateOutcome::Pass, Reason::NetworkPolicyAllow, by),
        Ruling::Isolated { by } => by_rule(GateOutcome::Block, Reason::NetworkPolicyIsolated, by),
        Ruling::Denied { by } => by_rule(GateOutcome::Block, Reason::AdminNetworkPolicyDeny, by),
        Ruling::Depends { by, conditions } => {
            // Of several the order says nothing: it is that of the policies' names.
            let on = |attribute: &str| conditions.iter().any(|condition| condition.attribute == attribute);
            let reason = match (on("destination.port"), on("source.labels")) {
                (true, _) => Reason::PortDecides,
                (false, true) => Reason::SourceDecides,
                (false, false) => Reason::AddressDecides,
            };
            Judgement { conditions, ..by_rule(GateOutcome::Conditional, reason, by) }
        }
        Ruling::Uncertain(Uncertain::Node(by)) => by_rule(GateOutcome::Unknown, Reason::NodeTraffic, by),
        Ruling::Uncertain(Uncertain::Rule(by)) => {
            by_rule(GateOutcome::Unknown, Reason::NetworkPolicyUnclear, by)
        }
        Ruling::Uncertain(Uncertain::Namespace(namespace)) => {
            let namespace = ResourceRef::cluster(Kind::Namespace, namespace.as_str());
            Judgement::new(gate, GateOutcome::Unknown, Reason::NamespaceNotRead).by(By::Object(namespace))
        }
        Ruling::Uncertain(Uncertain::Object(object)) => {
            let is_unread = is_judged(&object.kind) || *object.name == *"*";
            let reason = if is_unread { Reason::PolicyUnreadable } else { Reason::KindNotJudged };
            Judgement::new(gate, GateOutcome::Unknown, reason).by(By::Object(object))
        }
    }
}

/// What holds for what a node itself sends to a pod that is captured: it comes from an address of istio-cni's own,
/// and what a node sends is mostly let through by network plug-ins.
pub(in crate::policy) fn of_exempt(mesh: &Mesh<'_>, destination: &Destination) -> Judgement {
    let gate = Gate::NetworkPolicyIngress;
    let called = Called::new(mesh, destination);
    let Some(class) = called.class() else { return not_isolated(gate) };
    let (v4, v6): (Vec<&IpAddr>, Vec<&IpAddr>) = called.addresses.iter().partition(|ip| ip.is_ipv4());
    let of_v4 = (!v4.is_empty() || v6.is_empty()).then_some(IpAddr::V4(HOST_PROBE));
    let of_v6 = (!v6.is_empty()).then_some(IpAddr::V6(HOST_PROBE_V6));
    let addresses: Vec<IpAddr> = of_v4.into_iter().chain(of_v6).collect();
    let other = End { kind: EndKind::Address, addresses: &addresses };
    let hop = Hop { of: class, direction: Direction::Ingress, other, port: called.as_sent() };
    match mesh.network.rule(hop) {
        Ruling::Isolated { by } | Ruling::Denied { by } => {
            Judgement::new(gate, GateOutcome::Unknown, Reason::NodeTraffic).by(By::Network(by))
        }
        ruling => judgement(mesh, gate, ruling),
    }
}
