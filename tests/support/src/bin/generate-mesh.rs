//! Writes the big mesh of the benchmarks to stdout: `generate-mesh [PERCENT]`.

use std::io::Write;

use mesh_testkit::large::{Size, list, mesh};

fn main() -> std::io::Result<()> {
    let percent = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100);
    std::io::stdout().write_all(list(&mesh(1, Size::percent(percent))).as_bytes())
}
