use std::collections::BTreeSet;

use mesh_testkit::{large, odd, seed};
use serde_json::{Value, json};

use super::test_pages::{kept, raw, seen, uncut};
use super::{Contents, anonymous, check_target, keep, read, table, write};
use crate::snapshot::{
    CONFIG_MAP_KEYS, Detail, Extent, MeshSnapshot, NotRead, Objects, RESOURCES, Resource, SettingsOverride,
    Silent, Why,
};

/// Who may create pods, by every way that is read.
pub(super) fn rbac() -> Vec<Value> {
    let role = |kind: &str, name: &str, rules: Value| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "rules": rules,
            "metadata": {"name": name, "namespace": "shop"}})
    };
    let binding = |kind: &str, name: &str, role: Value, subject: Value| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "roleRef": role, "subjects": [subject],
            "metadata": {"name": name, "namespace": "shop"}})
    };
    let deploys = json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create", "get"]},
        {"apiGroups": ["acme.com"], "resources": ["tills/status"], "resourceNames": ["till"], "verbs": ["*"]}]);
    let mut aggregated = role("ClusterRole", "aggregated", json!(null));
    aggregated["aggregationRule"] =
        json!({"clusterRoleSelectors": [{"matchLabels": {"acme.com/x": "true"}}]});
    vec![
        role("Role", "deployer", deploys),
        role("ClusterRole", "reader", json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}])),
        aggregated,
        binding(
            "RoleBinding",
            "a",
            json!({"kind": "Role", "name": "deployer"}),
            json!({"kind": "ServiceAccount", "name": "ci", "namespace": "build"}),
        ),
        binding(
            "RoleBinding",
            "b",
            json!({"kind": "ClusterRole", "name": "edit"}),
            json!({"kind": "User", "name": "alice@acme.com"}),
        ),
        binding(
            "RoleBinding",
            "c",
            json!({"kind": "ClusterRole", "name": "aggregated"}),
            json!({"kind": "Group", "name": "developers"}),
        ),
        binding(
            "ClusterRoleBinding",
            "d",
            json!({"kind": "ClusterRole", "name": "cluster-admin"}),
            json!({"kind": "Group", "name": "system:masters"}),
        ),
        binding(
            "ClusterRoleBinding",
            "e",
            json!({"kind": "ClusterRole", "name": "reader"}),
            json!({"kind": "Group", "name": "system:authenticated"}),
        ),
    ]
}

