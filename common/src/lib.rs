//! The engine behind `kubectl mesh`: from what a mesh is made of to what it decides, and why.
//!
//! Everything interesting is a pure function from a [`snapshot::MeshSnapshot`] to a report; files, the
//! cluster and the terminal are thin edges. docs/architecture.md draws the modules and who may import whom.

pub mod bundle;
pub mod codes;
pub(crate) mod decode;
pub mod istio;
pub mod kubernetes;
pub mod lint;
pub mod manifests;
pub mod model;
pub mod policy;
pub mod report;
pub mod snapshot;
pub mod wire;
pub mod yaml;

#[cfg(feature = "cluster")]
pub mod cluster;

#[cfg(feature = "terminal")]
pub mod render;

#[cfg(feature = "terminal")]
pub mod cli;
