//! What the engine says of how sidecars take and send connections is what istiod sends them: tests/oracle/sidecars,
//! recorded from istiod's own code.
//!
//! `make record-sidecars` records anew; the live test `sidecars` asks about other meshes.

use mesh_tests::{read_json_lines, transport};

#[test]
fn every_port_and_endpoint_equals_istiods() {
    let read = |name: &str| read_json_lines(&format!("tests/oracle/sidecars/{name}.jsonl.gz"));
    let compared = transport::compare_all(&read("questions"), &read("answers"));
    println!("{compared}");
    compared.assert(10_000, 50_000, 8);
}
