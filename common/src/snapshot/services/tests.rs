use super::super::test_objects::snapshot;
use super::*;

const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: edp, labels: {app: pg}}
status: {podIP: 10.0.0.1, conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: edp, labels: {app: pg}}
status: {podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: other, labels: {app: pg}}
status: {podIP: 10.0.0.3, conditions: [{type: Ready, status: 'True'}]}
---
";

fn backends(service: &str) -> Vec<Backend> {
    let snapshot = snapshot(&format!("{PODS}{service}"));
    snapshot.services[0].backends.clone()
}

#[test]
fn a_selector_finds_pods_of_its_namespace() {
    let service =
        "apiVersion: v1\nkind: Service\nmetadata: {name: pg, namespace: edp}\nspec: {selector: {app: pg}}";
    let pod = |index, ready| Backend::Workload { index: WorkloadIndex(index), ready };
    assert_eq!(backends(service), [pod(0, true), pod(1, false)]);
    let all = service.replace("}}", "}, publishNotReadyAddresses: true}");
    assert_eq!(backends(&all), [pod(0, true), pod(1, true)]);
}

const SLICE: &str = "
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: pg-1, namespace: edp, labels: {kubernetes.io/service-name: pg}}
addressType: IPv4
ports: [{name: sql, port: 15432}, {name: other, port: 1}]
endpoints:
";

fn with_endpoints(spec: &str, endpoints: &str) -> Vec<Backend> {
    let service =
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: pg, namespace: edp}}\nspec: {spec}");
    backends(&format!("{service}{SLICE}{endpoints}"))
}

#[test]
fn without_a_selector_slices_tell() {
    let spec = "{ports: [{name: sql, port: 5432, targetPort: 15432}]}";
    let endpoints = "
- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}}
- {addresses: [10.0.0.2], targetRef: {kind: Pod, name: b}, conditions: {ready: false}}
- {addresses: [192.0.2.7]}
- {addresses: [192.0.2.8], conditions: {ready: false}}
";
    let pod = |index, ready| Backend::Workload { index: WorkloadIndex(index), ready };
    let address = Backend::Address { address: "192.0.2.7".parse().unwrap(), ports: vec![(5432, 15432)] };
    assert_eq!(with_endpoints(spec, endpoints), [pod(0, true), pod(1, false), address]);
}

#[test]
fn a_slice_that_contradicts_is_unclear() {
    let same = "{ports: [{name: sql, port: 5432, targetPort: 15432}]}";
    let other = "{ports: [{name: sql, port: 5432}]}";
    let a = "\n- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}}\n";
    let plain = "\n- {addresses: [10.0.0.1]}\n";
    for (spec, endpoints, unclear) in [
        (same, a, false),
        (other, a, true),
        (
            same,
            "\n- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}, conditions: {ready: false}}\n",
            true,
        ),
        (same, "\n- {addresses: [10.0.0.9], targetRef: {kind: Pod, name: unread}}\n", true),
        // The pod is outside of the mesh: plaintext reaches it either way.
        (same, plain, false),
    ] {
        let backends = with_endpoints(spec, endpoints);
        assert_eq!(backends.len(), 1, "{spec}{endpoints}");
        assert_eq!(backends.contains(&Backend::Unclear), unclear, "{spec}{endpoints}");
    }
}

#[test]
fn slices_add_to_a_selector() {
    let spec = "{selector: {app: pg}, ports: [{name: sql, port: 5432}]}";
    let known = "
- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}}
- {addresses: [10.0.0.9], targetRef: {kind: Pod, name: unread}}
";
    let found = with_endpoints(spec, known);
    assert_eq!((found.len(), found.contains(&Backend::Unclear)), (3, true));
    assert_eq!(with_endpoints(spec, "\n- {addresses: [192.0.2.7]}\n").len(), 3);
}

#[test]
fn a_template_stands_in_for_pods_that_were_not_read() {
    let made = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: edp}
spec: {template: {metadata: {labels: {app: made}}}}
---
apiVersion: v1
kind: Service
metadata: {name: pg, namespace: edp}
spec: {selector: {app: made}, ports: [{name: sql, port: 5432}]}";
    let endpoint = "\n- {addresses: [10.0.0.9], targetRef: {kind: Pod, name: d-1}}\n";
    let found = backends(&format!("{made}{SLICE}{endpoint}"));
    assert_eq!((found.len(), found.contains(&Backend::Unclear)), (1, false));
}

#[test]
fn what_cannot_be_decoded_may_stand_behind_any_service_of_its_namespace() {
    let service = |spec: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: pg, namespace: edp}}\nspec: {spec}")
    };
    let pod = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: x, namespace: {namespace}}}\nspec: {{hostNetwork: 'no'}}"
        )
    };
    let slice = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice
metadata: {name: pg-2, namespace: edp}\nendpoints: 7";
    let some = format!("{SLICE}\n- {{addresses: [10.0.0.1]}}\n---\n");
    for (spec, beside, unread) in [
        ("{selector: {app: pg}}", format!("\n---\n{}", pod("edp")), true),
        ("{selector: {app: pg}}", format!("\n---\n{}", pod("other")), false),
        ("{selector: {app: pg}}", format!("\n---\n{slice}"), true),
        ("{}", format!("{some}{slice}"), true),
        ("{}", format!("{some}{}", pod("edp")), false),
    ] {
        let snapshot = snapshot(&format!("{PODS}{}{beside}", service(spec)));
        assert_eq!(snapshot.services[0].endpoints_not_read, unread, "{spec}{beside}");
    }
}

#[test]
fn headless_is_told_from_the_address() {
    for (spec, headless, addresses) in [
        ("{clusterIP: None}", true, 0),
        ("{clusterIP: 10.96.0.1}", false, 1),
        ("{clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, 'fd00::1']}", false, 2),
        ("{}", false, 0),
    ] {
        let yaml =
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: edp}}\nspec: {spec}");
        let service = &snapshot(&yaml).services[0];
        assert_eq!((service.headless, service.addresses.len()), (headless, addresses), "{spec}");
    }
}