/// Every corner of a mesh that has settings, templates and RBAC.
fn corners() -> Vec<Value> {
    let pod = json!({
        "serviceAccountName": "web", "serviceAccount": "web", "nodeName": "n1", "hostNetwork": true,
        "containers": [{"name": "app", "image": "acme/app:1", "restartPolicy": "Always",
            "ports": [{"name": "http", "containerPort": 80, "hostPort": 8080, "protocol": "UDP"}]}],
        "initContainers": [{"name": "init", "restartPolicy": "Always", "ports": [{"containerPort": 9}]}],
    });
    let istiod = json!({
        "containers": [{"name": "discovery", "image": "istio/pilot:1.28.2", "env": [
            {"name": "REVISION", "value": "canary"}, {"name": "PILOT_ENABLE_AMBIENT", "value": "true"},
            {"name": "PILOT_AUTO_ALLOW_WAYPOINT_POLICY", "value": "1"},
            {"name": "AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY", "value": "T"},
        ]}],
    });
    let meta =
        |name: &str| json!({"name": name, "namespace": "shop", "labels": {"app": name, "x.acme.com/y": "z"}});
    let template = |labels: Value, spec: &Value| json!({"metadata": {"labels": labels}, "spec": spec});
    let object = |version: &str, kind: &str, name: &str, spec: Value| json!({"apiVersion": version, "kind": kind, "metadata": meta(name), "spec": spec});
    let web = template(json!({"app": "web"}), &pod);
    let selector = json!({"matchLabels": {"app": "web"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]});
    let mesh = "trustDomain: acme.com\nrootNamespace: mesh-root\ndiscoverySelectors:\n\
                - matchExpressions: [{key: tier, operator: NotIn, values: [dev]}]\n\
                - matchLabels: {istio.io/rev: canary}\n\
                defaultConfig:\n  proxyMetadata: {TOKEN: s3cr3t}\n";
    let enablement = "- podSelector: {matchLabels: {mode: on}}\n  namespaceSelector: {}\n";
    let mut objects = vec![
        json!({"apiVersion": "v1", "kind": "Namespace",
               "metadata": {"name": "shop", "labels": {"istio.io/use-waypoint": "wp", "tier": "a"}}}),
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("web")}),
        json!({"apiVersion": "v1", "kind": "Pod", "spec": pod,
            "metadata": {"name": "web-1", "namespace": "shop", "creationTimestamp": "2026-10-04T08:15:30Z",
                "deletionTimestamp": "2026-10-05T08:15:30Z",
                "annotations": {"ambient.istio.io/redirection": "enabled", "sidecar.istio.io/inject": "false",
                    "kubectl-mesh/ignore": "MESH0107"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": true}]},
            "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}],
                "conditions": [{"type": "Ready", "status": "True"}]}}),
        json!({"apiVersion": "v1", "kind": "Pod", "spec": istiod,
               "metadata": {"name": "istiod-1", "namespace": "istio-system", "labels": {"app": "istiod"}}}),
        object(
            "apps/v1",
            "Deployment",
            "istiod",
            json!({"template": template(json!({"app": "istiod"}), &istiod)}),
        ),
        object("batch/v1", "CronJob", "cron", json!({"jobTemplate": {"spec": {"template": web}}})),
        object(
            "v1",
            "Service",
            "web",
            json!({
            "selector": {"app": "web"}, "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd01::1"],
            "type": "ClusterIP", "publishNotReadyAddresses": true, "internalTrafficPolicy": "Local",
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]}),
        ),
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
            "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": false},
                "targetRef": {"kind": "Pod", "name": "web-1"}}]}),
        object(
            "networking.istio.io/v1",
            "WorkloadEntry",
            "vm",
            json!({"address": "10.9.9.9", "labels": {"app": "vm"}}),
        ),
        json!({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry",
            "metadata": {"name": "ext", "namespace": "shop"},
            "spec": {"hosts": ["ext.example"], "addresses": ["10.96.77.1", "10.97.0.0/16"], "location": "MESH_EXTERNAL",
                "resolution": "STATIC", "ports": [{"name": "http", "number": 80, "protocol": "HTTP", "targetPort": 8080}],
                "endpoints": [{"address": "192.0.2.9"}], "workloadSelector": {"labels": {"app": "vm"}}},
            "status": {"addresses": [{"host": "ext.example", "value": "240.240.0.1"}]}}),
        object(
            "networking.istio.io/v1",
            "DestinationRule",
            "dr",
            json!({"host": "web", "exportTo": ["*"], "workloadSelector": {"matchLabels": {"app": "web"}},
            "subsets": [{"name": "v1"}], "news": 1,
            "trafficPolicy": {
                "tls": {"mode": "ISTIO_MUTUAL", "subjectAltNames": ["spiffe://td/ns/shop/sa/web"]},
                "loadBalancer": {"simple": "PASSTHROUGH"}, "tunnel": {"targetHost": "a", "targetPort": 1},
                "portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "MUTUAL",
                    "clientCertificate": "a", "privateKey": "b", "credentialName": "c"}}]}}),
        ),
        object(
            "networking.istio.io/v1",
            "VirtualService",
            "vs",
            json!({"hosts": ["web"], "gateways": ["mesh"], "exportTo": ["."]}),
        ),
        object(
            "networking.istio.io/v1",
            "Sidecar",
            "sc",
            json!({"workloadSelector": {"labels": {"app": "web"}}, "ingress": [{"port": {"number": 80}}],
            "egress": [{"hosts": ["./*"], "bind": "::1", "captureMode": "NONE", "port": {"number": 80}}],
            "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY", "egressProxy": {"host": "a"}}, "news": 1}),
        ),
        object(
            "networking.istio.io/v1alpha3",
            "EnvoyFilter",
            "ef",
            json!({"workloadSelector": {"labels": {"app": "web"}}, "targetRefs": [{"name": "gw"}],
            "configPatches": [{"applyTo": "CLUSTER", "match": {"context": "GATEWAY"}}, {}]}),
        ),
        object(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            "route",
            json!({"parentRefs": [{"kind": "Service", "name": "web", "namespace": "shop"}]}),
        ),
        object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "np",
            json!({
            "podSelector": selector, "policyTypes": ["Ingress", "Egress"],
            "egress": [{"to": [{"podSelector": selector}]}, {}]}),
        ),
        object(
            "policy.networking.k8s.io/v1alpha1",
            "AdminNetworkPolicy",
            "anp",
            json!({"priority": 7, "subject": {"pods": {"namespaceSelector": selector, "podSelector": selector}},
            "ingress": [{"name": "in", "action": "Deny", "from": [{"namespaces": selector}],
                "ports": [{"portNumber": {"protocol": "TCP", "port": 80}}, {"namedPort": "web"}]}],
            "egress": [{"action": "Pass", "to": [{"networks": ["10.0.0.0/8"]}, {"nodes": selector}],
                "ports": [{"portRange": {"protocol": "TCP", "start": 1, "end": 9}}]}]}),
        ),
        object(
            "policy.networking.k8s.io/v1alpha1",
            "BaselineAdminNetworkPolicy",
            "default",
            json!({"subject": {"namespaces": {}}, "ingress": [{"action": "Deny",
                "from": [{"pods": {"namespaceSelector": {}, "podSelector": selector}}]}]}),
        ),
        object("cilium.io/v2", "CiliumNetworkPolicy", "cnp", json!({})),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "wp", "namespace": "shop",
                "annotations": {"ambient.istio.io/waypoint-inbound-binding": "PROXY/15088"}},
            "spec": {"gatewayClassName": "istio-waypoint", "listeners": [
                {"name": "mesh", "port": 15008, "protocol": "HBONE", "allowedRoutes": {"namespaces": {"from": "All"}}},
                {"name": "proxy", "port": 15088, "protocol": "istio.io/PROXY", "allowedRoutes":
                    {"namespaces": {"from": "Selector", "selector": selector}}}]},
            "status": {"addresses": [{"type": "Hostname", "value": "wp.shop.svc"}],
                "conditions": [{"type": "Accepted", "status": "True", "message": "s"}]},
        }),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
            "metadata": {"name": "istio-waypoint", "labels": {"istio.io/waypoint-for": "all"}},
        }),
        object(
            "security.istio.io/v1",
            "AuthorizationPolicy",
            "ap",
            json!({
            "selector": {"matchLabels": {"app": "web"}, "matchExpressions": []}, "action": "DENY",
            "rules": [{"from": [{"source": {"principals": ["a"], "remoteIpBlocks": ["10.0.0.0/8"], "newField": ["x"]}}],
                "to": [{"operation": {"hosts": ["h"], "paths": ["/p/{*}"], "notMethods": ["GET"]}}],
                "when": [{"key": "request.headers[x]", "values": ["v"], "notValues": ["w"]}]}]}),
        ),
        object(
            "security.istio.io/v1",
            "AuthorizationPolicy",
            "to-waypoint",
            json!({
            "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "wp"}],
            "action": "CUSTOM", "provider": {"name": "opa"}}),
        ),
        object(
            "security.istio.io/v1",
            "PeerAuthentication",
            "pa",
            json!({
            "selector": {"matchLabels": {"app": "web"}}, "mtls": {"mode": "STRICT"},
            "portLevelMtls": {"80": {"mode": "DISABLE"}}, "mode": "STRICT"}),
        ),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-canary", "namespace": "istio-system"},
            "data": {"mesh": mesh, "meshNetworks": "networks: {}"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-cni-config", "namespace": "kube-system"},
            "data": {"AMBIENT_ENABLEMENT_SELECTOR": enablement, "EXCLUDE_NAMESPACES": "kube-system, acme",
                "AMBIENT_ENABLED": "true", "NATIVE_NFTABLES": "true"}}),
    ];
    for kind in ["StatefulSet", "DaemonSet", "ReplicaSet"] {
        objects.push(object("apps/v1", kind, &kind.to_lowercase(), json!({"replicas": 0, "template": web})));
    }
    objects.push(object("batch/v1", "Job", "job", json!({"template": web})));
    objects.push(object("v1", "ReplicationController", "rc", json!({"template": web})));
    objects.extend(rbac());
    objects
}

