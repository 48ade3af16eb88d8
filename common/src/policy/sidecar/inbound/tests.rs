use super::*;
use crate::snapshot::test_objects::snapshot;

fn port(text: &str) -> ServicePort {
    let node = crate::yaml::parse(text).unwrap();
    node.decode().unwrap()
}

/// pkg/config/kube/conversion_test.go has more of these.
#[test]
fn the_protocol_is_what_is_written_then_the_name_up_to_the_first_dash() {
    use Protocol::{Detected, Http, Tcp};
    for (written, expected) in [
        ("{port: 80}", Detected),
        ("{port: 80, name: http}", Http),
        ("{port: 80, name: HTTP-web}", Http),
        ("{port: 80, name: http2-web}", Http),
        ("{port: 80, name: httpweb}", Detected),
        ("{port: 80, name: grpc-api}", Http),
        ("{port: 80, name: grpc-web}", Http),
        ("{port: 80, name: grpc-webby}", Http),
        ("{port: 80, name: https-web}", Tcp),
        ("{port: 80, name: tls}", Tcp),
        ("{port: 80, name: tcp-http}", Tcp),
        ("{port: 80, name: mongo}", Tcp),
        ("{port: 80, name: redis-cache}", Tcp),
        ("{port: 80, name: mysql}", Tcp),
        ("{port: 80, name: udp-looks}", Tcp),
        ("{port: 80, name: web-http}", Detected),
        ("{port: 80, name: http, appProtocol: tcp}", Tcp),
        ("{port: 80, name: tcp, appProtocol: http}", Http),
        // What is written stands before the name, even where it says nothing that is known.
        ("{port: 80, name: tcp, appProtocol: custom}", Detected),
        ("{port: 80, name: http, appProtocol: ''}", Detected),
        ("{port: 80, name: tcp, appProtocol: kubernetes.io/h2c}", Http),
        ("{port: 80, appProtocol: kubernetes.io/ws}", Http),
        ("{port: 80, appProtocol: kubernetes.io/wss}", Tcp),
        ("{port: 80, name: kubernetes.io/h2c}", Detected),
        ("{port: 3306}", Tcp),
        ("{port: 53, name: dns}", Tcp),
        ("{port: 25, name: smtp}", Tcp),
        ("{port: 27017, name: http}", Http),
        // The Service's number counts, not the pod's.
        ("{port: 80, targetPort: 3306}", Detected),
        ("{port: 80, name: http, protocol: UDP}", Tcp),
        ("{port: 80, name: http, protocol: SCTP}", Http),
    ] {
        assert_eq!(Protocol::of(&port(written)), expected, "{written}");
    }
}

const POD: &str = "---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {sidecar.istio.io/status: x ANNOTATIONS}}
spec: {containers: [{name: app, ports: [{name: web, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}]}]}
status: {podIP: 10.0.0.1}
";

fn service(name: &str, created: &str, ports: &str) -> String {
    let created = match created {
        "" => String::new(),
        day => format!(", creationTimestamp: '2026-01-{day}T00:00:00Z'"),
    };
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop{created}}}\nspec: \
         {{selector: {{app: web}}, clusterIP: 10.1.0.1, ports: [{ports}]}}\n"
    )
}

fn said(annotations: &str, others: &str, port: Option<u16>) -> String {
    let annotations = if annotations.is_empty() { String::new() } else { format!(", {annotations}") };
    let snapshot = snapshot(&format!("{}{others}", POD.replace(" ANNOTATIONS", &annotations)));
    match at_port(&snapshot, WorkloadIndex(0), port) {
        Inbound::Open => "open".to_owned(),
        Inbound::Blackhole => "blackhole".to_owned(),
        Inbound::Chains { protocol, service } => {
            let service = service.map(|at| snapshot.services[at].reference.name.to_string());
            format!("{protocol:?} {}", service.unwrap_or_default()).trim_end().to_owned()
        }
        Inbound::Unclear(unclear) => format!("{:?} {}", unclear.reason, unclear.object),
    }
}

#[test]
fn some_ports_are_not_intercepted() {
    const INCLUDE: &str = "traffic.sidecar.istio.io/includeInboundPorts";
    const EXCLUDE: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
    let include = |ports: &str| format!("{INCLUDE}: '{ports}'");
    let exclude = |ports: &str| format!("{EXCLUDE}: '{ports}'");
    for (annotations, port, expected) in [
        (String::new(), 15020, "open"),
        (String::new(), 15021, "open"),
        (String::new(), 15090, "open"),
        (String::new(), 15006, "blackhole"),
        (String::new(), 15001, "SidecarNotJudged pod/shop/web"),
        (String::new(), 15008, "SidecarNotJudged pod/shop/web"),
        (String::new(), 9999, "Detected"),
        (exclude("9000, 9001"), 9001, "open"),
        (exclude("9000, 9001"), 9002, "Detected"),
        (exclude("9000"), 15020, "open"),
        (include("*"), 9000, "Detected"),
        (include(""), 9000, "open"),
        (include("9000"), 9000, "Detected"),
        (include("9000"), 9001, "open"),
        // What is left out counts only where everything is taken in.
        (format!("{}, {}", include("9000"), exclude("9000")), 9000, "Detected"),
        (include("15020"), 15020, "Detected"),
        (exclude("all"), 9000, "SidecarNotJudged pod/shop/web"),
        ("sidecar.istio.io/interceptionMode: TPROXY".to_owned(), 9000, "Detected"),
        ("sidecar.istio.io/interceptionMode: NONE".to_owned(), 9000, "SidecarNotJudged pod/shop/web"),
    ] {
        assert_eq!(said(&annotations, "", Some(port)), expected, "{annotations} {port}");
    }
    assert_eq!(said("", "", None), "Detected");
    assert_eq!(said(&include("9000"), "", None), "open");
}

