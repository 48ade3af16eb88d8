//! Who imports whom: docs/architecture.md draws the table, and this test holds it.

#![expect(clippy::unwrap_used, reason = "a test that cannot run fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// From the words to the edges: each module may import those before it, never one behind it.
const ROW: [&str; 12] = [
    "codes",
    "wire",
    "model",
    "yaml",
    "kubernetes",
    "istio",
    "snapshot",
    "policy",
    "lint",
    "report",
    "render",
    "cli",
];

/// Modules that fill a snapshot, what they may import, and who may import them. `decode` is what the others
/// share: it does no I/O.
const READERS: [(&str, &[&str], &[&str]); 4] = [
    (
        "decode",
        &["codes", "wire", "model", "yaml", "kubernetes", "istio", "snapshot"],
        &["manifests", "bundle", "cluster"],
    ),
    ("bundle", &["codes", "wire", "model", "yaml", "kubernetes", "istio", "snapshot", "decode"], &["cli"]),
    ("manifests", &["codes", "wire", "model", "yaml", "kubernetes", "istio", "snapshot", "decode"], &["cli"]),
    ("cluster", &["codes", "wire", "model", "yaml", "kubernetes", "istio", "snapshot", "decode"], &["cli"]),
];

/// What only the edges may use.
const IMPURE: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::net::Tcp",
    "std::process",
    "SystemTime",
    "Instant::now",
    "thread_rng",
    "async fn",
    "println!",
];

fn is_test(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name == "tests.rs"
        || name.starts_with("test_")
        || path.components().any(|part| part.as_os_str() == "tests")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
            found.push(path);
        }
    }
    found
}

/// The modules of common and what each imports, by the `crate::…` in its lines.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let top = mesh_tests::root().join("common/src");
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in sources(&top) {
        let module = path.strip_prefix(&top).unwrap().components().next().unwrap();
        let module = module.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let named = text.split("crate::").skip(1).flat_map(modules_at);
        imports.entry(module.clone()).or_default().extend(named.filter(|name| *name != module));
    }
    imports
}

/// The modules that stand behind `crate::`: one, or several in braces.
fn modules_at(text: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
    };
    match text.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap_or_default().split(',').map(name).collect(),
        None => vec![name(text)],
    }
}

#[test]
fn modules_import_only_what_stands_before_them() {
    let imports = imports();
    let readers = READERS.map(|(name, ..)| name);
    let known = |name: &String| ROW.contains(&name.as_str()) || readers.contains(&name.as_str());
    let unknown: Vec<&String> = imports.keys().filter(|name| *name != "lib" && !known(name)).collect();
    assert!(unknown.is_empty(), "modules without a place in the table: {unknown:?}");
    for (at, module) in ROW.iter().enumerate() {
        for imported in imports.get(*module).into_iter().flatten() {
            let readable = READERS.iter().any(|(name, _, by)| name == imported && by.contains(module));
            let before = ROW.iter().take(at).any(|name| name == imported);
            assert!(before || readable, "`{module}` imports `{imported}`, against the direction");
        }
    }
    let of_render = &imports["render"];
    assert!(!of_render.contains("policy"), "`render` sees reports, never policies");
    for (reader, may, by) in READERS {
        for (other, imported) in &imports {
            let allowed = other == "lib" || by.contains(&other.as_str()) || !imported.contains(reader);
            assert!(allowed, "`{other}` imports `{reader}`, against the direction");
        }
        for imported in &imports[reader] {
            assert!(
                may.contains(&imported.as_str()),
                "`{reader}` imports `{imported}`, against the direction"
            );
        }
    }
}

#[test]
fn only_the_edges_touch_the_world() {
    let top = mesh_tests::root().join("common/src");
    for path in sources(&top) {
        let inner = path.strip_prefix(&top).unwrap().to_string_lossy().into_owned();
        if ["bundle", "cli", "cluster", "manifests"].iter().any(|edge| inner.starts_with(edge)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let used: Vec<&str> = IMPURE.into_iter().filter(|word| text.contains(word)).collect();
        assert!(used.is_empty(), "{inner} uses {used:?}: that belongs to the edges");
    }
}

#[test]
fn the_drawing_names_every_module() {
    let drawn = mesh_tests::read("docs/architecture.md");
    for module in ROW.into_iter().chain(READERS.map(|(name, ..)| name)) {
        assert!(drawn.contains(&format!("`{module}`")), "docs/architecture.md does not name `{module}`");
    }
}