fn snapshot(objects: Objects) -> MeshSnapshot {
    MeshSnapshot::build(objects, &SettingsOverride::default())
}

fn same(before: &Objects, after: &Objects, context: &str) {
    let (before, after) = (seen(before), seen(after));
    let differing = before.lines().zip(after.lines()).zip(1..).find(|((before, after), _)| before != after);
    assert_eq!(differing, None, "{context}");
    assert_eq!(before.len(), after.len(), "{context}");
}

fn same_for_the_engine(objects: &[Value], context: &str) {
    let (before, after) = (uncut(objects).objects(), kept(objects).objects());
    same(&before, &after, context);
    let settings = |objects: Objects| {
        let snapshot = snapshot(objects);
        format!("{:?} {:?}", snapshot.settings, snapshot.assumptions)
    };
    assert_eq!(settings(before), settings(after), "{context}");
}

#[test]
fn nothing_that_the_engine_sees_is_cut_off() {
    same_for_the_engine(&corners(), "corners");
    assert_eq!(snapshot(kept(&corners()).objects()).settings.mesh.trust_domain.as_str(), "acme.com");
    same_for_the_engine(&large::mesh(seed(), large::Size::percent(2)), "large");
    for seed in seed()..seed() + 500 {
        same_for_the_engine(&odd::cluster(seed), &format!("seed {seed}"));
    }
}

