//! Waypoints that a cluster has: what stands in front of what, and what their Envoys ask.

use std::sync::OnceLock;

use mesh_testkit::test_cluster::TestCluster;
use serde_json::{Value, json};

use crate::asking::{Asked, ask, endpoint, enrolled, grant, member, plain, policy, principal, ready};
use crate::rbac::all_rules;
use crate::{namespace, shared};

const OPEN: &str = "allowed authorization NoPolicy";

/// A namespace behind its waypoint, as istiod makes one of a Gateway: the Service `api` lets `web` read, the Gateway
/// refuses `guest`, `plain` is outside of the mesh. Other Services opt out, or ask for what is not there or not ready.
fn mesh() -> &'static TestCluster {
    static MESH: OnceLock<()> = OnceLock::new();
    MESH.get_or_init(|| {
        let cluster = shared();
        let mut routed = enrolled("routed");
        routed["metadata"]["labels"]["istio.io/use-waypoint"] = json!("waypoint");
        cluster.create(&routed);
        cluster.create(&json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
            "metadata": { "name": "istio-waypoint" }, "spec": { "controllerName": "istio.io/mesh-controller" },
        }));
        cluster.create(&with_address(gateway("routed", "waypoint")));
        let late = cluster.create(&gateway("routed", "late"));
        // The API server itself writes that nobody has looked at it yet.
        assert!(late["status"]["conditions"].is_array(), "{late:#}");
        policies(cluster);
        cluster.create(&instance("routed", "waypoint"));
        cluster.create(&plain(member("routed", "plain")));
        for name in ["api", "web", "guest"] {
            cluster.create(&member("routed", name));
        }
        for name in ["api", "web", "guest", "plain", "waypoint"] {
            ready(cluster, "routed", name);
        }
        for (name, label) in
            [("api", None), ("free", Some("none")), ("astray", Some("ghost")), ("early", Some("late"))]
        {
            cluster.create(&service("routed", (name, "api"), label));
            endpoint(cluster, "routed", name);
        }
    });
    shared()
}

fn gateway(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": { "namespace": namespace, "name": name },
        "spec": {
            "gatewayClassName": "istio-waypoint",
            "listeners": [{ "name": "mesh", "port": 15008, "protocol": "HBONE" }],
        },
    })
}

/// As istiod leaves it when there is a Service for it.
fn with_address(mut gateway: Value) -> Value {
    let text = |field: &str| gateway["metadata"][field].as_str().unwrap();
    let host = format!("{}.{}.svc.cluster.local", text("name"), text("namespace"));
    gateway["status"] = json!({ "addresses": [{ "type": "Hostname", "value": host }] });
    gateway
}

/// A pod that istiod makes of a Gateway.
fn instance(namespace: &str, gateway: &str) -> Value {
    let mut pod = plain(member(namespace, gateway));
    pod["metadata"]["labels"] = json!({
        "gateway.networking.k8s.io/gateway-name": gateway, "istio.io/dataplane-mode": "none",
        "gateway.istio.io/managed": "istio.io-mesh-controller",
    });
    pod
}

/// A Service of the pods of an app, which perhaps asks for another waypoint than its namespace.
fn service(namespace: &str, (name, app): (&str, &str), waypoint: Option<&str>) -> Value {
    let mut labels = json!({});
    if let Some(waypoint) = waypoint {
        labels["istio.io/use-waypoint"] = json!(waypoint);
    }
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "namespace": namespace, "name": name, "labels": labels },
        "spec": { "selector": { "app": app }, "ports": [{ "name": "http", "port": 8000, "targetPort": 80 }] },
    })
}

/// A policy for a waypoint, or for a Service behind one, about one account.
fn attached(namespace: &str, name: &str, target: &Value, action: &str, rule: &Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": { "namespace": namespace, "name": name },
        "spec": { "targetRefs": [target], "action": action, "rules": [rule] },
    })
}

fn to_gateway(name: &str) -> Value {
    json!({ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name })
}

fn source(namespace: &str, account: &str) -> Value {
    json!({ "source": { "principals": [principal(namespace, account)] } })
}

