//! A big mesh as `kubectl get … -o json` prints it: ordinary in everything but its size.

use serde_json::{Value, json};

use crate::Random;

mod sidecars;

pub use sidecars::with_sidecars;

/// How big.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Pods, four to a Deployment.
    pub pods: usize,
    /// Namespaces, nearly all of them enrolled.
    pub namespaces: usize,
    /// Accounts, spread over the namespaces.
    pub accounts: usize,
    /// AuthorizationPolicies, most of them for one workload.
    pub policies: usize,
}

impl Size {
    /// The size that the benchmarks are about.
    pub const FULL: Self = Self { pods: 10_000, namespaces: 400, accounts: 2_000, policies: 5_000 };

    /// A part of [`Size::FULL`], in percent.
    #[must_use]
    pub const fn percent(percent: usize) -> Self {
        Self {
            pods: 10_000 * percent / 100,
            namespaces: 400 * percent / 100,
            accounts: 2_000 * percent / 100,
            policies: 5_000 * percent / 100,
        }
    }
}

const PODS_OF_A_DEPLOYMENT: usize = 4;
const PORT: u16 = 8080;

/// The objects of a mesh.
#[must_use]
pub fn mesh(seed: u64, size: Size) -> Vec<Value> {
    let mut mesh = Maker { random: Random::new(seed), size, objects: Vec::new() };
    mesh.settings();
    for index in 0..size.namespaces {
        mesh.namespace(index);
    }
    for index in 0..size.accounts {
        mesh.account(index);
    }
    for index in 0..size.pods / PODS_OF_A_DEPLOYMENT {
        mesh.deployment(index);
    }
    for index in 0..size.policies {
        mesh.policy(index);
    }
    mesh.objects
}

/// The objects as one `List`, indented as kubectl indents.
#[must_use]
pub fn list(objects: &[Value]) -> String {
    let list =
        json!({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}});
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    let written = serde::Serialize::serialize(&list, &mut serializer);
    debug_assert!(written.is_ok(), "values have a text");
    String::from_utf8(out).unwrap_or_default()
}

struct Maker {
    random: Random,
    size: Size,
    objects: Vec<Value>,
}

impl Maker {
    fn settings(&mut self) {
        let mesh = "trustDomain: cluster.local\nrootNamespace: istio-system\n";
        self.objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"mesh": mesh},
            "metadata": {"name": "istio", "namespace": "istio-system"},
        }));
        self.objects.push(json!({
            "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": metadata("istio-system", "default", &json!({})), "spec": {"mtls": {"mode": "STRICT"}},
        }));
    }

    fn namespace(&mut self, index: usize) {
        let mode = if index % 20 == 19 { json!({}) } else { json!({"istio.io/dataplane-mode": "ambient"}) };
        self.objects.push(json!({
            "apiVersion": "v1", "kind": "Namespace", "spec": {"finalizers": ["kubernetes"]},
            "metadata": {"name": namespace(index), "labels": mode, "uid": uid(&mut self.random)},
            "status": {"phase": "Active"},
        }));
    }

    fn account(&mut self, index: usize) {
        let (namespace, name) = self.account_of(index);
        self.objects.push(json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(&namespace, &name, &json!({})),
        }));
    }

    fn account_of(&self, index: usize) -> (String, String) {
        (namespace(index % self.size.namespaces), format!("account-{}", index / self.size.namespaces))
    }

    /// A Service, and the pods behind it.
    fn deployment(&mut self, index: usize) {
        let (namespace, account) = self.account_of(index);
        let name = format!("app-{index}");
        let captured = index % self.size.namespaces % 20 != 19;
        self.objects.push(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(&namespace, &name, &json!({})),
            "spec": {
                "clusterIP": format!("10.96.{}.{}", index / 250, index % 250 + 1),
                "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}],
                "selector": {"app.kubernetes.io/name": name}, "type": "ClusterIP",
            },
        }));
        for replica in 0..PODS_OF_A_DEPLOYMENT {
            let pod = self.pod(index, replica, &namespace, &account, captured);
            self.objects.push(pod);
        }
    }

    fn pod(&mut self, index: usize, replica: usize, namespace: &str, account: &str, captured: bool) -> Value {
        let app = format!("app-{index}");
        let hash = format!("{:08x}", index * 2_654_435 % 0xffff_ffff);
        let name = format!("{app}-{hash}-{}", uid(&mut self.random).get(..5).unwrap_or("xxxxx"));
        let address =
            format!("10.{}.{}.{}", 32 + index / 10_000, index / 60 % 250, index % 60 * 4 + replica + 1);
        let labels = json!({
            "app.kubernetes.io/name": app, "app.kubernetes.io/part-of": namespace,
            "app.kubernetes.io/version": "1.4.2", "pod-template-hash": hash,
        });
        let mut meta = metadata(namespace, &name, &labels);
        meta["generateName"] = json!(format!("{app}-{hash}-"));
        meta["uid"] = json!(uid(&mut self.random));
        meta["ownerReferences"] = json!([{
            "apiVersion": "apps/v1", "blockOwnerDeletion": true, "controller": true, "kind": "ReplicaSet",
            "name": format!("{app}-{hash}"), "uid": uid(&mut self.random),
        }]);
        if captured {
            meta["annotations"] = json!({"ambient.istio.io/redirection": "enabled"});
        }
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": meta,
            "spec": pod_spec(account, index + replica), "status": pod_status(&address),
        })
    }

    /// Nine in ten are for one workload; most deny everyone but a few callers.
    fn policy(&mut self, index: usize) {
        let deployments = (self.size.pods / PODS_OF_A_DEPLOYMENT).max(1);
        let (namespace, _) = self.account_of(index % deployments);
        let callers: Vec<String> = (0..1 + self.random.below(6))
            .map(|_| {
                let caller = self.random.below(self.size.accounts);
                let (namespace, account) = self.account_of(caller);
                format!("cluster.local/ns/{namespace}/sa/{account}")
            })
            .collect();
        let mut spec = if self.random.chance(75) {
            json!({"action": "DENY", "rules": [{"from": [{"source": {"notPrincipals": callers}}]}]})
        } else {
            let to = json!([{"operation": {"ports": [PORT.to_string()]}}]);
            json!({"action": "ALLOW", "rules": [{"from": [{"source": {"principals": callers}}], "to": to}]})
        };
        if index % 10 != 9 {
            let app = format!("app-{}", index % deployments);
            spec["selector"] = json!({"matchLabels": {"app.kubernetes.io/name": app}});
        }
        self.objects.push(json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": metadata(&namespace, &format!("policy-{index}"), &json!({})), "spec": spec,
        }));
    }
}

