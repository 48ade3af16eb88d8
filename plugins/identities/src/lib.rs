//! `kubectl mesh identities`: which accounts there are, which rules name them, and what is wrong with either.
//!
//! [`command`] says what can be asked, [`run()`] answers it: arguments become a question, files become a
//! snapshot, the answer is printed.

mod args;
mod run;

pub use args::{Arguments, command};
pub use run::run;
