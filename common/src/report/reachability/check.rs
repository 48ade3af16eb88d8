//! What became of expectations.

use crate::codes::{Code, Evidence, Reason};
use crate::policy::{Attribute, Decision, Gate, GateOutcome, Judgement, Mesh, Verdict, combine};
use crate::report::{Facts, GapEntry};
use crate::snapshot::NotFound;

use super::expectations::{Expectation, Expectations, PairOf};
use super::pair::parts;
use super::question::{SourceQuestion, TargetQuestion};
use super::row::{Class, PeerEntry, Rows, of_class};
use super::{Answer, CheckResult, ReachabilityCheck};

/// Judges every pair of every expectation. Names without a namespace are looked for in `namespace`.
#[must_use]
pub fn check(mesh: &Mesh<'_>, expectations: &Expectations, namespace: &str) -> Answer<ReachabilityCheck> {
    let mut all = Facts::default();
    let mut maker = Rows::new(mesh);
    let mut results = Vec::new();
    for (index, expectation) in expectations.0.iter().enumerate() {
        let mesh = &mesh.asked(expectation.request.clone());
        for (pair, of) in expectation.pairs.iter().enumerate() {
            let mut facts = Facts::default();
            let judged = judge(mesh, &mut maker, expectation, of, namespace, &mut facts);
            let row = maker.row(judged.peer, judged.port, &judged.decision);
            all.extend(&facts);
            results.push(CheckResult {
                index,
                pair,
                name: expectation.name.clone(),
                from: of.from.clone(),
                to: of.to.clone(),
                expect: expectation.expect,
                passed: passed(expectation.expect, row.verdict, &judged.verdicts),
                row,
                assumptions: facts.assumptions(mesh),
                gaps: facts.gaps(mesh).0,
            });
        }
    }
    let evidence = all.evidence(mesh);
    Answer { body: ReachabilityCheck { results, findings: evidence.findings.clone() }, evidence }
}

/// `None` when nothing was expected, or when it cannot be told. One port or caller that certainly gets the
/// opposite is enough to fail.
fn passed(expect: Option<Verdict>, verdict: Verdict, parts: &[Verdict]) -> Option<bool> {
    let expect = expect?;
    let is_certain = |verdict: Verdict| matches!(verdict, Verdict::Allowed | Verdict::Denied);
    if parts.is_empty() {
        // Nothing has that name.
        return None;
    }
    if expect == verdict {
        return Some(true);
    }
    let opposed = parts.iter().any(|part| is_certain(*part) && *part != expect);
    (is_certain(verdict) || is_certain(expect) && opposed).then_some(false)
}

struct Judged {
    peer: PeerEntry,
    port: String,
    decision: Decision,
    /// Of each port and caller by itself.
    verdicts: Vec<Verdict>,
}

fn judge(
    mesh: &Mesh<'_>,
    maker: &mut Rows<'_>,
    expectation: &Expectation,
    pair: &PairOf,
    namespace: &str,
    facts: &mut Facts,
) -> Judged {
    let port = expectation.port.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string);
    let found = SourceQuestion::find(mesh, &pair.from, namespace).and_then(|source| {
        let target = TargetQuestion::find(mesh, &pair.to, namespace)?;
        Ok((source, target.at(mesh, expectation.port.clone())?))
    });
    let (source, target) = match found {
        Ok(found) => found,
        Err(error) => {
            facts.miss(not_found(&error));
            return Judged {
                peer: of_class(Class::NoIdentity),
                port,
                decision: nothing(),
                verdicts: Vec::new(),
            };
        }
    };
    let ports = target.ports(mesh);
    let mut by_port = Vec::new();
    let mut verdicts = Vec::new();
    let mut peer = None;
    for dialled in &ports {
        let parts = parts(mesh, &target, dialled, &source, facts);
        verdicts.extend(parts.iter().map(|part| part.decision.verdict()));
        let peers: Vec<PeerEntry> = parts.iter().map(|part| part.peer(maker)).collect();
        let answers =
            peers.iter().zip(&parts).map(|(peer, part)| (peer.workloads.to_vec(), part.decision.clone()));
        let attribute = Attribute { name: "source.workload", reason: Reason::SourceDecides };
        let answers: Vec<_> = answers.collect();
        by_port.push((vec![dialled.to_string()], combine(attribute, &answers)));
        peer = peer.or_else(|| peers.into_iter().reduce(|all, other| joined(all, &other)));
    }
    let attribute = Attribute { name: "destination.port", reason: Reason::PortDecides };
    let names: Vec<String> = ports.iter().map(ToString::to_string).collect();
    Judged {
        peer: peer.unwrap_or_else(|| of_class(Class::NoIdentity)),
        port: if names.is_empty() { port } else { names.join(",") },
        decision: if by_port.is_empty() { nothing() } else { combine(attribute, &by_port) },
        verdicts,
    }
}

/// Several peers of one source as one.
fn joined(mut all: PeerEntry, other: &PeerEntry) -> PeerEntry {
    if all.identity != other.identity {
        (all.identity, all.namespace, all.service_account) = (None, None, None);
    }
    all.workloads = all.workloads.and(&other.workloads);
    all.identity_count = all.identity_count.max(other.identity_count);
    all
}

fn nothing() -> Decision {
    let gates = Gate::ALL.into_iter().map(|gate| match gate {
        Gate::Resolve => Judgement::new(gate, GateOutcome::Unknown, Reason::NotFound),
        _ => Judgement::not_reached(gate),
    });
    Decision { gates: gates.collect(), conditions: Vec::new() }
}

fn not_found(error: &NotFound) -> GapEntry {
    GapEntry {
        code: Code::NotFound,
        kind: "invalid",
        subject: error.message.clone(),
        location: None,
        affects: Vec::new(),
        rbac: None,
        evidence: Evidence::none().with("error", &error.message).with("hint", error.hints.join("; ")),
    }
}

impl ReachabilityCheck {
    /// Whether every answer is certain, or as expected.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.results.iter().all(|result| {
            result.passed == Some(true) || matches!(result.row.verdict, Verdict::Allowed | Verdict::Denied)
        })
    }
}
