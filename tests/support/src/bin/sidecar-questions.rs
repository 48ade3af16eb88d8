//! Questions about sidecars, one a line, for tests/env/istio/istio-sidecars: `sidecar-questions FIRST COUNT`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(first)), Some(Ok(count))) = (numbers.next(), numbers.next()) else {
        return Err(std::io::Error::other("usage: sidecar-questions FIRST COUNT"));
    };
    let mut out = std::io::stdout().lock();
    for seed in first..first.saturating_add(count) {
        writeln!(out, "{}", mesh_testkit::sidecars::question(seed))?;
    }
    Ok(())
}
