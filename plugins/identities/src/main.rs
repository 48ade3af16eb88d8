//! `kubectl mesh identities`

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_common::cli::run(kubectl_mesh_identities::command(), kubectl_mesh_identities::run)
}