#[test]
fn what_is_kept_once_is_kept_again() {
    let mut objects = corners();
    objects.push(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "x"},
        "data": {"mesh": "trustDomain: [", "AMBIENT_ENABLEMENT_SELECTOR": "{}"}}),
    );
    objects.push(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-blank", "namespace": "x"},
        "data": {"mesh": "", "AMBIENT_ENABLEMENT_SELECTOR": " "}}),
    );
    for list in kept(&objects).lists {
        let resource = Resource::named(&list.resource).unwrap();
        assert_eq!(keep(resource, &list.text).unwrap(), list.text);
    }
    let gaps = snapshot(kept(&objects[objects.len() - 2..]).objects()).gaps;
    assert!(gaps.iter().any(|gap| gap.subject == "ConfigMap/x/istio"), "{gaps:?}");
}

#[test]
fn the_table_has_every_kind_and_every_setting() {
    for resource in RESOURCES.iter().filter(|resource| resource.detail == Detail::Whole) {
        assert!(table::KINDS.iter().any(|(kind, _)| *kind == resource.kind), "{}", resource.kind);
    }
    let (_, rows) = table::KINDS.iter().find(|(kind, _)| *kind == "ConfigMap").unwrap();
    let (_, keys) = rows.iter().find(|(prefix, _)| *prefix == "data.").unwrap();
    let keys: BTreeSet<&str> = keys.iter().map(|key| key.split('{').next().unwrap()).collect();
    assert_eq!(keys, BTreeSet::from(CONFIG_MAP_KEYS));
}

const SECRET: &str = "s3cr3t";

