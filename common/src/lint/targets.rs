//! Policies with `targetRefs`: targets that are not there, that istiod does not take, and in front of which no
//! waypoint stands, so that nothing enforces the policy.

use std::collections::BTreeMap;

use crate::codes::{Code, Evidence};
use crate::istio::{AuthorizationPolicy, TargetKind, WAYPOINT_CLASS};
use crate::model::{Kind, Name, Namespace, ResourceRef};
use crate::policy::{Remark, Remarks};
use crate::snapshot::{Binding, Object, Service, by_likeness};

use super::attachments::{Target, targets};
use super::survey::{Survey, nearest};
use super::waypoints::refused;

/// The label by which other clusters know of a Service.
const GLOBAL: &str = "istio.io/global";

/// The names of what was read, by kind and namespace.
struct Known<'a>(BTreeMap<(TargetKind, Namespace), BTreeMap<&'a Name, At<'a>>>);

/// What has a name.
enum At<'a> {
    Service(&'a Service),
    Entry(Binding),
    Gateway { waypoint: bool },
}

impl<'a> Known<'a> {
    fn new(survey: &Survey<'a>) -> Self {
        let snapshot = survey.snapshot;
        let mut found = Self(BTreeMap::new());
        for service in &snapshot.services {
            let Some(namespace) = service.reference.namespace.clone() else { continue };
            found.add(TargetKind::Service, namespace, &service.reference.name, At::Service(service));
        }
        for entry in snapshot.routing.service_entries.iter() {
            let at = At::Entry(snapshot.waypoint_of_service_entry(entry));
            found.add(TargetKind::ServiceEntry, entry.namespace(), &entry.meta.name, at);
        }
        for gateway in &snapshot.gateways {
            let at = At::Gateway { waypoint: *gateway.spec.spec.class == *WAYPOINT_CLASS };
            found.add(TargetKind::Gateway, gateway.namespace(), &gateway.meta.name, at);
        }
        found
    }

    fn add(&mut self, kind: TargetKind, namespace: Namespace, name: &'a Name, at: At<'a>) {
        self.0.entry((kind, namespace)).or_default().insert(name, at);
    }

    /// All of a kind in a namespace.
    fn of(&self, kind: TargetKind, namespace: &Namespace) -> Option<&BTreeMap<&'a Name, At<'a>>> {
        self.0.get(&(kind, namespace.clone()))
    }
}

/// All three checks: each target is looked at once.
pub(super) fn targets_of_policies(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let known = Known::new(survey);
    for policy in survey.policies().filter(|policy| policy.spec.has_targets()) {
        for target in targets(policy) {
            let evidence = Evidence::none().with("target", &target.place);
            let found = not_taken(survey, policy, &target)
                .map(|what| (Code::TargetNotTaken, evidence.clone().with("what", what)))
                .or_else(|| missing(survey, &known, policy, &target, &evidence))
                .or_else(|| {
                    let why = without_waypoint(survey, &known, policy, &target)?;
                    Some((Code::TargetWithoutWaypoint, evidence.with("why", why)))
                });
            if let Some((code, evidence)) = found {
                let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
                remarks.add(code, target.path, evidence);
            }
        }
    }
}

/// Why istiod attaches nothing to a target, whether it is there or not.
fn not_taken(
    survey: &Survey<'_>,
    policy: &Object<AuthorizationPolicy>,
    target: &Target<'_>,
) -> Option<String> {
    let own = policy.namespace();
    let root = &survey.snapshot.settings.mesh.root_namespace;
    let text = |field: &Option<Name>| field.clone().unwrap_or_default();
    let namespace = text(&target.reference.namespace);
    match target.reference.target_kind() {
        None => {
            let (group, kind) = (text(&target.reference.group), text(&target.reference.kind));
            let group = if group.is_empty() { "core".into() } else { group };
            Some(format!(
                "`{kind}` of group `{group}` is none of Gateway, GatewayClass, Service and ServiceEntry"
            ))
        }
        Some(_) if target.name().is_empty() => Some("it has no name".to_owned()),
        Some(TargetKind::GatewayClass) if own != *root => {
            Some(format!("a GatewayClass counts in policies of {root} only"))
        }
        Some(TargetKind::GatewayClass) if *target.name() != *WAYPOINT_CLASS => {
            Some(format!("of GatewayClasses only `{WAYPOINT_CLASS}` counts"))
        }
        Some(TargetKind::GatewayClass) => None,
        Some(_) => {
            let elsewhere = !namespace.is_empty() && *namespace != *own.as_str();
            elsewhere.then(|| format!("it is of namespace {namespace}, and the policy of {own}"))
        }
    }
}

