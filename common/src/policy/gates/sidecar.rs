//! What a destination's sidecar says: at the port, to plaintext, and by its policies.
//!
//! pilot/pkg/networking/core/listener_inbound.go: mTLS and plaintext come to the port itself, HBONE to 15008 and from
//! there to chains of its own, which have the same policies and no mode (`buildInboundHBONEListeners`).

use crate::codes::Reason;
use crate::model::{Kind, ResourceRef};
use crate::policy::beside::Beside;
use crate::policy::decision::{By, Cell, Gate, GateOutcome, Judgement};
use crate::policy::envoy::{Known, Request, Tunnel};
use crate::policy::fold::Domain;
use crate::policy::mesh::Mesh;
use crate::policy::peer_authentication::PeerAuthenticationIndex;
use crate::policy::sidecar::Unclear;
use crate::policy::sidecar::inbound::Inbound;
use crate::policy::sidecar::mtls::{Enforced, Mode};

use super::{Flow, Parts, divide, envoy, transport};

/// Which way a connection comes to the sidecar. Captured clients go through a waypoint, if one stands in front.
pub(super) fn arrives<D: Domain>(domain: &D, flow: &Flow<'_>, beside: &Beside) -> Parts<D::Set> {
    let identities = transport::in_front(flow).unwrap_or_else(|| with_identity(flow, beside));
    let foreign = match transport::in_front(flow) {
        Some(_) => transport::foreign(flow),
        None => foreign(flow, beside),
    };
    vec![
        (domain.identities(), identities),
        (domain.plaintext(), as_plaintext(beside)),
        (domain.foreign(), foreign),
    ]
}

fn said(outcome: GateOutcome, reason: Reason) -> Judgement {
    Judgement::new(Gate::Transport, outcome, reason)
}

fn unclear(unclear: &Unclear) -> Judgement {
    said(GateOutcome::Unknown, unclear.reason).by(By::Object(unclear.object.clone()))
}

fn not_judged(beside: &Beside) -> Judgement {
    unclear(&Unclear::not_judged(beside.owner.clone()))
}

fn as_plaintext(beside: &Beside) -> Judgement {
    match &beside.inbound {
        Inbound::Open => said(GateOutcome::Pass, Reason::NotIntercepted),
        Inbound::Blackhole => said(GateOutcome::Block, Reason::ProxyPort),
        Inbound::Chains { .. } => said(GateOutcome::Pass, Reason::Plaintext),
        Inbound::Unclear(why) => unclear(why),
    }
}

/// What is encrypted and comes to no Envoy, and what HBONE carries to the ports of the Envoy itself, is not judged.
fn with_identity(flow: &Flow<'_>, beside: &Beside) -> Judgement {
    let layered = flow.mesh.snapshot.settings.istiod.layers_waypoint_policies;
    match &beside.inbound {
        Inbound::Unclear(why) => unclear(why),
        Inbound::Blackhole if beside.over_mtls => said(GateOutcome::Block, Reason::ProxyPort),
        Inbound::Open | Inbound::Blackhole => not_judged(beside),
        Inbound::Chains { .. } if beside.over_mtls => said(GateOutcome::Pass, Reason::Mtls),
        // The rules for the tunnel are not judged.
        Inbound::Chains { .. } if layered => not_judged(beside),
        Inbound::Chains { .. } => said(GateOutcome::Pass, Reason::Hbone),
    }
}

/// Identities of trust domains that are taken are not told apart from others. Where no mTLS is terminated nobody looks.
fn foreign(flow: &Flow<'_>, beside: &Beside) -> Judgement {
    let taken = flow.mesh.snapshot.settings.envoys_take_other_trust_domains();
    let terminates = matches!(beside.mode.mode(), Some(Mode::Permissive | Mode::Strict))
        && flow.applied.unreadable_authentication.is_empty();
    match &beside.inbound {
        Inbound::Chains { .. } if !terminates => not_judged(beside),
        Inbound::Chains { .. } if !taken => said(GateOutcome::Block, Reason::TrustDomainMismatch),
        Inbound::Unclear(why) => unclear(why),
        _ => not_judged(beside),
    }
}

