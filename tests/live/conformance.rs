//! What a real istiod tells ztunnel of a generated mesh is what our own reader and engine make of it: every converted
//! policy, what is attached to each pod, the waypoint of each pod and Service.
//!
//! The mesh stands in the real API server. istiod's controllers of Gateways are off, so that the Gateways' status is
//! as the mesh says; who writes it makes no difference to a binding.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use mesh_common::cluster::{ConnectionFlags, Request, load};
use mesh_common::model::Serving;
use mesh_common::policy::Mesh;
use mesh_common::snapshot::{Binding, MeshSnapshot, Needs, SettingsOverride, Silent, Through, Why};
use mesh_testkit::odd;
use mesh_testkit::test_cluster::{ISTIO, Istiod, IstiodOptions, Options, TestCluster};
use mesh_tests::ambientz::{self, Compared};
use serde_json::{Value, json};

/// At least so many of each must be equal.
const ENOUGH: usize = 300;
/// And so many pods and Services must be bound to a waypoint.
const ENOUGH_BOUND: usize = 5;

/// What would write Gateways' classes and status, and make pods of them.
const CONTROLLERS: [&str; 3] = [
    "PILOT_ENABLE_GATEWAY_API_GATEWAYCLASS_CONTROLLER",
    "PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER",
    "PILOT_ENABLE_GATEWAY_API_STATUS",
];

#[test]
fn a_real_istiod_agrees_object_by_object() {
    let seed = mesh_testkit::seed();
    println!("seed {seed}");
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.install_istio_crds(ISTIO);
    cluster.install_gateway_crds();
    let mesh = Written::new(&cluster, odd::bound(seed));
    let environment = CONTROLLERS.map(|flag| (flag, "false".to_owned())).to_vec();
    let istiod = Istiod::start(&cluster, &IstiodOptions { environment, ..IstiodOptions::default() });
    let theirs = istiod.ambientz_when("every pod and Service", |answer| {
        let services: BTreeSet<String> =
            ambientz::items(answer, "services").iter().map(ambientz::key).collect();
        let pods: BTreeSet<String> = ambientz::pods(answer).map(ambientz::key).collect();
        pods == mesh.pods && services.is_superset(&mesh.services)
    });
    let snapshot = read(&cluster);
    let compared = [
        ambientz::policies(&Mesh::new(&snapshot), &theirs),
        attachments(&snapshot, &theirs),
        bindings(&snapshot, &theirs, &mesh.gateways),
        shares(&snapshot, &theirs, &mesh.gateways),
    ];
    let different: Vec<&str> = compared.iter().flat_map(|c| &c.different).map(String::as_str).collect();
    let told = different.get(..different.len().min(20)).unwrap_or_default().join("\n");
    if !different.is_empty() {
        let kept = std::env::temp_dir().join(format!("conformance-{seed}.json"));
        let all = json!({ "cluster": odd::bound(seed), "ambientz": theirs });
        std::fs::write(&kept, all.to_string()).unwrap();
        panic!("seed {seed}: {} differences (`{}`):\n{told}", different.len(), kept.display());
    }
    let [policies, attachments, bindings, shares] = compared.map(|compared| compared.equal);
    println!(
        "conformance: {policies} policies, {attachments} attachments, {bindings} bindings, {shares} shares equal"
    );
    assert!(policies >= ENOUGH && attachments >= ENOUGH, "seed {seed}: too few to tell");
}

/// A mesh as the API server took it.
struct Written {
    /// The pods that istiod should tell of: those that have an address and still run.
    pods: BTreeSet<String>,
    /// The Services: those that are more than another name.
    services: BTreeSet<String>,
    /// The Gateway of each address.
    gateways: BTreeMap<String, String>,
}

impl Written {
    /// Policies come in three parts, each in another second: the oldest of several may count.
    fn new(cluster: &TestCluster, objects: Vec<Value>) -> Self {
        let of = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
        let key = |object: &Value| ambientz::key(&object["metadata"]);
        let runs = |pod: &&Value| pod["status"]["phase"] == "Running";
        let addresses = |gateway: &Value| {
            let name = key(gateway);
            let addresses = ambientz::items(&gateway["status"], "addresses").to_vec();
            addresses.into_iter().map(move |of| (of["value"].as_str().unwrap().to_owned(), name.clone()))
        };
        let written = Self {
            pods: of("Pod").filter(runs).map(key).collect(),
            services: of("Service").filter(|s| s["spec"]["type"] != "ExternalName").map(key).collect(),
            gateways: of("Gateway").flat_map(addresses).collect(),
        };
        let is_policy = |object: &Value| object["apiVersion"].as_str().unwrap().starts_with("security");
        let (policies, others): (Vec<Value>, Vec<Value>) = objects.into_iter().partition(is_policy);
        let (namespaces, others) = others.into_iter().partition(|object| object["kind"] == "Namespace");
        cluster.create_all(namespaces);
        cluster.create_all(others);
        let (all, mut refused) = (policies.len(), 0);
        for part in policies.chunks(all.div_ceil(3)) {
            refused += cluster.create_admitted(part.to_vec()).len();
            std::thread::sleep(Duration::from_secs(1));
        }
        println!("{refused} of {all} policies refused by validation");
        assert!(refused * 2 < all, "most policies are refused");
        written
    }
}