fn namespace(index: usize) -> String {
    format!("team-{index}")
}

fn metadata(namespace: &str, name: &str, labels: &Value) -> Value {
    json!({
        "creationTimestamp": "2026-10-04T08:15:30Z", "labels": labels, "name": name, "namespace": namespace,
        "resourceVersion": "184203",
    })
}

fn uid(random: &mut Random) -> String {
    let (a, b) = (random.bits(), random.bits());
    format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, a & 0xffff, a >> 16 & 0xfff, b & 0xfff, b >> 16)
}

fn pod_spec(account: &str, node: usize) -> Value {
    json!({
        "containers": [{
            "name": "app", "image": "registry.example.com/team/app:1.4.2", "imagePullPolicy": "IfNotPresent",
            "env": [
                {"name": "LOG_LEVEL", "value": "info"},
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            ],
            "ports": [{"containerPort": PORT, "name": "http", "protocol": "TCP"}],
            "readinessProbe": {
                "failureThreshold": 3, "httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"},
                "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1,
            },
            "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            "volumeMounts": [{
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "kube-api-access",
                "readOnly": true,
            }],
        }],
        "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "nodeName": format!("node-{}", node % 100),
        "preemptionPolicy": "PreemptLowerPriority", "priority": 0, "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "securityContext": {"runAsNonRoot": true},
        "serviceAccount": account, "serviceAccountName": account, "terminationGracePeriodSeconds": 30,
        "tolerations": [
            {"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300},
            {"effect": "NoExecute", "key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 300},
        ],
        "volumes": [{"name": "kube-api-access", "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        ]}}],
    })
}

fn pod_status(address: &str) -> Value {
    let at = "2026-10-04T08:15:42Z";
    let condition =
        |name: &str| json!({"lastProbeTime": null, "lastTransitionTime": at, "status": "True", "type": name});
    json!({
        "conditions": [condition("Initialized"), condition("Ready"), condition("ContainersReady"), condition("PodScheduled")],
        "containerStatuses": [{
            "containerID": "containerd://0f3c9f1c7a0e", "image": "registry.example.com/team/app:1.4.2",
            "imageID": "registry.example.com/team/app@sha256:9f3b", "lastState": {}, "name": "app", "ready": true,
            "restartCount": 0, "started": true, "state": {"running": {"startedAt": at}},
        }],
        "hostIP": "192.0.2.10", "hostIPs": [{"ip": "192.0.2.10"}], "phase": "Running", "podIP": address,
        "podIPs": [{"ip": address}], "qosClass": "Burstable", "startTime": at,
    })
}
