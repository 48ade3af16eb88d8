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
    let pod = |index, ready| Backend::Workload { index: WorkloadIndex(index), ready, ports: None };
    assert_eq!(backends(service), [pod(0, true), pod(1, false)]);
    let all = service.replace("}}", "}, publishNotReadyAddresses: true}");
    assert_eq!(backends(&all), [pod(0, true), pod(1, true)]);
}

#[test]
fn without_a_selector_slices_tell() {
    let service = "
apiVersion: v1
kind: Service
metadata: {name: pg, namespace: edp}
spec: {ports: [{name: sql, port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: pg-1, namespace: edp, labels: {kubernetes.io/service-name: pg}}
addressType: IPv4
ports: [{name: sql, port: 15432}, {name: other, port: 1}]
endpoints:
- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}}
- {addresses: [10.0.0.2], targetRef: {kind: Pod, name: b}, conditions: {ready: false}}
- {addresses: [192.0.2.7]}
- {addresses: [192.0.2.8], conditions: {ready: false}}
";
    let ports = vec![(5432, 15432)];
    let pod =
        |index, ready| Backend::Workload { index: WorkloadIndex(index), ready, ports: Some(ports.clone()) };
    let address = Backend::Address { address: "192.0.2.7".parse().unwrap(), ports: ports.clone() };
    assert_eq!(backends(service), [pod(0, true), pod(1, false), address]);
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
