use super::super::test_objects::objects;
use super::*;
use crate::snapshot::SettingsOverride;

/// Namespaces `a` and `b`, of which `b` asks for the waypoint `wp` of `a`, as a cluster has them.
fn mesh(more: &str) -> MeshSnapshot {
    let mut objects = objects(&format!(
        "
apiVersion: v1
kind: Namespace
metadata: {{name: a}}
---
apiVersion: v1
kind: Namespace
metadata:
  name: b
  labels: {{team: x, istio.io/use-waypoint: wp, istio.io/use-waypoint-namespace: a}}
---
{more}"
    ));
    objects.gateways_listed = true;
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

fn pod(namespace: &str, labels: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: {namespace}, labels: {{{labels}}}}}
status: {{podIP: 10.0.0.1}}
---
apiVersion: v1
kind: Service
metadata: {{name: s, namespace: {namespace}, labels: {{{labels}}}}}
"
    )
}

/// A Gateway `a/wp` for everything and everybody, but for what is given.
fn gateway(metadata: &str, spec: &str, status: &str) -> String {
    format!(
        "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: wp, namespace: a, {metadata}}}
spec: {{{spec}}}
status: {{{status}}}
"
    )
}

const FOR_ALL: &str = "labels: {istio.io/waypoint-for: all}";
const OPEN: &str = "listeners: [{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: All}}}]";
const READY: &str = "addresses: [{type: IPAddress, value: 10.96.0.9}]";

fn wp() -> ResourceRef {
    gateway_ref("a", "wp")
}

fn refused(why: Refusal) -> Binding {
    Binding::Refused(wp(), why)
}

fn of_pod(snapshot: &MeshSnapshot) -> Binding {
    snapshot.waypoint_of_workload(&snapshot.workloads[0])
}

fn of_service(snapshot: &MeshSnapshot) -> Binding {
    snapshot.waypoint_of_service(&snapshot.services[0])
}

#[test]
fn labels_of_the_object_come_before_those_of_its_namespace() {
    let ready = gateway(FOR_ALL, OPEN, READY);
    let missing = Binding::Refused(gateway_ref("b", "no"), Refusal::NotReady);
    let cases = [
        ("a", "", Binding::Free),
        ("a", "istio.io/use-waypoint: wp", Binding::Bound(wp())),
        ("a", "istio.io/use-waypoint-namespace: a", Binding::Free),
        ("b", "", Binding::Bound(wp())),
        ("b", "istio.io/use-waypoint: none", Binding::Free),
        ("b", "istio.io/use-waypoint: 'no'", missing),
        // The namespace of the waypoint stands on the same object.
        ("b", "istio.io/use-waypoint: wp", Binding::Refused(gateway_ref("b", "wp"), Refusal::NotReady)),
        ("b", "istio.io/use-waypoint: wp, istio.io/use-waypoint-namespace: a", Binding::Bound(wp())),
        // Nothing is the name of nothing, and no opting out.
        ("b", "istio.io/use-waypoint: ''", Binding::Refused(gateway_ref("b", ""), Refusal::NotReady)),
    ];
    for (namespace, labels, expected) in cases {
        let snapshot = mesh(&format!("{ready}{}", pod(namespace, labels)));
        assert_eq!((of_pod(&snapshot), of_service(&snapshot)), (expected.clone(), expected), "{labels}");
    }
}

#[test]
fn an_address_makes_a_waypoint() {
    let cases = [
        (READY, Binding::Bound(wp())),
        ("addresses: [{type: Hostname, value: wp.a.svc}]", Binding::Bound(wp())),
        ("addresses: [{value: 'fe80::1%eth0'}]", Binding::Bound(wp())),
        ("addresses: [{type: NamedAddress, value: x}]", refused(Refusal::NotReady)),
        ("addresses: [{type: IPAddress, value: x}]", refused(Refusal::NotReady)),
        ("conditions: [{type: Accepted, status: Unknown}]", refused(Refusal::NotReady)),
        // Nobody has looked at it.
        ("", Binding::Unknown(wp())),
    ];
    for (status, expected) in cases {
        let snapshot = mesh(&format!("{}{}", gateway(FOR_ALL, OPEN, status), pod("b", "")));
        assert_eq!(of_service(&snapshot), expected, "{status}");
    }
}

