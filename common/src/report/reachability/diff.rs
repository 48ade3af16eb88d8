//! What changes between two readings of a mesh: who gets in who did not, who does not any more, and which change is
//! behind it.
//!
//! Both readings are asked the same: the same targets and ports, and every peer that either knows. Peers are compared
//! one by one (what a person deployed, other identities by name, blocks of addresses), whatever rows they would share
//! in a list, so that another grouping is no change. What is allowed, denied or dependent as before is none either,
//! though something else may decide it now; only where the answer is unknown before and after, other evidence counts.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Serialize;

use crate::codes::Finding;
use crate::model::LabelSelector;
use crate::policy::envoy::Request;
use crate::policy::{Dialled, Mesh, Verdict};
use crate::report::{Evidenced, Facts, SourceDescription};
use crate::snapshot::{Changes, MeshSnapshot, NotFound, Objects, SettingsOverride};

use super::Answer;
use super::row::{PeerEntry, Row};

mod answer;
mod blocks;
mod causes;
mod effect;
mod fail_on;
mod names;
mod party;
mod rows;
mod side;
#[cfg(test)]
mod tests;

pub use fail_on::FailOn;

use answer::Meaning;
use party::Party;
use side::Side;

/// What both readings are asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What is called.
    pub scope: Scope<'a>,
    /// Who calls; nobody named: everyone.
    pub sources: &'a [String],
    /// The namespace of names that give none.
    pub namespace: &'a str,
    /// What is known of the requests.
    pub request: &'a Request,
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// A target, with a port or without.
    Target(&'a str),
    /// Every workload, of a namespace and with labels where they are given.
    All(Option<&'a str>, Option<&'a LabelSelector>),
}

/// What became of a peer's way to a target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gain {
    /// It was denied, or not there, and is allowed.
    Gained,
    /// It was allowed, and is denied or not there.
    Lost,
    /// Anything else.
    Changed,
}

impl Gain {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Changed => "changed",
        }
    }
}

/// Which way an answer went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// More gets in.
    Widened,
    /// Less gets in.
    Narrowed,
    /// That cannot be told.
    Unclear,
}

impl Effect {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Widened => "widened",
            Self::Narrowed => "narrowed",
            Self::Unclear => "unclear",
        }
    }
}

/// A change that is behind a row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Cause {
    /// added, removed, modified, assumeAmbient, assumeIstiod.
    pub change: &'static str,
    /// `Kind/namespace/name`, or what is assumed.
    pub subject: String,
    /// `file:line`; of what was removed, where it was.
    pub location: Option<String>,
}

/// A way that changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiffRow {
    /// What became of it.
    pub gain: Gain,
    /// Which way it went.
    pub effect: Effect,
    /// What is called.
    pub target: String,
    /// Who calls.
    pub peer: PeerEntry,
    /// The ports.
    pub port: String,
    /// The answer before; none: caller or target was not there.
    pub before: Option<Row>,
    /// The answer after; none: caller or target is not there any more.
    pub after: Option<Row>,
    /// What is behind it.
    pub caused_by: Vec<Cause>,
}

/// `ReachabilityDiff`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What was asked about; null for a matrix.
    pub target: Option<String>,
    /// What the source was held against; null for itself without the edits.
    pub against: Option<SourceDescription>,
    /// The rows: gained, lost, changed.
    pub rows: Vec<DiffRow>,
    /// What is found on the objects that the answers rest on and was not before.
    pub findings: Vec<Finding>,
}

impl Difference {
    /// Whether it is certain which way every row went.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.rows.iter().all(|row| row.effect != Effect::Unclear)
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The two readings.
    pub changes: &'a Changes,
    /// What a person says of both.
    pub given: &'a SettingsOverride,
    /// What the earlier one was read from, when it is another source.
    pub against: Option<&'a SourceDescription>,
}

