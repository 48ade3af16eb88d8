//! Questions about the filters of an Envoy, one a line, for tests/env/istio/istio-rbac: `envoy-questions FIRST COUNT`.

fn main() -> std::io::Result<()> {
    mesh_testkit::questions::print("envoy-questions", mesh_testkit::envoy::question)
}