#[test]
fn the_gateway_and_then_its_class_say_what_it_is_for() {
    let class = |name: &str, handles: &str| {
        format!(
            "---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: {name}, labels: {{istio.io/waypoint-for: {handles}}}}}
"
        )
    };
    let cases = [
        ("none", "", Binding::Bound(wp()), Binding::Free),
        ("for-pods", "", refused(Refusal::OtherTraffic), Binding::Bound(wp())),
        ("for-pods", "service", Binding::Bound(wp()), Binding::Free),
        ("for-pods", "none", refused(Refusal::OtherTraffic), Binding::Free),
        ("for-pods", "Service", refused(Refusal::OtherTraffic), Binding::Free),
    ];
    for (name, own, service, workload) in cases {
        let labels = if own.is_empty() { "" } else { &format!("labels: {{istio.io/waypoint-for: {own}}}") };
        let gateway = gateway(labels, &format!("gatewayClassName: {name}, {OPEN}"), READY);
        let snapshot = mesh(&format!("{gateway}{}{}", class("for-pods", "workload"), pod("b", "")));
        assert_eq!((of_service(&snapshot), of_pod(&snapshot)), (service, workload), "{name} {own}");
    }
    let asked = pod("a", "istio.io/use-waypoint: wp");
    let snapshot = mesh(&format!("{}{asked}", gateway("", OPEN, READY)));
    assert_eq!(of_pod(&snapshot), refused(Refusal::OtherTraffic), "it asks for that one itself");
}

#[test]
fn the_listener_says_who_may_attach() {
    let open = "allowedRoutes: {namespaces: {from: All}}";
    let cases = [
        ("", "", false),
        ("", "listeners: [{protocol: HBONE, port: 15008}]", false),
        ("", &format!("listeners: [{{protocol: HBONE, port: 15008, {open}}}]"), true),
        ("", &format!("listeners: [{{protocol: HBONE, port: 15009, {open}}}]"), false),
        ("", &format!("listeners: [{{protocol: TCP, port: 15008, {open}}}]"), false),
        (
            "",
            "listeners: [{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: Selector}}}]",
            false,
        ),
        (
            "",
            "listeners: [{protocol: HBONE, port: 15008, \
             allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: x}}}}}]",
            true,
        ),
        (
            "",
            "listeners: [{protocol: HBONE, port: 15008, \
             allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: z}}}}}]",
            false,
        ),
        ("PROXY", &format!("listeners: [{{protocol: istio.io/PROXY, port: 1, {open}}}]"), true),
        ("NONE", &format!("listeners: [{{protocol: istio.io/PROXY, port: 1, {open}}}]"), false),
        ("NONE/1", &format!("listeners: [{{protocol: TCP, port: 1, {open}}}]"), true),
        ("PROXY/2", &format!("listeners: [{{protocol: istio.io/PROXY, port: 1, {open}}}]"), false),
        // What is not understood counts as not there, a port alone as none.
        ("TLS/1", &format!("listeners: [{{protocol: TCP, port: 1, {open}}}]"), false),
        ("PROXY/x", &format!("listeners: [{{protocol: istio.io/PROXY, port: 1, {open}}}]"), true),
        ("PROXY/1/2", &format!("listeners: [{{protocol: istio.io/PROXY, port: 1, {open}}}]"), false),
        ("PROXY/99999999999", &format!("listeners: [{{protocol: istio.io/PROXY, port: 1, {open}}}]"), false),
    ];
    for (inbound, spec, allowed) in cases {
        let annotations = format!("annotations: {{ambient.istio.io/waypoint-inbound-binding: '{inbound}'}}");
        let gateway = gateway(&annotations, spec, READY);
        let expected = if allowed { Binding::Bound(wp()) } else { refused(Refusal::NotAllowed) };
        let snapshot = mesh(&format!("{gateway}{}", pod("b", "")));
        assert_eq!(of_service(&snapshot), expected, "{inbound} {spec}");
        let snapshot = mesh(&format!("{gateway}{}", pod("a", "istio.io/use-waypoint: wp")));
        let at_home = of_service(&snapshot) == Binding::Bound(wp());
        assert!(at_home || spec.contains("Selector"), "{inbound} {spec}");
    }
}

