//! One of the two readings: the targets that are asked about in it, and what each party gets there.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use rustc_hash::FxHashSet;

use crate::codes::Reason;
use crate::model::WorkloadIndex;
use crate::policy::{
    Attribute, Caller, Callers, CellLabel, Decision, Detail, Dialled, Mesh, Others, PeerAnswer, PeerClass,
    Resolution, Target, combine, evaluate,
};
use crate::report::Facts;
use crate::report::reachability::list::{self, answers};
use crate::report::reachability::pair::parts;
use crate::report::reachability::question::{SourceQuestion, TargetQuestion};
use crate::report::reachability::row::{PeerEntry, Row, Rows};
use crate::snapshot::NotFound;

use super::answer::Meaning;
use super::party::Party;
use super::{Asked, Scope, blocks, names};

/// Which of several workloads of an owner calls.
const WORKLOAD: Attribute = Attribute { name: "source.workload", reason: Reason::SourceDecides };

/// A reading, and what is asked about in it.
pub(in crate::report::reachability) struct Side<'a> {
    pub(super) mesh: &'a Mesh<'a>,
    /// What was asked about, as we print it; of a matrix nothing.
    pub(super) name: Option<String>,
    /// By the names that both sides have for them.
    pub(super) targets: BTreeMap<String, TargetQuestion>,
    callers: Option<Callers>,
    pub(super) sources: Vec<(String, Result<SourceQuestion, NotFound>)>,
}

impl<'a> Side<'a> {
    /// Finds what is asked about.
    ///
    /// # Errors
    /// When the target is not there, or there is no workload in the scope.
    pub(super) fn find(mesh: &'a Mesh<'a>, asked: &Asked<'_>) -> Result<Self, NotFound> {
        let (name, targets) = match asked.scope {
            Scope::Target(text) => {
                let question = TargetQuestion::find(mesh, text, asked.namespace)?;
                (Some(question.full_name()), each(mesh, question))
            }
            Scope::All(namespace, labels) => {
                let workloads = match namespace {
                    Some(namespace) => mesh.snapshot.all_of(namespace)?.to_vec(),
                    None => mesh.snapshot.indexes().collect(),
                };
                let matches = |index: &WorkloadIndex| {
                    let workload = mesh.workload(*index);
                    labels.is_none_or(|labels| workload.is_some_and(|of| labels.matches(&of.labels)))
                };
                let workloads: Vec<WorkloadIndex> = workloads.into_iter().filter(matches).collect();
                if workloads.is_empty() {
                    return Err(nothing(namespace, labels.is_some()));
                }
                (None, list::targets(mesh, &workloads))
            }
        };
        let source = |text: &String| (text.clone(), SourceQuestion::find(mesh, text, asked.namespace));
        let everyone = asked.sources.is_empty();
        Ok(Self {
            mesh,
            name,
            targets: targets.into_iter().map(|question| (question.name.clone(), question)).collect(),
            callers: everyone.then(|| Callers::new(mesh)),
            sources: asked.sources.iter().map(source).collect(),
        })
    }

    /// Asks about Services too that another reading asks about: there they are targets of their own.
    pub(super) fn with_services<'n>(mut self, names: impl Iterator<Item = &'n str>) -> Self {
        let is_new = |name: &&str| name.starts_with("svc/") && !self.targets.contains_key(*name);
        let wanted: FxHashSet<&str> = names.filter(is_new).collect();
        let services = self.mesh.snapshot.services.iter().enumerate().filter(|_| !wanted.is_empty());
        for question in services.map(|(at, service)| list::of_service(at, service)) {
            if wanted.contains(question.name.as_str()) {
                self.targets.insert(question.name.clone(), question);
            }
        }
        self
    }

    /// A reading in which nothing is that was asked about.
    pub(super) fn empty(mesh: &'a Mesh<'a>) -> Self {
        let (name, callers) = (None, None);
        Self { mesh, name, targets: BTreeMap::new(), callers, sources: Vec::new() }
    }

    /// The ports of a target that are worth a row here.
    pub(super) fn ports(&self, target: &str) -> Vec<Dialled> {
        self.targets.get(target).map(|question| question.ports(self.mesh)).unwrap_or_default()
    }

    /// What everybody gets at a port of a target; `None` when there is no such target.
    pub(super) fn ask(&self, target: &str, port: &Dialled, facts: &mut Facts) -> Option<Answers<'_, 'a>> {
        let question = self.targets.get(target)?;
        let mut found = Answers {
            side: self,
            resolution: question.target.resolve(self.mesh, port),
            rows: RefCell::new(Rows::new(self.mesh)),
            got: Vec::new(),
            owners: BTreeMap::new(),
            sources: BTreeMap::new(),
            no_identity: Vec::new(),
            outside: Vec::new(),
            labels: Vec::new(),
        };
        if let Some(callers) = &self.callers {
            let (_, all) = answers(self.mesh, callers, question, port, Detail::Each, facts);
            all.into_iter().for_each(|answer| found.add(answer));
            found.settle();
        }
        for (name, source) in &self.sources {
            let Ok(source) = source else { continue };
            for part in parts(self.mesh, question, port, source, facts) {
                let peer = part.peer(&found.rows.borrow());
                found.add_source(name, peer, part.decision);
            }
        }
        Some(found)
    }
}

