//! Free ports on loopback.
//!
//! They are taken from below the range that the kernel gives to outgoing connections: otherwise a connection of one
//! server could take the port that another is about to listen on.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

static GIVEN: AtomicU16 = AtomicU16::new(0);

/// A port that nobody listens on. Two calls in one process never give the same one (before all were given), and
/// processes start at different places.
#[expect(clippy::panic, reason = "a test that cannot run fails")]
pub(super) fn free() -> u16 {
    let start = u16::try_from(std::process::id() * 97 % u32::from(COUNT)).unwrap_or_default();
    for _ in 0..COUNT {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let offset = (u32::from(start) + u32::from(given)) % u32::from(COUNT);
        let port = FIRST + u16::try_from(offset).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port between {FIRST} and {} is free on 127.0.0.1", FIRST + COUNT);
}