/// Puts a secret wherever a person or a controller might.
fn plant(object: &mut Value) {
    let secret = json!(format!("{SECRET}-value"));
    let meta = &mut object["metadata"];
    meta["managedFields"] = json!([{"manager": secret, "fieldsV1": {"f:x": secret}}]);
    for key in [
        "kubectl.kubernetes.io/last-applied-configuration",
        "proxy.istio.io/config",
        "proxy.istio.io/overrides",
        "sidecar.istio.io/status",
        "sidecar.istio.io/userVolume",
        "kubectl-mesh/note",
        "s3cr3t-key",
    ] {
        meta["annotations"][key] = secret.clone();
    }
    meta["finalizers"] = json!([secret]);
    let probe = json!({"httpGet": {"httpHeaders": [{"name": "Authorization", "value": secret}]}, "exec": {"command": [secret]}});
    let pods = match object["kind"].as_str().unwrap() {
        "Pod" => vec![&mut object["spec"]],
        "CronJob" => vec![&mut object["spec"]["jobTemplate"]["spec"]["template"]["spec"]],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {
            object["spec"]["template"]["metadata"]["annotations"]["x.istio.io/y"] = secret.clone();
            vec![&mut object["spec"]["template"]["spec"]]
        }
        "ConfigMap" => {
            object["data"]["s3cr3t"] = secret.clone();
            object["binaryData"] = json!({"x": secret});
            vec![]
        }
        "ServiceAccount" => {
            object["secrets"] = json!([{"name": secret}]);
            object["imagePullSecrets"] = json!([{"name": secret}]);
            vec![]
        }
        "Service" => {
            object["status"] = json!({"conditions": [{"message": secret}]});
            vec![]
        }
        _ => vec![],
    };
    for spec in pods {
        spec["volumes"] = json!([{"name": secret, "secret": {"secretName": secret}}]);
        spec["imagePullSecrets"] = json!([{"name": secret}]);
        spec["hostAliases"] = json!([{"hostnames": [secret]}]);
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            if spec[list].is_null() {
                spec[list] = json!([{"name": "c"}]);
            }
            for container in spec[list].as_array_mut().unwrap() {
                let mut env = container["env"].as_array().cloned().unwrap_or_default();
                env.push(json!({"name": "PASSWORD", "value": secret}));
                env.push(
                    json!({"name": "s3cr3t", "valueFrom": {"secretKeyRef": {"name": secret, "key": secret}}}),
                );
                env.push(json!({"name": "REVISION", "valueFrom": {"secretKeyRef": {"name": secret, "key": secret}}}));
                container["env"] = json!(env);
                container["envFrom"] = json!([{"secretRef": {"name": secret}}]);
                container["args"] = json!([secret]);
                container["command"] = json!(["sh", "-c", secret]);
                container["livenessProbe"] = probe.clone();
                container["lifecycle"] = json!({"postStart": probe});
            }
        }
    }
}

fn unpacked(path: &std::path::Path) -> Vec<(String, String)> {
    use std::io::Read;
    let file = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    let mut archive = tar::Archive::new(file);
    let text = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        let _: usize = Read::read_to_string(&mut entry, &mut text).unwrap();
        (entry.path().unwrap().display().to_string(), text)
    };
    archive.entries().unwrap().map(text).collect()
}

#[test]
fn no_secret_gets_into_a_file() {
    let mut objects = corners();
    objects.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": "shop"}, "data": {}}));
    objects.push(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-x", "namespace": "shop"},
        "data": {"mesh": "broken: [s3cr3t"}}),
    );
    objects.iter_mut().for_each(plant);
    // An environment is kept of istiod only.
    let of_app =
        &mut objects.iter_mut().find(|object| object["metadata"]["name"] == "web-1").unwrap()["spec"];
    of_app["containers"][0]["env"] = json!([{"name": "REVISION", "value": SECRET}]);
    let folder = tempfile::tempdir().unwrap();
    // Whatever is given to be written, cut or not.
    for (name, contents) in [("kept", kept(&objects)), ("uncut", uncut(&objects))] {
        for redact in [false, true] {
            let path = folder.path().join(format!("{name}-{redact}.tar.gz"));
            write(&path, &contents, redact).unwrap();
            let files = unpacked(&path);
            assert!(files.len() > RESOURCES.len());
            for (file, text) in files {
                assert!(!text.contains(SECRET), "{name}: {file}: {text}");
                assert!(file != "lists/pods.json" || text.contains("canary"), "{text}");
            }
        }
    }
    for list in kept(&objects).lists {
        assert!(!list.text.contains(SECRET), "{}", list.text);
    }
    assert!(raw(&objects).iter().any(|list| list.text.contains(SECRET)));
}

