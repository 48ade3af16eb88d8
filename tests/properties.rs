//! Properties that hold for every mesh: the two questions of the engine agree, and the order of the input says
//! nothing.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use mesh_common::manifests;
use mesh_common::model::{DataPlane, Identity, Peer, PortRef, Sender, WorkloadIndex};
use mesh_common::policy::peer_set::AllPeers;
use mesh_common::policy::sets::Sets;
use mesh_common::policy::{
    Caller, Callers, Decision, Detail, Dialled, Mesh, PeerAnswer, PeerClass, PolicySet, Reach, Resolution,
    Target, Verdict, evaluate, judge_peer, peers, reach,
};
use mesh_common::snapshot::{MeshSnapshot, SettingsOverride};
use mesh_testkit::{Random, odd, seed};

const MESHES: u64 = 1_500;

fn snapshot(text: &str) -> MeshSnapshot {
    let objects = manifests::from_text("mesh.json", text, &manifests::Options::default());
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

/// Peers near everything that a policy can say, and far from it.
fn peer(random: &mut Random, snapshot: &MeshSnapshot) -> Peer {
    let namespace = random.pick(&["a", "ab", "b", "abc", "ghost", "zb", "istio-system", "c"]);
    let account = random.pick(&["default", "web", "we", "b", "wet", "ghost", "other", "zweb"]);
    let trust_domain = if random.chance(92) { "cluster.local" } else { "other.td" };
    let identity = random.chance(75).then(|| Identity::new(trust_domain, namespace, account));
    let address = random.pick(&[
        "10.0.0.1",
        "10.0.0.3",
        "10.0.0.4",
        "10.0.0.77",
        "10.1.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "203.0.113.9",
        "0.0.0.0",
        "255.255.255.255",
        "fd00::1",
        "fd00::2",
        "fe80::1",
        "::",
        "::ffff:10.0.0.1",
    ]);
    // An identity that something runs as is that of a pod.
    let runs = snapshot.indexes().find(|index| {
        let workload = snapshot.workload(*index).unwrap();
        workload.capture.data_plane != DataPlane::None && Some(&workload.identity) == identity.as_ref()
    });
    let sender = runs.map_or(Sender::Unread, Sender::Workload);
    Peer { identity, address: Some(address.parse::<IpAddr>().unwrap()), sender }
}

fn port(random: &mut Random) -> Dialled {
    match random.below(8) {
        0 => Dialled::AnyOther,
        1 => Dialled::Port(PortRef::Number(15008)),
        2 => Dialled::Port(PortRef::Number(8080)),
        3 => Dialled::Port(PortRef::Number(0)),
        _ => Dialled::Port(PortRef::Number(odd::PORTS[random.below(3)])),
    }
}

/// One pod, or several as a Service would have them behind it.
fn target(random: &mut Random, snapshot: &MeshSnapshot) -> Target {
    let count = if random.chance(70) { 1 } else { 1 + random.below(4) };
    let workloads = (0..count).map(|_| WorkloadIndex(random.below(snapshot.workloads.len())));
    Target::Workloads(workloads.collect())
}

/// The answer of the one cell that a peer is in.
fn cell_of<'a>(reach: &'a Reach, peer: &Peer) -> Vec<&'a Decision> {
    let holds =
        |cell: &&mesh_common::policy::Cell<_>| reach.universe.contains(&cell.peers, peer) == Some(true);
    reach.cells.iter().filter(holds).map(|cell| &cell.decision).collect()
}

