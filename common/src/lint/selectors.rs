//! Whom policies are for: selectors that select nothing, and policies for what is not in the mesh.

use crate::codes::{Code, Evidence};
use crate::istio::WorkloadSelector;
use crate::model::{FieldPath, Kind, Labels, Namespace, Workload};
use crate::policy::{Remark, Remarks};
use crate::snapshot::{Object, by_likeness};

use super::survey::{Survey, is_in_mesh, nearest, owners, some_of};

/// Selectors of both kinds whose labels no workload has.
pub(super) fn select_nothing(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for object in survey.policies().filter(|object| !object.spec.has_targets()) {
        let root = survey.is_root(&object.namespace());
        selects_nothing(survey, object, Kind::AuthorizationPolicy, object.spec.selector.as_ref(), root, into);
    }
    let seen = survey.snapshot.peer_authentications.iter().filter(|policy| policy.hidden.is_none());
    for object in seen.map(|policy| &policy.object) {
        // With labels in root it is ignored, which is remarked on already.
        if !survey.is_root(&object.namespace()) {
            let selector = object.spec.selector.as_ref();
            selects_nothing(survey, object, Kind::PeerAuthentication, selector, false, into);
        }
    }
}

fn selects_nothing<T>(
    survey: &Survey<'_>,
    object: &Object<T>,
    kind: Kind,
    selector: Option<&WorkloadSelector>,
    everywhere: bool,
    into: &mut Vec<Remark>,
) {
    let labels = selector.and_then(|selector| selector.match_labels.as_ref());
    let Some(wanted) = labels.filter(|labels| !labels.is_empty() && !are_of_a_gateway(labels)) else {
        return;
    };
    let namespace = object.namespace();
    let candidates: Vec<&Labels> = candidates(survey, &namespace, everywhere);
    let place = (!everywhere).then_some(&namespace);
    let known = survey.knows_what_may_run(place) && !candidates.is_empty();
    if !known || candidates.iter().any(|labels| labels.contains_all(wanted)) {
        return;
    }
    let (label, known) = alternatives(wanted, &candidates);
    let evidence = Evidence::none()
        .with("namespace", &namespace)
        .with("labels", shown(wanted))
        .with("label", label)
        .with("known", known);
    let path = FieldPath::spec().field("selector");
    Remarks::on(object, kind, into).add(Code::SelectorSelectsNothing, path, evidence);
}

/// Pods of a Gateway are made by a controller, and are not among manifests.
fn are_of_a_gateway(labels: &Labels) -> bool {
    labels.iter().any(|(key, _)| {
        key.starts_with("gateway.networking.k8s.io/")
            || key.starts_with("gateway.istio.io/")
            || key == "istio.io/gateway-name"
    })
}

/// The labels of everything that a policy may select.
fn candidates<'a>(survey: &Survey<'a>, namespace: &Namespace, everywhere: bool) -> Vec<&'a Labels> {
    let entries = survey.snapshot.workload_entries.iter();
    let entries = entries.filter(|entry| everywhere || entry.namespace() == *namespace);
    let entries = entries.map(|entry| &entry.spec.labels);
    let workloads: Box<dyn Iterator<Item = &Workload>> = if everywhere {
        Box::new(survey.snapshot.workloads.iter())
    } else {
        Box::new(survey.in_namespace(namespace))
    };
    workloads.map(|workload| &workload.labels).chain(entries).collect()
}

fn shown(labels: &Labels) -> String {
    labels.iter().map(|(key, value)| format!("`{key}: {value}`")).collect::<Vec<_>>().join(", ")
}

/// A label that nothing has with this value (or, where only no one has all of them, the first), and the values that
/// it has, the nearest first.
fn alternatives<'l>(wanted: &'l Labels, candidates: &[&Labels]) -> (&'l str, String) {
    let unknown = wanted.iter().find(|(key, value)| !candidates.iter().any(|of| of.get(key) == Some(value)));
    let (key, value) = unknown.or_else(|| wanted.iter().next()).unwrap_or_default();
    let mut values: Vec<&str> = candidates.iter().filter_map(|labels| labels.get(key)).collect();
    values.sort_unstable();
    values.dedup();
    let known = if values.is_empty() { "none".to_owned() } else { nearest(by_likeness(value, values)) };
    (key, known)
}

/// AuthorizationPolicies that count for workloads of which none has a ztunnel or an Envoy.
pub(super) fn outside_of_the_mesh(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for object in survey.policies() {
        let everywhere = survey.is_root(&object.namespace()) && object.spec.selector.is_none();
        let workloads: Vec<&Workload> = survey.counting_for(object).map(|(_, workload)| workload).collect();
        let is_outside = !workloads.is_empty() && !workloads.iter().any(|workload| is_in_mesh(workload));
        if is_outside && !everywhere && survey.knows_what_may_run(Some(&object.namespace())) {
            let names = some_of(owners(workloads.into_iter()));
            let evidence = Evidence::none().with("workloads", names);
            let mut remarks = Remarks::on(object, Kind::AuthorizationPolicy, into);
            remarks.add(Code::PolicyOutsideMesh, FieldPath::default(), evidence);
        }
    }
}
