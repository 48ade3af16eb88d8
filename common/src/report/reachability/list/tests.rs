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
