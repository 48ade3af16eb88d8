use std::collections::BTreeSet;

use super::*;
use crate::model::{Certainty, DataPlane};
use crate::snapshot::test_objects::objects;
use crate::snapshot::{Binding, MeshSnapshot, Refusal, SettingsOverride};

const MESH: &str = "---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {serviceAccountName: cart, containers: [{name: c, image: a}]}}}
---
apiVersion: v1
kind: Pod
metadata:
  {name: cart-7d4f-x, namespace: shop, labels: {app: cart, pod-template-hash: 7d4f}, annotations: {ambient.istio.io/redirection: enabled},
   ownerReferences: [{controller: true, kind: ReplicaSet, name: cart-7d4f}]}
spec: {serviceAccountName: cart, nodeName: n1, containers: [{name: c}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, clusterIP: 10.96.0.1, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-abc, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
endpoints: []
";

const POLICY: &str = "---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec: {rules: RULES}
";

fn edits(overlay: &str, without: &[&str]) -> Edits {
    let without = without.iter().map(|typed| Removal::parse(typed).unwrap()).collect();
    Edits { overlay: objects(overlay), without, ..Edits::default() }
}

fn after(mesh: &str, edits: &Edits) -> MeshSnapshot {
    let objects = edits.apply(objects(mesh), "shop").unwrap();
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

fn workloads(snapshot: &MeshSnapshot) -> Vec<String> {
    snapshot.workloads.iter().map(|workload| workload.reference.to_string()).collect()
}

fn deployment(spec: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: cart, namespace: shop}}\nspec: {spec}\n"
    )
}

#[test]
fn a_template_takes_the_place_of_its_pods_when_they_would_be_others() {
    let template = |labels: &str, account: &str, image: &str| {
        deployment(&format!(
            "{{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{serviceAccountName: {account}, \
             containers: [{{name: c, image: {image}}}]}}}}}}"
        ))
    };
    for (overlay, left) in [
        (template("app: cart", "cart", "a"), "pod/shop/cart-7d4f-x"),
        (template("app: cart", "cart", "b"), "pod/shop/cart-7d4f-x"),
        (template("app: cart, tier: x", "cart", "a"), "deploy/shop/cart"),
        (template("app: cart", "other", "a"), "deploy/shop/cart"),
        (deployment("{replicas: 0, template: {metadata: {labels: {app: cart}}}}"), "deploy/shop/cart"),
    ] {
        assert_eq!(workloads(&after(MESH, &edits(&overlay, &[]))), [left], "{overlay}");
    }
}

