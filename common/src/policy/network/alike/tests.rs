use std::net::IpAddr;

use mesh_testkit::isolated::{self, Size};
use mesh_testkit::{Random, odd};

use crate::policy::network::{
    Direction, End, EndKind, Hop, NetworkPolicies, NetworkRule, PodClass, Ruling, Travelling, Uncertain,
};
use crate::snapshot::{MeshSnapshot, SettingsOverride};

fn snapshots() -> impl Iterator<Item = MeshSnapshot> {
    let sizes = (1..=8).map(|seed| (seed, Size::of(seed))).chain((1..=8).map(|seed| (seed, Size::plain(60))));
    let isolated = sizes.map(|(seed, size)| isolated::list(&isolated::mesh(seed, size)));
    let odd = (1..=40).map(|seed| odd::list(&odd::mesh(seed)));
    isolated.chain(odd).map(|text| {
        let objects = crate::manifests::from_text("mesh.yaml", &text, &crate::manifests::Options::default());
        MeshSnapshot::build(objects, &SettingsOverride::default())
    })
}

fn ends(network: &NetworkPolicies<'_>) -> Vec<EndKind<'static>> {
    let kind = |at: usize| match network.classes.get(PodClass::at(at)) {
        Some(class) if class.host_network => EndKind::HostPod(PodClass::at(at), None),
        _ => EndKind::Pod(PodClass::at(at)),
    };
    (0..network.class_count()).map(kind).collect()
}

const PORTS: [Travelling<'static>; 5] = [
    Travelling::Number(80),
    Travelling::Number(5432),
    Travelling::Number(8080),
    Travelling::Number(15008),
    Travelling::AnyBut(&[80, 8080]),
];

/// Of an end none, one, or two addresses are known, in ranges that rules tell apart.
fn addresses(random: &mut Random, known: &[IpAddr]) -> Vec<IpAddr> {
    (0..random.below(3)).filter_map(|_| known.get(random.below(known.len().max(1))).copied()).collect()
}

#[test]
fn classes_of_one_set_get_one_ruling_for_what_they_send() {
    let (mut shared, mut at_once, mut by_address, mut random) = (0, 0, 0, Random::new(1));
    for snapshot in snapshots() {
        let network = NetworkPolicies::new(&snapshot);
        let blocks = &network.egress_blocks;
        let known: Vec<IpAddr> = (0..blocks.len()).filter_map(|range| blocks.example(range)).collect();
        for (kind, port) in ends(&network).into_iter().flat_map(|kind| PORTS.map(|port| (kind, port))) {
            let addresses = addresses(&mut random, &known);
            let other = End { kind, addresses: &addresses };
            let hop = |of| Hop { of, direction: Direction::Egress, other, port };
            let sent = network.sent(hop(PodClass::at(0)));
            let sets = match &sent {
                Some(sent) => network.alike_sent(sent),
                None => network.alike_senders(),
            };
            for set in sets {
                let mut first = None;
                for class in set.iter().map(PodClass::at) {
                    let ruling = network.rule(hop(class));
                    by_address += usize::from(matches!(ruling, Ruling::Allowed { address: true, .. }));
                    if let Some(sent) = &sent {
                        at_once += 1;
                        assert_eq!(network.rule_sent(hop(class), sent), ruling, "{class:?} to {kind:?}");
                    }
                    let ruling = without_evidence(ruling);
                    let first = first.get_or_insert_with(|| ruling.clone());
                    assert_eq!(*first, ruling, "{class:?} to {kind:?}");
                    shared += 1;
                }
                shared -= 1;
            }
        }
    }
    assert!(shared > 10_000 && at_once > 10_000, "only {shared} and {at_once} rulings were shared");
    assert!(by_address > 100, "only {by_address} rulings by addresses");
}

/// Which policy decides is asked for those who are told.
fn without_evidence(ruling: Ruling) -> Ruling {
    let by = NetworkRule { policy: 0, direction: Direction::Egress, rule: None };
    match ruling {
        Ruling::Allowed { address, .. } => Ruling::Allowed { by, address },
        Ruling::Isolated { .. } => Ruling::Isolated { by },
        Ruling::Denied { .. } => Ruling::Denied { by },
        Ruling::Depends { conditions, .. } => Ruling::Depends { by, conditions },
        Ruling::Uncertain(Uncertain::Node(_)) => Ruling::Uncertain(Uncertain::Node(by)),
        Ruling::Uncertain(Uncertain::Rule(_)) => Ruling::Uncertain(Uncertain::Rule(by)),
        ruling => ruling,
    }
}

#[test]
fn pods_of_one_set_are_received_alike() {
    let mut shared = 0;
    for snapshot in snapshots() {
        let network = NetworkPolicies::new(&snapshot);
        let kinds = ends(&network);
        for (of, port) in (0..network.class_count()).flat_map(|at| PORTS.map(|port| (PodClass::at(at), port)))
        {
            for set in network.alike_to(of) {
                let mut first = None;
                for class in set.iter() {
                    let kind = kinds[class];
                    assert!(matches!(kind, EndKind::Pod(_)), "{kind:?} is in a set");
                    let other = End { kind, addresses: &[] };
                    let ruling = network.rule(Hop { of, direction: Direction::Ingress, other, port });
                    let first = first.get_or_insert_with(|| ruling.clone());
                    assert_eq!(*first, ruling, "{kind:?} at {of:?}");
                    shared += 1;
                }
                shared -= 1;
            }
        }
    }
    assert!(shared > 10_000, "only {shared} rulings were shared");
}
