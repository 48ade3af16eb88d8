//! Pods that a changed template replaces.
//!
//! A controller makes new pods when its template changes. Files without a place in the cluster say nothing of new
//! pods: they are judged as written, like any template. Of a template only what says something about traffic is
//! compared: the API server fills in much else, and another image alone makes no other pod here.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::kubernetes::{Container, PodTemplate};
use crate::model::{Kind, ResourceRef};
use crate::snapshot::settings::is_istiod_variable;
use crate::snapshot::workloads::{Owners, service_account};
use crate::snapshot::{Objects, TemplateObject};

/// The pods, and what stands between them and their template, that go when these templates come.
pub(super) fn replaced(objects: &Objects, overlay: &Objects) -> BTreeSet<ResourceRef> {
    let before: FxHashMap<ResourceRef, &TemplateObject> =
        objects.templates.iter().map(|of| (of.reference(of.spec.kind.clone()), &of.spec)).collect();
    let rolled_out = overlay.templates.iter().filter_map(|after| {
        let reference = after.reference(after.spec.kind.clone());
        let same = before.get(&reference).is_some_and(|before| makes_the_same(before, &after.spec));
        (!same).then_some(reference)
    });
    owned(objects, &rolled_out.collect())
}

/// What was made for these owners.
pub(super) fn owned(objects: &Objects, owners: &BTreeSet<ResourceRef>) -> BTreeSet<ResourceRef> {
    if owners.is_empty() {
        return BTreeSet::new();
    }
    let known = Owners::new(objects);
    let mut found = BTreeSet::new();
    for template in &objects.templates {
        let reference = template.reference(template.spec.kind.clone());
        if known.above(&reference).is_some_and(|owner| owners.contains(owner)) {
            found.insert(reference);
        }
    }
    for pod in &objects.pods {
        let direct = known.direct(&pod.meta);
        let of_owner = known.of_pod(&pod.meta).into_iter().chain(direct);
        if of_owner.into_iter().any(|owner| owners.contains(&owner) || found.contains(&owner)) {
            found.insert(pod.reference(Kind::Pod));
        }
    }
    found
}

fn makes_the_same(before: &TemplateObject, after: &TemplateObject) -> bool {
    (before.replicas == 0) == (after.replicas == 0) && is_alike(&before.template, &after.template)
}

fn is_alike(before: &PodTemplate, after: &PodTemplate) -> bool {
    let is_ztunnel = after.metadata.labels.get("app") == Some("ztunnel");
    let containers = |of: &PodTemplate| -> Vec<String> {
        let all = of.spec.containers.iter().chain(&of.spec.init_containers);
        all.map(|container| of_traffic(container, is_ztunnel)).collect()
    };
    before.metadata.labels == after.metadata.labels
        && before.metadata.annotations == after.metadata.annotations
        && before.spec.host_network == after.spec.host_network
        && service_account(&before.spec) == service_account(&after.spec)
        && containers(before) == containers(after)
}

/// What of a container says something about traffic. The image of ztunnel is its version.
fn of_traffic(container: &Container, with_image: bool) -> String {
    let image = container.image.as_ref().filter(|_| with_image);
    let ports = &container.ports;
    let env = container.env.iter().filter(|variable| is_istiod_variable(&variable.name));
    let env: Vec<_> = env.map(|variable| (&variable.name, &variable.value)).collect();
    format!("{:?}", (&container.name, image, ports, &container.restart_policy, env))
}