#[test]
fn a_waypoint_has_none_in_front_of_itself() {
    let ready = gateway(FOR_ALL, OPEN, READY);
    let instance = "istio.io/use-waypoint: wp, gateway.networking.k8s.io/gateway-name: wp";
    assert_eq!(of_pod(&mesh(&format!("{ready}{}", pod("a", instance)))), Binding::Free);
    // Of a Gateway in its own namespace.
    let elsewhere = pod("b", "gateway.networking.k8s.io/gateway-name: wp");
    assert_eq!(of_pod(&mesh(&format!("{ready}{elsewhere}"))), Binding::Bound(wp()));
    for (by, expected) in [
        ("istio.io-mesh-controller", Binding::Free),
        ("istio.io-eastwest-controller", Binding::Free),
        ("istio.io-gateway-controller", Binding::Bound(wp())),
    ] {
        let service = pod("b", &format!("gateway.istio.io/managed: {by}"));
        let snapshot = mesh(&format!("{ready}{service}"));
        assert_eq!((of_service(&snapshot), of_pod(&snapshot)), (expected, Binding::Bound(wp())), "{by}");
    }
}

#[test]
fn what_was_not_read_is_not_guessed() {
    let written = |more: &str| super::super::test_objects::snapshot(more);
    let asked = pod("a", "istio.io/use-waypoint: wp");
    assert_eq!(of_service(&written(&asked)), Binding::Unknown(wp()), "the Gateway may be elsewhere");
    let namespace = ResourceRef::cluster(Kind::Namespace, "a");
    assert_eq!(of_service(&written(&pod("a", ""))), Binding::Unknown(namespace));
    let of_class = format!("{}{asked}", gateway("", OPEN, READY));
    assert_eq!(of_service(&written(&of_class)), Binding::Unknown(wp()), "its class may say otherwise");
    let annotated = "annotations: {ambient.istio.io/waypoint-inbound-binding: NONE}, ";
    let whole = format!("{}{asked}", gateway(&format!("{annotated}{FOR_ALL}"), OPEN, READY));
    assert_eq!(of_service(&written(&whole)), Binding::Bound(wp()));
    // What is known to refuse decides.
    let for_pods = gateway("labels: {istio.io/waypoint-for: workload}", OPEN, "");
    assert_eq!(of_service(&written(&format!("{for_pods}{asked}"))), refused(Refusal::OtherTraffic));
    let broken = gateway("", "listeners: 1", READY);
    assert_eq!(of_service(&mesh(&format!("{broken}{asked}"))), Binding::Unknown(wp()));
}

#[test]
fn a_list_that_was_not_read_is_not_empty() {
    use crate::snapshot::NotRead;
    let asked = pod("a", "istio.io/use-waypoint: wp");
    let class_decides = format!("{}{asked}", gateway("", OPEN, READY));
    let cases = [
        (&asked, "gateways", Extent::one("a"), Why::Forbidden, Binding::Unknown(wp())),
        (&asked, "gateways", Extent::one("b"), Why::Forbidden, refused(Refusal::NotReady)),
        (&asked, "gateways", Extent::all(), Why::Missing, refused(Refusal::NotReady)),
        (&class_decides, "gatewayclasses", Extent::all(), Why::Forbidden, Binding::Unknown(wp())),
        (&class_decides, "gatewayclasses", Extent::all(), Why::Missing, Binding::Bound(wp())),
    ];
    for (yaml, plural, extent, why, expected) in cases {
        let mut objects = objects(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n{yaml}"));
        objects.gateways_listed = true;
        let resource = format!("{plural}.gateway.networking.k8s.io");
        objects.not_read.push(NotRead { resource, extent, why });
        let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
        assert_eq!(of_service(&snapshot), expected, "{plural} {yaml}");
    }
}

/// `a/wp` and `a/wp-2`, a Namespace `c` with these labels and annotations, and its Service with these.
fn through(namespace: [&str; 2], service: [&str; 2], istiod: &str, ztunnels: &[&str]) -> Through {
    let second = gateway(FOR_ALL, OPEN, READY).replace("name: wp,", "name: wp-2,");
    let ztunnel = |version: &&str| {
        format!(
            "---
apiVersion: v1
kind: Pod
metadata: {{name: 'z-{version}', namespace: istio-system, labels: {{app: ztunnel}}}}
spec: {{containers: [{{name: istio-proxy, image: 'istio/ztunnel:{version}'}}]}}
"
        )
    };
    let istiod = format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: istiod, namespace: istio-system, labels: {{app: istiod}}}}
