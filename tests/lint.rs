//! The checks of `identities --lint`: each file of tests/lint is about one code, with meshes where it must be found
//! and meshes where nothing may be said. tests/lint/README.md describes the format.
//!
//! `CASE=part-of-a-name` runs only the files whose names contain that.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run fails")]

use std::collections::BTreeSet;
use std::path::Path;

use mesh_common::codes::Code;
use mesh_common::manifests;
use mesh_common::policy::Mesh;
use mesh_common::report::identities::{self, Selection};
use mesh_common::snapshot::{MeshSnapshot, SettingsOverride};
use mesh_common::yaml;
use mesh_tests::not_read::Missing;
use serde::Deserialize;

/// What is known of one code.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    code: String,
    cases: Vec<Case>,
}

/// A mesh, and what is found in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    because: String,
    #[serde(default = "whole_base")]
    base: Vec<String>,
    manifests: String,
    #[serde(default)]
    not_read: Vec<Missing>,
    /// Whether these are the lists of an API server.
    #[serde(default)]
    listed: bool,
    /// `CODE subject`, all of them.
    #[serde(default)]
    findings: BTreeSet<String>,
    /// Sentences of this code, in any order.
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    ignored: usize,
}

fn whole_base() -> Vec<String> {
    ["namespaces", "istio", "pods", "services"].map(str::to_owned).to_vec()
}

fn files() -> Vec<(String, File)> {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let folder = std::fs::read_dir(mesh_tests::root().join("tests/lint")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    let files = paths.iter().map(|path| (name_of(path), read(path)));
    files.filter(|(name, _)| name.contains(&wanted)).collect()
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn read(path: &Path) -> File {
    let name = name_of(path);
    let node = yaml::parse(&std::fs::read_to_string(path).unwrap());
    let node = node.unwrap_or_else(|error| panic!("{name}: {error}"));
    node.decode().unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_case_holds() {
    let files = files();
    assert!(!files.is_empty(), "no file is called so");
    let wrong: Vec<String> = files
        .iter()
        .flat_map(|(name, file)| file.cases.iter().flat_map(move |case| failures(name, file, case)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not as the case says.
fn failures(name: &str, file: &File, case: &Case) -> Vec<String> {
    let snapshot = snapshot(case);
    let mesh = Mesh::new(&snapshot);
    let answer = identities::lint(&mesh, &Selection::default());
    let findings = answer.body.findings.unwrap();
    let seen: BTreeSet<String> =
        findings.iter().map(|finding| format!("{} {}", finding.code, finding.subject)).collect();
    let of_code = findings.iter().filter(|finding| finding.code.to_string() == file.code);
    let mut said: Vec<String> = of_code.map(|finding| finding.code.message(&finding.evidence)).collect();
    said.sort();
    let mut wrong = Vec::new();
    if seen != case.findings {
        wrong.push(format!("{name}: {}: found {seen:?}, not {:?}", case.because, case.findings));
    }
    let mut says = case.says.clone();
    says.sort();
    if !says.is_empty() && said != says {
        wrong.push(format!("{name}: {}: says {said:#?}", case.because));
    }
    if answer.evidence.ignored != case.ignored {
        wrong.push(format!("{name}: {}: {} are ignored", case.because, answer.evidence.ignored));
    }
    let unfilled = findings.iter().find(|finding| {
        let sentences = [finding.code.message(&finding.evidence), finding.code.hint(&finding.evidence)];
        // `{}` is written in policies.
        let names = |rest: &str| rest.starts_with(|first: char| first.is_ascii_lowercase());
        sentences.iter().any(|sentence| sentence.split('{').skip(1).any(names))
    });
    wrong
        .extend(unfilled.map(|finding| format!("{name}: {} lacks evidence for its sentences", finding.code)));
    wrong
}

fn snapshot(case: &Case) -> MeshSnapshot {
    let base = case.base.iter().map(|part| mesh_tests::read(&format!("tests/cases/base/{part}.yaml")));
    let texts: Vec<String> = base.chain([case.manifests.clone()]).collect();
    let mut objects = manifests::from_text("case", &texts.join("\n---\n"), &manifests::Options::default());
    objects.gateways_listed = case.listed;
    objects.not_read = case.not_read.iter().map(Missing::list).collect();
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

/// A check that never fires, or never was seen to be silent, is not tested.
#[test]
fn every_check_fires_and_is_silent() {
    for (name, file) in files() {
        let finds = |case: &Case| case.findings.iter().any(|found| found.starts_with(&file.code));
        assert!(Code::parse(&file.code).is_some(), "{name}: there is no code {}", file.code);
        assert!(file.cases.iter().any(finds), "{name}: nothing is found");
        assert!(file.cases.iter().any(|case| !finds(case)), "{name}: nowhere is it silent");
    }
}

#[test]
fn every_code_of_lint_has_a_file() {
    if std::env::var_os("CASE").is_some() {
        return;
    }
    let tested: BTreeSet<String> = files().into_iter().map(|(_, file)| file.code).collect();
    let of_lint = Code::ALL.iter().filter(|code| matches!(code.entry().number, 130..=199 | 201..=299));
    let missing: Vec<String> =
        of_lint.map(ToString::to_string).filter(|code| !tested.contains(code)).collect();
    assert!(missing.is_empty(), "no file of tests/lint is about {missing:?}");
}

#[test]
fn nothing_is_wrong_with_the_base() {
    let case = Case {
        because: String::new(),
        base: whole_base(),
        manifests: String::new(),
        not_read: Vec::new(),
        listed: false,
        findings: BTreeSet::new(),
        says: Vec::new(),
        ignored: 0,
    };
    let snapshot = snapshot(&case);
    let findings = identities::lint(&Mesh::new(&snapshot), &Selection::default()).body.findings;
    assert_eq!(findings, Some(Vec::new()));
}
