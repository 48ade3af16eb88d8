//! What the parts of an answer cost on a generated mesh: 10,000 pods, 400 namespaces, 2,000 service accounts,
//! 5,000 AuthorizationPolicies, and a tenth and a quarter of that to see whether cost grows with the objects.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run fails")]

use std::hint::black_box;

use divan::counter::{BytesCount, ItemsCount};
use mesh_common::manifests::{self, Options};
use mesh_common::policy::{Caller, Dialled, Mesh, Resolution, Target, evaluate, reach};
use mesh_common::report::reachability::matrix;
use mesh_common::snapshot::{MeshSnapshot, SettingsOverride};
use mesh_testkit::large::{Size, list, mesh};

const PERCENTS: [usize; 3] = [10, 25, 100];

fn main() {
    divan::main();
}

fn text(percent: usize) -> String {
    list(&mesh(1, Size::percent(percent)))
}

fn snapshot(percent: usize) -> MeshSnapshot {
    let objects = manifests::from_text("mesh.json", &text(percent), &Options::default());
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

/// The middle workload of the mesh, on every port that it declares.
fn target(mesh: &Mesh<'_>) -> Resolution {
    let middle = mesh.snapshot.indexes().nth(mesh.snapshot.workloads.len() / 2).unwrap();
    Target::Workloads(vec![middle]).resolve(mesh, &Dialled::AnyOther)
}

#[divan::bench(args = PERCENTS, sample_count = 10)]
fn load(bencher: divan::Bencher<'_, '_>, percent: usize) {
    let text = text(percent);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| manifests::from_text("mesh.json", black_box(&text), &Options::default()));
}

#[divan::bench(args = PERCENTS, sample_count = 10)]
fn build_snapshot(bencher: divan::Bencher<'_, '_>, percent: usize) {
    let text = text(percent);
    bencher
        .with_inputs(|| manifests::from_text("mesh.json", &text, &Options::default()))
        .bench_values(|objects| MeshSnapshot::build(objects, &SettingsOverride::default()));
}

#[divan::bench(args = PERCENTS, sample_count = 10)]
fn compile(bencher: divan::Bencher<'_, '_>, percent: usize) {
    let snapshot = snapshot(percent);
    bencher
        .counter(ItemsCount::new(snapshot.authorization_policies.len()))
        .bench(|| Mesh::new(black_box(&snapshot)));
}

/// A hundred callers at one target.
#[divan::bench(args = PERCENTS, sample_count = 20)]
fn evaluate_100(bencher: divan::Bencher<'_, '_>, percent: usize) {
    let snapshot = snapshot(percent);
    let mesh = Mesh::new(&snapshot);
    let resolution = target(&mesh);
    let callers: Vec<Caller> = snapshot.indexes().take(100).map(Caller::Workload).collect();
    bencher.counter(ItemsCount::new(callers.len())).bench(|| {
        for caller in &callers {
            black_box(evaluate(&mesh, caller, &resolution));
        }
    });
}

/// Every peer at one target.
#[divan::bench(args = PERCENTS, sample_count = 20)]
fn reach_one(bencher: divan::Bencher<'_, '_>, percent: usize) {
    let snapshot = snapshot(percent);
    let mesh = Mesh::new(&snapshot);
    let resolution = target(&mesh);
    bencher.bench(|| reach(&mesh, black_box(&resolution)));
}

/// Every source class at every workload.
#[divan::bench(args = PERCENTS, sample_count = 5)]
fn reach_all(bencher: divan::Bencher<'_, '_>, percent: usize) {
    let snapshot = snapshot(percent);
    let mesh = Mesh::new(&snapshot);
    let all: Vec<_> = snapshot.indexes().collect();
    bencher.counter(ItemsCount::new(all.len())).bench(|| matrix(&mesh, black_box(&all)));
}
