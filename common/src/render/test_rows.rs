//! Answers for the tests of this module.

use crate::codes::Reason;
use crate::report::reachability::{Class, DecidedBy, GateEntry, Hop, PeerEntry, Reachability, Row, Way};
use crate::report::{Gate, GateOutcome, Stretch, Verdict};

/// The answer for an account: denied by a rule of `shop/deny`.
pub(super) fn denied(namespace: &str, account: &str, workloads: &[&str]) -> Row {
    let gate = GateEntry {
        gate: Gate::Authorization,
        outcome: GateOutcome::Block,
        by: Some("AuthorizationPolicy/shop/deny".to_owned()),
        detail: Reason::ExplicitDeny,
    };
    Row {
        target: None,
        peer: peer(namespace, account, workloads),
        port: "80".to_owned(),
        verdict: Verdict::Denied,
        conditions: Vec::new(),
        decided_by: Some(by_deny()),
        matched: vec!["shop/deny".to_owned()],
        candidates: Vec::new(),
        hops: vec![Hop { hop: Stretch::Source, gates: vec![gate] }],
    }
}

/// The answer of ALLOW policies of which none matches.
pub(super) fn not_allowed(candidates: &[&str]) -> Row {
    let mut row = denied("web", "ui", &["deploy/web/ui"]);
    row.matched = Vec::new();
    row.candidates = candidates.iter().map(|name| (*name).to_owned()).collect();
    if let Some(by) = &mut row.decided_by {
        (by.reason, by.policy, by.kind, by.enforced_as, by.rule) =
            (Reason::NoAllowMatched, None, None, None, None);
    }
    for gate in row.hops.iter_mut().flat_map(|hop| &mut hop.gates) {
        (gate.by, gate.detail) = (None, Reason::NoAllowMatched);
    }
    row
}

fn peer(namespace: &str, account: &str, workloads: &[&str]) -> PeerEntry {
    PeerEntry {
        class: Class::Identity,
        identity: Some(format!("spiffe://cluster.local/ns/{namespace}/sa/{account}")),
        namespace: Some(namespace.to_owned()),
        service_account: Some(account.to_owned()),
        addresses: Vec::new(),
        workloads: workloads.iter().map(|name| (*name).to_owned()).collect(),
        identity_count: 1,
    }
}

fn by_deny() -> DecidedBy {
    DecidedBy {
        gate: Gate::Authorization,
        reason: Reason::ExplicitDeny,
        policy: Some("shop/deny".to_owned()),
        kind: Some("AuthorizationPolicy".to_owned()),
        enforced_as: Some("shop/deny".to_owned()),
        rule: Some(0),
        location: None,
    }
}

/// A list of them.
pub(super) fn list(rows: Vec<Row>) -> Reachability {
    Reachability {
        target: Some("svc/shop/cart".to_owned()),
        direction: Way::From,
        rows,
        identities: Vec::new(),
        leaves_out_workloads: false,
        findings: Vec::new(),
    }
}
