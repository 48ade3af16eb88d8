//! `kubectl mesh who-can-reach`

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_common::cli::run(kubectl_mesh_who_can_reach::command(), kubectl_mesh_who_can_reach::run)
}