#[test]
fn what_others_than_its_author_fill_in_stays() {
    let overlay = "---
apiVersion: v1
kind: Pod
metadata: {name: cart-7d4f-x, namespace: shop, labels: {app: other}}
spec: {serviceAccountName: cart, containers: [{name: c}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: other}, ports: [{port: 81}]}
";
    let snapshot = after(MESH, &edits(overlay, &[]));
    let pod = &snapshot.workloads[0];
    assert_eq!(
        (pod.reference.to_string().as_str(), pod.labels.get("app")),
        ("pod/shop/cart-7d4f-x", Some("other"))
    );
    assert_eq!((pod.addresses.len(), pod.node.as_deref()), (1, Some("n1")));
    assert_eq!((pod.capture.data_plane, pod.capture.certainty), (DataPlane::Ambient, Certainty::Fact));
    assert_eq!(snapshot.services[0].addresses, ["10.96.0.1".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(snapshot.services[0].ports[0].port, 81);
}

#[test]
fn what_is_replaced_or_taken_away_takes_its_gap_with_it() {
    let broken = format!("{MESH}{}", POLICY.replace("RULES", "7"));
    let gaps = |edits: &Edits| after(&broken, edits).gaps.len();
    assert_eq!(gaps(&Edits::default()), 1);
    assert_eq!(gaps(&edits(&POLICY.replace("RULES", "[{}]"), &[])), 0);
    assert_eq!(gaps(&edits("", &["AuthorizationPolicy/shop/p"])), 0);
    // And the other way round: what was good and is broken now is not known.
    let good = format!("{MESH}{}", POLICY.replace("RULES", "[{}]"));
    let snapshot = after(&good, &edits(&POLICY.replace("RULES", "7"), &[]));
    assert_eq!((snapshot.authorization_policies.len(), snapshot.unreadable.len()), (0, 1));
    // A document that is known by name only in its gap.
    let cut = format!(
        "{MESH}---\napiVersion: v1\nkind: Service\nmetadata:\n  name: x\n  namespace: shop\nspec: {{a: [\n"
    );
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: shop}\nspec: {ports: [{port: 1}]}\n";
    assert_eq!(after(&cut, &Edits::default()).gaps.len(), 1);
    assert_eq!(after(&cut, &edits(service, &[])).gaps.len(), 0);
}

#[test]
fn what_is_taken_away_takes_what_is_made_of_it_with_it() {
    let left = |without: &[&str]| {
        let mut objects = edits("", without).apply(objects(MESH), "shop").unwrap();
        References::of(&mut objects).0.iter().map(ToString::to_string).collect::<BTreeSet<_>>()
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(left(&["deploy/cart"]), names(&["ns/shop", "svc/shop/cart", "EndpointSlice/shop/cart-abc"]));
    assert_eq!(left(&["service/shop/cart"]), names(&["ns/shop", "deploy/shop/cart", "pod/shop/cart-7d4f-x"]));
    assert_eq!(left(&["ns/shop"]), names(&[]));
    assert_eq!(left(&["svc/cart", "endpointslices.discovery.k8s.io/cart-abc"]).len(), 3);
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    let error = |without: &str| edits("", &[without]).apply(objects(MESH), "shop").map(drop).unwrap_err();
    let near = error("deploy/shop/cartt");
    assert_eq!(near.message, "no deploy `cartt` in namespace `shop`");
    assert_eq!(near.hints, ["did you mean `deploy/shop/cart`?"]);
    assert_eq!(error("svc/other/cart").hints, ["did you mean `svc/shop/cart`?"]);
    for (typed, message) in [
        ("cart", "`cart` is not KIND/NAMESPACE/NAME or KIND/NAME"),
        ("deploy//cart", "`deploy//cart` is not KIND/NAMESPACE/NAME or KIND/NAME"),
        ("secret/shop/x", "`secret` is not a kind that is read"),
        ("ns/shop/x", "`ns/shop/x`: a Namespace stands in no namespace"),
    ] {
        assert_eq!(Removal::parse(typed).unwrap_err().message, message);
    }
}

#[test]
fn an_enrolled_namespace_takes_in_what_istio_cni_would() {
    let pod = |name: &str, metadata: &str, spec: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: plain, {metadata}}}\n\
             spec: {{{spec}}}\nstatus: {{podIP: 10.1.0.1}}\n"
        )
    };
    let proxy = "containers: [{name: istio-proxy}]";
    let mesh = [
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: plain}\n".to_owned(),
        pod("a-fact", "labels: {app: x}", ""),
        pod("b-pending", "annotations: {ambient.istio.io/redirection: pending}", ""),
        pod("c-host", "labels: {app: x}", "hostNetwork: true"),
        pod("d-sidecar", "annotations: {sidecar.istio.io/status: x}", proxy),
        pod("e-out", "labels: {istio.io/dataplane-mode: none}", ""),
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: f, namespace: plain}\nspec: {template: {}}\n".to_owned(),
    ]
    .concat();
    let ambient = BTreeSet::from([Name::from("plain")]);
    let snapshot = after(&mesh, &Edits { ambient, ..Edits::default() });
    let seen: Vec<_> = snapshot
        .workloads
        .iter()
        .map(|w| (&*w.reference.name, w.capture.data_plane, w.capture.certainty == Certainty::Assumed))
        .collect();
    use DataPlane::{Ambient, None as Nothing, Sidecar};
    let expected = [
        ("f", Ambient, true),
        ("a-fact", Ambient, true),
        ("b-pending", Ambient, true),
        ("c-host", Nothing, false),
        ("d-sidecar", Sidecar, false),
        ("e-out", Nothing, false),
    ];
    assert_eq!(
        BTreeSet::from(expected.map(|of| format!("{of:?}"))),
        seen.iter().map(|of| format!("{of:?}")).collect()
    );
    assert!(snapshot.workloads.iter().all(|w| w.capture.serving != crate::model::Serving::Pending));
    let unknown = Edits { ambient: BTreeSet::from([Name::from("plian")]), ..Edits::default() };
    let error = unknown.apply(objects(&mesh), "x").map(drop).unwrap_err();
    assert_eq!(
        (error.message.as_str(), error.hints),
        ("no namespace `plian`", vec!["did you mean `ns/plain`?".to_owned()])
    );
}

