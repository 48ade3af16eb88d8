//! Accounts that policies name and that are not there, and accounts that several workloads run as.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Evidence};
use crate::model::{Identity, Kind, Namespace, ResourceRef, Workload};
use crate::policy::ir::StringMatch;
use crate::policy::{Pattern, Remark, Remarks};
use crate::snapshot::{alike, by_likeness};

use super::names::evidence;
use super::survey::{Accounts, Survey, is_in_mesh, nearest, owners, some_of};

/// How certain it is that an account is not there.
enum Missing {
    /// Every account of the namespace was read.
    Certain(Vec<String>),
    /// Only what runs there is known.
    NothingRuns(Vec<String>),
}

/// Accounts that are named in full and are not there.
pub(super) fn existence(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let trust_domain = &survey.snapshot.settings.mesh.trust_domain;
    for (policy, item) in survey.items().filter(|(_, item)| !item.has_scheme()) {
        let named = item.identity(trust_domain).filter(|identity| identity.trust_domain == *trust_domain);
        let Some(identity) = named else { continue };
        let (code, known) = match missing(survey, &identity) {
            Some(Missing::Certain(known)) => (Code::NoSuchAccount, known),
            Some(Missing::NothingRuns(known)) => (Code::NothingRunsAsAccount, known),
            None => continue,
        };
        let known = by_likeness(identity.service_account.as_str(), known.iter().map(String::as_str));
        let evidence = evidence(&item)
            .with("account", &identity.service_account)
            .with("namespace", &identity.namespace)
            .with("known", nearest(known));
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        remarks.add(code, item.path.clone(), evidence);
    }
}

/// `None` where it is there, or nothing is known. Where something runs as an account that was not read, more of
/// them may be missing from what was read.
fn missing(survey: &Survey<'_>, identity: &Identity) -> Option<Missing> {
    let namespace = &identity.namespace;
    let Accounts { read, running } = survey.accounts_of(namespace)?;
    let wanted = identity.service_account.as_str();
    // istiod makes the account of a Gateway: its name, or that and the class.
    let of_gateway = survey.snapshot.gateways.iter().any(|gateway| {
        let rest = wanted.strip_prefix(&*gateway.meta.name);
        gateway.namespace() == *namespace && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    let unread = |kind| survey.snapshot.unread(&kind, namespace.as_str()).is_some();
    let of_gateway = of_gateway || unread(Kind::Gateway);
    if of_gateway || wanted == "default" || read.contains(wanted) || running.contains(wanted) {
        return None;
    }
    let owned = |names: &BTreeSet<&str>| names.iter().map(|name| (*name).to_owned()).collect();
    let all_read = !unread(Kind::ServiceAccount)
        && running.iter().all(|running| *running == "default" || read.contains(running));
    if !survey.is_complete(namespace) {
        None
    } else if !read.is_empty() && all_read {
        Some(Missing::Certain(owned(read)))
    } else {
        Some(Missing::NothingRuns(owned(&read.union(running).copied().collect())))
    }
}

/// Namespaces of which nothing was read, while one is called almost so.
pub(super) fn namespaces(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let snapshot = survey.snapshot;
    let used = snapshot.workloads.iter().map(|workload| workload.identity.namespace.as_str());
    let accounts = snapshot.service_accounts.keys().map(|(namespace, _)| namespace.as_str());
    let read = snapshot.namespaces.keys().map(|name| &**name);
    let known: BTreeSet<&str> = read.chain(used).chain(accounts).collect();
    let trust_domain = &snapshot.settings.mesh.trust_domain;
    for (policy, item) in survey.items().filter(|(_, item)| !item.has_scheme()) {
        let namespace: Namespace = match &item.pattern {
            Pattern::Namespace(StringMatch::Exact(namespace)) => namespace.clone().into(),
            _ => match item.identity(trust_domain) {
                Some(identity) if identity.trust_domain == *trust_domain => identity.namespace,
                _ => continue,
            },
        };
        let near = alike_enough(namespace.as_str(), &known);
        if known.contains(namespace.as_str()) || near.is_empty() || !survey.is_complete(&namespace) {
            continue;
        }
        let evidence = evidence(&item).with("namespace", &namespace).with("known", nearest(near));
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        remarks.add(Code::NoSuchNamespace, item.path.clone(), evidence);
    }
}

/// Names that differ by a slip: one letter more, less or other, or two exchanged. `team-a` and `team-b` do not.
fn alike_enough(name: &str, known: &BTreeSet<&str>) -> Vec<String> {
    const LEAST: usize = 5;
    let is_slip = |other: &str| {
        let distance = strsim::osa_distance(name, other);
        let shared = name.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
        let at_the_end = shared + 1 >= name.chars().count().max(other.chars().count());
        distance == 1 && !at_the_end && name.len() > LEAST && !differ_in_digits(name, other)
    };
    alike(name, known.iter().copied().filter(|other| is_slip(other)))
}

fn differ_in_digits(a: &str, b: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    letters(a) == letters(b)
}

/// What runs in the mesh as one account.
struct Shared<'a> {
    workloads: Vec<&'a Workload>,
    /// What a person deployed.
    owners: BTreeSet<String>,
}

/// The accounts that several things of the mesh run as, which are not the same application.
fn shared_accounts<'a>(survey: &Survey<'a>) -> BTreeMap<&'a Identity, Shared<'a>> {
    let mut by_account: BTreeMap<&Identity, Vec<&Workload>> = BTreeMap::new();
    for (_, workload) in survey.workloads().filter(|(_, workload)| is_in_mesh(workload)) {
        by_account.entry(&workload.identity).or_default().push(workload);
    }
    let shared = |workloads: Vec<&'a Workload>| {
        let owners = owners(workloads.iter().copied());
        (owners.len() > 1 && !are_one_application(&workloads)).then_some(Shared { workloads, owners })
    };
    by_account.into_iter().filter_map(|(identity, of)| Some((identity, shared(of)?))).collect()
}

