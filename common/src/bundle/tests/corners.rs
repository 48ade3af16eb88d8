//! Every corner of a mesh that has settings, templates and RBAC.

use serde_json::{Value, json};

/// Who may create pods, by every way that is read.
pub(in crate::bundle) fn rbac() -> Vec<Value> {
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
pub(super) fn corners() -> Vec<Value> {
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
            json!({"workloadSelector": {"labels": {"app": "web"}}, "targetRefs": [{"name": "gw", "namespace": "shop"}],
            "configPatches": [{"applyTo": "CLUSTER", "match": {"context": "GATEWAY"}}, {}]}),
        ),
        object(
            "extensions.istio.io/v1alpha1",
            "WasmPlugin",
            "wasm",
            json!({"selector": {"matchLabels": {"app": "web"}}, "match": [{"mode": "SERVER"}, {}],
            "targetRef": {"kind": "Service", "name": "web"}, "url": "oci://a/b"}),
        ),
        object(
            "extensions.istio.io/v1alpha1",
            "TrafficExtension",
            "extension",
            json!({"targetRefs": [{"group": "", "kind": "Service", "name": "web", "namespace": "shop"}]}),
        ),
        object(
            "security.istio.io/v1",
            "RequestAuthentication",
            "tokens",
            json!({"jwtRules": [{"issuer": "a", "audiences": ["b"], "spaceDelimitedClaims": ["c"]}]}),
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
