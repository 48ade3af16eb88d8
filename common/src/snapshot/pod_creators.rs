//! Who may create pods, and so run as any account of a namespace: a pod names its account itself.
//!
//! Kubernetes' RBAC (pkg/apis/rbac/v1/evaluation_helpers.go, `VerbMatches`, `APIGroupMatches`,
//! `ResourceMatches`): pods directly, or through a controller that makes them. Names of objects in a rule do not
//! count: server-side apply creates an object of a given name and is judged by it (apiserver's
//! pkg/endpoints/handlers/patch.go, `createAuthorizerAttributes`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rustc_hash::FxHashMap;

use crate::kubernetes::{PolicyRule, RoleBindingSpec, RoleSpec, Subject};
use crate::model::{Kind, Name, Namespace, ResourceRef};

use super::{NotRead, Object, Objects, Resource, Topic};

#[cfg(test)]
mod tests;

/// Resources whose objects are pods, or make some.
const MAKE_PODS: &[(&str, &str)] = &[
    ("", "pods"),
    ("", "replicationcontrollers"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("apps", "replicasets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
];

/// ClusterRoles of every cluster, and whether they permit it (bootstrappolicy/policy.go, `ClusterRoles`). They are
/// rarely among manifests.
const BUILT_IN: &[(&str, bool)] =
    &[("cluster-admin", true), ("admin", true), ("edit", true), ("view", false)];

/// Someone who has a role.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Creator {
    /// A group of users.
    Group(Name),
    /// An account.
    ServiceAccount(Namespace, Name),
    /// A user.
    User(Name),
}

/// Who may create pods where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodCreators {
    everywhere: BTreeSet<Creator>,
    by_namespace: BTreeMap<Namespace, BTreeSet<Creator>>,
    /// Roles that somebody has and that were not read: what they permit is not known.
    pub roles_not_read: BTreeSet<ResourceRef>,
}

impl PodCreators {
    /// Who may create pods in a namespace.
    #[must_use]
    pub fn of(&self, namespace: &Namespace) -> BTreeSet<&Creator> {
        self.everywhere.iter().chain(self.by_namespace.get(namespace).into_iter().flatten()).collect()
    }
}

/// Who may create pods; `None` when no object of RBAC was read, or not all of them.
pub(super) fn pod_creators(objects: &Objects) -> Option<PodCreators> {
    let is_rbac = |list: &NotRead| Resource::named(&list.resource).is_some_and(|of| of.topic == Topic::Rbac);
    let is_partial = objects.not_read.iter().any(is_rbac);
    if is_partial || objects.roles.is_empty() && objects.role_bindings.is_empty() {
        return None;
    }
    let roles: FxHashMap<ResourceRef, Permits> = objects.roles.iter().map(permits).collect();
    let mut creators = PodCreators::default();
    for binding in &objects.role_bindings {
        let role = role_of(binding);
        match permits_of(&roles, &role) {
            Permits::Creation => creators.add(binding),
            Permits::Nothing => {}
            Permits::Unknown => {
                creators.roles_not_read.insert(role);
            }
        }
    }
    Some(creators)
}

/// What a role permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Permits {
    Creation,
    Nothing,
    Unknown,
}

fn kind(of: &str) -> Kind {
    Kind::Other(of.into())
}

fn permits(role: &Object<RoleSpec>) -> (ResourceRef, Permits) {
    let of = if role.meta.namespace.is_some() { "Role" } else { "ClusterRole" };
    let permits = if role.spec.rules.iter().any(creates_pods) {
        Permits::Creation
    } else if role.spec.rules.is_empty() && role.spec.aggregation_rule.is_some() {
        // As written: the controller has not filled it in.
        Permits::Unknown
    } else {
        Permits::Nothing
    };
    (role.reference(kind(of)), permits)
}

fn permits_of(roles: &FxHashMap<ResourceRef, Permits>, role: &ResourceRef) -> Permits {
    let built_in = || {
        let known = BUILT_IN.iter().find(|(name, _)| role.namespace.is_none() && **name == *role.name);
        known.map(|(_, creates)| if *creates { Permits::Creation } else { Permits::Nothing })
    };
    roles.get(role).copied().or_else(built_in).unwrap_or(Permits::Unknown)
}

/// A Role is of the binding's namespace.
fn role_of(binding: &Object<RoleBindingSpec>) -> ResourceRef {
    let role = &binding.spec.role_ref;
    match &binding.meta.namespace {
        Some(namespace) if &*role.kind == "Role" => {
            ResourceRef::new(kind("Role"), namespace.clone(), role.name.clone())
        }
        _ => ResourceRef::cluster(kind("ClusterRole"), role.name.clone()),
    }
}

fn creates_pods(rule: &PolicyRule) -> bool {
    let has = |list: &[Name], wanted: &str| list.iter().any(|of| matches!(&**of, "*") || **of == *wanted);
    has(&rule.verbs, "create")
        && MAKE_PODS
            .iter()
            .any(|(group, resource)| has(&rule.api_groups, group) && has(&rule.resources, resource))
}

impl PodCreators {
    fn add(&mut self, binding: &Object<RoleBindingSpec>) {
        let own = binding.meta.namespace.as_ref();
        let creators = binding.spec.subjects.iter().filter_map(|subject| creator(subject, own));
        match own {
            Some(namespace) => {
                self.by_namespace.entry(namespace.clone().into()).or_default().extend(creators);
            }
            None => self.everywhere.extend(creators),
        }
    }
}

fn creator(subject: &Subject, own_namespace: Option<&Name>) -> Option<Creator> {
    let name = subject.name.clone();
    match &*subject.kind {
        "ServiceAccount" => {
            let namespace = subject.namespace.as_ref().or(own_namespace)?.clone();
            Some(Creator::ServiceAccount(namespace.into(), name))
        }
        "Group" => Some(Creator::Group(name)),
        "User" => Some(Creator::User(name)),
        _ => None,
    }
}

impl fmt::Display for Creator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "User/{name}"),
            Self::Group(name) => write!(f, "Group/{name}"),
            Self::ServiceAccount(namespace, name) => write!(f, "sa/{namespace}/{name}"),
        }
    }
}
