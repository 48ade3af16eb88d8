//! One answer, as it is handed out.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::codes::Reason;
use crate::model::{FieldPath, Identity, Name, Origin, WorkloadIndex};
use crate::policy::ir::{PolicyIndex, Provenance};
use crate::policy::{
    By, Condition, Decision, Gate, GateOutcome, Judgement, Mesh, Others, PeerAnswer, PeerClass, Verdict,
};

/// The class of a peer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// An identity that something runs as, and that arrives.
    Identity,
    /// Any other identity.
    OtherIdentities,
    /// No identity, in the cluster.
    NoIdentity,
    /// No identity, no address of the cluster.
    Outside,
}

/// Who gets an answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerEntry {
    /// Its class.
    pub class: Class,
    /// The identity, or a pattern with `*` for a group of other identities; null for several, or for the rest.
    pub identity: Option<String>,
    /// The namespace of the identity, where it is one of this mesh's.
    pub namespace: Option<String>,
    /// The account of the identity, where it is one of this mesh's.
    pub service_account: Option<String>,
    /// The addresses that are meant, where rules tell addresses apart.
    pub addresses: Vec<String>,
    /// What a person deployed, of what is meant.
    pub workloads: Vec<String>,
    /// How many running identities the row stands for.
    pub identity_count: usize,
}

/// Who decided at a gate, in the words of whoever has to mend it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecidedBy {
    /// Which gate.
    pub gate: Gate,
    /// Why.
    pub reason: Reason,
    /// `namespace/name` of what a person wrote.
    pub policy: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
    /// The name that the data plane prints.
    pub enforced_as: Option<String>,
    /// The position in `spec.rules`, from 0.
    pub rule: Option<usize>,
    /// `file:line`
    pub location: Option<String>,
}

/// What a gate said.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct GateEntry {
    /// Which gate.
    pub gate: Gate,
    /// What it said.
    pub outcome: GateOutcome,
    /// `Kind/namespace/name` of the object that decided.
    pub by: Option<String>,
    /// The reason.
    pub detail: Reason,
}

/// One stretch of the way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Hop {
    /// From where: `source` or `waypoint`.
    pub hop: &'static str,
    /// What the gates said.
    pub gates: Vec<GateEntry>,
}

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// What is called, where rows are about several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who.
    pub peer: PeerEntry,
    /// The ports: numbers, or `*` for all others.
    pub port: String,
    /// What it comes down to.
    pub verdict: Verdict,
    /// On what it depends.
    pub conditions: Vec<Condition>,
    /// Who decided.
    pub decided_by: Option<DecidedBy>,
    /// The data plane's names of everything that by itself denies.
    pub matched: Vec<String>,
    /// With `NoAllowMatched`: the ALLOW policies of which none matched.
    pub candidates: Vec<String>,
    /// What every gate said.
    pub hops: Vec<Hop>,
}