/// A target that is not there, where everything of its kind in its namespace was read. Of files that is taken to be
/// so where there is one.
fn missing(
    survey: &Survey<'_>,
    known: &Known<'_>,
    policy: &Object<AuthorizationPolicy>,
    target: &Target<'_>,
    evidence: &Evidence,
) -> Option<(Code, Evidence)> {
    let namespace = policy.namespace();
    let (kind, object) = target.object(&namespace)?;
    if kind == TargetKind::GatewayClass {
        return None;
    }
    let names = known.of(kind, &namespace);
    let is_there = names.is_some_and(|names| names.contains_key(&object.name));
    let some = names.is_some_and(|names| !names.is_empty());
    if is_there || !is_listed(survey, kind, &object, &namespace, some) {
        return None;
    }
    let names = names.into_iter().flat_map(BTreeMap::keys).map(|name| &***name);
    let near = by_likeness(&object.name, names);
    let near = if near.is_empty() { "none".to_owned() } else { nearest(near) };
    let evidence = evidence.clone().with("kind", object.kind.wire()).with("name", &object.name);
    Some((Code::TargetMissing, evidence.with("namespace", &namespace).with("known", near)))
}

/// Whether what was not read of a kind in a namespace does not exist.
fn is_listed(
    survey: &Survey<'_>,
    kind: TargetKind,
    object: &ResourceRef,
    namespace: &Namespace,
    some: bool,
) -> bool {
    let snapshot = survey.snapshot;
    let read = snapshot.unread(&object.kind, namespace.as_str()).is_none() && survey.is_complete(namespace);
    let unreadable = snapshot.unreadable.iter().any(|unreadable| unreadable.is(&object.kind));
    let known = match kind {
        TargetKind::Gateway if snapshot.listed => {
            snapshot.has_gateway(namespace.as_str(), &object.name) == Some(false)
        }
        _ => snapshot.listed || some,
    };
    read && known && !unreadable
}

/// Why nothing enforces a policy at a target.
fn without_waypoint(
    survey: &Survey<'_>,
    known: &Known<'_>,
    policy: &Object<AuthorizationPolicy>,
    target: &Target<'_>,
) -> Option<String> {
    let namespace = policy.namespace();
    let (kind, object) = target.object(&namespace)?;
    let binding = match known.of(kind, &namespace)?.get(&object.name)? {
        // Gateways between clusters stand in front of it as well.
        At::Service(service) if service.labels.get(GLOBAL).is_some() => return None,
        At::Service(service) => survey.snapshot.waypoint_of_service(service),
        At::Entry(binding) => binding.clone(),
        At::Gateway { waypoint } => {
            let everything = survey.knows_what_is_bound() && *waypoint && survey.bindings.is_unused(&object);
            return everything.then(|| "nothing is bound to this waypoint".to_owned());
        }
    };
    match binding {
        Binding::Free => Some(format!("no waypoint stands in front of {object}")),
        Binding::Refused(gateway, refusal) => {
            let why = refused(survey.snapshot, &gateway, refusal);
            Some(format!("{object} is bound to waypoint {gateway}, {why}"))
        }
        Binding::Bound(_) | Binding::Unknown(_) => None,
    }
}
