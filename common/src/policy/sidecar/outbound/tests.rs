use super::*;
use crate::policy::Mesh;
use crate::snapshot::test_objects::snapshot;

/// A pod with a sidecar and its address; what more stands in its metadata.
fn pod(namespace: &str, name: &str, address: &str, more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}{more}}}\nspec: \
         {{containers: [{{name: app}}]}}\nstatus: {{podIP: {address}, conditions: [{{type: Ready, status: 'True'}}]}}\n"
    )
}

const SIDECAR: &str = ", annotations: {sidecar.istio.io/status: x}, \
                       labels: {app: NAME, security.istio.io/tlsMode: istio}";
const CAPTURED: &str = ", annotations: {ambient.istio.io/redirection: enabled}, labels: {app: NAME}";
const PLAIN: &str = ", labels: {app: NAME}";
const SPEAKS_HBONE: &str = ", annotations: {sidecar.istio.io/status: x}, \
                            labels: {app: NAME, networking.istio.io/tunnel: http}";
const SPEAKS_BOTH: &str = ", annotations: {sidecar.istio.io/status: x}, labels: \
                           {app: NAME, security.istio.io/tlsMode: istio, networking.istio.io/tunnel: http}";

/// A client `client/curl`, a destination `shop/web` behind the Service `shop/web` at port 80, and more.
fn mesh(destination: &str, more: &str) -> String {
    let client = pod("client", "curl", "10.0.0.1", &SIDECAR.replace("NAME", "curl"));
    let web = pod("shop", "web", "10.0.0.2", &destination.replace("NAME", "web"));
    client + &web + &SERVICE.replace("CLUSTER", "10.1.0.1") + more
}

const SERVICE: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, clusterIP: CLUSTER, ports: [{name: tcp, port: 80, targetPort: 8080}]}
";

const ISTIOD: &str = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system}
spec: {template: {metadata: {labels: {app: istiod}}, spec: {containers: [{name: discovery, env: [ENV]}]}}}
";

fn istiod(env: &[(&str, &str)]) -> String {
    let env = env.iter().map(|(name, value)| format!("{{name: {name}, value: '{value}'}}"));
    ISTIOD.replace("ENV", &env.collect::<Vec<_>>().join(", "))
}

fn mesh_config(text: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata: {{mesh: \
         '{text}'}}\n"
    )
}

fn rule(namespace: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: rule, namespace: \
         {namespace}}}\nspec: {spec}\n"
    )
}

fn tls(mode: &str) -> String {
    rule("shop", &format!("{{host: web, trafficPolicy: {{tls: {{mode: {mode}}}}}}}"))
}

fn authn(namespace: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: mode, namespace: \
         {namespace}}}\nspec: {spec}\n"
    )
}

struct Asked {
    service: bool,
    dialled: Option<u16>,
}

const BY_SERVICE: Asked = Asked { service: true, dialled: Some(80) };

fn sent(yaml: &str, asked: &Asked) -> String {
    let snapshot = snapshot(yaml);
    let mesh = Mesh::new(&snapshot);
    let named = |name: &str| {
        let at = snapshot.workloads.iter().position(|w| *w.reference.name == *name).unwrap();
        WorkloadIndex(at)
    };
    let service = snapshot.services.iter().position(|s| *s.reference.name == *"web");
    let dial = Dial {
        snapshot: &snapshot,
        modes: mesh.policies.peer_authentications(),
        client: snapshot.workload(named("curl")).unwrap(),
        dialled: asked.dialled,
        service: service.filter(|_| asked.service),
        to: named("web"),
        port: if asked.service { Some(8080) } else { asked.dialled },
    };
    let why = |why: &Why| match why {
        Why::Rule(rule) => rule.to_string(),
        Why::Mode(_) => "mode".to_owned(),
        Why::MeshConfig => "config".to_owned(),
        Why::Destination => String::new(),
        Why::Passthrough => "passthrough".to_owned(),
    };
    let text = match dial.outbound() {
        Outbound::Plaintext(of) => format!("plaintext {}", why(&of)),
        Outbound::Mtls(of) => format!("mtls {}", why(&of)),
        Outbound::Hbone(of) => format!("hbone {}", why(&of)),
        Outbound::OwnTls { by } => format!("own {by}"),
        Outbound::Unclear(unclear) => format!("? {:?} {}", unclear.reason, unclear.object),
    };
    text.trim_end().to_owned()
}