/// Makes rows, looking up each line of a file once.
pub(super) struct Rows<'a> {
    mesh: &'a Mesh<'a>,
    locations: FxHashMap<(Origin, FieldPath), Option<String>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(mesh: &'a Mesh<'a>) -> Self {
        Self { mesh, locations: FxHashMap::default() }
    }

    /// The row of an answer.
    pub(super) fn row(&mut self, peer: PeerEntry, port: String, decision: &Decision) -> Row {
        let denying = decision.gates.iter().flat_map(|judgement| &judgement.denying);
        let matched: BTreeSet<String> = denying.filter_map(|by| self.written(by).enforced_as).collect();
        let candidates = decision.gates.iter().flat_map(|judgement| &judgement.candidates);
        let candidates: BTreeSet<String> = candidates
            .filter_map(|index| self.mesh.policies.get(*index))
            .map(|policy| policy.key())
            .collect();
        let decided_by = decision.decided_by().map(|judgement| self.decided_by(judgement));
        let gates = decision.gates.iter().map(|judgement| GateEntry {
            gate: judgement.gate,
            outcome: judgement.outcome,
            by: judgement.by.as_ref().and_then(|by| self.written(by).full_name()),
            detail: judgement.reason,
        });
        Row {
            target: None,
            peer,
            port,
            verdict: decision.verdict(),
            conditions: decision.conditions.clone(),
            matched: matched.into_iter().collect(),
            candidates: candidates.into_iter().collect(),
            hops: vec![Hop { hop: "source", gates: gates.collect() }],
            decided_by,
        }
    }

    fn decided_by(&mut self, judgement: &Judgement) -> DecidedBy {
        let written = judgement.by.as_ref().map(|by| self.written(by)).unwrap_or_default();
        let location = written.place.and_then(|(origin, path)| self.location(origin, path));
        DecidedBy {
            gate: judgement.gate,
            reason: judgement.reason,
            policy: written.name,
            kind: written.kind,
            enforced_as: written.enforced_as,
            rule: written.rule,
            location: location.or(written.location),
        }
    }

    fn location(&mut self, origin: Origin, path: FieldPath) -> Option<String> {
        let sources = &self.mesh.snapshot.sources;
        let entry = self.locations.entry((origin, path));
        entry
            .or_insert_with_key(|(origin, path)| {
                sources.locate(origin, path).map(|location| format!("{}:{}", location.file, location.line))
            })
            .clone()
    }

    /// What a person wrote, behind what decided.
    fn written(&self, by: &By) -> Written {
        match by {
            By::Rule(rule) => Written { rule: rule.rule, ..self.policy(rule.policy, rule.path()) },
            By::Mtls { object, enforced_as } => {
                let enforced_as = Some(enforced_as.to_string());
                let policies = &self.mesh.snapshot.peer_authentications;
                let Some(policy) = object.and_then(|index| policies.get(index.0)) else {
                    return Written { enforced_as, ..Written::default() };
                };
                let reference = policy.object.reference(crate::model::Kind::PeerAuthentication);
                Written {
                    name: Some(reference.key()),
                    kind: Some("PeerAuthentication".to_owned()),
                    enforced_as,
                    place: Some((policy.object.origin, FieldPath::spec().field("mtls").field("mode"))),
                    ..Written::default()
                }
            }
            By::Unreadable(at) => match self.mesh.policies.unreadable(*at) {
                Some(unreadable) => Written {
                    name: Some(unreadable.reference.key()),
                    kind: Some(unreadable.reference.kind.wire().to_owned()),
                    location: unreadable.gap.location.as_ref().map(|l| format!("{}:{}", l.file, l.line)),
                    ..Written::default()
                },
                None => Written::default(),
            },
            By::Object(object) => Written {
                name: Some(object.key()),
                kind: Some(object.kind.wire().to_owned()),
                ..Written::default()
            },
        }
    }

    fn policy(&self, index: PolicyIndex, path: FieldPath) -> Written {
        let Some(policy) = self.mesh.policies.get(index) else { return Written::default() };
        let enforced_as = Some(policy.key());
        match &policy.provenance {
            Provenance::Resource { reference, origin } => Written {
                name: Some(reference.key()),
                kind: Some(reference.kind.wire().to_owned()),
                enforced_as,
                place: Some((*origin, path)),
                ..Written::default()
            },
            Provenance::Default => Written { enforced_as, ..Written::default() },
        }
    }

    /// Who gets an answer.
    pub(super) fn peer(&self, answer: &PeerAnswer) -> PeerEntry {
        let mut entry = match &answer.class {
            PeerClass::Identity(identity) => of_identity(Class::Identity, identity),
            PeerClass::EachOtherIdentity(count) => {
                PeerEntry { identity_count: *count, ..of_class(Class::Identity) }
            }
            PeerClass::Others(others) => self.others(others),
            PeerClass::NoIdentity => of_class(Class::NoIdentity),
            PeerClass::Outside => of_class(Class::Outside),
        };
        entry.addresses = answer.addresses.iter().map(ToString::to_string).collect();
        entry.workloads = self.owners(&answer.workloads);
        entry
    }

    fn others(&self, others: &Others) -> PeerEntry {
        let trust_domain = self.mesh.identities().trust_domain();
        let pattern =
            |pattern: String| PeerEntry { identity: Some(pattern), ..of_class(Class::OtherIdentities) };
        match others {
            Others::Rest { own_trust_domain: false } => of_class(Class::OtherIdentities),
            Others::Rest { own_trust_domain: true } => pattern(format!("spiffe://{trust_domain}/*")),
            Others::Named(identity) => self.named(identity),
            Others::Group(label) => {
                let literal = |name: &str| (!name.contains('*')).then(|| name.to_owned());
                PeerEntry {
                    namespace: literal(&label.namespace),
                    service_account: literal(&label.account),
                    ..pattern(format!("spiffe://{trust_domain}/ns/{}/sa/{}", label.namespace, label.account))
                }
            }
            Others::Foreign => pattern("spiffe://*".to_owned()),
        }
    }

    /// An identity that nothing runs as. One of another trust domain names no account of this mesh.
    pub(super) fn named(&self, identity: &Identity) -> PeerEntry {
        let entry = PeerEntry { identity_count: 0, ..of_identity(Class::OtherIdentities, identity) };
        match identity.trust_domain == *self.mesh.identities().trust_domain() {
            true => entry,
            false => PeerEntry { namespace: None, service_account: None, ..entry },
        }
    }

    /// What a person deployed, in the order of the names.
    pub(super) fn owners(&self, workloads: &[WorkloadIndex]) -> Vec<String> {
        let owners = workloads.iter().filter_map(|index| self.mesh.workload(*index));
        let owners: BTreeSet<String> = owners.map(|workload| workload.owner.to_string()).collect();
        owners.into_iter().collect()
    }
}