#[test]
fn reach_says_of_every_peer_what_evaluate_says() {
    let mut connections = 0;
    for seed in seed()..seed() + MESHES {
        let snapshot = snapshot(&odd::list(&odd::mesh(seed)));
        let mesh = Mesh::new(&snapshot);
        let mut random = Random::new(seed);
        for _ in 0..10 {
            let target = target(&mut random, &snapshot);
            let dialled = port(&mut random);
            let resolution = target.resolve(&mesh, &dialled);
            let Resolution::Destinations(destinations) = &resolution else {
                panic!("seed {seed}: {resolution:?}")
            };
            let reach = reach(&mesh, &resolution);
            partitions(&reach, seed);
            for _ in 0..10 {
                let peer = peer(&mut random, &snapshot);
                let found = cell_of(&reach, &peer);
                assert_eq!(found.len(), 1, "seed {seed}: {peer:?} is in {} cells", found.len());
                let judged = judge_peer(&mesh, &peer, destinations);
                assert_eq!(*found[0], judged, "seed {seed}: {peer:?} to {target:?} {dialled}");
                connections += 1;
            }
        }
    }
    println!("connections compared: {connections}");
    assert!(connections >= 10_000);
}

/// The cells are everyone, and no one is in two.
fn partitions(reach: &Reach, seed: u64) {
    let domain = AllPeers { universe: &reach.universe, destination: None, port: None };
    let all = reach.cells.iter().fold(domain.none(), |all, cell| domain.or(all, &cell.peers));
    assert_eq!(all, domain.all(), "seed {seed}: someone is in no cell");
    let atoms: usize = reach.cells.iter().map(|cell| cell.peers.count()).sum();
    assert_eq!(atoms, domain.all().count(), "seed {seed}: someone is in two cells");
    for (at, cell) in reach.cells.iter().enumerate() {
        let same = reach.cells.iter().skip(at + 1).any(|other| other.decision == cell.decision);
        assert!(!same, "seed {seed}: two cells with one answer are one cell");
    }
}

#[test]
fn compile_does_not_depend_on_the_order_of_the_input() {
    for seed in seed()..seed() + MESHES {
        let mut objects = odd::mesh(seed);
        let before = snapshot(&odd::list(&objects));
        Random::new(!seed).shuffle(&mut objects);
        let after = snapshot(&odd::list(&objects));
        let (a, b) = (PolicySet::compile(&before), PolicySet::compile(&after));
        let texts = |set: &PolicySet| -> Vec<String> {
            set.authorizations()
                .iter()
                .map(|p| format!("{:?} {:?} {:?}", p.key(), p.scope, p.rules))
                .collect()
        };
        assert_eq!(texts(&a), texts(&b), "seed {seed}");
        assert_eq!(before.workloads.len(), after.workloads.len(), "seed {seed}");
        for (w, v) in before.workloads.iter().zip(&after.workloads) {
            assert_eq!(w.reference, v.reference, "seed {seed}");
            let (w, v) = (applied(&a, w), applied(&b, v));
            assert_eq!(w, v, "seed {seed}");
        }
        let remarks = |set: &PolicySet| -> Vec<String> {
            let mut all: Vec<String> = set
                .remarks
                .iter()
                .map(|r| format!("{} {} {} {:?}", r.code, r.subject, r.path, r.evidence))
                .collect();
            all.sort();
            all
        };
        assert_eq!(remarks(&a), remarks(&b), "seed {seed}");
    }
}

/// What counts at a workload, without regard to positions.
fn applied(set: &PolicySet, workload: &mesh_common::model::Workload) -> (Vec<String>, Vec<String>) {
    let applied = set.applied(&workload.identity.namespace, &workload.labels);
    let names = applied.policies.iter().map(|index| set.get(*index).unwrap().key()).collect();
    let mut authentication: Vec<String> = applied
        .peer_authentication
        .iter()
        .map(|e| format!("{:?} {:?}", e.attached, e.denies.as_ref().map(|p| &p.rules)))
        .collect();
    authentication.sort();
    authentication.dedup();
    (names, authentication)
}

/// Every answer of a list in which a workload is named.
fn rows_of(answers: &[PeerAnswer], index: WorkloadIndex) -> Vec<&PeerAnswer> {
    answers.iter().filter(|answer| answer.workloads.contains(&index)).collect()
}

