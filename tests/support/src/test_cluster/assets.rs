//! Where the built programs and manifests are. `tests/env/build` alone knows: it is asked.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that `make test-env` built.
#[derive(Clone, Debug)]
pub(super) struct Assets(PathBuf);

/// A program that `make test-env` built, for a test that needs no cluster.
///
/// # Panics
/// When it is not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    Assets::find().program(name)
}

impl Assets {
    /// Finds the folder.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub(super) fn find() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../env/build");
        let told = Command::new(&script)
            .arg("--where")
            .output()
            .unwrap_or_else(|error| panic!("cannot run `{}`: {error}", script.display()));
        assert!(told.status.success(), "tests/env/build: {}", String::from_utf8_lossy(&told.stderr));
        let folder = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
        assert!(
            folder.join("complete").exists(),
            "the control plane for the live tests is not built: no `{}`\nhint: `make test-env` builds it",
            folder.join("complete").display()
        );
        Self(folder)
    }

    /// A program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }

    /// The text of a manifest, named by its path below the folder.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub(super) fn manifest(&self, path: &str) -> String {
        let path = self.0.join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}