#[test]
fn services_that_select_the_pod_say_what_is_spoken() {
    let http = "{name: http, port: 80, targetPort: 8080}";
    let tcp = "{name: tcp, port: 81, targetPort: 8080}";
    for (services, port, expected) in [
        (service("a", "", http), 8080, "Http a"),
        (service("a", "", "{name: http, port: 80, targetPort: web}"), 8080, "Http a"),
        (service("a", "", http), 80, "Detected"),
        (service("a", "", "{name: http, port: 80}"), 80, "Http a"),
        (service("a", "", "{name: http, port: 80, targetPort: other}"), 8080, "Detected"),
        (service("a", "", http).replace("app: web", "app: api"), 8080, "Detected"),
        (service("a", "", http).replace("namespace: shop", "namespace: else"), 8080, "Detected"),
        // The first of a Service's ports that leads there, and the oldest Service, then the first by name.
        (service("a", "", &format!("{http}, {tcp}")), 8080, "Http a"),
        (service("a", "", &format!("{tcp}, {http}")), 8080, "Tcp a"),
        (service("a", "02", http) + &service("b", "01", tcp), 8080, "Tcp b"),
        (service("b", "01", tcp) + &service("a", "01", http), 8080, "Http a"),
        (service("a", "", http) + &service("b", "", tcp), 8080, "SidecarNotJudged svc/shop/b"),
        (service("a", "", http) + &service("b", "", http), 8080, "Http a"),
        (service("a", "02", http) + &service("b", "", tcp), 8080, "SidecarNotJudged svc/shop/a"),
        // A port for UDP has chains for TCP, and keeps a later one for TCP from having its own.
        (service("a", "", "{name: dns, port: 53, protocol: UDP}, {name: http-dns, port: 53}"), 53, "Tcp a"),
        (service("a", "", "{name: dns, port: 53, targetPort: dns, protocol: UDP}"), 53, "Tcp a"),
        (service("a", "", "{name: http, port: 53, targetPort: dns}"), 53, "Detected"),
    ] {
        assert_eq!(said("", &services, Some(port)), expected, "{services}");
    }
}

#[test]
fn what_is_not_judged_makes_it_unclear() {
    let object = |api: &str, kind: &str, namespace: &str, spec: &str| {
        format!(
            "---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: odd, namespace: {namespace}}}\nspec: {spec}\n"
        )
    };
    let istio =
        |kind: &str, namespace: &str, spec: &str| object("networking.istio.io/v1", kind, namespace, spec);
    for (odd, expected) in [
        (istio("Sidecar", "shop", "{ingress: [{port: {number: 80}}]}"), "SidecarNotJudged Sidecar/shop/odd"),
        (istio("Sidecar", "shop", "{egress: [{hosts: ['./*']}]}"), "Detected"),
        (istio("Sidecar", "istio-system", "{ingress: [{}]}"), "SidecarNotJudged Sidecar/istio-system/odd"),
        (istio("Sidecar", "other", "{ingress: [{}]}"), "Detected"),
        (istio("Sidecar", "shop", "{workloadSelector: {labels: {app: api}}, ingress: [{}]}"), "Detected"),
        (istio("Sidecar", "shop", "{news: 1}"), "PolicyUnreadable Sidecar/shop/odd"),
        (
            istio("EnvoyFilter", "shop", "{configPatches: [{applyTo: CLUSTER}]}"),
            "SidecarNotJudged EnvoyFilter/shop/odd",
        ),
        (
            istio("EnvoyFilter", "istio-system", "{configPatches: [{match: {context: SIDECAR_INBOUND}}]}"),
            "SidecarNotJudged EnvoyFilter/istio-system/odd",
        ),
        (istio("EnvoyFilter", "shop", "{configPatches: [{match: {context: GATEWAY}}]}"), "Detected"),
        (istio("EnvoyFilter", "other", "{configPatches: [{}]}"), "Detected"),
        (
            istio("EnvoyFilter", "shop", "{workloadSelector: {labels: {app: api}}, configPatches: [{}]}"),
            "Detected",
        ),
        (
            istio("ServiceEntry", "shop", "{hosts: [a.b], workloadSelector: {labels: {app: web}}}"),
            "SidecarNotJudged ServiceEntry/shop/odd",
        ),
        (istio("ServiceEntry", "shop", "{hosts: [a.b], endpoints: [{address: 1.2.3.4}]}"), "Detected"),
    ] {
        assert_eq!(said("", &odd, Some(9000)), expected, "{odd}");
    }
}

#[test]
fn gateways_and_pods_of_other_templates_are_no_sidecars() {
    for annotation in ["inject.istio.io/templates: gateway", "inject.istio.io/templates: 'sidecar,mine'"] {
        assert_eq!(said(annotation, "", Some(80)), "SidecarNotJudged pod/shop/web", "{annotation}");
    }
    assert_eq!(said("inject.istio.io/templates: sidecar", "", Some(80)), "Detected");
}