#[test]
fn a_flag_that_is_given_counts_whatever_istiod_says() {
    let istiod = |env: &str| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: istiod, namespace: istio-system}}\nspec: \
             {{template: {{metadata: {{labels: {{app: istiod}}}}, spec: {{containers: [{{name: d, env: [{env}]}}]}}}}}}\n"
        )
    };
    let ambient = "{name: PILOT_ENABLE_AMBIENT, value: 'true'}";
    let on = "{name: AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY, value: 'true'}";
    let flag = |name: &str| KnownFlag::named(name).unwrap();
    let dry_run = flag("AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY");
    for (mesh, given, sends) in [
        (String::new(), vec![(dry_run, true)], true),
        (istiod(ambient), vec![], false),
        (istiod(ambient), vec![(dry_run, true)], true),
        (istiod(&format!("{ambient}, {on}")), vec![(dry_run, false)], false),
        // pilot/pkg/features/ambient.go: without PILOT_ENABLE_AMBIENT it counts as off.
        (istiod(""), vec![(dry_run, true)], false),
        (istiod(""), vec![(dry_run, true), (flag("PILOT_ENABLE_AMBIENT"), true)], true),
    ] {
        let edits = Edits { istiod: given.clone(), ..Edits::default() };
        assert_eq!(after(&mesh, &edits).settings.istiod.sends_dry_run, sends, "{mesh} {given:?}");
    }
    assert_eq!(KnownFlag::named("PILOT_ENABLE_ALPHA"), None);
}

/// Files may not tell of every Gateway; of one that is taken away it is known that it is not there.
#[test]
fn a_gateway_that_is_taken_away_stands_in_front_of_nothing() {
    let mesh = "---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/use-waypoint: wp}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: wp, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
status: {addresses: [{type: IPAddress, value: 10.96.0.9}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: wp, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: wp, gateway.istio.io/managed: istio.io-mesh-controller}}
spec: {template: {spec: {containers: [{name: istio-proxy}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: own, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: wp}}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, clusterIP: 10.96.0.1, ports: [{port: 80}]}
";
    let gateway = ResourceRef::new(Kind::Gateway, "shop", "wp");
    let binding = |snapshot: &MeshSnapshot| snapshot.waypoint_of_service(&snapshot.services[0]);
    let before = after(mesh, &edits("", &[]));
    assert_eq!((binding(&before), workloads(&before).len()), (Binding::Bound(gateway.clone()), 2));
    let without = after(mesh, &edits("", &["Gateway/shop/wp"]));
    assert_eq!(binding(&without), Binding::Refused(gateway.clone(), Refusal::NotReady));
    assert_eq!(workloads(&without), ["deploy/shop/own"]);
    // Of others nothing is known still.
    let other = mesh.replace("use-waypoint: wp", "use-waypoint: other");
    let other = after(&other, &edits("", &["Gateway/shop/wp"]));
    assert_eq!(binding(&other), Binding::Unknown(ResourceRef::new(Kind::Gateway, "shop", "other")));
}
