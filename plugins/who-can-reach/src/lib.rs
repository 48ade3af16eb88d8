//! `kubectl mesh who-can-reach`: who gets to a workload, and which object decides.
//!
//! [`command`] says what can be asked, [`run()`] answers it: arguments become a question, files become a
//! snapshot, the engine answers, the answer is printed.

mod args;
mod needs;
mod run;

pub use args::{Arguments, command};
pub use run::run;
