use mesh_testkit::isolated::{self, Size};
use mesh_testkit::odd;

use crate::policy::network::tiers::Said;
use crate::policy::network::{Direction, End, EndKind, Hop, NetworkPolicies, PodClass, Travelling};
use crate::snapshot::{MeshSnapshot, SettingsOverride};

fn snapshots() -> impl Iterator<Item = MeshSnapshot> {
    let isolated = (1..=8).map(|seed| isolated::list(&isolated::mesh(seed, Size::of(seed))));
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

#[test]
fn classes_with_one_number_get_one_ruling_for_what_they_send() {
    let mut shared = 0;
    for snapshot in snapshots() {
        let network = NetworkPolicies::new(&snapshot);
        for (kind, port) in ends(&network).into_iter().flat_map(|kind| PORTS.map(|port| (kind, port))) {
            let said = Said::default();
            let mut known = rustc_hash::FxHashMap::default();
            for of in (0..network.class_count()).map(PodClass::at) {
                let other = End { kind, addresses: &[] };
                let hop = Hop { of, direction: Direction::Egress, other, port };
                let ruling = network.rule(hop);
                assert_eq!(network.rule_sent(hop, &said), ruling, "{hop:?}");
                let first = known.entry(network.sends_like(of)).or_insert_with(|| ruling.clone());
                assert_eq!(*first, ruling, "{hop:?}");
                shared += 1;
            }
            shared -= known.len();
        }
    }
    assert!(shared > 10_000, "only {shared} rulings were shared");
}

#[test]
fn pods_with_one_number_are_received_alike() {
    let mut shared = 0;
    for snapshot in snapshots() {
        let network = NetworkPolicies::new(&snapshot);
        for (of, port) in (0..network.class_count()).flat_map(|at| PORTS.map(|port| (PodClass::at(at), port)))
        {
            let told = network.tells_apart(of);
            let mut known = rustc_hash::FxHashMap::default();
            for (at, kind) in ends(&network).into_iter().enumerate() {
                let Some(number) = told.number(PodClass::at(at)).filter(|_| matches!(kind, EndKind::Pod(_)))
                else {
                    continue;
                };
                let other = End { kind, addresses: &[] };
                let ruling = network.rule(Hop { of, direction: Direction::Ingress, other, port });
                let first = known.entry(number).or_insert_with(|| ruling.clone());
                assert_eq!(*first, ruling, "{kind:?} at {of:?}");
                shared += 1;
            }
            shared -= known.len();
        }
    }
    assert!(shared > 10_000, "only {shared} rulings were shared");
}
