//! The rules of docs/semantics.md, one by one: each file of tests/cases is a small mesh with the answers that
//! upstream's code gives, and names the function that gives them. tests/cases/README.md describes the format.
//!
//! `CASE=part-of-a-name` runs only the cases whose file names contain that.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mesh_common::manifests;
use mesh_common::model::Name;
use mesh_common::policy::Mesh;
use mesh_common::policy::envoy::{Known, Request, Token};
use mesh_common::report::reachability::{
    self, Answer, DecidedBy, Reachability, Row, SourceQuestion, TargetQuestion,
};
use mesh_common::report::{Evidenced, GapEntry};
use mesh_common::snapshot::{MeshSnapshot, SettingsOverride};
use mesh_common::yaml;
use mesh_tests::not_read::Missing;
use serde::Deserialize;

/// A mesh, and what holds in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    because: String,
    upstream: String,
    #[serde(default = "whole_base")]
    base: Vec<String>,
    #[serde(default)]
    manifests: String,
    #[serde(default)]
    not_read: Vec<Missing>,
    connections: Vec<Connection>,
    #[serde(default)]
    findings: BTreeSet<String>,
    #[serde(default)]
    gaps: BTreeSet<String>,
    #[serde(default)]
    assumptions: BTreeSet<String>,
}

/// Who calls whom, and the one answer. What is not given is not compared.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Connection {
    from: String,
    to: String,
    #[serde(default)]
    port: Option<u16>,
    method: Option<String>,
    path: Option<String>,
    host: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    sni: Option<String>,
    #[serde(default)]
    claims: BTreeMap<String, String>,
    verdict: String,
    reason: Option<String>,
    /// How many stretches the way has: two through a waypoint.
    hops: Option<usize>,
    policy: Option<String>,
    enforced_as: Option<String>,
    rule: Option<usize>,
    matched: Option<Vec<String>>,
    candidates: Option<Vec<String>>,
    conditions: Option<Vec<String>>,
}

fn whole_base() -> Vec<String> {
    ["namespaces", "istio", "pods", "services"].map(str::to_owned).to_vec()
}

