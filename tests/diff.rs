//! What changes between two meshes: nothing between a mesh and itself, the same both ways round, and exactly what the
//! engine answers differently, one caller after the other.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run fails")]

use std::collections::{BTreeMap, BTreeSet};

use mesh_common::manifests;
use mesh_common::model::{PortRef, WorkloadIndex};
use mesh_common::policy::envoy::Request;
use mesh_common::policy::{Caller, Decision, Dialled, Mesh, Target, Verdict, evaluate};
use mesh_common::report::reachability::{Asked, Compared, DiffRow, Difference, Effect, Gain, Scope, diff};
use mesh_common::snapshot::{Changes, Edits, MeshSnapshot, Objects, Removal, SettingsOverride};
use mesh_testkit::{Random, odd, seed};
use serde_json::{Value, json};

const MESHES: u64 = 300;

fn objects(values: &[Value]) -> Objects {
    manifests::from_text("mesh.json", &odd::list(values), &manifests::Options::default())
}

fn between(before: &Objects, after: &Objects) -> Changes {
    Changes::between(before.clone(), after.clone())
}

fn difference(changes: &Changes) -> Difference {
    let given = SettingsOverride::default();
    let compared = Compared { changes, given: &given, against: None };
    let request = Request::default();
    let scope = Scope::All(None, None);
    let asked = Asked { scope, sources: &[], namespace: "default", request: &request };
    diff(compared, &asked).unwrap().body
}

/// What is made of a mesh: some objects over it, some taken away.
struct Edited {
    overlay: Vec<Value>,
    without: Vec<String>,
    by_hand: Vec<Value>,
}

fn key(object: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&object["kind"]), text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]))
}