/// What is worth asking about in a mesh: pods alone and together, Services.
fn targets(snapshot: &MeshSnapshot) -> Vec<Target> {
    let mut by_owner: BTreeMap<String, Vec<WorkloadIndex>> = BTreeMap::new();
    for index in snapshot.indexes() {
        let workload = snapshot.workload(index).unwrap();
        by_owner.entry(workload.owner.to_string()).or_default().push(index);
    }
    let alone = snapshot.indexes().map(|index| Target::Workloads(vec![index]));
    let together = by_owner.into_values().map(Target::Workloads);
    alone.chain(together).chain((0..snapshot.services.len()).map(Target::Service)).collect()
}

/// What an answer comes down to. Of a certain one from one destination, what every gate said; of others that
/// depends on the order in which answers were put together.
fn brief(decision: &Decision, is_one: bool) -> String {
    let verdict = decision.verdict();
    let gates =
        decision.gates.iter().map(|gate| format!("{:?}={:?}:{:?}", gate.gate, gate.outcome, gate.reason));
    let attributes: Vec<&str> = decision.conditions.iter().map(|condition| &*condition.attribute).collect();
    match verdict {
        Verdict::Allowed | Verdict::Denied if is_one => {
            format!("{verdict:?} {:?}", gates.collect::<Vec<_>>())
        }
        _ => format!("{verdict:?} {attributes:?}"),
    }
}

/// What each identity gets, in whichever row it is.
fn by_identity(answers: &[PeerAnswer], is_one: bool) -> BTreeMap<&Identity, BTreeSet<String>> {
    let mut all: BTreeMap<&Identity, BTreeSet<String>> = BTreeMap::new();
    for answer in answers {
        if let PeerClass::Identity(identity) = &answer.class {
            all.entry(identity).or_default().insert(brief(&answer.decision, is_one));
        }
    }
    all
}

/// A matrix puts most identities into one row: what it says of them is what a list says of each.
/// Returns the identities that have an answer.
fn same_for_every_identity<'a>(
    each: &'a [PeerAnswer],
    matrix: &[PeerAnswer],
    is_one: bool,
    context: &str,
) -> BTreeSet<&'a Identity> {
    let (each, named) = (by_identity(each, is_one), by_identity(matrix, is_one));
    let common = matrix.iter().find_map(|answer| match answer.class {
        PeerClass::EachOtherIdentity(count) => {
            Some((count, BTreeSet::from([brief(&answer.decision, is_one)])))
        }
        _ => None,
    });
    let mut unnamed = 0;
    for (identity, answers) in &each {
        let said = named.get(identity).or_else(|| {
            unnamed += 1;
            common.as_ref().map(|(_, answers)| answers)
        });
        assert_eq!(said, Some(answers), "{context}: {identity}");
    }
    assert_eq!(unnamed, common.map_or(0, |(count, _)| count), "{context}");
    each.into_keys().collect()
}

/// Addresses that belong to nothing, near those that rules name and far from them.
const ADDRESSES: [&str; 7] =
    ["10.0.0.77", "203.0.113.9", "9.255.255.255", "255.255.255.255", "fd00::5", "::", "::ffff:10.0.0.77"];

