//! How far reading has come: told by the modules that read, shown by `cli`.

/// Listens to the progress of reading.
pub trait Progress: Sync {
    /// Something is read from now on, `total` bytes long where that is known.
    fn start(&self, what: &str, total: Option<u64>);
    /// So many more bytes have been read.
    fn advance(&self, bytes: u64);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}