/// What others than its author fill in stays of a pod.
fn put(by_hand: &mut Vec<Value>, mut new: Value) {
    let Some(old) = by_hand.iter_mut().find(|old| key(old) == key(&new)) else { return by_hand.push(new) };
    if new["kind"] == "Pod" && new["status"].is_null() {
        new["status"] = old["status"].clone();
        let mut annotations = old["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
        annotations.extend(new["metadata"]["annotations"].as_object().cloned().unwrap_or_default());
        new["metadata"]["annotations"] = json!(annotations);
    }
    *old = new;
}

fn edited(random: &mut Random, base: &[Value], other: &[Value]) -> Edited {
    let mut by_hand = base.to_vec();
    let mut overlay = Vec::new();
    for object in other {
        if random.chance(25) {
            put(&mut by_hand, object.clone());
            overlay.push(object.clone());
        }
    }
    let mut without = Vec::new();
    for object in base {
        let (kind, namespace, name) = key(object);
        if kind != "Namespace" && random.chance(15) {
            by_hand.retain(|of| key(of) != key(object));
            without.push(format!("{kind}/{namespace}/{name}"));
        }
    }
    Edited { overlay, without, by_hand }
}

/// Each test with meshes of every kind.
fn pairs(seed: u64) -> (Random, Vec<Value>, Edited) {
    let mut random = Random::new(seed ^ 0x5eed);
    let make = if seed.is_multiple_of(3) { odd::cluster } else { odd::mesh };
    let base = make(seed);
    let edited = edited(&mut random, &base, &make(seed + 1_000_000));
    (random, base, edited)
}

#[test]
fn a_mesh_does_not_differ_from_itself() {
    for seed in seed()..seed() + MESHES {
        let mesh = objects(&odd::cluster(seed));
        let mut shuffled = odd::cluster(seed);
        Random::new(seed).shuffle(&mut shuffled);
        for other in [mesh.clone(), objects(&shuffled)] {
            let changes = between(&mesh, &other);
            assert_eq!(changes.all, [], "seed {seed}");
            assert_eq!(difference(&changes).rows, [], "seed {seed}");
        }
    }
}

#[test]
fn edits_do_what_editing_the_manifests_does() {
    let mut edits_made = 0;
    // In the others pods have owners, which roll out.
    for seed in (seed()..seed() + MESHES).filter(|seed| !seed.is_multiple_of(3)) {
        let (_, base, edited) = pairs(seed);
        let edits = Edits {
            overlay: objects(&edited.overlay),
            without: edited.without.iter().map(|typed| Removal::parse(typed).unwrap()).collect(),
            ..Edits::default()
        };
        edits_made += edited.overlay.len() + edited.without.len();
        let after = edits.apply(objects(&base), "default").unwrap();
        let changes = between(&objects(&edited.by_hand), &after);
        let units: Vec<_> = changes.all.iter().map(|change| &change.unit).collect();
        assert!(units.is_empty(), "seed {seed}: {units:?}");
        assert_eq!(difference(&changes).rows, [], "seed {seed}");
    }
    assert!(edits_made > 500, "only {edits_made} edits");
}

/// What a row says, apart from places in files, which are those of the later reading. Where pods of one name change
/// their owners, two changes are one, so that what is behind a row is not the same both ways round: then each workload
/// has a row of its own.
fn said(row: &DiffRow, mirrored: bool, with_causes: bool) -> Vec<String> {
    let answer = |row: &Option<mesh_common::report::reachability::Row>| {
        row.as_ref().map(|row| (row.verdict, row.conditions.clone(), row.matched.clone()))
    };
    let (before, after) = (answer(&row.before), answer(&row.after));
    let (before, after) = if mirrored { (after, before) } else { (before, after) };
    let turned = |gain: Gain| match gain {
        Gain::Gained if mirrored => Gain::Lost,
        Gain::Lost if mirrored => Gain::Gained,
        other => other,
    };
    let effect = match row.effect {
        Effect::Widened if mirrored => Effect::Narrowed,
        Effect::Narrowed if mirrored => Effect::Widened,
        other => other,
    };
    let causes = row.caused_by.iter().filter(|_| with_causes);
    let causes: BTreeSet<&String> = causes.map(|cause| &cause.subject).collect();
    let each: Vec<Vec<&String>> = match with_causes {
        true => vec![row.peer.workloads.iter().collect()],
        false => row.peer.workloads.iter().map(|workload| vec![workload]).collect(),
    };
    let ports: Vec<&str> = if with_causes { vec![row.port.as_str()] } else { row.port.split(',').collect() };
    let one = |workloads: &Vec<&String>, port: &str| {
        let what = (turned(row.gain), effect, &row.target, port, workloads, &row.peer.addresses);
        format!("{:?}", (what, &before, &after, &causes))
    };
    each.iter()
        .flat_map(|workloads| ports.iter().map(|port| one(workloads, port)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn turned_round_what_was_gained_is_lost() {
    let mut rows = 0;
    for seed in seed()..seed() + MESHES {
        let (_, base, edited) = pairs(seed);
        let (old, new) = (objects(&base), objects(&edited.by_hand));
        let there = difference(&between(&old, &new));
        let back = difference(&between(&new, &old));
        let with_causes = !seed.is_multiple_of(3);
        let said = |rows: &[DiffRow], mirrored| -> BTreeSet<String> {
            rows.iter().flat_map(|row| said(row, mirrored, with_causes)).collect()
        };
        let (forth, mirrored) = (said(&there.rows, false), said(&back.rows, true));
        let (only, missing) = (forth.difference(&mirrored).next(), mirrored.difference(&forth).next());
        assert_eq!(only, missing, "seed {seed}");
        rows += there.rows.len();
        for row in &there.rows {
            assert!(!row.caused_by.is_empty(), "seed {seed}: nothing is behind {row:?}");
        }
    }
    assert!(rows > 1_000, "only {rows} rows");
}

type Way = (String, String, String);

/// What every workload gets at every workload, at a port that may be asked for on either side.
fn ways(snapshot: &MeshSnapshot) -> BTreeMap<Way, Decision> {
    let mesh = Mesh::new(snapshot);
    let mut all = BTreeMap::new();
    for to in snapshot.indexes() {
        let target = Target::Workloads(vec![to]);
        let name = |index: WorkloadIndex| snapshot.workload(index).unwrap().owner.to_string();
        for port in odd::PORTS {
            let resolution = target.resolve(&mesh, &Dialled::Port(PortRef::Number(port)));
            for from in snapshot.indexes().filter(|from| *from != to) {
                let decision = evaluate(&mesh, &Caller::Workload(from), &resolution);
                all.insert((name(to), port.to_string(), name(from)), decision);
            }
        }
    }
    all
}

/// Verdicts that are certain, of callers and targets that are each one pod. What a pod means by an address that is
/// not known is told of it, not of its owner.
fn is_certain(decision: Option<&Decision>) -> Option<bool> {
    match decision.map(Decision::verdict) {
        None | Some(Verdict::Denied) => Some(false),
        Some(Verdict::Allowed) => Some(true),
        Some(Verdict::Conditional | Verdict::Unknown) => None,
    }
}

#[test]
fn rows_are_what_the_engine_answers_differently() {
    let (mut changed, mut same) = (0, 0);
    for seed in seed()..seed() + MESHES {
        let (_, base, edited) = pairs(seed);
        if seed.is_multiple_of(3) {
            continue;
        }
        let (old, new) = (objects(&base), objects(&edited.by_hand));
        let build = |objects: &Objects| MeshSnapshot::build(objects.clone(), &SettingsOverride::default());
        let (old_snapshot, new_snapshot) = (build(&old), build(&new));
        let asked = asked([&old_snapshot, &new_snapshot]);
        let (before, after) = (ways(&old_snapshot), ways(&new_snapshot));
        let report = difference(&between(&old, &new));
        let pairs: BTreeSet<&Way> = before.keys().chain(after.keys()).collect();
        for way @ (target, port, from) in pairs {
            let ends = (is_certain(before.get(way)), is_certain(after.get(way)));
            let (Some(was), Some(is)) = ends else { continue };
            let is_of = |row: &&DiffRow| {
                let ports: Vec<&str> = row.port.split(',').collect();
                let has_port = ports.contains(&port.as_str())
                    || ports.contains(&"*") && !asked.contains(&(target.clone(), port.clone()));
                row.target == *target && has_port && row.peer.workloads.contains(from)
            };
            let gain = report.rows.iter().find(is_of).map(|row| row.gain);
            let expected = match (was, is) {
                (false, true) => Some(Gain::Gained),
                (true, false) => Some(Gain::Lost),
                _ => None,
            };
            assert_eq!(gain, expected, "seed {seed}: {way:?}");
            if expected.is_some() { changed += 1 } else { same += 1 }
        }
    }
    assert!(changed > 1_000 && same > 1_000, "{changed} ways changed, {same} did not");
}

/// The ports of each target that are asked for one by one.
fn asked(sides: [&MeshSnapshot; 2]) -> BTreeSet<(String, String)> {
    let of = |snapshot: &MeshSnapshot| {
        let mesh = Mesh::new(snapshot);
        let ports = |index: WorkloadIndex| {
            let owner = snapshot.workload(index).unwrap().owner.to_string();
            let ports = Target::Workloads(vec![index]).ports(&mesh).into_iter();
            ports.map(move |port| (owner.clone(), port.to_string())).collect::<Vec<_>>()
        };
        snapshot.indexes().flat_map(ports).collect::<Vec<_>>()
    };
    sides.into_iter().flat_map(of).collect()
}