/// What a person wrote, behind what decided.
#[derive(Default)]
struct Written {
    name: Option<String>,
    kind: Option<String>,
    enforced_as: Option<String>,
    rule: Option<usize>,
    place: Option<(Origin, FieldPath)>,
    location: Option<String>,
}

impl Written {
    fn full_name(&self) -> Option<String> {
        Some(format!("{}/{}", self.kind.as_ref()?, self.name.as_ref()?))
    }
}

/// A class without more.
pub(super) fn of_class(class: Class) -> PeerEntry {
    PeerEntry {
        class,
        identity: None,
        namespace: None,
        service_account: None,
        addresses: Vec::new(),
        workloads: Vec::new(),
        identity_count: 0,
    }
}

/// One identity.
pub(super) fn of_identity(class: Class, identity: &Identity) -> PeerEntry {
    PeerEntry {
        identity: Some(identity.to_string()),
        namespace: Some(identity.namespace.to_string()),
        service_account: Some(identity.service_account.to_string()),
        identity_count: 1,
        ..of_class(class)
    }
}

/// Rows that differ in their ports only become one; then the order of the contract: allowed, conditional,
/// unknown, denied; the classes; the names.
pub(super) fn settle(rows: Vec<Row>) -> Vec<Row> {
    let mut merged: Vec<Row> = Vec::with_capacity(rows.len());
    let mut known: FxHashMap<Key, usize> = FxHashMap::default();
    for row in rows {
        let key = Key::of(&row);
        match known.get(&key).and_then(|at| merged.get_mut(*at)) {
            Some(same) if same.port != row.port => {
                same.port.push(',');
                same.port.push_str(&row.port);
            }
            Some(_) => {}
            None => {
                known.insert(key, merged.len());
                merged.push(row);
            }
        }
    }
    merged.sort_by(|a, b| order(a).cmp(&order(b)));
    merged
}

/// What of a row must be equal for rows of several ports to become one.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    target: Option<String>,
    peer: PeerEntry,
    verdict: Verdict,
    conditions: Vec<Condition>,
    decided_by: Option<DecidedBy>,
    hops: Vec<Hop>,
    named: Vec<Name>,
}

impl Key {
    fn of(row: &Row) -> Self {
        Self {
            target: row.target.clone(),
            peer: row.peer.clone(),
            verdict: row.verdict,
            conditions: row.conditions.clone(),
            decided_by: row.decided_by.clone(),
            hops: row.hops.clone(),
            named: row.matched.iter().chain(&row.candidates).map(|name| name.as_str().into()).collect(),
        }
    }
}

type Order<'a> = (Option<&'a String>, Verdict, Option<&'a DecidedBy>, &'a PeerEntry, &'a String);

fn order(row: &Row) -> Order<'_> {
    // Denied ones stand together by what decided.
    let decided = row.decided_by.as_ref().filter(|_| row.verdict == Verdict::Denied);
    (row.target.as_ref(), row.verdict, decided, &row.peer, &row.port)
}
