//! Questions about the filters of an Envoy, one a line, for tests/env/istio/istio-rbac: `envoy-questions FIRST COUNT`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(first)), Some(Ok(count))) = (numbers.next(), numbers.next()) else {
        return Err(std::io::Error::other("usage: envoy-questions FIRST COUNT"));
    };
    let mut out = std::io::stdout().lock();
    for seed in first..first.saturating_add(count) {
        writeln!(out, "{}", mesh_testkit::envoy::question(seed))?;
    }
    Ok(())
}
