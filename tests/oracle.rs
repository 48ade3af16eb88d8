//! The engine against what a real istiod and a real ztunnel said: tests/oracle/README.md.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run fails")]

use std::collections::{BTreeMap, BTreeSet};

use mesh_common::manifests;
use mesh_common::model::{Peer, WorkloadIndex};
use mesh_common::policy::{By, Dialled, Gate, Mesh, Resolution, Target, Verdict, judge_peer};
use mesh_common::snapshot::{MeshSnapshot, SettingsOverride};
use mesh_testkit::isolated;
use mesh_tests::analyzer::{self, Answers, Subject};
use mesh_tests::{ambientz, read_gz, read_json_lines};
use serde_json::Value;

const ROUNDS: [&str; 5] = ["101", "102", "103", "104", "105"];

fn snapshot(round: &str) -> MeshSnapshot {
    let text = read_gz(&format!("tests/oracle/round-{round}/cluster.json.gz"));
    let objects = manifests::from_text("cluster.json", &text, &manifests::Options::default());
    assert_eq!(objects.gaps, [], "round {round}");
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

fn recorded(round: &str) -> Value {
    serde_json::from_str(&read_gz(&format!("tests/oracle/round-{round}/ambientz.json.gz"))).unwrap()
}

#[test]
fn compile_equals_istiod_policy_by_policy() {
    for round in ROUNDS {
        let snapshot = snapshot(round);
        let compared = ambientz::policies(&Mesh::new(&snapshot), &recorded(round));
        assert!(compared.different.is_empty(), "round {round}: {}", compared.different.join("\n"));
        assert_ne!(compared.equal, 0, "round {round}");
    }
}

#[test]
fn attachments_equal_istiod_workload_by_workload() {
    for round in ROUNDS {
        let snapshot = snapshot(round);
        let mesh = Mesh::new(&snapshot);
        let recorded = recorded(round);
        let mut seen = 0;
        for pod in ambientz::pods(&recorded) {
            let name = ambientz::key(pod);
            let workload = snapshot.workload(find(&snapshot, &name)).unwrap();
            assert_eq!(ambientz::attached(&mesh, workload, pod), None, "round {round}");
            assert_eq!(pod["tunnelProtocol"] == "HBONE", workload.is_captured(), "round {round} {name}");
            seen += 1;
        }
        assert_eq!(seen, snapshot.workloads.len(), "round {round}");
    }
}

#[test]
fn every_verdict_equals_ztunnels() {
    let mut judged = BTreeMap::new();
    for round in ROUNDS {
        let snapshot = snapshot(round);
        let mesh = Mesh::new(&snapshot);
        for recorded in read_json_lines(&format!("tests/oracle/round-{round}/verdicts.jsonl.gz")) {
            judge(&mesh, &recorded);
            *judged.entry(round).or_insert(0) += 1;
        }
    }
    println!("connections judged and agreed: {judged:?}, {} in all", judged.values().sum::<i32>());
    assert_eq!(judged.values().sum::<i32>(), 1092);
}

fn judge(mesh: &Mesh<'_>, recorded: &Value) {
    let target = Target::Workloads(vec![find(mesh.snapshot, recorded["to"].as_str().unwrap())]);
    let port: u16 = recorded["port"].as_u64().unwrap().try_into().unwrap();
    let dialled = Dialled::Port(mesh_common::model::PortRef::Number(port));
    let Resolution::Destinations(destinations) = target.resolve(mesh, &dialled) else { panic!("{recorded}") };
    let source: std::net::SocketAddr = recorded["src"].as_str().unwrap().parse().unwrap();
    let peer = Peer {
        identity: recorded["identity"].as_str().map(|identity| identity.parse().unwrap()),
        address: Some(source.ip()),
        ..Peer::default()
    };
    let decision = judge_peer(mesh, &peer, &destinations);
    let expected = if recorded["verdict"] == "allow" { Verdict::Allowed } else { Verdict::Denied };
    assert_eq!(decision.verdict(), expected, "{recorded}\n{decision:#?}");
    let reason = recorded["reason"].as_str().unwrap();
    if let Some(policy) = reason.strip_prefix("explicitly denied by: ") {
        let denying = decision.gates.iter().flat_map(|gate| &gate.denying);
        let names: Vec<String> = denying.map(|by| enforced_as(mesh, by)).collect();
        assert!(names.contains(&policy.to_owned()), "{recorded}: {policy} is none of {names:?}");
    } else if !reason.is_empty() {
        assert_eq!(reason, "allow policies exist, but none allowed");
        let gate = decision.gate(Gate::Authorization).unwrap();
        assert_eq!(gate.reason.as_str(), "NoAllowMatched", "{recorded}\n{decision:#?}");
        assert!(decision.gates.iter().all(|gate| gate.denying.is_empty()), "{recorded}");
    }
}

fn enforced_as(mesh: &Mesh<'_>, by: &By) -> String {
    match by {
        By::Rule(rule) => mesh.policies.get(rule.policy).unwrap().key(),
        By::Mtls { enforced_as, .. } => enforced_as.to_string(),
        other => panic!("{other:?}"),
    }
}

fn find(snapshot: &MeshSnapshot, name: &str) -> WorkloadIndex {
    let found = snapshot.indexes().find(|index| snapshot.workload(*index).unwrap().reference.key() == name);
    found.unwrap_or_else(|| panic!("no pod {name}"))
}

/// What tests/oracle/network-policies was recorded about is made from seeds: the same everywhere, byte by byte.
#[test]
fn the_generator_still_makes_what_the_analyzer_was_asked_about() {
    let (mut some, mut pairs) = (0, 0);
    for seed in analyzer::SEEDS {
        let (subject, answers) = (Subject::new(seed), answers(seed));
        assert_eq!(answers.head.seed, seed);
        let fingerprint = isolated::fingerprint(&subject.text());
        assert_eq!(answers.head.fingerprint, fingerprint, "seed {seed}: another mesh was recorded");
        let pair = |from: &str, to: &str| format!("{from} {to}");
        let there: BTreeSet<String> = subject.pairs().map(|(from, to)| pair(from, to)).collect();
        let mut seen = BTreeSet::new();
        for row in &answers.rows {
            assert!(!row.tcp.is_empty(), "seed {seed}: {row:?}");
            for from in &row.from {
                let pair = pair(from, &row.to);
                assert!(there.contains(&pair) && seen.insert(pair), "seed {seed}: {from} in {row:?}");
            }
        }
        some += seen.len();
        pairs += there.len();
    }
    assert_eq!((some, pairs), (23_775, 54_750));
}

#[test]
fn network_policies_let_through_what_the_analyzer_says() {
    let (mut allowed, mut denied, mut different) = (0, 0, Vec::new());
    for seed in analyzer::SEEDS {
        let judged = analyzer::judge(&Subject::new(seed), &answers(seed));
        allowed += judged.allowed;
        denied += judged.denied;
        different.extend(judged.different);
    }
    let first: Vec<&str> = different.iter().take(20).map(String::as_str).collect();
    assert!(different.is_empty(), "{} differ, among them\n{}", different.len(), first.join("\n"));
    println!("connections through network policies: {allowed} allowed and {denied} denied, as recorded");
    assert_eq!(allowed + denied, 1_331_814);
}

fn answers(seed: u64) -> Answers {
    let text = mesh_tests::read(&format!("tests/oracle/network-policies/seed-{seed:02}.jsonl"));
    Answers::read(&text).unwrap()
}
