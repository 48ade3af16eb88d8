//! Questions about sidecars, one a line, for tests/env/istio/istio-sidecars: `sidecar-questions FIRST COUNT`.

fn main() -> std::io::Result<()> {
    mesh_testkit::questions::print("sidecar-questions", mesh_testkit::sidecars::question)
}
