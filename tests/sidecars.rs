//! What the engine says of how sidecars take and send connections is what istiod sends them: tests/oracle/sidecars,
//! recorded from istiod's own code.
//!
//! `make record-sidecars` records anew; the live test `sidecars` asks about other meshes.

use mesh_tests::{read_gz, transport};
use serde_json::Value;

#[test]
fn every_port_and_endpoint_equals_istiods() {
    let read = |name: &str| -> Vec<Value> {
        let text = read_gz(&format!("tests/oracle/sidecars/{name}.jsonl.gz"));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let compared = transport::compare_all(&read("questions"), &read("answers"));
    println!("{compared}");
    compared.assert(10_000, 50_000, 8);
}