#[test]
fn without_rules_the_destination_decides() {
    for (destination, expected) in [
        (SIDECAR, "mtls"),
        (CAPTURED, "hbone"),
        (PLAIN, "plaintext"),
        (SPEAKS_HBONE, "hbone"),
        // The mTLS of sidecars is preferred.
        (SPEAKS_BOTH, "mtls"),
    ] {
        assert_eq!(sent(&mesh(destination, ""), &BY_SERVICE), expected, "{destination}");
    }
    let template = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: \
                    {template: {metadata: {labels: {app: web, sidecar.istio.io/inject: 'true'}}}}\n";
    let written =
        pod("client", "curl", "10.0.0.1", SIDECAR) + &SERVICE.replace("CLUSTER", "10.1.0.1") + template;
    assert_eq!(sent(&written, &BY_SERVICE), "mtls", "the injector adds the label");
    let opted_out = written.replace("'true'", "'true', security.istio.io/tlsMode: disabled");
    assert_eq!(sent(&opted_out, &BY_SERVICE), "plaintext");
}

#[test]
fn flags_of_istiod_and_of_the_proxies_decide_about_hbone() {
    let on = ("PILOT_ENABLE_AMBIENT", "true");
    for (destination, more, expected) in [
        (CAPTURED, istiod(&[on]), "hbone"),
        (CAPTURED, istiod(&[]), "plaintext"),
        (SPEAKS_HBONE, istiod(&[on]), "hbone"),
        (SPEAKS_BOTH, istiod(&[on, ("PILOT_PREFER_SENDING_HBONE", "true")]), "hbone"),
        (CAPTURED, istiod(&[on, ("PILOT_ENABLE_SENDING_HBONE", "false")]), "? SidecarNotJudged pod/shop/web"),
        (SIDECAR, istiod(&[on, ("PILOT_ENABLE_SENDING_HBONE", "false")]), "mtls"),
        (
            CAPTURED,
            mesh_config("defaultConfig: {proxyMetadata: {ISTIO_META_DISABLE_HBONE_SEND: \"true\"}}"),
            "plaintext",
        ),
        (SIDECAR, mesh_config("enableAutoMtls: false"), "plaintext config"),
        (CAPTURED, mesh_config("enableAutoMtls: false"), "hbone"),
    ] {
        assert_eq!(sent(&mesh(destination, &more), &BY_SERVICE), expected, "{destination} {more}");
    }
}

#[test]
fn modes_turn_automatic_mtls_off() {
    let web = |spec: &str| format!("{{selector: {{matchLabels: {{app: web}}}}, {spec}}}");
    for (namespace, spec, expected) in [
        ("shop", "{mtls: {mode: STRICT}}".to_owned(), "mtls"),
        ("shop", "{mtls: {mode: DISABLE}}".to_owned(), "plaintext mode"),
        ("istio-system", "{mtls: {mode: DISABLE}}".to_owned(), "plaintext mode"),
        ("client", "{mtls: {mode: DISABLE}}".to_owned(), "mtls"),
        ("shop", web("mtls: {mode: DISABLE}"), "plaintext mode"),
        ("shop", web("portLevelMtls: {'8080': {mode: DISABLE}}"), "plaintext mode"),
        // The pod's port counts, not the Service's.
        ("shop", web("portLevelMtls: {'80': {mode: DISABLE}}"), "mtls"),
    ] {
        let more = authn(namespace, &spec);
        assert_eq!(sent(&mesh(SIDECAR, &more), &BY_SERVICE), expected, "{namespace} {spec}");
    }
    // Clients go by the namespace first: what the workload says does not bring mTLS back.
    let both = authn("shop", "{mtls: {mode: DISABLE}}")
        + &authn("shop", &web("mtls: {mode: STRICT}")).replace("name: mode", "name: web");
    assert_eq!(sent(&mesh(SIDECAR, &both), &BY_SERVICE), "plaintext mode");
    // But a rule does.
    assert_eq!(
        sent(&mesh(SIDECAR, &(both + &tls("ISTIO_MUTUAL"))), &BY_SERVICE),
        "mtls DestinationRule/shop/rule"
    );
}

#[test]
fn rules_decide_before_the_destination() {
    const RULE: &str = "DestinationRule/shop/rule";
    for (destination, mode, expected) in [
        (SIDECAR, "DISABLE", format!("plaintext {RULE}")),
        (SIDECAR, "ISTIO_MUTUAL", format!("mtls {RULE}")),
        (SIDECAR, "SIMPLE", format!("own {RULE}")),
        (SIDECAR, "MUTUAL", format!("own {RULE}")),
        // What has no sidecar gets mTLS too, and fails.
        (PLAIN, "ISTIO_MUTUAL", format!("mtls {RULE}")),
        (PLAIN, "DISABLE", format!("plaintext {RULE}")),
        // HBONE stands in for both.
        (CAPTURED, "DISABLE", "hbone".to_owned()),
        (CAPTURED, "ISTIO_MUTUAL", "hbone".to_owned()),
        (CAPTURED, "SIMPLE", format!("own {RULE}")),
    ] {
        assert_eq!(sent(&mesh(destination, &tls(mode)), &BY_SERVICE), expected, "{destination} {mode}");
    }
}

