//! Writes the mesh of a seed to stdout, for a look at it: `generate-isolated SEED [PODS]`.

use std::io::Write;

use mesh_testkit::isolated::{Size, list, mesh};

fn main() -> std::io::Result<()> {
    let number = |at: usize| std::env::args().nth(at).and_then(|text| text.parse().ok());
    let seed = number(1).unwrap_or(1) as u64;
    let size = number(2).map_or_else(|| Size::of(seed), Size::plain);
    std::io::stdout().write_all(list(&mesh(seed, size)).as_bytes())
}
