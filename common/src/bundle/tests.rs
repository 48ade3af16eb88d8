use std::collections::BTreeSet;

use mesh_testkit::{large, odd, seed};
use serde_json::json;

use super::test_pages::{kept, seen, uncut};
use super::{keep, table};
use crate::snapshot::{
    CONFIG_MAP_KEYS, Detail, Extent, MeshSnapshot, NotRead, Objects, RESOURCES, Resource, SettingsOverride,
    Why,
};
use corners::corners;

pub(super) mod corners;
mod files;
mod secrets;

fn snapshot(objects: Objects) -> MeshSnapshot {
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

fn same(before: &Objects, after: &Objects, context: &str) {
    let (before, after) = (seen(before), seen(after));
    let differing = before.lines().zip(after.lines()).zip(1..).find(|((before, after), _)| before != after);
    assert_eq!(differing, None, "{context}");
    assert_eq!(before.len(), after.len(), "{context}");
}

fn same_for_the_engine(objects: &[serde_json::Value], context: &str) {
    let (before, after) = (uncut(objects).objects(), kept(objects).objects());
    same(&before, &after, context);
    let settings = |objects: Objects| {
        let snapshot = snapshot(objects);
        format!("{:?} {:?}", snapshot.settings, snapshot.assumptions)
    };
    assert_eq!(settings(before), settings(after), "{context}");
}

#[test]
fn nothing_that_the_engine_sees_is_cut_off() {
    same_for_the_engine(&corners(), "corners");
    assert_eq!(snapshot(kept(&corners()).objects()).settings.mesh.trust_domain.as_str(), "acme.com");
    same_for_the_engine(&large::mesh(seed(), large::Size::percent(2)), "large");
    for seed in seed()..seed() + 500 {
        same_for_the_engine(&odd::cluster(seed), &format!("seed {seed}"));
    }
}

#[test]
fn what_is_kept_once_is_kept_again() {
    let mut objects = corners();
    objects.push(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "x"},
        "data": {"mesh": "trustDomain: [", "AMBIENT_ENABLEMENT_SELECTOR": "{}"}}),
    );
    objects.push(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-blank", "namespace": "x"},
        "data": {"mesh": "", "AMBIENT_ENABLEMENT_SELECTOR": " "}}),
    );
    for list in kept(&objects).lists {
        let resource = Resource::named(&list.resource).unwrap();
        assert_eq!(keep(resource, &list.text).unwrap(), list.text);
    }
    let gaps = snapshot(kept(&objects[objects.len() - 2..]).objects()).gaps;
    assert!(gaps.iter().any(|gap| gap.subject == "ConfigMap/x/istio"), "{gaps:?}");
}

#[test]
fn the_table_has_every_kind_and_every_setting() {
    for resource in RESOURCES.iter().filter(|resource| resource.detail == Detail::Whole) {
        assert!(table::KINDS.iter().any(|(kind, _)| *kind == resource.kind), "{}", resource.kind);
    }
    let (_, rows) = table::KINDS.iter().find(|(kind, _)| *kind == "ConfigMap").unwrap();
    let (_, keys) = rows.iter().find(|(prefix, _)| *prefix == "data.").unwrap();
    let keys: BTreeSet<&str> = keys.iter().map(|key| key.split('{').next().unwrap()).collect();
    assert_eq!(keys, BTreeSet::from(CONFIG_MAP_KEYS));
}

fn unpacked(path: &std::path::Path) -> Vec<(String, String)> {
    use std::io::Read;
    let file = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    let mut archive = tar::Archive::new(file);
    let text = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        let _: usize = Read::read_to_string(&mut entry, &mut text).unwrap();
        (entry.path().unwrap().display().to_string(), text)
    };
    archive.entries().unwrap().map(text).collect()
}

fn not_read() -> Vec<NotRead> {
    let one = |resource: &str, extent, why| NotRead { resource: resource.to_owned(), extent, why };
    let all_but_two = Extent::one("a").union(Extent::one("b")).complement();
    vec![
        one("pods", Extent::one("secretive"), Why::Forbidden),
        one("nodes", Extent::all(), Why::NotAsked),
        one(
            "networkpolicies.networking.k8s.io",
            all_but_two,
            Why::TimedOut("no answer of https://10.0.0.1".to_owned()),
        ),
        one("ciliumnetworkpolicies.cilium.io", Extent::all(), Why::Missing),
        one("services", Extent::all(), Why::Failed("the user `alice` is nobody".to_owned())),
    ]
}
