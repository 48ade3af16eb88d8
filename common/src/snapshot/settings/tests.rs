use std::collections::BTreeMap;

use super::*;
use crate::kubernetes::{ObjectMeta, PodTemplate};
use crate::model::{Origin, SourceId, Within};
use crate::snapshot::Why;
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

/// A pod of a component, in a namespace and a phase.
fn pod(namespace: &str, labels: &str, phase: &str, container: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: {namespace}, labels: {{{labels}}}}}\n\
         spec: {{containers: [{{name: c, {container}}}]}}\nstatus: {{phase: {phase}}}\n"
    )
}

fn settings_of(yaml: &str) -> Settings {
    super::super::test_objects::snapshot(yaml).settings
}

/// Anybody may call a ConfigMap or label a pod as Istio does.
#[test]
fn what_tenants_call_as_istio_does_is_not_istios() {
    let revision = |of: &str| format!("env: [{{name: REVISION, value: {of}}}]");
    let own = pod("istio-system", "app: istiod", "Running", &revision("stable"));
    let tenant = pod("atenant", "app: istiod", "Running", &revision("default"));
    assert_eq!(&*settings_of(&format!("{tenant}{own}")).istiod.revision, "stable");
    assert_eq!(&*settings_of(&tenant).istiod.revision, "default");

    let ztunnel = |namespace: &str, phase: &str, version: &str| {
        pod(namespace, "app: ztunnel", phase, &format!("image: 'istio/ztunnel:{version}'"))
    };
    let current = ztunnel("istio-system", "Running", "1.30.0");
    for other in [ztunnel("atenant", "Running", "1.28.0"), ztunnel("istio-system", "Failed", "1.28.0")] {
        assert_eq!(settings_of(&format!("{other}{current}")).ztunnel, Some((1, 30)), "{other}");
    }

    let cni = |namespace: &str, excluded: &str| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio-cni-config, namespace: {namespace}}}\n\
             data: {{EXCLUDE_NAMESPACES: {excluded}}}\n"
        )
    };
    let excluded = |yaml: String| settings_of(&yaml).cni.excluded_namespaces[0].as_str().to_owned();
    let agent = pod("atenant", "k8s-app: istio-cni-node", "Running", "image: x");
    let beside = pod("kube-system", "k8s-app: istio-cni-node", "Running", "image: x");
    let (strange, system, istio) = (cni("atenant", "t"), cni("kube-system", "k"), cni("istio-system", "i"));
    assert_eq!(excluded(format!("{strange}{agent}{istio}")), "i");
    assert_eq!(excluded(format!("{strange}{agent}{istio}{system}{beside}")), "k");
    assert_eq!(excluded(format!("{strange}{agent}")), "t");
}

/// A MeshConfig of another namespace counts only where Istio's own place was read.
#[test]
fn a_mesh_config_elsewhere_does_not_stand_for_one_that_may_not_be_read() {
    let map = config_map("elsewhere", "istio", &[("mesh", "rootNamespace: theirs")]);
    let extent = crate::snapshot::Extent::one("istio-system");
    let forbidden =
        crate::snapshot::NotRead { resource: "configmaps".to_owned(), extent, why: Why::Forbidden };
    let objects = |not_read| Objects { config_maps: vec![map.clone()], not_read, ..Objects::default() };
    let root = |objects: Objects| {
        let (settings, codes) = read(&objects, &SettingsOverride::default());
        (settings.mesh.root_namespace.to_string(), codes.contains(&Code::MeshConfigAssumed))
    };
    assert_eq!(root(objects(Vec::new())), ("theirs".to_owned(), false));
    assert_eq!(root(objects(vec![forbidden])), ("istio-system".to_owned(), true));
}