/// Every address is in one row of those from outside, which says what a question about it says; so is whoever
/// has no address that is known.
fn from_outside(
    mesh: &Mesh<'_>,
    resolution: &Resolution,
    answers: &[PeerAnswer],
    is_one: bool,
    context: &str,
) -> usize {
    let rows: Vec<&PeerAnswer> = answers.iter().filter(|answer| answer.class == PeerClass::Outside).collect();
    for address in ADDRESSES.map(|text| text.parse::<IpAddr>().unwrap()) {
        let holds = |row: &&&PeerAnswer| {
            row.addresses.is_empty() || row.addresses.iter().any(|net| net.contains(&address.to_canonical()))
        };
        let of_address: Vec<&&PeerAnswer> = rows.iter().filter(holds).collect();
        assert_eq!(of_address.len(), 1, "{context}: {address}");
        let asked = evaluate(mesh, &Caller::Address(address), resolution);
        assert_eq!(brief(&of_address[0].decision, is_one), brief(&asked, is_one), "{context}: {address}");
    }
    let verdicts: BTreeSet<Verdict> = rows.iter().map(|row| row.decision.verdict()).collect();
    let expected = match verdicts.iter().copied().collect::<Vec<_>>().as_slice() {
        [only] => *only,
        several if several.contains(&Verdict::Unknown) => Verdict::Unknown,
        _ => Verdict::Conditional,
    };
    assert_eq!(evaluate(mesh, &Caller::Outside, resolution).verdict(), expected, "{context}: outside");
    ADDRESSES.len() + 1
}

#[test]
fn a_list_says_of_every_workload_what_a_question_about_it_says() {
    let mut connections = 0;
    for seed in seed()..seed() + MESHES / 5 {
        let snapshot = snapshot(&odd::list(&odd::cluster(seed)));
        let mesh = Mesh::new(&snapshot);
        let callers = Callers::new(&mesh);
        for target in targets(&snapshot) {
            for dialled in target.ports(&mesh) {
                let resolution = target.resolve(&mesh, &dialled);
                let (each, _) = peers(&mesh, &callers, &target, &resolution, Detail::Each);
                let is_one = matches!(&resolution, Resolution::Destinations(of) if of.len() == 1);
                let (matrix, _) = peers(&mesh, &callers, &target, &resolution, Detail::Matrix);
                let answered = same_for_every_identity(
                    &each,
                    &matrix,
                    is_one,
                    &format!("seed {seed}: {target:?} port {dialled}"),
                );
                // Who is meant by the row of most identities: everyone who arrives and has no other.
                let arriving = callers.arriving().filter_map(|(row, _)| mesh.identities().get(row));
                assert!(answered.is_empty() || answered == arriving.collect(), "seed {seed}: {target:?}");
                connections += from_outside(
                    &mesh,
                    &resolution,
                    &each,
                    is_one,
                    &format!("seed {seed}: {target:?} port {dialled}"),
                );
                for PeerAnswer { class, decision, .. } in each.iter().chain(&matrix) {
                    let depends = decision.verdict() == Verdict::Conditional;
                    let context = format!("seed {seed}: {class:?} to {target:?} port {dialled}");
                    assert_eq!(!decision.conditions.is_empty(), depends, "{context}: {decision:?}");
                }
                for index in snapshot.indexes() {
                    let asked = evaluate(&mesh, &Caller::Workload(index), &resolution);
                    let rows = rows_of(&each, index);
                    let whose = &snapshot.workload(index).unwrap().reference;
                    if target == Target::Workloads(vec![index]) && rows.is_empty() {
                        continue;
                    }
                    let context = format!("seed {seed}: {whose} to {target:?} port {dialled}");
                    assert_eq!(rows.len(), 1, "{context}: in {} rows", rows.len());
                    let listed = &rows[0].decision;
                    assert_eq!(brief(listed, is_one), brief(&asked, is_one), "{context}");
                    connections += 1;
                }
            }
        }
    }
    println!("connections compared: {connections}");
    assert!(connections >= 10_000);
}

