use super::*;
use crate::snapshot::test_objects::snapshot;

const MESH: &str = "---
apiVersion: v1
kind: Pod
metadata: {name: curl, namespace: client, labels: {app: curl}, annotations: {sidecar.istio.io/status: x}}
spec: {containers: [{name: app}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, clusterIP: 10.1.0.1, ports: [{port: 80}]}
";

fn said(yaml: &str) -> String {
    let snapshot = snapshot(yaml);
    let client = snapshot.workloads.first().unwrap();
    let service = snapshot.services.first().unwrap();
    match changing(&snapshot, client, service) {
        Ok(()) => "nothing".to_owned(),
        Err(unclear) => unclear.object.to_string(),
    }
}

fn with(api: &str, kind: &str, namespace: &str, spec: &str) -> String {
    said(&format!(
        "{MESH}---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: odd, namespace: {namespace}}}\nspec: {spec}\n"
    ))
}

#[test]
fn virtual_services_for_the_host_that_the_client_heeds() {
    let (odd, nothing) = ("VirtualService/shop/odd", "nothing");
    for (spec, expected) in [
        ("{hosts: [web]}", odd),
        ("{hosts: [web.shop.svc.cluster.local]}", odd),
        ("{hosts: ['*']}", odd),
        ("{hosts: ['*.shop.svc.cluster.local']}", odd),
        ("{hosts: [api]}", nothing),
        // What has a dot is no short name.
        ("{hosts: [web.shop]}", nothing),
        ("{hosts: [web], gateways: [mesh]}", odd),
        ("{hosts: [web], gateways: [edge]}", nothing),
        ("{hosts: [web], gateways: [edge, mesh]}", odd),
        ("{hosts: [web], exportTo: ['.']}", nothing),
        ("{hosts: [web], exportTo: [client]}", odd),
        ("{hosts: [web], exportTo: [other]}", nothing),
        ("{hosts: [web], exportTo: [other, '*']}", odd),
    ] {
        assert_eq!(with("networking.istio.io/v1", "VirtualService", "shop", spec), expected, "{spec}");
    }
    assert_eq!(with("networking.istio.io/v1", "VirtualService", "client", "{hosts: [web]}"), nothing);
}

#[test]
fn sidecars_that_do_not_clearly_know_the_service() {
    let (odd, nothing) = ("Sidecar/client/odd", "nothing");
    for (spec, expected) in [
        ("{}", nothing),
        ("{egress: [{hosts: ['*/*']}]}", nothing),
        ("{egress: [{hosts: ['./*', 'istio-system/*']}]}", odd),
        ("{egress: [{hosts: ['./*']}, {hosts: ['shop/*']}]}", nothing),
        ("{egress: [{hosts: ['shop/web.shop.svc.cluster.local']}]}", nothing),
        ("{egress: [{hosts: ['*/*.shop.svc.cluster.local']}]}", nothing),
        ("{egress: [{hosts: ['shop/api.shop.svc.cluster.local']}]}", odd),
        ("{egress: [{hosts: ['~/*']}]}", odd),
        ("{egress: [{hosts: ['*/*'], port: {number: 80}}]}", odd),
        ("{egress: [{hosts: ['*/*'], bind: 127.0.0.1}]}", odd),
        ("{workloadSelector: {labels: {app: other}}, egress: [{hosts: ['./*']}]}", nothing),
        ("{ingress: [{}]}", nothing),
    ] {
        assert_eq!(with("networking.istio.io/v1", "Sidecar", "client", spec), expected, "{spec}");
    }
    let spec = "{egress: [{hosts: ['./*']}]}";
    assert_eq!(with("networking.istio.io/v1", "Sidecar", "istio-system", spec), "Sidecar/istio-system/odd");
    assert_eq!(with("networking.istio.io/v1", "Sidecar", "shop", spec), nothing);
}

#[test]
fn routes_and_entries_for_the_service() {
    let gateway_api = "gateway.networking.k8s.io/v1";
    for (kind, namespace, spec, expected) in [
        ("HTTPRoute", "shop", "{parentRefs: [{kind: Service, group: '', name: web}]}", "HTTPRoute/shop/odd"),
        (
            "TCPRoute",
            "client",
            "{parentRefs: [{kind: Service, name: web, namespace: shop}]}",
            "TCPRoute/client/odd",
        ),
        ("GRPCRoute", "client", "{parentRefs: [{kind: Service, name: web}]}", "nothing"),
        ("HTTPRoute", "shop", "{parentRefs: [{name: web}]}", "nothing"),
    ] {
        assert_eq!(with(gateway_api, kind, namespace, spec), expected, "{kind} {spec}");
    }
    let istio = "networking.istio.io/v1";
    let host = "{hosts: [web.shop.svc.cluster.local]}";
    assert_eq!(with(istio, "ServiceEntry", "other", host), "ServiceEntry/other/odd");
    assert_eq!(with(istio, "ServiceEntry", "other", "{hosts: [example.com]}"), "nothing");
    let outbound = "{configPatches: [{match: {context: SIDECAR_OUTBOUND}}]}";
    assert_eq!(with(istio, "EnvoyFilter", "client", outbound), "EnvoyFilter/client/odd");
    let inbound = outbound.replace("OUT", "IN");
    assert_eq!(with(istio, "EnvoyFilter", "client", &inbound), "nothing");
}

#[test]
fn services_that_are_not_for_everyone() {
    let exported = |to: &str| {
        said(&MESH.replace(
            "name: web, namespace",
            &format!("annotations: {{networking.istio.io/exportTo: '{to}'}}, name: web, namespace"),
        ))
    };
    assert_eq!(exported("*"), "nothing");
    assert_eq!(exported("."), "svc/shop/web");
    assert_eq!(exported("client, other"), "svc/shop/web");
    let config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: \
                  {mesh: 'defaultServiceExportTo: [\".\"]'}\n";
    assert_eq!(said(&format!("{MESH}{config}")), "svc/shop/web");
}