/// What is asked about under the names that both sides have for it: what people deployed, for a namespace, an account
/// or an identity.
fn each(mesh: &Mesh<'_>, question: TargetQuestion) -> Vec<TargetQuestion> {
    let is_group = ["ns/", "sa/", "spiffe://"].iter().any(|start| question.name.starts_with(start));
    match &question.target {
        Target::Workloads(workloads) if is_group || question.each(mesh).len() > 1 => {
            let mut each = list::targets(mesh, workloads);
            each.iter_mut().for_each(|of| of.port.clone_from(&question.port));
            each
        }
        _ => vec![question],
    }
}

fn nothing(namespace: Option<&str>, with_labels: bool) -> NotFound {
    let place = namespace.map_or_else(String::new, |namespace| format!(" in namespace `{namespace}`"));
    let with = if with_labels { " with these labels" } else { "" };
    let hint = namespace.map(|_| "-A asks all namespaces, -n another one".to_owned());
    NotFound { message: format!("no workload{place}{with}"), hints: hint.into_iter().collect() }
}

/// Somebody, and what they get.
struct Got {
    peer: PeerEntry,
    addresses: Vec<IpNet>,
    decision: Decision,
}

/// What everybody gets at a port of a target.
pub(in crate::report::reachability) struct Answers<'s, 'a> {
    side: &'s Side<'a>,
    resolution: Resolution,
    rows: RefCell<Rows<'a>>,
    got: Vec<Got>,
    pub(super) owners: BTreeMap<String, Vec<usize>>,
    pub(super) sources: BTreeMap<String, Vec<usize>>,
    pub(super) no_identity: Vec<usize>,
    pub(super) outside: Vec<usize>,
    /// How other identities are told apart.
    pub(super) labels: Vec<CellLabel>,
}

impl Answers<'_, '_> {
    fn add(&mut self, answer: PeerAnswer) {
        let at = self.got.len();
        for index in &answer.workloads {
            if let Some(workload) = self.side.mesh.workload(*index) {
                let known = self.owners.entry(workload.owner.to_string()).or_default();
                if !known.contains(&at) {
                    known.push(at);
                }
            }
        }
        let exact = |identity: &crate::model::Identity| CellLabel {
            namespace: identity.namespace.to_string(),
            account: identity.service_account.to_string(),
        };
        match &answer.class {
            // Only the target itself runs as it.
            PeerClass::Identity(identity) if answer.workloads.is_empty() => self.labels.push(exact(identity)),
            PeerClass::Others(Others::Named(identity)) => self.labels.push(exact(identity)),
            PeerClass::Others(Others::Group(label)) => self.labels.push(label.clone()),
            PeerClass::Others(Others::Rest { .. }) => self.labels.push(rest()),
            PeerClass::NoIdentity | PeerClass::EachOtherWithoutIdentity => self.no_identity.push(at),
            PeerClass::Outside => self.outside.push(at),
            PeerClass::Identity(_) | PeerClass::EachOtherIdentity(_) | PeerClass::Others(Others::Foreign) => {
            }
        }
        let peer = self.rows.borrow().peer(&PeerAnswer { workloads: Vec::new(), ..answer.clone() });
        self.got.push(Got { peer, addresses: answer.addresses, decision: answer.decision });
    }

    /// Of answers without an identity those count for everybody that say from which addresses; where addresses make
    /// no difference, the last, which those before it are exceptions to.
    fn settle(&mut self) {
        let divided: Vec<usize> =
            self.no_identity.iter().copied().filter(|at| self.is_divided(*at)).collect();
        let last = self.no_identity.last().copied();
        self.no_identity = if divided.is_empty() { last.into_iter().collect() } else { divided };
        if self.labels.is_empty() {
            self.labels.push(rest());
        }
    }

    fn is_divided(&self, at: usize) -> bool {
        self.got.get(at).is_some_and(|got| !got.addresses.is_empty())
    }

    fn add_source(&mut self, name: &str, peer: PeerEntry, decision: Decision) {
        let at = self.got.len();
        if peer.workloads.is_empty() || name.starts_with("spiffe://") {
            self.sources.entry(name.to_owned()).or_default().push(at);
        } else {
            for owner in &peer.workloads {
                self.owners.entry(owner.clone()).or_default().push(at);
            }
        }
        self.got.push(Got { peer, addresses: Vec::new(), decision });
    }