/// Conditions on namespaces and on accounts multiply: what that would cost is not paid, and who runs is answered.
#[test]
fn too_many_groups_are_unknown_but_not_who_runs() {
    let names = |prefix: &str| (0..300).map(|at| format!("\"{prefix}{at}\"")).collect::<Vec<_>>().join(", ");
    let policy = format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p, namespace: a}}\n\
         spec: {{rules: [{{from: [{{source: {{namespaces: [{}]}}}}, {{source: {{principals: [{}]}}}}]}}]}}\n",
        names("n"),
        names("*/sa/x")
    );
    let base = ["namespaces", "istio", "pods"]
        .map(|part| mesh_tests::read(&format!("tests/cases/base/{part}.yaml")));
    let snapshot = snapshot(&[base.join("\n---\n"), policy].join("\n---\n"));
    let mesh = Mesh::new(&snapshot);
    let db = snapshot
        .indexes()
        .find(|index| snapshot.workload(*index).unwrap().reference.key() == "a/db")
        .unwrap();
    let target = Target::Workloads(vec![db]);
    let resolution = target.resolve(&mesh, &Dialled::Port(PortRef::Number(80)));
    let (answers, _) = peers(&mesh, &Callers::new(&mesh), &target, &resolution, Detail::Each);
    assert!(answers.iter().any(|answer| answer.decision.verdict() == Verdict::Unknown));
    for answer in answers.iter().filter(|answer| !answer.workloads.is_empty()) {
        assert_eq!(answer.decision.verdict(), Verdict::Denied, "{answer:?}");
    }
}

/// A pod of both families that calls pods of which some have one and some the other, or both, or none yet.
#[test]
fn a_list_tells_the_families_of_addresses_apart() {
    let pod = |name: &str, label: &str, addresses: &[&str]| {
        let ips: Vec<String> = addresses.iter().map(|ip| format!("{{ip: \"{ip}\"}}")).collect();
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, labels: {{app: {label}}}, \
             annotations: {{ambient.istio.io/redirection: enabled}}}}\n\
             spec: {{serviceAccountName: {name}, containers: [{{name: c}}]}}\n\
             status: {{podIP: \"{}\", podIPs: [{}], conditions: [{{type: Ready, status: \"True\"}}]}}",
            addresses[0],
            ips.join(", ")
        )
    };
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: a}}\n\
             spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}"
        )
    };
    let documents = [
        mesh_tests::read("tests/cases/base/namespaces.yaml"),
        mesh_tests::read("tests/cases/base/istio.yaml"),
        pod("caller", "caller", &["10.0.0.1", "fd00::1"]),
        pod("four", "mixed", &["10.0.0.2"]),
        pod("six", "mixed", &["fd00::2"]),
        pod("old", "rolled", &["10.0.0.3"]),
        pod("young", "rolled", &["10.0.0.4", "fd00::4"]),
        service("mixed"),
        service("rolled"),
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: planned, namespace: a}\n\
         spec: {template: {metadata: {labels: {app: planned}}, spec: {containers: [{name: c}]}}}"
            .to_owned(),
        service("planned"),
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: a}\n\
         spec: {action: DENY, rules: [{from: [{source: {ipBlocks: [\"fd00::/16\"]}}]}]}"
            .to_owned(),
    ];
    let snapshot = snapshot(&documents.join("\n---\n"));
    let mesh = Mesh::new(&snapshot);
    let callers = Callers::new(&mesh);
    let caller = snapshot
        .indexes()
        .find(|index| snapshot.workload(*index).unwrap().reference.key() == "a/caller")
        .unwrap();
    for (at, service) in snapshot.services.iter().enumerate() {
        let target = Target::Service(at);
        let resolution = target.resolve(&mesh, &Dialled::Port(PortRef::Number(80)));
        let asked = evaluate(&mesh, &Caller::Workload(caller), &resolution);
        assert_eq!(asked.verdict(), Verdict::Conditional, "{}", service.reference);
        for detail in [Detail::Each, Detail::Matrix] {
            let (answers, _) = peers(&mesh, &callers, &target, &resolution, detail);
            let identity = &snapshot.workload(caller).unwrap().identity;
            let is_its = |answer: &&PeerAnswer| answer.class == PeerClass::Identity(identity.clone());
            let listed: Vec<Verdict> =
                answers.iter().filter(is_its).map(|answer| answer.decision.verdict()).collect();
            assert_eq!(listed, [Verdict::Conditional], "{} {detail:?}", service.reference);
        }
    }
}
