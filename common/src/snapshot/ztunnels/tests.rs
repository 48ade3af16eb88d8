use super::super::test_objects::snapshot;
use super::*;
use crate::snapshot::CertificateState::{Absent, Available, Unknown};

const AMBIENT: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: edp, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Namespace
metadata: {name: plain}
";

/// A pod that runs when it has an address.
fn pod(namespace: &str, name: &str, node: &str, labels: &str, status: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{{labels}}}, annotations: {{ambient.istio.io/redirection: enabled}}}}
spec: {{serviceAccountName: {name}, nodeName: {node}, containers: [{{name: main}}]}}
status: {status}
"
    )
}

const READY: &str = "{phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}], conditions: [{type: Ready, status: 'True'}]}";
const NOT_READY: &str = "{phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}";

fn web(node: &str) -> String {
    pod("edp", "web", node, "app: web", READY)
}

fn ztunnel(namespace: &str, name: &str, node: &str, status: &str) -> String {
    let pod = pod(namespace, name, node, "app: ztunnel", status);
    pod.replace("ambient.istio.io/redirection: enabled", "x: y")
}

fn identity(namespace: &str, account: &str) -> Identity {
    Identity::new("cluster.local", namespace, account)
}

fn asked(yaml: &str, of: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
    let of = of.iter().map(|(namespace, account)| identity(namespace, account)).collect();
    let asked = snapshot(yaml).ztunnels_of(&of);
    asked.into_iter().map(|a| (a.node.to_string(), a.ztunnel.map(|pod| pod.key()))).collect()
}

#[test]
fn the_ztunnels_beside_what_runs_are_asked() {
    let ours = ztunnel("istio-system", "zt-1", "n1", READY) + &ztunnel("istio-system", "zt-2", "n2", READY);
    let other = pod("edp", "other", "n2", "app: other", READY);
    let yaml = AMBIENT.to_owned() + &web("n1") + &other + &ours;
    let first = ("n1".to_owned(), Some("istio-system/zt-1".to_owned()));
    assert_eq!(asked(&yaml, &[("edp", "web")]), std::slice::from_ref(&first));
    let both = [first, ("n2".to_owned(), Some("istio-system/zt-2".to_owned()))];
    assert_eq!(asked(&yaml, &[("edp", "web"), ("edp", "other"), ("edp", "nothing")]), both);
    // What is not in the mesh, does not run yet or has no node concerns no ztunnel.
    let outside =
        pod("plain", "web", "n1", "app: web", READY).replace("redirection: enabled", "redirection: x");
    assert_eq!(asked(&(AMBIENT.to_owned() + &outside + &ours), &[("plain", "web")]), []);
    let pending = pod("edp", "web", "n1", "app: web", "{phase: Pending}");
    assert_eq!(asked(&(AMBIENT.to_owned() + &pending + &ours), &[("edp", "web")]), []);
}

#[test]
fn a_ztunnel_runs_in_istios_namespace_and_is_ready_if_any_is() {
    let only = |pods: &str| asked(&(AMBIENT.to_owned() + &web("n1") + pods), &[("edp", "web")]).remove(0).1;
    let elsewhere = ztunnel("edp", "zt", "n1", READY);
    assert_eq!(only(&elsewhere), None, "anybody may call a pod so");
    assert_eq!(only(&ztunnel("istio-system", "zt", "n2", READY)), None);
    assert_eq!(only(&ztunnel("istio-system", "zt", "n1", "{phase: Pending}")), None);
    let old = ztunnel("istio-system", "a-old", "n1", NOT_READY);
    assert_eq!(only(&old).as_deref(), Some("istio-system/a-old"));
    let new = ztunnel("istio-system", "new", "n1", READY);
    for pods in [old.clone() + &new, new.clone() + &old] {
        assert_eq!(only(&pods).as_deref(), Some("istio-system/new"));
    }
    let istiod = pod("mesh", "istiod", "n9", "app: istiod", READY);
    let there = ztunnel("mesh", "zt", "n1", READY);
    assert_eq!(only(&(istiod.clone() + &there)).as_deref(), Some("mesh/zt"));
    assert_eq!(
        only(&(istiod + &there + &old)).as_deref(),
        Some("istio-system/a-old"),
        "the usual place first"
    );
}

fn available(not_after: &str) -> HeldCertificate {
    HeldCertificate { state: Available, not_after: Some(not_after.into()) }
}

#[test]
fn what_was_not_answered_is_unknown_and_a_gap() {
    let web = identity("edp", "web");
    let zt = Some(ResourceRef::new(Kind::Pod, "istio-system", "zt"));
    let node =
        |name: &str| Asked { node: name.into(), ztunnel: zt.clone(), identities: [web.clone()].into() };
    let held: Held = [(web.clone(), available("2026-01-01T00:00:00Z"))].into();
    let rbac = r#"{apiGroups: [""], resources: ["pods/portforward"], verbs: ["create", "get"]} in a Role of `istio-system`"#;
    for (second, state, code, rule) in [
        (Ok(held.clone()), Available, None, None),
        (Ok(Held::new()), Absent, None, None),
        (Err(Why::Forbidden), Unknown, Some(Code::ZtunnelForbidden), Some(rbac)),
        (Err(Why::TimedOut("late".to_owned())), Unknown, Some(Code::ZtunnelTimedOut), None),
        (Err(Why::Failed("odd".to_owned())), Unknown, Some(Code::ZtunnelFailed), None),
        (Err(Why::Missing), Unknown, Some(Code::ZtunnelMissing), None),
    ] {
        let mut mesh = snapshot(AMBIENT);
        let before = mesh.gaps.len();
        let answers = [("n1".into(), Ok(held.clone())), ("n2".into(), second)];
        mesh.answered(&[node("n1"), node("n2")], answers.into());
        let certificate = mesh.certificates.as_ref().unwrap().of(&web).unwrap();
        assert_eq!(
            (certificate.state, certificate.not_after.as_deref()),
            (state, Some("2026-01-01T00:00:00Z"))
        );
        let gap = mesh.gaps.get(before);
        assert_eq!(gap.map(|gap| gap.code), code);
        assert_eq!(gap.and_then(|gap| gap.evidence.get("rbac")), rule);
        if let Some(gap) = gap {
            assert_eq!(
                (gap.subject.as_str(), &gap.affects),
                ("node/n2", &Affects::Workloads(Extent::one("edp")))
            );
        }
    }
}

#[test]
fn a_node_that_nobody_answered_for_is_unknown() {
    let web = identity("edp", "web");
    let node = Asked { node: "n1".into(), ztunnel: None, identities: [web.clone()].into() };
    let mut mesh = snapshot(AMBIENT);
    mesh.answered(&[node], BTreeMap::new());
    assert_eq!(mesh.certificates.as_ref().unwrap().of(&web).unwrap().state, Unknown);
    assert_eq!(mesh.gaps.last().unwrap().code, Code::ZtunnelMissing);
}