fn not_read() -> Vec<NotRead> {
    let one = |resource: &str, extent, why| NotRead { resource: resource.to_owned(), extent, why };
    let all_but_two = Extent::one("a").union(Extent::one("b")).complement();
    vec![
        one("pods", Extent::one("secretive"), Why::Forbidden),
        one("nodes", Extent::all(), Why::NotAsked),
        one(
            "networkpolicies.networking.k8s.io",
            all_but_two,
            Why::TimedOut("no answer of https://10.0.0.1".to_owned()),
        ),
        one("ciliumnetworkpolicies.cilium.io", Extent::all(), Why::Missing),
        one("services", Extent::all(), Why::Failed("the user `alice` is nobody".to_owned())),
    ]
}

/// What is told to whoever saves is not told to whoever is sent the file.
#[test]
fn what_a_server_or_a_plugin_said_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    for redact in [false, true] {
        write(&path, &Contents { not_read: not_read(), ..Contents::default() }, redact).unwrap();
        let whys = |lists: &[NotRead]| lists.iter().map(|list| list.why.clone()).collect::<Vec<_>>();
        let read = whys(&read(&path, &Silent).unwrap().contents.not_read);
        let said = not_read();
        let anonymous: Vec<NotRead> = said.iter().map(anonymous).collect();
        assert_eq!(read, whys(&anonymous));
        let said = format!("{read:?}");
        assert!(!said.contains("alice") && !said.contains("10.0.0.1"), "{said}");
    }
}

#[test]
fn a_bundle_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    for (name, objects) in [("corners", corners()), ("odd", odd::cluster(seed())), ("nothing", Vec::new())] {
        let said = not_read();
        let mut contents = Contents { not_read: said.iter().map(anonymous).collect(), ..kept(&objects) };
        // Nothing is said of what the API server does not have.
        contents.lists.retain(|list| !list.resource.contains("calico"));
        for list in &mut contents.lists {
            sort(list);
        }
        let written = write(&path, &contents, false).unwrap();
        assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());
        let bundle = read(&path, &Silent).unwrap();
        same(&bundle.objects(), &contents.objects(), name);
        assert_eq!(bundle.objects().not_read, contents.objects().not_read);
        assert_eq!(bundle.contents.not_read, contents.not_read);
        assert!(contents.nothing_said().len() > 2);
        assert_eq!((bundle.redacted, &*bundle.version), (false, env!("CARGO_PKG_VERSION")));
        let metadata = |of: &Contents| [of.namespace.clone(), of.source.clone(), of.created_at.clone()];
        assert_eq!(metadata(&bundle.contents), metadata(&contents));
    }
}

/// Puts the items of a list into the order of their names.
fn sort(list: &mut super::List) {
    let mut value: Value = serde_json::from_str(&list.text).unwrap();
    let key = |item: &Value| {
        let name = |field: &str| item["metadata"][field].as_str().unwrap_or_default().to_owned();
        format!("{}/{}", name("namespace"), name("name"))
    };
    value["items"].as_array_mut().unwrap().sort_by_cached_key(key);
    list.text = value.to_string();
}

#[test]
fn pages_of_one_resource_become_one_list() {
    let all = odd::cluster(7);
    let (first, second) = all.split_at(all.len() / 2);
    let mut paged = kept(first);
    paged.lists.extend(kept(second).lists);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    // Policies of two versions stand in one list of a server in one.
    let one_version = |list: &mut super::List| {
        if list.api_version.starts_with("security") {
            list.api_version = "security.istio.io/v1".to_owned();
        }
    };
    paged.lists.iter_mut().for_each(one_version);
    write(&path, &paged, false).unwrap();
    let bundle = read(&path, &Silent).unwrap();
    let mut whole = kept(&all);
    whole.lists.iter_mut().for_each(one_version);
    whole.lists.iter_mut().for_each(sort);
    same(&bundle.objects(), &whole.objects(), "pages");
}

