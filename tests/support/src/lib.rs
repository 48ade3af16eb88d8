//! What the tests are made with: numbers from a seed, generated meshes, transcripts of commands.

#![expect(
    clippy::indexing_slicing,
    reason = "objects are built here by their own fields; a mistake fails the test"
)]

pub mod binary;
pub mod envoy;
pub mod isolated;
pub mod large;
pub mod measure;
pub mod odd;
pub mod questions;
pub mod random;
pub mod schema;
pub mod sidecars;
#[cfg(feature = "cluster")]
pub mod test_cluster;
pub mod transcript;

pub use random::Random;

/// The seed of a run: `MESH_SEED`, or one that is always the same. Tests print it when they fail.
///
/// # Panics
/// When `MESH_SEED` is no number.
#[must_use]
#[expect(clippy::expect_used, reason = "a test that was asked for a seed must not run with another")]
pub fn seed() -> u64 {
    std::env::var("MESH_SEED").map_or(1, |text| text.parse().expect("MESH_SEED is a number"))
}
