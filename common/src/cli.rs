//! What every binary does in the same way: arguments, reading, printing, errors with hints, exit status.
//!
//! The only module that prints. A binary says what it is with clap, turns its arguments into a question, and
//! gives [`run`] a function that answers it.

mod arguments;
mod completion;
mod error;
mod expression;
mod output;
mod progress;
mod source;
mod status;

#[cfg(feature = "cluster")]
pub use arguments::{ConnectionArguments, Timeout};
pub use arguments::{
    EditArguments, OutputArguments, RequestArguments, SettingsArguments, SourceArguments, VerbosityArguments,
};
pub use completion::Takes;
pub use error::{CliError, ErrorKind};
pub use output::{Console, now};
pub use progress::Reading;
pub use source::{Against, Comparison, Facts, code};
pub use status::ExitStatus;

use std::process::ExitCode;

use clap::{ArgMatches, Command, FromArgMatches};

/// Parses the arguments of this process, answers, and turns errors into words and a status.
///
/// A pipe that is closed before everything was written changes nothing of it. Words behind `__complete` are not
/// parsed but completed, for kubectl.
pub fn run<A: FromArgMatches>(
    command: Command,
    answer: impl FnOnce(A) -> Result<ExitStatus, CliError>,
) -> ExitCode {
    if let Some(words) = completion::asked(std::env::args_os()) {
        return completion::answer(command, words);
    }
    let parsed = command.try_get_matches().and_then(|matches: ArgMatches| A::from_arg_matches(&matches));
    let result = match parsed {
        Ok(arguments) => answer(arguments),
        Err(error) => return error::of_clap(&error),
    };
    match result {
        Ok(status) => status.into(),
        Err(error) => {
            error.report();
            ExitStatus::Error.into()
        }
    }
}
