//! Pictures as those programs take them for which they are made: pages in a real browser, graphs in Graphviz.
//! `make e2e` runs this. MESH_SCREENSHOTS=FOLDER keeps what was seen.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot run fails"
)]

mod browser;
mod graphs;
mod meshes;
mod pages;
