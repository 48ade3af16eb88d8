//! What travels with a list of accounts: what was assumed of what runs as them, and what may be missing.

use std::collections::BTreeSet;

use crate::codes::{Code, Evidence};
use crate::model::{Identity, Kind, ResourceRef, WorkloadIndex};
use crate::policy::Mesh;
use crate::report::{Evidenced, Facts, GapEntry};
use crate::snapshot::{Affects, Gap, GapKind};

use super::Selection;

/// What travels with these accounts.
pub(super) fn of(mesh: &Mesh<'_>, selected: &[Identity], selection: &Selection) -> Evidenced {
    let selected: BTreeSet<&Identity> = selected.iter().collect();
    let mut facts = Facts::default();
    let mut in_doubt: BTreeSet<ResourceRef> = BTreeSet::new();
    for (at, workload) in mesh.snapshot.workloads.iter().enumerate() {
        if selected.contains(&workload.identity) {
            facts.caller(WorkloadIndex(at));
            in_doubt.extend(workload.is_unclear().then(|| workload.namespace()));
        }
    }
    let (here, elsewhere): (Vec<&Gap>, Vec<&Gap>) =
        mesh.snapshot.gaps.iter().partition(|gap| touches(gap, selection));
    let mut gaps: BTreeSet<GapEntry> = here.into_iter().map(GapEntry::of).collect();
    gaps.extend(in_doubt.iter().map(namespace_not_read));
    let mut elsewhere: BTreeSet<GapEntry> = elsewhere.into_iter().map(GapEntry::of).collect();
    elsewhere.extend(roles_not_read(mesh));
    Evidenced {
        assumptions: facts.assumptions(mesh),
        gaps: gaps.into_iter().collect(),
        elsewhere: elsewhere.into_iter().collect(),
        ..Evidenced::default()
    }
}

/// Whether a gap may hide an account or a rule that names one. A policy of any namespace may name any account; of
/// what only refuses addresses and ports nothing depends here.
fn touches(gap: &Gap, selection: &Selection) -> bool {
    let is_network = gap.code == Code::KindNotJudged || gap.subject.starts_with("NetworkPolicy/");
    let in_scope = match &gap.affects {
        Affects::Everything | Affects::Policies(_) => true,
        Affects::Workloads(of) => selection.namespace.as_ref().is_none_or(|ns| of.covers(ns.as_str())),
        Affects::Nothing => false,
    };
    in_scope && !is_network
}

fn namespace_not_read(namespace: &ResourceRef) -> GapEntry {
    let subject = namespace.to_string();
    GapEntry::of(&Gap {
        code: Code::NamespaceNotRead,
        kind: GapKind::MissingKind,
        location: None,
        affects: Affects::of(&Kind::Namespace, Some(namespace.name.clone().into())),
        evidence: Evidence::none().with("subject", &subject),
        subject,
    })
}

/// Roles that somebody has, and of which it is not known whether they let pods be created.
fn roles_not_read(mesh: &Mesh<'_>) -> Vec<GapEntry> {
    let roles = mesh.snapshot.pod_creators.iter().flat_map(|creators| &creators.roles_not_read);
    let entry = |role: &ResourceRef| {
        let subject = role.to_string();
        GapEntry::of(&Gap {
            code: Code::RoleNotRead,
            kind: GapKind::MissingKind,
            location: None,
            affects: Affects::Nothing,
            evidence: Evidence::none().with("subject", &subject),
            subject,
        })
    };
    roles.map(entry).collect()
}
