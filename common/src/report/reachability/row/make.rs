//! From an answer of the engine to a row: names, places, everything else that denies.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::model::{FieldPath, Identity, Origin, WorkloadIndex};
use crate::policy::ir::{PolicyIndex, Provenance};
use crate::policy::{self, By, Decision, Judgement, Mesh, Others, PeerAnswer, PeerClass};

use super::{Class, DecidedBy, GateEntry, Hop, Names, Owners, PeerEntry, Row};

/// Makes rows, looking up each line of a file once.
pub(in crate::report::reachability) struct Rows<'a> {
    mesh: &'a Mesh<'a>,
    /// For many rows: the names of all owners.
    owners: Option<&'a Owners>,
    locations: FxHashMap<(Origin, FieldPath), Option<String>>,
    /// The names of what gates said it was.
    names: FxHashMap<By, Option<String>>,
}

impl<'a> Rows<'a> {
    pub(in crate::report::reachability) fn new(mesh: &'a Mesh<'a>) -> Self {
        Self { mesh, owners: None, locations: FxHashMap::default(), names: FxHashMap::default() }
    }

    /// The same for many rows.
    pub(in crate::report::reachability) fn sharing(mesh: &'a Mesh<'a>, owners: &'a Owners) -> Self {
        Self { owners: Some(owners), ..Self::new(mesh) }
    }

    /// The row of an answer.
    pub(in crate::report::reachability) fn row(
        &mut self,
        peer: PeerEntry,
        port: String,
        decision: &Decision,
    ) -> Row {
        let denying = decision.gates.iter().flat_map(|judgement| &judgement.denying);
        let matched: BTreeSet<String> = denying.filter_map(|by| self.written(by).enforced_as).collect();
        let candidates = decision.gates.iter().flat_map(|judgement| &judgement.candidates);
        let candidates: BTreeSet<String> = candidates.filter_map(|by| self.written(by).enforced_as).collect();
        let decided_by = decision.decided_by().map(|judgement| self.decided_by(judgement));
        let hops = [policy::Hop::Source, policy::Hop::Waypoint].into_iter();
        let hops = hops.map(|hop| self.hop(hop, decision)).filter(|hop| !hop.gates.is_empty()).collect();
        Row {
            target: None,
            peer,
            port,
            verdict: decision.verdict(),
            conditions: decision.conditions.clone(),
            matched: matched.into_iter().collect(),
            candidates: candidates.into_iter().collect(),
            hops,
            decided_by,
        }
    }

    fn hop(&mut self, hop: policy::Hop, decision: &Decision) -> Hop {
        let gates = decision.gates.iter().filter(|judgement| judgement.hop == hop);
        let entry = |judgement: &Judgement| GateEntry {
            gate: judgement.gate,
            outcome: judgement.outcome,
            by: judgement.by.as_ref().and_then(|by| self.full_name(by)),
            detail: judgement.reason,
        };
        Hop { hop, gates: gates.map(entry).collect() }
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

    fn full_name(&mut self, by: &By) -> Option<String> {
        if let Some(known) = self.names.get(by) {
            return known.clone();
        }
        let name = self.written(by).full_name();
        self.names.insert(by.clone(), name.clone());
        name
    }

    /// What a person wrote, behind what decided.
    fn written(&self, by: &By) -> Written {
        match by {
            By::Rule(rule) => Written { rule: rule.rule, ..self.policy(rule.policy, rule.path()) },
            By::Envoy(rule) => {
                let enforced_as = Some(rule.enforced_as.to_string());
                let Some(policy) = self.mesh.snapshot.authorization_policies.get(rule.policy) else {
                    return Written { enforced_as, ..Written::default() };
                };
                let reference = policy.object.reference(crate::model::Kind::AuthorizationPolicy);
                let path = rule.rule.map(|index| FieldPath::spec().field("rules").item(index));
                Written {
                    name: Some(reference.key()),
                    kind: Some(reference.kind.wire().to_owned()),
                    enforced_as,
                    rule: rule.rule,
                    place: Some((policy.object.origin, path.unwrap_or_default())),
                    ..Written::default()
                }
            }
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
            By::Network(rule) => match self.mesh.network.written(*rule) {
                Some((reference, origin, path)) => Written {
                    name: Some(reference.key()),
                    kind: Some(reference.kind.wire().to_owned()),
                    rule: rule.rule,
                    place: Some((origin, path)),
                    ..Written::default()
                },
                None => Written::default(),
            },
            By::Object(object) => Written {
                name: Some(object.key()),
                kind: Some(object.kind.wire().to_owned()),
                place: self.mesh.snapshot.origin_of(object).map(|origin| (origin, FieldPath::default())),
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
    pub(in crate::report::reachability) fn peer(&self, answer: &PeerAnswer) -> PeerEntry {
        let mut entry = match &answer.class {
            PeerClass::Identity(identity) => of_identity(Class::Identity, identity),
            PeerClass::EachOtherIdentity(count) => {
                PeerEntry { identity_count: *count, ..of_class(Class::Identity) }
            }
            PeerClass::Others(others) => self.others(others),
            PeerClass::NoIdentity | PeerClass::EachOtherWithoutIdentity => of_class(Class::NoIdentity),
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
    pub(in crate::report::reachability) fn named(&self, identity: &Identity) -> PeerEntry {
        let entry = PeerEntry { identity_count: 0, ..of_identity(Class::OtherIdentities, identity) };
        match identity.trust_domain == *self.mesh.identities().trust_domain() {
            true => entry,
            false => PeerEntry { namespace: None, service_account: None, ..entry },
        }
    }

    /// What a person deployed, in the order of the names.
    pub(in crate::report::reachability) fn owners(&self, workloads: &[WorkloadIndex]) -> Names {
        if let Some(owners) = self.owners {
            return owners.names(workloads);
        }
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
pub(in crate::report::reachability) fn of_class(class: Class) -> PeerEntry {
    PeerEntry {
        class,
        identity: None,
        namespace: None,
        service_account: None,
        addresses: Vec::new(),
        workloads: Names::default(),
        identity_count: 0,
    }
}

/// One identity.
pub(in crate::report::reachability) fn of_identity(class: Class, identity: &Identity) -> PeerEntry {
    PeerEntry {
        identity: Some(identity.to_string()),
        namespace: Some(identity.namespace.to_string()),
        service_account: Some(identity.service_account.to_string()),
        identity_count: 1,
        ..of_class(class)
    }
}
