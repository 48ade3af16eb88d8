//! What istiod's own compiler makes of generated policies for an Envoy is what ours makes of them: other questions than
//! those that are recorded. `MESH_SEED` chooses them.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use mesh_testkit::test_cluster::program;
use mesh_testkit::{envoy, seed};
use mesh_tests::rbac;
use serde_json::Value;

/// So many proxies are asked about.
const QUESTIONS: u64 = 3000;

#[test]
fn istiods_own_compiler_agrees_rule_by_rule() {
    let first = seed().wrapping_mul(1_000_000);
    println!("seed {}", seed());
    let questions: Vec<Value> = (0..QUESTIONS).map(|at| envoy::question(first.wrapping_add(at))).collect();
    let answers = ask("istio-rbac", &questions);
    assert_eq!(answers.len(), questions.len());
    let mut rules = 0;
    for (question, answer) in questions.iter().zip(&answers) {
        let compared = rbac::compare(question, answer);
        if let Some(different) = compared.different {
            panic!("seed {}, question {}: {different}", seed(), question["seed"]);
        }
        rules += compared.rules;
    }
    println!("envoy: {} proxies, {rules} rules equal", questions.len());
    assert!(rules > 3000, "seed {}: {rules} rules are too few to tell", seed());
}

/// What a program that reads questions and writes answers, one a line, says.
pub(crate) fn ask(name: &str, questions: &[Value]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("questions.jsonl");
    let mut file = File::create(&path).unwrap();
    for question in questions {
        writeln!(file, "{question}").unwrap();
    }
    let asked = Command::new(program(name))
        .stdin(File::open(&path).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(asked.status.success(), "{name}: {}", asked.status);
    let text = String::from_utf8(asked.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
