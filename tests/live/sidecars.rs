//! What the engine says of how sidecars take and send connections is what istiod sends them, in other meshes than those that
//! are recorded. `MESH_SEED` chooses them.

use mesh_testkit::{seed, sidecars};
use mesh_tests::transport;
use serde_json::Value;

use crate::envoy;

/// So many meshes are asked about.
const QUESTIONS: u64 = 60;

#[test]
fn istiod_itself_agrees_about_every_port_and_endpoint() {
    let first = seed().wrapping_mul(1_000_000);
    println!("seed {}", seed());
    let questions: Vec<Value> = (0..QUESTIONS).map(|at| sidecars::question(first.wrapping_add(at))).collect();
    let answers = envoy::ask("istio-sidecars", &questions);
    let compared = transport::compare_all(&questions, &answers);
    println!("sidecars: {} meshes, {compared}", questions.len());
    compared.assert(1_000, 5_000, 20);
}
