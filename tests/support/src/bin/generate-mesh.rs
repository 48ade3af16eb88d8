//! Writes the big mesh of the benchmarks to stdout: `generate-mesh [PERCENT [sidecars]]`.

use std::io::Write;

use mesh_testkit::large::{Size, list, mesh, with_sidecars};

fn main() -> std::io::Result<()> {
    let percent = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100);
    let ambient = mesh(1, Size::percent(percent));
    let sidecars = std::env::args().nth(2).is_some_and(|text| text == "sidecars");
    let objects = if sidecars { with_sidecars(ambient) } else { ambient };
    std::io::stdout().write_all(list(&objects).as_bytes())
}