#[test]
fn every_case_holds() {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let folder = mesh_tests::root().join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.retain(|path| name_of(path).contains(&wanted));
    assert!(!files.is_empty(), "no case is called {wanted}");
    let wrong: Vec<String> = files.iter().flat_map(|path| failures(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} cases hold", files.len());
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// What is not as the case says.
fn failures(path: &Path) -> Vec<String> {
    let name = name_of(path);
    let text = std::fs::read_to_string(path).unwrap();
    let node = yaml::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let case: Case = node.decode().unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!case.because.is_empty() && !case.connections.is_empty(), "{name}: nothing is asked");
    assert!(case.upstream.contains(".go") || case.upstream.contains(".rs"), "{name}: no upstream file");
    let snapshot = snapshot(&case);
    let mesh = Mesh::new(&snapshot);
    let mut seen = Seen::default();
    let mut wrong: Vec<String> = Vec::new();
    for connection in &case.connections {
        let answer = ask(&mesh, connection).unwrap_or_else(|error| panic!("{name}: {error}"));
        let differences = connection.compare(&answer.body);
        wrong.extend(differences.into_iter().map(|difference| format!("{name}: {connection}: {difference}")));
        seen.add(&answer.body, &answer.evidence);
    }
    let mut compare = |what: &str, expected: &BTreeSet<String>, seen: &BTreeSet<String>| {
        if expected != seen {
            wrong.push(format!("{name}: {what} are {seen:?}, not {expected:?}"));
        }
    };
    compare("findings", &case.findings, &seen.findings);
    compare("gaps", &case.gaps, &seen.gaps);
    compare("assumptions", &case.assumptions, &seen.assumptions);
    wrong
}

fn snapshot(case: &Case) -> MeshSnapshot {
    let base = case.base.iter().map(|part| mesh_tests::read(&format!("tests/cases/base/{part}.yaml")));
    let texts: Vec<String> = base.chain([case.manifests.clone()]).collect();
    let mut objects = manifests::from_text("case", &texts.join("\n---\n"), &manifests::Options::default());
    objects.not_read = case.not_read.iter().map(Missing::list).collect();
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

fn ask(mesh: &Mesh<'_>, connection: &Connection) -> Result<Answer<Reachability>, String> {
    let to = match connection.port {
        Some(port) if connection.to.contains("::") => format!("[{}]:{port}", connection.to),
        Some(port) => format!("{}:{port}", connection.to),
        None => connection.to.clone(),
    };
    let target = TargetQuestion::find(mesh, &to, "a").map_err(|error| error.message)?;
    let mesh = &mesh.asked(connection.request());
    let source = SourceQuestion::find(mesh, &connection.from, "a").map_err(|error| error.message)?;
    Ok(reachability::from(mesh, &target, &[source]))
}

impl Connection {
    fn request(&self) -> Request {
        let known = |text: &Option<String>| Known::from(text.as_deref().map(Name::from));
        let mut request = Request {
            method: known(&self.method),
            path: known(&self.path),
            host: known(&self.host),
            server_name: known(&self.sni),
            ..Request::default()
        };
        for (name, value) in &self.headers {
            request.add_header(name, value);
        }
        if !self.claims.is_empty() {
            let claims = self.claims.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
            request.token = Token::Claims { claims: claims.collect(), complete: false };
        }
        request
    }
}

/// What travels with the answers, as `CODE subject`.
#[derive(Default)]
struct Seen {
    findings: BTreeSet<String>,
    gaps: BTreeSet<String>,
    assumptions: BTreeSet<String>,
}

impl Seen {
    fn add(&mut self, body: &Reachability, evidence: &Evidenced) {
        self.findings
            .extend(body.findings.iter().map(|finding| format!("{} {}", finding.code, finding.subject)));
        let gap = |gap: &GapEntry| format!("{} {}", gap.code, gap.subject);
        self.gaps.extend(evidence.gaps.iter().map(gap));
        self.gaps.extend(evidence.elsewhere.iter().map(|entry| format!("elsewhere: {}", gap(entry))));
        self.assumptions.extend(evidence.assumptions.iter().map(|assumption| match &assumption.subject {
            Some(subject) => format!("{} {subject}", assumption.code),
            None => assumption.code.to_string(),
        }));
    }
}

impl std::fmt::Display for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} → {}", self.from, self.to)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Connection {
    fn compare(&self, body: &Reachability) -> Vec<String> {
        let [row] = body.rows.as_slice() else {
            return vec![format!("there are {} answers: {:#?}", body.rows.len(), body.rows)];
        };
        let mut wrong = Vec::new();
        let mut compare = |what: &str, expected: Option<String>, seen: String| {
            if expected.as_ref().is_some_and(|expected| *expected != seen) {
                wrong.push(format!("{what} is {seen}, not {}", expected.unwrap_or_default()));
            }
        };
        let by = row.decided_by.as_ref();
        compare("verdict", Some(self.verdict.clone()), row.verdict.as_str().to_owned());
        compare("reason", self.reason.clone(), text(by, |by| Some(by.reason.as_str().to_owned())));
        compare("hops", self.hops.map(|hops| hops.to_string()), row.hops.len().to_string());
        compare("policy", self.policy.clone(), text(by, |by| by.policy.clone()));
        compare("enforcedAs", self.enforced_as.clone(), text(by, |by| by.enforced_as.clone()));
        compare("rule", self.rule.map(|rule| rule.to_string()), text(by, |by| Some(by.rule?.to_string())));
        compare("matched", self.matched.as_ref().map(list), list(&row.matched));
        compare("candidates", self.candidates.as_ref().map(list), list(&row.candidates));
        compare("conditions", self.conditions.as_ref().map(list), list(&conditions(row)));
        wrong
    }
}

fn text(by: Option<&DecidedBy>, of: fn(&DecidedBy) -> Option<String>) -> String {
    by.and_then(of).unwrap_or_else(|| "none".to_owned())
}

fn list(names: &Vec<String>) -> String {
    format!("{names:?}")
}

/// As `attribute=value,value`.
fn conditions(row: &Row) -> Vec<String> {
    let one = |condition: &mesh_common::policy::Condition| {
        format!("{}={}", condition.attribute, condition.values.join(","))
    };
    row.conditions.iter().map(one).collect()
}
