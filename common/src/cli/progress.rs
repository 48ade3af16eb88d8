//! How far reading has come: a line on stderr, after half a second, only on a terminal.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::snapshot::Progress;

/// Reading that takes less is not worth a word.
const QUIET: Duration = Duration::from_millis(500);

/// Shows what is read.
#[derive(Debug)]
pub struct Reading {
    shown: bool,
    since: Instant,
    bar: Mutex<Option<ProgressBar>>,
}

impl Reading {
    /// Progress for a call that is not quiet and whose answer goes to a person.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        Self { shown, since: Instant::now(), bar: Mutex::new(None) }
    }

    fn with_bar(&self, act: impl FnOnce(&ProgressBar)) {
        if !self.shown || self.since.elapsed() < QUIET {
            return;
        }
        if let Ok(mut bar) = self.bar.lock() {
            act(bar.get_or_insert_with(new_bar));
        }
    }
}

fn new_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("reading {msg} {bytes} in {elapsed}");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

impl Progress for Reading {
    fn start(&self, what: &str, _: Option<u64>) {
        self.with_bar(|bar| bar.set_message(crate::render::harmless(what).into_owned()));
    }

    fn advance(&self, bytes: u64) {
        self.with_bar(|bar| bar.inc(bytes));
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Ok(bar) = self.bar.lock()
            && let Some(bar) = bar.as_ref()
        {
            bar.finish_and_clear();
        }
    }
}
