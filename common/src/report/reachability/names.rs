//! How what was asked about is printed: `kind/namespace/name`, whatever was typed.

use crate::model::ResourceRef;
use crate::policy::Mesh;
use crate::snapshot::{Locator, Place, Subject};

/// The name of a place in the form that scripts should use.
pub(super) fn of(mesh: &Mesh<'_>, locator: &Locator, place: &Place, namespace: &str) -> String {
    match (place, &locator.subject) {
        (Place::Service(at), _) => match mesh.snapshot.services.get(*at) {
            Some(service) => service.reference.to_string(),
            None => locator.typed.to_string(),
        },
        (Place::Address(address), _) => format!("ip/{address}"),
        (Place::Node(_, Some(address)), _) => format!("ip/{address}"),
        (Place::Node(node, None), _) => format!("node/{node}"),
        (Place::Outside, _) => "outside".to_owned(),
        (Place::Identity(identity), _) => identity.to_string(),
        (Place::Workloads(_), Subject::Identity(identity)) => identity.to_string(),
        (Place::Workloads(_), Subject::Object { kind: crate::model::Kind::Namespace, name, .. }) => {
            format!("ns/{name}")
        }
        (Place::Workloads(workloads), Subject::Object { kind, .. }) => {
            let first = workloads.first().and_then(|index| mesh.workload(*index));
            let named = first.and_then(|workload| {
                [&workload.reference, &workload.owner].into_iter().find(|reference| reference.kind == *kind)
            });
            match (named, first) {
                (Some(reference), _) => reference.to_string(),
                (None, Some(workload)) if *kind == crate::model::Kind::ServiceAccount => {
                    let account = workload.service_account.as_str();
                    ResourceRef::new(kind.clone(), workload.identity.namespace.clone(), account).to_string()
                }
                _ => typed(locator, namespace),
            }
        }
        (Place::Workloads(workloads), _) => {
            let first = workloads.first().and_then(|index| mesh.workload(*index));
            first.map_or_else(|| typed(locator, namespace), |workload| workload.reference.to_string())
        }
    }
}

fn typed(locator: &Locator, namespace: &str) -> String {
    match &locator.subject {
        Subject::Object { kind, namespace: given, name } => {
            let namespace = given.as_deref().unwrap_or(namespace);
            ResourceRef::new(kind.clone(), namespace, name.clone()).to_string()
        }
        _ => locator.typed.to_string(),
    }
}
