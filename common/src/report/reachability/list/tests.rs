use mesh_testkit::isolated::{self, Size};
use rustc_hash::FxHashMap;

use super::*;
use crate::manifests::{self, Options};
use crate::snapshot::{MeshSnapshot, SettingsOverride};

fn matrix_of(pods: usize) -> Reachability {
    let text = isolated::list(&isolated::mesh(1, Size { policies: pods / 6, ..Size::plain(pods) }));
    let objects = manifests::from_text("mesh.json", &text, &Options::default());
    let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
    let mesh = Mesh::new(&snapshot);
    let all: Vec<WorkloadIndex> = snapshot.indexes().collect();
    matrix(&mesh, &all).body
}

#[test]
fn a_matrix_of_many_pods_says_that_it_leaves_out_names() {
    assert!(!matrix_of(20).leaves_out_names());
    let large = matrix_of(420);
    assert!(large.leaves_out_names());
    let mut nameless: FxHashMap<(&Option<String>, &str), usize> = FxHashMap::default();
    for row in large.rows.iter().filter(|row| row.peer.class == Class::NoIdentity) {
        if row.peer.workloads.is_empty() && row.peer.addresses.is_empty() {
            row.port.split(',').for_each(|port| *nameless.entry((&row.target, port)).or_default() += 1);
        }
    }
    assert!(nameless.values().all(|count| *count == 1), "two rows of one port name nobody");
    assert!(!nameless.is_empty());
}

/// What a sidecar sends to a pod's own address it does not send to the Service: a matrix without the Service would not
/// see who gets in.
#[test]
fn where_an_envoy_calls_services_are_targets() {
    let pod = |name: &str, sidecar: bool| {
        let annotations = if sidecar { "{sidecar.istio.io/status: '{}'}" } else { "{}" };
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, labels: {{app: {name}}}, \
             annotations: {annotations}}}\nspec: {{containers: [{{name: c, ports: [{{containerPort: 80}}]}}]}}\n"
        )
    };
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: a}\n\
                   spec: {selector: {app: db}, clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}\n";
    for sidecar in [false, true] {
        let text = format!("{}{}{service}", pod("db", sidecar), pod("web", sidecar));
        let objects = manifests::from_text("mesh.yaml", &text, &Options::default());
        let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
        let mesh = Mesh::new(&snapshot);
        let all: Vec<WorkloadIndex> = snapshot.indexes().collect();
        let rows = matrix(&mesh, &all).body.rows;
        assert_eq!(rows.iter().any(|row| row.target.as_deref() == Some("svc/a/db")), sidecar, "{rows:?}");
    }
}
