use super::super::test_objects::snapshot;
use super::*;
use crate::snapshot::{Extent, NotRead, Objects, SettingsOverride, Why};

const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: edp}
---
apiVersion: v1
kind: Pod
metadata:
  name: pg-0
  namespace: edp
  annotations: {ambient.istio.io/redirection: enabled}
  ownerReferences: [{controller: true, kind: StatefulSet, name: pg}]
spec: {serviceAccountName: db, nodeName: n1}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata:
  name: api-77-x
  namespace: edp
  labels: {pod-template-hash: '77'}
  ownerReferences: [{controller: true, kind: ReplicaSet, name: api-77}]
status: {podIP: 10.0.0.2}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ui.v2, namespace: chatqa}
spec: {template: {}}
---
apiVersion: v1
kind: Service
metadata: {name: pg, namespace: edp}
spec: {clusterIP: 10.96.0.7}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: idle, namespace: edp}
";

fn find(typed: &str) -> Result<Place, NotFound> {
    snapshot(MESH).find(&typed.parse().unwrap(), "edp")
}

fn workloads(indexes: &[usize]) -> Place {
    Place::Workloads(indexes.iter().map(|index| WorkloadIndex(*index)).collect())
}

#[test]
fn takes_words_apart() {
    let locator: Locator = "svc/edp/pg:5432".parse().unwrap();
    assert_eq!(locator.port, Some(PortRef::Number(5432)));
    let object = Subject::Object { kind: Kind::Service, namespace: Some("edp".into()), name: "pg".into() };
    assert_eq!(locator.subject, object);
    for (typed, address, port) in [
        ("ip/10.0.0.7:80", "10.0.0.7", Some(PortRef::Number(80))),
        ("ip/10.0.0.7", "10.0.0.7", None),
        ("ip/[fd00::7]:http", "fd00::7", Some(PortRef::Name("http".into()))),
        ("ip/[fd00::7]", "fd00::7", None),
        ("ip/fd00::7", "fd00::7", None),
    ] {
        let locator: Locator = typed.parse().unwrap();
        assert_eq!(
            (locator.subject, locator.port),
            (Subject::Address(address.parse().unwrap()), port),
            "{typed}"
        );
    }
    let identity: Locator = "spiffe://cluster.local/ns/edp/sa/api".parse().unwrap();
    assert_eq!(identity.subject, Subject::Identity(Identity::new("cluster.local", "edp", "api")));
    assert_eq!("outside".parse::<Locator>().unwrap().subject, Subject::Outside);
}

#[test]
fn refuses_what_names_nothing() {
    for (typed, message) in [
        ("", "an empty name names nothing"),
        (":80", "an empty name names nothing"),
        ("pot/x", "`pot` is not a kind that can be asked about"),
        ("pod/", "`pod/` is not KIND/NAME or KIND/NAMESPACE/NAME"),
        ("pod/a/b/c", "`pod/a/b/c` is not KIND/NAME or KIND/NAMESPACE/NAME"),
        ("ip/x", "`x` is not an IP address"),
        ("ip/[::1]80", "`[::1]80` is not an IP address"),
    ] {
        assert_eq!(typed.parse::<Locator>().unwrap_err().to_string(), message);
    }
}

