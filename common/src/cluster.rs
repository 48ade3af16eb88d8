//! The live cluster: from kubectl's connection flags to a client.

mod certificate;
mod connect;
mod environment;
mod error;
mod exec;
mod explain;
mod flags;
mod kubeconfig;
mod proxy;
mod target;
#[cfg(test)]
mod test_server;
mod token;

pub use connect::{Connection, connect, connect_in};
pub use environment::Environment;
pub use error::ConnectError;
pub use explain::{Endpoint, explain};
pub use flags::{ConnectionFlags, InvalidTimeout, Secret, parse_timeout};
pub use target::{contexts, contexts_in};