fn policies(cluster: &TestCluster) {
    let api = json!({ "group": "", "kind": "Service", "name": "api" });
    let reads = json!({ "operation": { "methods": ["GET"], "paths": ["/v1/*"] } });
    let readers = json!({ "from": [source("routed", "web")], "to": [reads] });
    cluster.create(&attached("routed", "readers", &api, "ALLOW", &readers));
    let guests = json!({ "from": [source("routed", "guest")] });
    cluster.create(&attached("routed", "no-guests", &to_gateway("waypoint"), "DENY", &guests));
}

fn call(from: &str, to: &str, request: &[&str]) -> Asked {
    let from = format!("pod/routed/{from}");
    ask(mesh().admin(), &[&[to, "--from", &from, "-o", "json"], request].concat())
}

fn decision(from: &str, to: &str, request: &[&str]) -> String {
    call(from, to, request).decision()
}

/// The stretches of the way.
fn hops(asked: &Asked) -> Vec<String> {
    let row = asked.row();
    row["hops"].as_array().unwrap().iter().map(|hop| hop["hop"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_waypoint_asks_about_the_request() {
    let api = "svc/routed/api:8000";
    let get = ["--method", "GET", "--path", "/v1/x"];
    let reads = call("web", api, &get);
    assert_eq!(reads.decision(), "allowed authorization AllowMatched AuthorizationPolicy routed/readers");
    assert_eq!(hops(&reads), ["source", "waypoint"]);
    let refused = call("web", api, &["--method", "POST", "--path", "/v1/x"]);
    assert_eq!(refused.decision(), "denied authorization NoAllowMatched");
    assert_eq!(refused.row()["candidates"], json!(["routed/readers"]));

    // What is not given is what it depends on.
    let depends = "conditional authorization RequestDecides AuthorizationPolicy routed/readers";
    for (given, open) in [(&[][..], &["request.method", "request.path"][..]), (&get[..2], &["request.path"])]
    {
        let asked = call("web", api, given);
        assert_eq!(asked.decision(), depends);
        let row = asked.row();
        let conditions = row["conditions"].as_array().unwrap();
        let attributes: Vec<&str> = conditions.iter().map(|one| one["attribute"].as_str().unwrap()).collect();
        assert_eq!(attributes, open);
    }

    // The Gateway's policy stands before that of the Service, whatever is asked for.
    let guest = "denied authorization ExplicitDeny AuthorizationPolicy routed/no-guests";
    assert_eq!(decision("guest", api, &get), guest);
    assert_eq!(decision("guest", api, &[]), guest);
}

#[test]
fn what_is_not_bound_goes_past_the_waypoint() {
    for (from, to) in [
        ("plain", "svc/routed/api:8000"),
        ("guest", "svc/routed/free:8000"),
        ("guest", "svc/routed/astray:8000"),
        ("guest", "svc/routed/early:8000"),
        // A waypoint is for Services unless it says otherwise.
        ("guest", "pod/routed/api:80"),
    ] {
        let asked = call(from, to, &[]);
        assert_eq!(asked.decision(), OPEN, "{from} to {to}");
        assert_eq!(hops(&asked), ["source"], "{from} to {to}");
    }
}

#[test]
fn behind_a_waypoint_pods_see_the_waypoint() {
    let cluster = mesh();
    let only = |account: &str| json!({ "rules": [{ "from": [source("routed", account)] }] });
    cluster.create(&policy("routed", "only", "guarded", &only("web")));
    cluster.create(&member("routed", "guarded"));
    ready(cluster, "routed", "guarded");
    cluster.create(&service("routed", ("guarded", "guarded"), None));
    endpoint(cluster, "routed", "guarded");
    let (service, pod) = ("svc/routed/guarded:8000", "pod/routed/guarded:80");
    let (matched, none) = (
        "allowed authorization AllowMatched AuthorizationPolicy routed/only",
        "denied authorization NoAllowMatched",
    );
    assert_eq!(decision("web", service, &[]), none);
    assert_eq!(decision("web", pod, &[]), matched);
    let path = "/apis/security.istio.io/v1/namespaces/routed/authorizationpolicies/only";
    cluster.patch(path, &json!({ "spec": only("waypoint") }));
    assert_eq!(decision("web", service, &[]), matched);
    assert_eq!(decision("web", pod, &[]), none);
    // Plaintext has no identity, and no waypoint speaks for it.
    assert_eq!(decision("plain", service, &[]), none);
}

/// A waypoint for several namespaces: its pods, and the policies that are attached to it, are in its own.
#[test]
fn a_waypoint_may_stand_in_another_namespace() {
    let cluster = shared();
    let mut near = enrolled("near");
    near["metadata"]["labels"]["istio.io/use-waypoint"] = json!("common");
    near["metadata"]["labels"]["istio.io/use-waypoint-namespace"] = json!("far");
    cluster.create(&near);
    cluster.create(&namespace("far"));
    let mut gateway = with_address(gateway("far", "common"));
    gateway["spec"]["listeners"][0]["allowedRoutes"] = json!({ "namespaces": { "from": "All" } });
    cluster.create(&gateway);
    cluster.create(&instance("far", "common"));
    let guests = json!({ "from": [source("near", "guest")] });
    cluster.create(&attached("far", "no-guests", &to_gateway("common"), "DENY", &guests));
    let by_waypoint = json!({ "rules": [{ "from": [source("far", "common")] }] });
    cluster.create(&policy("near", "by-waypoint", "api", &by_waypoint));
    for name in ["api", "web", "guest"] {
        cluster.create(&member("near", name));
    }
    for (namespace, name) in [("near", "api"), ("near", "web"), ("near", "guest"), ("far", "common")] {
        ready(cluster, namespace, name);
    }
    cluster.create(&service("near", ("api", "api"), None));
    endpoint(cluster, "near", "api");
    let target = "svc/near/api:8000";
    let pair =
        |from: &str| ask(cluster.admin(), &[target, "--from", &format!("pod/near/{from}"), "-o", "json"]);
    let by_waypoint = "allowed authorization AllowMatched AuthorizationPolicy near/by-waypoint";
    assert_eq!(pair("web").decision(), by_waypoint);
    let guest = "denied authorization ExplicitDeny AuthorizationPolicy far/no-guests";
    assert_eq!(pair("guest").decision(), guest);
    let all = ask(cluster.admin(), &[target, "-o", "json"]).exits(0);
    let verdicts = all.verdicts();
    let of = |account: &str| verdicts[&format!("spiffe://{} 8000", principal("near", account))].as_str();
    assert_eq!((of("web"), of("guest")), ("allowed", "denied"));
    // What the edits bind to it needs the same.
    let overlay = cluster.folder().join("bound-to-far.json");
    let mut other = service("routed", ("free", "api"), Some("common"));
    other["metadata"]["labels"]["istio.io/use-waypoint-namespace"] = json!("far");
    std::fs::write(&overlay, other.to_string()).unwrap();
    let overlay = overlay.to_str().unwrap();
    let bound = call("web", "svc/routed/free:8000", &["--overlay", overlay]);
    assert_eq!((bound.decision().as_str(), hops(&bound).len()), (OPEN, 2));
}

#[test]
fn who_may_not_list_gateways_gets_no_verdict() {
    let cluster = mesh();
    let of = |rule: &Value| rule["apiGroups"][0] != "gateway.networking.k8s.io";
    let rules: Vec<Value> = all_rules().into_iter().filter(of).collect();
    grant(cluster, "no-gateways", None, &rules);
    let kubeconfig = cluster.kubeconfig("no-gateways", &["people"]);
    let question =
        |from: &str, to: &str| ask(&kubeconfig, &[to, "--from", &format!("pod/routed/{from}"), "-o", "json"]);
    let asked = question("web", "svc/routed/api:8000");
    assert!(asked.decision().starts_with("unknown "), "{}", asked.stdout);
    let gaps = asked.gaps();
    let gap = &gaps["gateways.gateway.networking.k8s.io"];
    assert_eq!(gap["kind"], "forbidden", "{gaps:?}");
    // Whom no waypoint could stop, and what opts out.
    assert_eq!(question("plain", "svc/routed/api:8000").row()["verdict"], "allowed");
    assert_eq!(question("web", "svc/routed/free:8000").row()["verdict"], "allowed");
}