/// util.go, `GetPortLevelTrafficPolicy`, against mtls_checker.go, `trafficPolicyTLSModeForPort`.
#[test]
fn settings_for_a_port_replace_those_for_all() {
    const RULE: &str = "DestinationRule/shop/rule";
    for (destination, policy, expected) in [
        (
            SIDECAR,
            "tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]",
            format!("mtls {RULE}"),
        ),
        (
            SIDECAR,
            "tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 8080}, tls: {mode: ISTIO_MUTUAL}}]",
            format!("plaintext {RULE}"),
        ),
        (
            SIDECAR,
            "portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]",
            format!("plaintext {RULE}"),
        ),
        // Settings for the port without TLS: automatic again, but endpoints go by the TLS for all.
        (
            SIDECAR,
            "tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 80}}]",
            format!("plaintext {RULE}"),
        ),
        (
            SIDECAR,
            "tls: {mode: SIMPLE}, portLevelSettings: [{port: {number: 80}}]",
            format!("plaintext {RULE}"),
        ),
        (
            SIDECAR,
            "tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 80}}]",
            format!("mtls {RULE}"),
        ),
        // The label of the endpoint counts all the same.
        (
            PLAIN,
            "tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 80}}]",
            "plaintext".to_owned(),
        ),
        (SIDECAR, "connectionPool: {tcp: {}}", "mtls".to_owned()),
        (SIDECAR, "tls: {}", format!("plaintext {RULE}")),
        (SIDECAR, "loadBalancer: {simple: PASSTHROUGH}", format!("? SidecarNotJudged {RULE}")),
        (SIDECAR, "tunnel: {targetHost: a, targetPort: 1}", format!("? SidecarNotJudged {RULE}")),
        (SIDECAR, "proxyProtocol: {version: V1}", format!("? SidecarNotJudged {RULE}")),
        (
            SIDECAR,
            "tls: {mode: ISTIO_MUTUAL, subjectAltNames: [spiffe://cluster.local/ns/shop/sa/default]}",
            format!("mtls {RULE}"),
        ),
        (
            SIDECAR,
            "tls: {mode: ISTIO_MUTUAL, subjectAltNames: [spiffe://other]}",
            format!("? SidecarNotJudged {RULE}"),
        ),
        (SIDECAR, "tls: {mode: NEW}", format!("? PolicyUnreadable {RULE}")),
        (SIDECAR, "tls: {modes: DISABLE}", format!("? PolicyUnreadable {RULE}")),
    ] {
        let more = rule("shop", &format!("{{host: web, trafficPolicy: {{{policy}}}}}"));
        assert_eq!(sent(&mesh(destination, &more), &BY_SERVICE), expected, "{policy}");
    }
}

#[test]
fn headless_services_have_mtls_for_all_or_for_none() {
    let headless = |yaml: String| yaml.replace("10.1.0.1", "None");
    let second = |of: &str, ready: &str| {
        pod("shop", "web2", "10.0.0.3", &of.replace("NAME", "web")).replace("'True'", ready)
    };
    let by_pod = Asked { service: true, dialled: Some(80) };
    for (yaml, expected) in [
        (mesh(SIDECAR, ""), "mtls"),
        (mesh(PLAIN, ""), "plaintext"),
        // No endpoint is chosen, so no HBONE.
        (mesh(CAPTURED, ""), "plaintext"),
        (mesh(SIDECAR, &second(PLAIN, "'True'")), "plaintext"),
        (mesh(SIDECAR, &second(PLAIN, "'False'")), "? SidecarNotJudged svc/shop/web"),
        (mesh(SIDECAR, &second(SIDECAR, "'False'")), "mtls"),
        (mesh(SIDECAR, &tls("DISABLE")), "plaintext DestinationRule/shop/rule"),
        (mesh(PLAIN, &tls("ISTIO_MUTUAL")), "mtls DestinationRule/shop/rule"),
        (mesh(SIDECAR, &authn("shop", "{mtls: {mode: DISABLE}}")), "plaintext mode"),
        // Only what the namespace says counts.
        (
            mesh(SIDECAR, &authn("shop", "{selector: {matchLabels: {app: web}}, mtls: {mode: DISABLE}}")),
            "mtls",
        ),
    ] {
        let yaml = headless(yaml);
        assert_eq!(sent(&yaml, &by_pod), expected, "{yaml}");
    }
    let eds = istiod(&[("PILOT_ENABLE_AMBIENT", "true"), ("PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES", "true")]);
    assert_eq!(sent(&headless(mesh(CAPTURED, &eds)), &by_pod), "hbone");
    // Then the target port of any endpoint is dialled.
    let by_address = Asked { service: false, dialled: Some(80) };
    assert_eq!(sent(&headless(mesh(SIDECAR, &eds)), &by_address), "? SidecarNotJudged svc/shop/web");
    let only = headless(mesh(SIDECAR, "")).replace("'True'", "'False'");
    assert_eq!(sent(&only, &by_pod), "? SidecarNotJudged svc/shop/web");
}