    /// The blocks of some answers.
    pub(super) fn blocks(&self, of: &[usize]) -> Vec<Vec<IpNet>> {
        of.iter().filter_map(|at| Some(self.got.get(*at)?.addresses.clone())).collect()
    }

    /// What a party gets; `None` when it is not there.
    fn decision(&self, party: &Party) -> Option<(PeerEntry, Cow<'_, Decision>)> {
        match party {
            Party::Owner(owner) => {
                let (peer, decision) = self.one_of(self.owners.get(owner)?)?;
                // The addresses are those of whoever fares the same, not its own.
                let (workloads, addresses) = (vec![owner.clone()].into(), Vec::new());
                Some((PeerEntry { workloads, addresses, ..peer }, decision))
            }
            Party::Source(name) => self.one_of(self.sources.get(name)?),
            Party::Others(label) => Some(self.other(label)),
            Party::Foreign => {
                let class = PeerClass::Others(Others::Foreign);
                Some(self.evaluated(class, names::foreign()))
            }
            Party::NoIdentity(nets) => self.at(&self.no_identity, nets),
            Party::Outside(nets) => self.at(&self.outside, nets),
        }
    }

    /// What somebody gets who may be any of several.
    fn one_of(&self, all: &[usize]) -> Option<(PeerEntry, Cow<'_, Decision>)> {
        let all: Vec<&Got> = all.iter().filter_map(|at| self.got.get(*at)).collect();
        let (first, rest) = all.split_first()?;
        if rest.iter().all(|got| got.decision == first.decision) {
            return Some((first.peer.clone(), Cow::Borrowed(&first.decision)));
        }
        let answers: Vec<(Vec<String>, Decision)> = all
            .iter()
            .map(|got| (got.peer.identity.iter().cloned().collect(), got.decision.clone()))
            .collect();
        Some((first.peer.clone(), Cow::Owned(combine(WORKLOAD, &answers))))
    }

    fn other(&self, label: &CellLabel) -> (PeerEntry, Cow<'_, Decision>) {
        let identity = names::example(label, self.side.mesh.identities().trust_domain());
        let is_one = !label.namespace.contains('*') && !label.account.contains('*');
        let others = match (label.is_rest(), is_one) {
            (true, _) => Others::Rest { own_trust_domain: false },
            (_, true) => Others::Named(identity.clone()),
            _ => Others::Group(label.clone()),
        };
        self.evaluated(PeerClass::Others(others), identity)
    }

    fn evaluated(
        &self,
        class: PeerClass,
        identity: crate::model::Identity,
    ) -> (PeerEntry, Cow<'_, Decision>) {
        let decision = evaluate(self.side.mesh, &Caller::Identity(identity), &self.resolution);
        let (addresses, workloads) = (Vec::new(), Vec::new());
        let answer = PeerAnswer { class, addresses, workloads, decision };
        let peer = self.rows.borrow().peer(&answer);
        (peer, Cow::Owned(answer.decision))
    }

    fn at(&self, all: &[usize], nets: &[IpNet]) -> Option<(PeerEntry, Cow<'_, Decision>)> {
        let mut all = all.iter().filter_map(|at| self.got.get(*at));
        let got = all.find(|got| blocks::is_within(nets, &got.addresses))?;
        let addresses = nets.iter().map(ToString::to_string).collect();
        Some((PeerEntry { addresses, ..got.peer.clone() }, Cow::Borrowed(&got.decision)))
    }

    /// What a party's answer means.
    pub(super) fn meaning(&self, party: &Party) -> Option<Meaning> {
        let (peer, decision) = self.decision(party)?;
        Some(Meaning::of(&decision, || self.rows.borrow_mut().row(peer, String::new(), &decision)))
    }

    /// What is handed out of a party's answer.
    pub(super) fn row(&self, party: &Party, port: &Dialled) -> Option<Row> {
        let (peer, decision) = self.decision(party)?;
        Some(self.rows.borrow_mut().row(peer, port.to_string(), &decision))
    }
}

fn rest() -> CellLabel {
    CellLabel { namespace: "*".to_owned(), account: "*".to_owned() }
}

/// Callers that are on neither side.
///
/// # Errors
/// When there is one.
pub(super) fn known_sources(old: &Side<'_>, new: &Side<'_>) -> Result<(), NotFound> {
    let there = |side: &Side<'_>| -> BTreeSet<String> {
        side.sources.iter().filter(|(_, found)| found.is_ok()).map(|(name, _)| name.clone()).collect()
    };
    let known: BTreeSet<String> = there(old).union(&there(new)).cloned().collect();
    let missing = new.sources.iter().chain(&old.sources).find(|(name, _)| !known.contains(name));
    match missing {
        Some((_, Err(error))) => Err(error.clone()),
        _ => Ok(()),
    }
}