/// Versions of one application side by side carry its name.
fn are_one_application(workloads: &[&Workload]) -> bool {
    ["app.kubernetes.io/name", "app"].iter().any(|key| {
        let names: BTreeSet<Option<&str>> =
            workloads.iter().map(|workload| workload.labels.get(key)).collect();
        names.len() == 1 && !names.contains(&None)
    })
}

/// Accounts whose workloads policies cannot tell apart.
pub(super) fn shared(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for (identity, shared) in shared_accounts(survey) {
        let is_default = identity.service_account.as_str() == "default";
        let code = if is_default { Code::DefaultAccountUsed } else { Code::SharedAccount };
        let key = (identity.namespace.clone(), identity.service_account.clone());
        let account = survey.snapshot.service_accounts.get(&key);
        let first = shared.workloads.first().map(|workload| workload.origin);
        let Some(origin) = account.map(|account| account.origin).or(first) else { continue };
        into.push(Remark {
            code,
            subject: ResourceRef::new(Kind::ServiceAccount, key.0, identity.service_account.as_str()),
            origin,
            path: Default::default(),
            evidence: told(&shared),
            ignored: account.is_some_and(|account| account.silence.covers(code)),
        });
    }
}

fn told(shared: &Shared<'_>) -> Evidence {
    let names = some_of(shared.owners.iter().cloned());
    Evidence::none().with("count", shared.owners.len()).with("workloads", names)
}

/// Rules that name the default account of a namespace, as which several workloads run.
pub(super) fn default_named(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let trust_domain = &survey.snapshot.settings.mesh.trust_domain;
    let shared = shared_accounts(survey);
    for (policy, item) in survey.items() {
        let named = item.identity(trust_domain);
        let named =
            named.filter(|identity| identity.service_account.as_str() == "default" && !item.has_scheme());
        let Some((identity, shared)) = named.and_then(|identity| shared.get_key_value(&identity)) else {
            continue;
        };
        let of = told(shared);
        let evidence = evidence(&item)
            .with("namespace", &identity.namespace)
            .with("count", of.get("count").unwrap_or_default())
            .with("workloads", of.get("workloads").unwrap_or_default());
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        remarks.add(Code::DefaultAccountNamed, item.path.clone(), evidence);
    }
}

/// Rules that name an account of which nothing that runs as it is in the mesh.
pub(super) fn outside_of_the_mesh(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let trust_domain = &survey.snapshot.settings.mesh.trust_domain;
    for (policy, item) in survey.items().filter(|(_, item)| !item.has_scheme()) {
        let Some(identity) = item.identity(trust_domain) else { continue };
        let running = survey.running_as(&identity);
        let is_outside = !running.is_empty() && !running.iter().any(|workload| is_in_mesh(workload));
        if is_outside && survey.is_complete(&identity.namespace) {
            let workloads = some_of(owners(running.iter().copied()));
            let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
            let evidence = evidence(&item).with("workloads", workloads);
            remarks.add(Code::NamedOutsideMesh, item.path.clone(), evidence);
        }
    }
}
