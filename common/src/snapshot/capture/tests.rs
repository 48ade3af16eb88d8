use super::*;
use crate::snapshot::settings::IstioCni;
use crate::yaml;

/// A namespace's labels, a pod, whether it runs: who handles its traffic.
fn capture(namespace: &str, pod: &str, has_run: bool) -> Capture {
    capture_in("edp", namespace, pod, has_run)
}

fn capture_in(name: &str, namespace: &str, pod: &str, has_run: bool) -> Capture {
    let namespace_labels: Labels = yaml::parse(namespace).unwrap().decode().unwrap();
    let pod = yaml::parse(pod).unwrap();
    let meta: crate::kubernetes::ObjectMeta =
        pod.get("metadata").map(|m| m.decode().unwrap()).unwrap_or_default();
    let spec: PodSpec = pod.get("spec").map(|s| s.decode().unwrap()).unwrap_or_default();
    let cni = IstioCni {
        enablement: super::super::settings::default_enablement(),
        excluded_namespaces: vec!["kube-system".into()],
        native_nftables: false,
    };
    Enrolment {
        namespace: &name.into(),
        namespace_labels: Some(&namespace_labels),
        labels: &meta.labels,
        annotations: &meta.annotations,
        spec: &spec,
        has_run,
        assumed: false,
        discovery: Discovery::Discovered,
    }
    .capture(&cni)
}

const AMBIENT: &str = "istio.io/dataplane-mode: ambient";

#[test]
fn intent_goes_by_labels() {
    for (namespace, pod, expected) in [
        (AMBIENT, "{}", DataPlane::Ambient),
        ("{}", "metadata: {labels: {istio.io/dataplane-mode: ambient}}", DataPlane::Ambient),
        (AMBIENT, "metadata: {labels: {istio.io/dataplane-mode: none}}", DataPlane::None),
        (AMBIENT, "spec: {hostNetwork: true}", DataPlane::None),
        ("{}", "{}", DataPlane::None),
        (AMBIENT, "metadata: {annotations: {sidecar.istio.io/status: x}}", DataPlane::Sidecar),
        (AMBIENT, "spec: {containers: [{name: istio-proxy}]}", DataPlane::Sidecar),
        (
            "{}",
            "{metadata: {labels: {app: ztunnel}}, spec: {containers: [{name: istio-proxy}]}}",
            DataPlane::None,
        ),
        ("istio-injection: enabled", "{}", DataPlane::Sidecar),
        (
            "istio-injection: enabled",
            "metadata: {labels: {sidecar.istio.io/inject: 'false'}}",
            DataPlane::None,
        ),
        ("istio.io/rev: canary", "{}", DataPlane::Sidecar),
        ("{}", "metadata: {labels: {sidecar.istio.io/inject: 'true'}}", DataPlane::Sidecar),
        (
            "istio-injection: disabled",
            "metadata: {labels: {sidecar.istio.io/inject: 'true'}}",
            DataPlane::None,
        ),
    ] {
        let capture = capture(namespace, pod, false);
        assert_eq!(capture.data_plane, expected, "{namespace} {pod}");
        assert_eq!(capture.certainty, Certainty::Intent);
    }
}

#[test]
fn excluded_namespaces_are_never_enrolled() {
    assert_eq!(capture_in("kube-system", AMBIENT, "{}", false).data_plane, DataPlane::None);
}

#[test]
fn a_pod_that_has_run_goes_by_its_annotation() {
    let annotated = "metadata: {annotations: {ambient.istio.io/redirection: enabled}}";
    let enrolled = capture(AMBIENT, annotated, true);
    assert_eq!((enrolled.data_plane, enrolled.certainty), (DataPlane::Ambient, Certainty::Fact));
    assert_eq!(enrolled.contradicted_intent, None);
    let lost = capture(AMBIENT, "{}", true);
    assert_eq!((lost.data_plane, lost.contradicted_intent), (DataPlane::None, Some(DataPlane::Ambient)));
    let kept = capture("{}", annotated, true);
    assert_eq!((kept.data_plane, kept.contradicted_intent), (DataPlane::Ambient, Some(DataPlane::None)));
}

#[test]
fn the_annotation_is_a_fact_without_an_address() {
    let pending = "metadata: {annotations: {ambient.istio.io/redirection: pending}}";
    let capture = capture("{}", pending, false);
    assert_eq!((capture.certainty, capture.serving), (Certainty::Fact, Serving::Pending));
}

#[test]
fn bypass_is_any_go_boolean() {
    for (value, expected) in [("'true'", true), ("T", true), ("'1'", true), ("'yes'", false), ("''", false)] {
        let pod = format!("metadata: {{annotations: {{ambient.istio.io/bypass-inbound-capture: {value}}}}}");
        assert_eq!(capture(AMBIENT, &pod, false).bypass_inbound, expected, "{value}");
    }
}
