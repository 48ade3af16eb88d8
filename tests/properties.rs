//! Properties that hold for every mesh: the two questions of the engine agree, and the order of the input says
//! nothing.

use std::net::IpAddr;

use mesh_common::manifests;
use mesh_common::model::{Identity, Peer, PortRef, WorkloadIndex};
use mesh_common::policy::fold::Domain;
use mesh_common::policy::peer_set::AllPeers;
use mesh_common::policy::{Decision, Dialled, Mesh, PolicySet, Reach, Resolution, Target, judge_peer, reach};
use mesh_common::snapshot::{MeshSnapshot, SettingsOverride};
use mesh_testkit::{Random, odd, seed};

const MESHES: u64 = 1_500;

fn snapshot(text: &str) -> MeshSnapshot {
    let objects = manifests::from_text("mesh.json", text, &manifests::Options::default());
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

/// Peers near everything that a policy can say, and far from it.
fn peer(random: &mut Random) -> Peer {
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
    Peer { identity, address: Some(address.parse::<IpAddr>().unwrap()) }
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
                let peer = peer(&mut random);
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