/// What mode and policies say of those who come to the Envoy.
pub(super) fn policies<D: Domain>(
    domain: &D,
    flow: &Flow<'_>,
    beside: &Beside,
    cells: Vec<Cell<D::Set>>,
) -> Vec<Cell<D::Set>> {
    let came = |reason: Reason| {
        let is_so = move |transport: &Judgement| transport.reason == reason;
        move |cell: &Cell<D::Set>| cell.decision.gate(Gate::Transport).is_some_and(is_so)
    };
    let (encrypted, others): (Vec<_>, Vec<_>) = cells.into_iter().partition(came(Reason::Mtls));
    let (tunneled, plain): (Vec<_>, Vec<_>) = others.into_iter().partition(came(Reason::Hbone));
    // The server name is then one of Istio's own (pilot/pkg/model/service.go, `BuildDNSSrvSubsetKey`).
    let with_own_name = Request { server_name: Known::Unknown, ..beside.request.clone() };
    let of_tunnel = Request { tunnel: Tunnel::OfSidecar, ..beside.request.clone() };
    let ways = [(encrypted, &with_own_name), (tunneled, &of_tunnel), (plain, &beside.request)];
    ways.into_iter().flat_map(|(cells, request)| by_policies(domain, flow, beside, request, cells)).collect()
}

/// The same of those who come in one way.
fn by_policies<D: Domain>(
    domain: &D,
    flow: &Flow<'_>,
    beside: &Beside,
    request: &Request,
    cells: Vec<Cell<D::Set>>,
) -> Vec<Cell<D::Set>> {
    if cells.is_empty() {
        return cells;
    }
    let cells = divide(domain, cells, &mode(domain, flow, beside));
    let parts = match &beside.changed {
        Some(by) => envoy::changed(domain, by),
        None => envoy::parts(domain, flow.mesh, &beside.enforced, request, &beside.tokens),
    };
    divide(domain, cells, &parts)
}

/// What the mode says. HBONE is mTLS whatever the mode.
fn mode<D: Domain>(domain: &D, flow: &Flow<'_>, beside: &Beside) -> Parts<D::Set> {
    let of = |outcome, reason| Judgement::new(Gate::PeerAuthentication, outcome, reason);
    let passed = of(GateOutcome::Pass, Reason::MtlsSatisfied);
    let unreadable =
        flow.applied.unreadable_authentication.first().map(|unreadable| {
            of(GateOutcome::Unknown, Reason::PolicyUnreadable).by(By::Unreadable(*unreadable))
        });
    let (to_plaintext, to_mtls) = match (&beside.mode, unreadable) {
        (_, Some(unreadable)) => (unreadable.clone(), unreadable),
        (Enforced::Tied(tied), None) => {
            let by = tied.first().map(|index| By::Object(object(flow.mesh, *index)));
            let tie = Judgement { by, ..of(GateOutcome::Unknown, Reason::PeerAuthenticationTie) };
            (tie.clone(), tie)
        }
        (Enforced::Mode { mode: Mode::Permissive, .. }, None) => (passed.clone(), passed.clone()),
        (Enforced::Mode { mode: Mode::Strict, by }, None) => (strict(flow.mesh, *by), passed.clone()),
        // What comes encrypted is then not decrypted.
        (Enforced::Mode { mode: Mode::Disable, .. }, None) => {
            let kept = of(GateOutcome::Unknown, Reason::SidecarNotJudged);
            (passed.clone(), kept.by(By::Object(beside.owner.clone())))
        }
    };
    let with_identity = if beside.over_mtls { to_mtls } else { passed };
    let others = domain.without(domain.all(), &domain.plaintext());
    vec![(domain.plaintext(), to_plaintext), (others, with_identity)]
}

fn strict(mesh: &Mesh<'_>, by: Option<PeerAuthenticationIndex>) -> Judgement {
    let enforced_as = by.map(|index| object(mesh, index).key().into());
    let by = By::Mtls { object: by, enforced_as: enforced_as.unwrap_or_else(|| "STRICT".into()) };
    let mut strict =
        Judgement::new(Gate::PeerAuthentication, GateOutcome::Block, Reason::StrictMtls).by(by.clone());
    strict.denying.push(by);
    strict
}

fn object(mesh: &Mesh<'_>, index: PeerAuthenticationIndex) -> ResourceRef {
    let policy = mesh.snapshot.peer_authentications.get(index.0);
    let object = policy.map(|policy| policy.object.reference(Kind::PeerAuthentication));
    object.unwrap_or_else(|| ResourceRef::cluster(Kind::PeerAuthentication, "*"))
}