spec: {{containers: [{{name: discovery, image: 'istio/pilot:{istiod}', env: [{{name: PILOT_ENABLE_AMBIENT, value: 'true'}}]}}]}}
"
    );
    let [labels, annotations] = namespace;
    let [own, written] = service;
    let snapshot = mesh(&format!(
        "{}{second}{istiod}{}---
apiVersion: v1
kind: Namespace
metadata: {{name: c, labels: {{{labels}}}, annotations: {{{annotations}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: s, namespace: c, labels: {{{own}}}, annotations: {{{written}}}}}
",
        gateway(FOR_ALL, OPEN, READY),
        ztunnels.iter().map(ztunnel).collect::<String>(),
    ));
    assert_eq!(of_service(&snapshot), Binding::Bound(wp()), "{labels} {own}");
    snapshot.through_waypoint(&snapshot.services[0], &wp())
}

#[test]
fn a_second_waypoint_is_asked_for_where_the_first_one_is() {
    const FIRST: &str = "istio.io/use-waypoint: wp, istio.io/use-waypoint-namespace: a";
    const SECOND: &str = "istio.io/use-waypoint-canary: wp-2, istio.io/use-waypoint-canary-namespace: a";
    const TEN: &str = "istio.io/use-waypoint-canary-weight: '10'";
    const HUNDRED: &str = "istio.io/use-waypoint-canary-weight: '100'";
    let both = format!("{FIRST}, {SECOND}");
    let second = gateway_ref("a", "wp-2");
    let (some, none) = (Through::Either(second.clone()), Through::Second(second));
    let unknown = Through::Unknown(gateway_ref("a", "wp-2"));
    let own_namespace = "istio.io/use-waypoint-canary: wp-2";
    let cases: [([&str; 2], [&str; 2], &Through); 11] = [
        (["", ""], [FIRST, ""], &Through::First),
        (["", ""], [&both, ""], &Through::First),
        (["", ""], [&both, TEN], &some),
        (["", ""], [&both, HUNDRED], &none),
        ([&both, TEN], ["", ""], &some),
        ([&both, TEN], ["", HUNDRED], &none),
        ([FIRST, TEN], [SECOND, ""], &some),
        // What the Namespace says of a second one does not count for who names a first one.
        ([&both, TEN], [FIRST, ""], &Through::First),
        ([&both, TEN], [&both, ""], &Through::First),
        // `c/wp-2` is not there.
        ([FIRST, TEN], [own_namespace, ""], &Through::First),
        (["", ""], [&both, "istio.io/use-waypoint-canary-weight: ten"], &Through::First),
    ];
    for (namespace, service, expected) in cases {
        let through = |istiod, ztunnels: &[&str]| through(namespace, service, istiod, ztunnels);
        assert_eq!(through("1.31.0", &["1.31.0"]), *expected, "{namespace:?} {service:?}");
        for (istiod, ztunnels) in [("1.31.0", "1.30.2"), ("1.30.2", "1.31.0"), ("1.30.2", "latest")] {
            assert_eq!(through(istiod, &[ztunnels]), Through::First, "{namespace:?} {service:?}");
        }
        // Nobody knows the versions.
        let of_any = if *expected == Through::First { expected } else { &unknown };
        for (istiod, ztunnels) in [("latest", "1.31.0"), ("1.31.0", "latest")] {
            assert_eq!(through(istiod, &[ztunnels]), *of_any, "{namespace:?} {service:?}");
        }
    }
    assert_eq!(through(["", ""], [&both, HUNDRED], "1.31.0", &["1.30.2", "1.31.0"]), some);
    let itself =
        format!("{FIRST}, istio.io/use-waypoint-canary: wp, istio.io/use-waypoint-canary-namespace: a");
    assert_eq!(through(["", ""], [&itself, HUNDRED], "1.31.0", &["1.31.0"]), Through::First);
}