#[test]
fn finds_objects_by_every_habit() {
    for (typed, expected) in [
        ("pg-0", workloads(&[1])),
        ("pod/pg-0", workloads(&[1])),
        ("po/edp/pg-0", workloads(&[1])),
        ("pg-0.edp", workloads(&[1])),
        ("sts/pg", workloads(&[1])),
        ("deploy/api", workloads(&[0])),
        ("rs/api-77", workloads(&[0])),
        ("deploy/chatqa/ui.v2", workloads(&[2])),
        ("deploy/ui.v2.chatqa", workloads(&[2])),
        ("svc/pg", Place::Service(0)),
        ("sa/db", workloads(&[1])),
        ("sa/idle", Place::Identity(Identity::new("cluster.local", "edp", "idle"))),
        ("ns/edp", workloads(&[0, 1])),
        ("node/n1", Place::Node("n1".into(), None)),
        ("ip/10.0.0.1", workloads(&[1])),
        ("ip/10.96.0.7", Place::Service(0)),
        ("ip/192.0.2.1", Place::Address("192.0.2.1".parse().unwrap())),
        ("spiffe://cluster.local/ns/edp/sa/db", workloads(&[1])),
        // The pod that runs as it is outside of the mesh, so that nothing carries it.
        (
            "spiffe://cluster.local/ns/edp/sa/default",
            Place::Identity(Identity::new("cluster.local", "edp", "default")),
        ),
        ("spiffe://other/ns/edp/sa/db", Place::Identity(Identity::new("other", "edp", "db"))),
        ("outside", Place::Outside),
    ] {
        assert_eq!(find(typed), Ok(expected), "{typed}");
    }
}

#[test]
fn says_where_it_is_instead() {
    for (typed, message, hint) in [
        ("pg", "no pod `pg` in namespace `edp`", "did you mean `sts/edp/pg` or `svc/edp/pg`?"),
        ("deploy/apu", "no deploy `apu` in namespace `edp`", "did you mean `deploy/edp/api`?"),
        ("deploy/ui.v2", "no deploy `ui.v2` in namespace `edp`", "did you mean `deploy/chatqa/ui.v2`?"),
        ("sa/edp/dbb", "no sa `dbb` in namespace `edp`", "did you mean `sa/edp/db`?"),
        ("ns/edpp", "no namespace `edpp`", "did you mean `ns/edp`?"),
        ("node/n2", "no node `n2`", ""),
    ] {
        let not_found = find(typed).unwrap_err();
        assert_eq!(not_found.message, message);
        assert_eq!(not_found.hints.join(""), hint, "{typed}");
    }
}

#[test]
fn what_may_not_be_listed_is_not_said_to_be_missing() {
    let extent = Extent::one("edp");
    let not_read = NotRead { resource: "services".to_owned(), extent, why: Why::Forbidden };
    let objects = Objects { not_read: vec![not_read], ..Default::default() };
    let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
    let found = |typed: &str| snapshot.find(&typed.parse().unwrap(), "edp").unwrap_err();
    let told = found("svc/pg");
    assert_eq!(told.message, "no svc `pg` in namespace `edp` among what could be read");
    assert_eq!(
        told.hints,
        [r#"ask for {apiGroups: [""], resources: ["services"], verbs: ["list"]} in a Role of `edp`"#]
    );
    assert_eq!(found("svc/shop/pg").message, "no svc `pg` in namespace `shop`");
    assert_eq!(found("pod/pg").message, "no pod `pg` in namespace `edp`");
}

#[test]
fn a_gateway_is_asked_about_by_its_pods() {
    let mesh = "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: wp, namespace: edp}
spec: {gatewayClassName: istio-waypoint, listeners: []}
";
    let pod = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: made, namespace: edp}
spec: {template: {metadata: {labels: {gateway.networking.k8s.io/gateway-name: wp}}}}
";
    let said = |yaml: &str, typed: &str| {
        let error = snapshot(yaml).find(&typed.parse().unwrap(), "edp").unwrap_err();
        format!("{}; {}", error.message, error.hints.join("; "))
    };
    let none = "`Gateway/edp/wp` is no end of a connection: its pods are; ";
    let whole = format!("{mesh}{pod}");
    assert_eq!(
        said(&whole, "gateway/wp:80"),
        format!("{none}ask about what is made of it: `deploy/edp/made`")
    );
    assert!(said(mesh, "gtw/edp/wp").starts_with(&format!("{none}its pods have the label")));
    assert_eq!(
        said(&mesh.replace("name: wp", "name: waypoint"), "gateway/waypont"),
        "no Gateway `waypont` in namespace `edp`; did you mean `Gateway/edp/waypoint`?; a Gateway is asked about by \
         its pods: deploy/NAMESPACE/NAME"
    );
}
