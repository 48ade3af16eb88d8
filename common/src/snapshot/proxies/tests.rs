use crate::model::{Intercepted, ProxyKind};
use crate::snapshot::test_objects::snapshot;

/// What becomes of a pod with these labels, annotations and containers.
fn kind(labels: &str, annotations: &str, containers: &str) -> Option<ProxyKind> {
    let yaml = format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop, labels: {{{labels}}}, annotations: \
         {{{annotations}}}}}\nspec: {{containers: [{containers}]}}\nstatus: {{podIP: 10.0.0.1}}\n"
    );
    snapshot(&yaml).workloads[0].proxy.as_ref().map(|proxy| proxy.kind)
}

#[test]
fn a_proxy_is_a_sidecar_where_an_application_stands_beside_it() {
    let (app, proxy) = ("{name: app}", "{name: istio-proxy}");
    let both = format!("{app}, {proxy}");
    let status = "sidecar.istio.io/status: x";
    let gateway = "inject.istio.io/templates: gateway, sidecar.istio.io/status: x";
    let own = "inject.istio.io/templates: 'sidecar,own', sidecar.istio.io/status: x";
    let name = "gateway.networking.k8s.io/gateway-name: edge";
    let waypoint = format!("{name}, gateway.istio.io/managed: istio.io-mesh-controller");
    for (labels, annotations, containers, expected) in [
        ("", "", app, None),
        ("", status, app, Some(ProxyKind::Sidecar)),
        ("", status, &both, Some(ProxyKind::Sidecar)),
        ("", "", &both, Some(ProxyKind::Sidecar)),
        ("", "", proxy, Some(ProxyKind::Gateway)),
        ("", gateway, proxy, Some(ProxyKind::Gateway)),
        ("", gateway, &both, Some(ProxyKind::Gateway)),
        ("", own, &both, Some(ProxyKind::Unclear)),
        (name, status, proxy, Some(ProxyKind::Gateway)),
        (&waypoint, "", proxy, Some(ProxyKind::Waypoint)),
        // It only says that it speaks HBONE.
        ("networking.istio.io/tunnel: http", "", app, Some(ProxyKind::Unclear)),
    ] {
        assert_eq!(kind(labels, annotations, containers), expected, "{labels} {annotations} {containers}");
    }
}

#[test]
fn a_template_gets_the_labels_that_the_injector_adds() {
    let template = |labels: &str, more: &str| {
        let yaml = format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: shop}}\nspec: {{template: \
             {{metadata: {{labels: {{sidecar.istio.io/inject: 'true'{labels}}}}}}}}}\n{more}"
        );
        let proxy = snapshot(&yaml).workloads[0].proxy.clone().unwrap();
        (proxy.kind, proxy.takes_mtls, proxy.takes_hbone)
    };
    let config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: \
                  'defaultConfig: {proxyMetadata: {ISTIO_META_ENABLE_HBONE: \"true\"}}'}\n";
    let sidecar = ProxyKind::Sidecar;
    assert_eq!(template("", ""), (sidecar, true, false));
    assert_eq!(template(", security.istio.io/tlsMode: disabled", ""), (sidecar, false, false));
    assert_eq!(template("", config), (sidecar, true, true));
    assert_eq!(template(", networking.istio.io/tunnel: none", config), (sidecar, true, false));
    // The label itself keeps the injector from adding one of its own.
    assert_eq!(template(", networking.istio.io/tunnel: 'http,grpc'", ""), (sidecar, true, true));
}

#[test]
fn ports_are_intercepted_or_not() {
    let all_but = Intercepted::AllBut([15020].into());
    let only = Intercepted::Only([80].into());
    for (of, port, expected) in [
        (&all_but, Some(80), Some(true)),
        (&all_but, Some(15020), Some(false)),
        (&all_but, None, Some(true)),
        (&only, Some(80), Some(true)),
        (&only, Some(81), Some(false)),
        (&only, None, Some(false)),
        (&Intercepted::Unclear, Some(80), None),
    ] {
        assert_eq!(of.takes(port), expected, "{of:?} {port:?}");
    }
}