/// The same cluster as our commands read it.
fn read(cluster: &TestCluster) -> MeshSnapshot {
    let flags =
        ConnectionFlags { kubeconfig: Some(cluster.admin().to_owned()), ..ConnectionFlags::default() };
    let given = SettingsOverride::default();
    let request = Request {
        flags: &flags,
        needs: &|_| Needs::everything(),
        namespace: None,
        given: &given,
        keep: None,
        progress: Arc::new(Silent),
    };
    let loaded = load(&request).unwrap();
    let mut not_read = loaded.objects.not_read.iter().filter(|list| list.why != Why::NotAsked);
    assert_eq!(not_read.next(), None);
    let mut snapshot = MeshSnapshot::build(loaded.objects, &given);
    // Neither runs in a pod whose image tells.
    snapshot.settings.istiod.version = Some((1, 31));
    snapshot.settings.newest_ztunnel = Some((1, 31));
    snapshot
}

fn attachments(snapshot: &MeshSnapshot, theirs: &Value) -> Compared {
    let mesh = Mesh::new(snapshot);
    let mut compared = Compared::default();
    for pod in ambientz::pods(theirs) {
        let workload = snapshot.workloads.iter().find(|w| w.reference.key() == ambientz::key(pod));
        let Some(workload) = workload else {
            compared.different.push(format!("{}: we have no such pod", ambientz::key(pod)));
            continue;
        };
        match ambientz::attached(&mesh, workload, pod) {
            None => compared.equal += ambientz::attachments(pod).len(),
            Some(difference) => compared.different.push(difference),
        }
        // Of a pod that waits for its ztunnel istiod says nothing yet.
        let is_captured = workload.is_captured() && workload.capture.serving != Serving::Pending;
        if (pod["tunnelProtocol"] == "HBONE") != is_captured {
            compared.different.push(format!("{}: captured or not", ambientz::key(pod)));
        }
    }
    compared
}

fn bindings(snapshot: &MeshSnapshot, theirs: &Value, gateways: &BTreeMap<String, String>) -> Compared {
    let mut compared = Compared::default();
    let workloads = snapshot.workloads.iter();
    let of_workloads: BTreeMap<_, _> =
        workloads.map(|w| (w.reference.key(), snapshot.waypoint_of_workload(w))).collect();
    let services = snapshot.services.iter();
    let of_services: BTreeMap<_, _> =
        services.map(|s| (s.reference.key(), snapshot.waypoint_of_service(s))).collect();
    let pods = ambientz::pods(theirs).map(|pod| ("pod", pod, &of_workloads));
    let services = ambientz::items(theirs, "services").iter().map(|service| ("svc", service, &of_services));
    let mut bound = BTreeMap::from([("pod", 0), ("svc", 0)]);
    for (kind, object, ours) in pods.chain(services) {
        let waypoint = waypoint(object, gateways);
        let binding = ours.get(&ambientz::key(object));
        let equal = match binding {
            Some(Binding::Free | Binding::Refused(..)) => waypoint.is_none(),
            Some(Binding::Bound(gateway)) => waypoint == Some(gateway.key()),
            Some(Binding::Unknown(_)) | None => false,
        };
        *bound.entry(kind).or_insert(0) += usize::from(waypoint.is_some());
        let differs = || {
            format!("{kind}/{}: istiod binds it to {waypoint:?}, we say {binding:?}", ambientz::key(object))
        };
        compared.count((!equal).then(differs));
    }
    let few = bound.values().any(|bound| *bound < ENOUGH_BOUND);
    println!("bound to a waypoint: {bound:?}");
    if few {
        compared.different.push(format!("too few are bound to tell: {bound:?}"));
    }
    compared
}

/// Which of two waypoints the connections to Services go through.
fn shares(snapshot: &MeshSnapshot, theirs: &Value, gateways: &BTreeMap<String, String>) -> Compared {
    let mut compared = Compared::default();
    let mut shared = 0;
    for service in &snapshot.services {
        let Binding::Bound(first) = snapshot.waypoint_of_service(service) else { continue };
        let key = service.reference.key();
        let of_istiod = ambientz::items(theirs, "services").iter().find(|of| ambientz::key(of) == key);
        let weighted =
            of_istiod.and_then(|of| of["weightedWaypoints"].as_array()).cloned().unwrap_or_default();
        let used = weighted.iter().filter(|one| one["weight"].as_u64().unwrap_or_default() > 0);
        let used: Vec<String> = used.filter_map(|one| of_address(&one["destination"], gateways)).collect();
        let ours = match snapshot.through_waypoint(service, &first) {
            Through::First => vec![first.key()],
            Through::Either(second) => vec![first.key(), second.key()],
            Through::Second(second) => vec![second.key()],
            Through::Unknown(what) => vec![format!("unknown for {what}")],
        };
        shared += usize::from(ours != [first.key()]);
        let equal = if weighted.is_empty() { ours == [first.key()] } else { ours == used };
        compared.count((!equal).then(|| format!("svc/{key}: istiod has {weighted:?}, we say {ours:?}")));
    }
    println!("shared by two waypoints: {shared}");
    compared
}

/// The Gateway of the address that istiod gives for a waypoint.
fn waypoint(object: &Value, gateways: &BTreeMap<String, String>) -> Option<String> {
    of_address(object.get("waypoint")?, gateways)
}

fn of_address(waypoint: &Value, gateways: &BTreeMap<String, String>) -> Option<String> {
    let address = match waypoint.pointer("/hostname/hostname").and_then(Value::as_str) {
        Some(hostname) => hostname.to_owned(),
        None => ambientz::text_of_address(&waypoint["address"]),
    };
    Some(gateways.get(&address).cloned().unwrap_or_else(|| format!("{waypoint}, which is nobody's")))
}