/// What differs.
///
/// # Errors
/// When what is asked about is in neither.
pub fn diff(compared: Compared<'_>, asked: &Asked<'_>) -> Result<Answer<Difference>, NotFound> {
    let Compared { changes, given, against } = compared;
    let build = |objects: &Objects| MeshSnapshot::build(objects.clone(), given);
    let (old_snapshot, new_snapshot) = (build(changes.before()), build(changes.after()));
    let mesh_of = |snapshot| Mesh::new(snapshot).asked(asked.request.clone());
    let (old_mesh, new_mesh) = (mesh_of(&old_snapshot), mesh_of(&new_snapshot));
    let (old, new) = match (Side::find(&old_mesh, asked), Side::find(&new_mesh, asked)) {
        (Err(_), Err(error)) => return Err(error),
        (old, new) => {
            (old.unwrap_or_else(|_| Side::empty(&old_mesh)), new.unwrap_or_else(|_| Side::empty(&new_mesh)))
        }
    };
    let of_matrix = matches!(asked.scope, Scope::All(..));
    let names =
        |side: &Side<'_>| -> Vec<String> { side.targets.keys().filter(|_| of_matrix).cloned().collect() };
    let (of_old, of_new) = (names(&old), names(&new));
    let old = old.with_services(of_new.iter().map(String::as_str));
    let new = new.with_services(of_old.iter().map(String::as_str));
    side::known_sources(&old, &new)?;
    let compared = compare(&old, &new);
    let mut differing = Vec::new();
    let (mut old_facts, mut new_facts) = (Facts::default(), Facts::default());
    for (ways, of_old, of_new) in compared {
        differing.extend(ways);
        old_facts.extend(&of_old);
        new_facts.extend(&of_new);
    }
    let causes = causes::of(changes, given, asked, &differing);
    let rows = rows::settled(&old, &new, differing, causes, changes);
    if asked.sources.is_empty() {
        old_facts.every_caller();
        new_facts.every_caller();
    }
    let mut evidence = both(of_side(&old, &old_facts), of_side(&new, &new_facts));
    if changes.all.is_empty() && against.is_none() {
        // Whatever is missing is missing from both: the same source, and nothing in it is another.
        evidence.elsewhere.append(&mut evidence.gaps);
    }
    let target = match asked.scope {
        Scope::Target(_) => new.name.or(old.name),
        Scope::All(..) => None,
    };
    let body = Difference { target, against: against.cloned(), rows, findings: evidence.findings.clone() };
    Ok(Answer { body, evidence })
}

/// A way that differs: who calls what, and what that means on either side.
pub(super) struct Way {
    pub(super) target: String,
    pub(super) port: Dialled,
    pub(super) party: Party,
    pub(super) before: Option<Meaning>,
    pub(super) after: Option<Meaning>,
}

/// Every way of either side, target by target.
fn compare<'a>(old: &Side<'a>, new: &Side<'a>) -> Vec<(Vec<Way>, Facts, Facts)> {
    let targets: BTreeSet<&String> = old.targets.keys().chain(new.targets.keys()).collect();
    let targets: Vec<&String> = targets.into_iter().collect();
    targets
        .into_par_iter()
        .map(|target| {
            let (mut old_facts, mut new_facts) = (Facts::default(), Facts::default());
            let mut ways = Vec::new();
            let ports: BTreeSet<Dialled> = old.ports(target).into_iter().chain(new.ports(target)).collect();
            for port in ports {
                let before = old.ask(target, &port, &mut old_facts);
                let after = new.ask(target, &port, &mut new_facts);
                for party in party::all(before.as_ref(), after.as_ref()) {
                    let meaning = |answers: Option<&side::Answers<'_, '_>>| answers?.meaning(&party);
                    let (before, after) = (meaning(before.as_ref()), meaning(after.as_ref()));
                    if effect::differ(before.as_ref(), after.as_ref()) {
                        ways.push(Way { target: target.clone(), port: port.clone(), party, before, after });
                    }
                }
            }
            (party::without_repetition(ways), old_facts, new_facts)
        })
        .collect()
}

/// What travels with the answers of a side. Where nothing was found that was asked about, any gap may hold it.
fn of_side(side: &Side<'_>, facts: &Facts) -> Evidenced {
    let mut evidence = facts.evidence(side.mesh);
    if side.targets.is_empty() {
        evidence.gaps.append(&mut evidence.elsewhere);
    }
    evidence
}

/// What travels with the answers of both sides; of findings those that are new.
fn both(old: Evidenced, new: Evidenced) -> Evidenced {
    fn union<T: Ord + Clone>(a: Vec<T>, b: Vec<T>) -> Vec<T> {
        a.into_iter().chain(b).collect::<BTreeSet<T>>().into_iter().collect()
    }
    let known: BTreeSet<(&crate::codes::Code, &String, &crate::codes::Evidence)> =
        old.findings.iter().map(|of| (&of.code, &of.subject, &of.evidence)).collect();
    let is_new = |of: &&Finding| !known.contains(&(&of.code, &of.subject, &of.evidence));
    let findings = new.findings.iter().filter(is_new).cloned().collect();
    let gaps = union(old.gaps, new.gaps);
    let mut elsewhere = union(old.elsewhere, new.elsewhere);
    elsewhere.retain(|gap| !gaps.contains(gap));
    let assumptions = union(old.assumptions, new.assumptions);
    Evidenced { assumptions, gaps, elsewhere, findings, ignored: new.ignored }
}

/// Whether an answer lets nobody in: it is denied, or there is no caller or no target.
fn is_closed(meaning: Option<&Meaning>) -> bool {
    meaning.is_none_or(|meaning| meaning.verdict == Verdict::Denied)
}
