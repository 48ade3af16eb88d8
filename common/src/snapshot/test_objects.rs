//! For tests: objects and snapshots from YAML text.

use super::{MeshSnapshot, Objects, SettingsOverride};

pub(crate) fn objects(yaml: &str) -> Objects {
    crate::manifests::from_text("test.yaml", yaml, &crate::manifests::Options::default())
}

pub(crate) fn snapshot(yaml: &str) -> MeshSnapshot {
    MeshSnapshot::build(objects(yaml), &SettingsOverride::default())
}