#[test]
fn a_pod_that_is_dialled_itself_gets_plaintext() {
    let pod_ip = |dialled| Asked { service: false, dialled };
    let plaintext = "plaintext passthrough";
    assert_eq!(sent(&mesh(SIDECAR, ""), &pod_ip(Some(80))), plaintext);
    assert_eq!(sent(&mesh(CAPTURED, ""), &pod_ip(Some(8080))), plaintext);
    assert_eq!(sent(&mesh(SIDECAR, ""), &pod_ip(None)), plaintext);
    // At a port of a headless Service it is taken for one of that.
    let headless = mesh(SIDECAR, "").replace("10.1.0.1", "None");
    assert_eq!(sent(&headless, &pod_ip(Some(80))), "mtls");
    assert_eq!(sent(&headless, &pod_ip(Some(8080))), plaintext);
    assert_eq!(
        sent(&headless.replace("name: tcp", "name: http"), &pod_ip(Some(80))),
        "? SidecarNotJudged svc/shop/web"
    );
    let strict = mesh(SIDECAR, &mesh_config("outboundTrafficPolicy: {mode: REGISTRY_ONLY}"));
    assert_eq!(sent(&strict, &pod_ip(Some(80))), "? SidecarNotJudged ConfigMap/istio-system/istio");
    assert_eq!(sent(&strict, &BY_SERVICE), "mtls");
}

#[test]
fn what_is_not_intercepted_goes_past_the_proxy() {
    let with = |annotation: &str| {
        mesh(SIDECAR, "").replacen(
            "sidecar.istio.io/status: x",
            &format!("sidecar.istio.io/status: x, {annotation}"),
            1,
        )
    };
    const PREFIX: &str = "traffic.sidecar.istio.io/";
    for (annotation, expected) in [
        ("excludeOutboundPorts: '80'", "plaintext passthrough"),
        ("excludeOutboundPorts: '8080'", "mtls"),
        ("excludeOutboundPorts: ''", "mtls"),
        ("includeOutboundIPRanges: '*'", "mtls"),
        ("includeOutboundIPRanges: 10.0.0.0/8", "? SidecarNotJudged pod/client/curl"),
        ("excludeOutboundIPRanges: 10.0.0.0/8", "? SidecarNotJudged pod/client/curl"),
    ] {
        assert_eq!(sent(&with(&format!("{PREFIX}{annotation}")), &BY_SERVICE), expected, "{annotation}");
    }
    assert_eq!(
        sent(&with("sidecar.istio.io/interceptionMode: NONE"), &BY_SERVICE),
        "? SidecarNotJudged pod/client/curl"
    );
    let none = mesh(SIDECAR, &mesh_config("defaultConfig: {interceptionMode: NONE}"));
    assert_eq!(sent(&none, &BY_SERVICE), "? SidecarNotJudged pod/client/curl");
}

#[test]
fn gateways_choose_among_pods_and_heed_no_routes_of_clients() {
    let gateway = |yaml: String| {
        yaml.replacen(
            "sidecar.istio.io/status: x",
            "inject.istio.io/templates: gateway, sidecar.istio.io/status: x",
            1,
        )
    };
    let service = "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: odd, namespace: \
                   shop}\nspec: {hosts: [web]}\n";
    assert_eq!(sent(&mesh(SIDECAR, service), &BY_SERVICE), "? SidecarNotJudged VirtualService/shop/odd");
    assert_eq!(sent(&gateway(mesh(SIDECAR, service)), &BY_SERVICE), "mtls");
    assert_eq!(sent(&gateway(mesh(CAPTURED, "")), &BY_SERVICE), "hbone");
    // For automatic mTLS a headless Service is one for gateways too, but its endpoints are chosen.
    let headless = gateway(mesh(CAPTURED, "").replace("10.1.0.1", "None"));
    assert_eq!(sent(&headless, &BY_SERVICE), "hbone");
}
