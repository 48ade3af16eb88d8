//! What was found in policies and accounts, as far as it is about what was selected.

use std::collections::BTreeSet;

use crate::codes::Finding;
use crate::lint::lint;
use crate::model::{Kind, Namespace, ResourceRef};
use crate::policy::{Mesh, Remark};
use crate::report::facts::told;

use super::{IdentityEntry, Selection};

/// The findings, and how many more their objects ask to be silent about.
pub(super) fn findings(
    mesh: &Mesh<'_>,
    selection: &Selection,
    selected: &[IdentityEntry],
) -> (Vec<Finding>, usize) {
    let subjects = (selection.only.is_some() || selection.labels.is_some()).then(|| subjects(mesh, selected));
    let is_about = |remark: &Remark| {
        let of = |namespace: &Namespace| match &remark.subject {
            ResourceRef { kind: Kind::Namespace, name, .. } => **name == *namespace.as_str(),
            subject => subject.namespace.as_ref() == Some(namespace),
        };
        selection.namespace.as_ref().is_none_or(of)
            && subjects.as_ref().is_none_or(|subjects| subjects.contains(&remark.subject.to_string()))
    };
    told(mesh, lint(mesh).into_iter().filter(is_about).collect())
}

/// The accounts, what runs as them, and the policies that name them.
fn subjects(mesh: &Mesh<'_>, selected: &[IdentityEntry]) -> BTreeSet<String> {
    let identities: BTreeSet<&str> = selected.iter().map(|entry| entry.identity.as_str()).collect();
    let running = mesh.snapshot.workloads.iter();
    let running = running.filter(|workload| identities.contains(workload.identity.to_string().as_str()));
    let running = running.flat_map(|workload| [workload.reference.to_string(), workload.owner.to_string()]);
    let accounts = selected.iter().map(|of| format!("sa/{}/{}", of.namespace, of.service_account));
    let policies = selected.iter().flat_map(|entry| &entry.policies);
    let policies = policies.map(|entry| format!("AuthorizationPolicy/{}", entry.policy));
    running.chain(accounts).chain(policies).collect()
}