#[test]
fn the_order_in_which_lists_came_says_nothing() {
    let mut contents = kept(&odd::cluster(5));
    let split = |list: &super::List| -> Vec<super::List> {
        let items: Vec<&serde_json::value::RawValue> = crate::decode::json::items(&list.text).unwrap();
        let page = |item: &&serde_json::value::RawValue| {
            let text = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{item}]}}"#);
            super::List { text, ..list.clone() }
        };
        let pages: Vec<_> = items.iter().rev().map(page).collect();
        if pages.is_empty() { vec![list.clone()] } else { pages }
    };
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    write(&a, &contents, false).unwrap();
    contents.lists = contents.lists.iter().rev().flat_map(split).collect();
    write(&b, &contents, false).unwrap();
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
}

#[test]
fn the_same_contents_give_the_same_bytes_and_only_we_may_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let contents = kept(&corners());
    std::fs::write(&b, "old").unwrap();
    for path in [&a, &b] {
        check_target(path).unwrap();
        write(path, &contents, false).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
    let lines = unpacked(&a);
    assert_eq!(lines[0].0, "bundle.json");
    let (_, pods) = lines.iter().find(|(name, _)| name == "lists/pods.json").unwrap();
    assert_eq!(pods.lines().count(), 4, "an item a line: {pods}");
    assert!(
        pods.lines().nth(1).unwrap().starts_with(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"#),
        "{pods}"
    );
}

#[test]
fn unpacked_lists_are_manifests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    write(&path, &kept(&corners()), false).unwrap();
    let mut objects = Objects::default();
    for (name, text) in unpacked(&path).into_iter().skip(1) {
        objects.append(crate::manifests::from_text(&name, &text, &crate::manifests::Options::default()));
    }
    let live = kept(&corners()).objects();
    assert_eq!(objects.pods.len(), live.pods.len());
    assert_eq!(objects.authorization_policies.len(), live.authorization_policies.len());
    assert_eq!(objects.templates.len(), live.templates.len());
    assert_eq!((objects.gaps.len(), objects.unreadable.len()), (0, 0));
}

#[test]
fn what_cannot_be_written_is_told_before_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name);
    let told = |name: &str| check_target(&inside(name)).unwrap_err().message;
    assert!(told("no/such/x.tar.gz").ends_with("cannot be written: there is no such file or directory"));
    std::fs::create_dir(inside("folder")).unwrap();
    assert!(told("folder").ends_with("it is a directory"));
    assert!(check_target(std::path::Path::new("/dev/null")).unwrap_err().message.ends_with("it is no file"));
    assert!(check_target(std::path::Path::new("")).is_err());
    let bad =
        super::List { resource: "pods".to_owned(), api_version: "v1".to_owned(), text: "{}".to_owned() };
    let contents = Contents { lists: vec![bad.clone()], ..Contents::default() };
    std::fs::write(inside("old"), "old").unwrap();
    let error = write(&inside("old"), &contents, false).unwrap_err();
    assert!(error.message.ends_with("cannot be written: the answer is no list"), "{error}");
    let unknown = super::List { resource: "secrets".to_owned(), ..bad };
    assert!(write(&inside("old"), &Contents { lists: vec![unknown], ..Contents::default() }, false).is_err());
    assert_eq!(std::fs::read_to_string(inside("old")).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "something was left behind");
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_what_it_leads_to_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (link, file) = (folder.path().join("link"), folder.path().join("file"));
    std::fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write(&link, &Contents::default(), false).unwrap();
    assert!(link.is_symlink());
    assert!(read(&file, &Silent).is_ok());
}
