use std::collections::BTreeMap;

use super::*;
use crate::kubernetes::{ObjectMeta, PodTemplate};
use crate::model::{Origin, SourceId, Within};
use crate::snapshot::objects::TemplateObject;

const NOWHERE: Origin = Origin { source: SourceId(0), start: 0, len: 0, within: Within::Whole };

fn meta(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta { name: name.into(), namespace: Some(namespace.into()), ..ObjectMeta::default() }
}

fn config_map(namespace: &str, name: &str, data: &[(&str, &str)]) -> Object<BTreeMap<Name, Name>> {
    let spec = data.iter().map(|(key, value)| (Name::from(*key), Name::from(*value))).collect();
    Object { meta: meta(namespace, name), spec, origin: NOWHERE }
}

fn istiod(template: &str) -> Object<TemplateObject> {
    let template: PodTemplate = yaml::parse(template).unwrap().decode().unwrap();
    let spec = TemplateObject { kind: Kind::Deployment, replicas: 1, ended: false, template };
    Object { meta: meta("istio-system", "istiod"), spec, origin: NOWHERE }
}

fn read(objects: &Objects, given: &SettingsOverride) -> (Settings, Vec<Code>) {
    let (mut assumptions, mut gaps) = (Vec::new(), Vec::new());
    let settings = settings(objects, given, &mut assumptions, &mut gaps);
    (settings, assumptions.iter().map(|a| a.code).chain(gaps.iter().map(|g| g.code)).collect())
}

#[test]
fn what_is_not_there_is_assumed_by_name() {
    let (settings, codes) = read(&Objects::default(), &SettingsOverride::default());
    assert_eq!(settings.mesh.trust_domain.as_str(), "cluster.local");
    assert_eq!(settings.mesh.root_namespace.as_str(), "istio-system");
    assert_eq!(codes, [Code::IstiodFlagsAssumed, Code::MeshConfigAssumed, Code::IstioCniAssumed]);
}

#[test]
fn what_is_there_is_used() {
    let mesh = "trustDomain: td.example\nrootNamespace: root\ndiscoverySelectors: [{matchLabels: {a: b}}]\n";
    let cni = [
        ("EXCLUDE_NAMESPACES", "kube-system, other"),
        ("NATIVE_NFTABLES", "true"),
        ("AMBIENT_ENABLEMENT_SELECTOR", "- podSelector:\n    matchLabels: {in: mesh}\n"),
    ];
    let env = "
metadata: {labels: {app: istiod}}
spec:
  containers:
  - name: discovery
    env:
    - {name: PILOT_ENABLE_AMBIENT, value: 'true'}
    - {name: AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY, value: '1'}
";
    let objects = Objects {
        config_maps: vec![
            config_map("istio-system", "istio", &[("mesh", mesh)]),
            config_map("kube-system", "istio-cni-config", &cni),
        ],
        templates: vec![istiod(env)],
        ..Objects::default()
    };
    let (settings, codes) = read(&objects, &SettingsOverride::default());
    assert_eq!(codes, []);
    assert_eq!(settings.mesh.trust_domain.as_str(), "td.example");
    assert_eq!(settings.mesh.root_namespace.as_str(), "root");
    assert_eq!(settings.mesh.discovery_selectors.len(), 1);
    assert!(settings.istiod.sends_dry_run && settings.cni.native_nftables);
    assert_eq!(settings.cni.enablement.len(), 1);
    assert_eq!(settings.cni.excluded_namespaces.len(), 2);
}

#[test]
fn ambient_flags_count_only_with_ambient() {
    let env = "
metadata: {labels: {app: istiod}}
spec: {containers: [{name: discovery, env: [{name: AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY, value: 'true'}]}]}
";
    let objects = Objects { templates: vec![istiod(env)], ..Objects::default() };
    assert!(!read(&objects, &SettingsOverride::default()).0.istiod.sends_dry_run);
}

#[test]
fn what_a_person_says_comes_first() {
    let objects = Objects {
        config_maps: vec![config_map("istio-system", "istio", &[("mesh", "trustDomain: found")])],
        ..Objects::default()
    };
    let given = SettingsOverride { trust_domain: Some("said".into()), ..SettingsOverride::default() };
    assert_eq!(read(&objects, &given).0.mesh.trust_domain.as_str(), "said");
}

#[test]
fn a_mesh_config_that_cannot_be_read_is_a_gap() {
    let objects = Objects {
        config_maps: vec![config_map("istio-system", "istio", &[("mesh", "trustDomain: [a, b]")])],
        ..Objects::default()
    };
    let (_, codes) = read(&objects, &SettingsOverride::default());
    assert!(codes.contains(&Code::ObjectInvalid), "{codes:?}");
}

#[test]
fn versions_come_from_image_tags() {
    for (image, expected) in [
        ("docker.io/istio/ztunnel:1.28.2-distroless", Some((1, 28))),
        ("localhost:5000/ztunnel:1.29-alpha.abc", Some((1, 29))),
        ("ztunnel:latest", None),
        ("ztunnel", None),
    ] {
        let container = Container { image: Some(image.into()), ..Container::default() };
        assert_eq!(version(&container), expected, "{image}");
    }
}
