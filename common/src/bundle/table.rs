//! What is kept of each kind: paths that are named here, and nothing else.
//!
//! An object of a cluster may hold secrets anywhere (environments, arguments, probes' headers, annotations,
//! `managedFields`, copies of itself), so that a list of what to leave out would never end. A path names a scalar,
//! or a list of scalars; lists on the way are not written. `*` stands for any key of a map, `**` for everything
//! below. Behind a path stands what its text is, for redaction: nothing: names; `=`: words of an API or a time,
//! which stay; `@`: the key of a label; `{…}`: what has to be looked into, see [`super::paths::Text`].

/// `metadata`, of objects and of templates.
const META: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "metadata.resourceVersion=",
    "metadata.generation",
    "metadata.creationTimestamp=",
    "metadata.deletionTimestamp=",
    "metadata.labels.*",
    "metadata.annotations.{annotations}",
    "metadata.ownerReferences.apiVersion",
    "metadata.ownerReferences.kind",
    "metadata.ownerReferences.name",
    "metadata.ownerReferences.uid",
    "metadata.ownerReferences.controller",
];

/// Of a pod's `spec`.
const POD: &[&str] = &[
    "serviceAccountName",
    "serviceAccount",
    "nodeName",
    "hostNetwork",
    "containers.name",
    "containers.image",
    "containers.restartPolicy=",
    "containers.ports.name",
    "containers.ports.containerPort",
    "containers.ports.hostPort",
    "containers.ports.protocol=",
    "containers.env{variables}",
    "initContainers.name",
    "initContainers.image",
    "initContainers.restartPolicy=",
    "initContainers.ports.name",
    "initContainers.ports.containerPort",
    "initContainers.ports.hostPort",
    "initContainers.ports.protocol=",
];

/// What became of a pod.
const POD_STATUS: &[&str] = &[
    "phase=",
    "podIP",
    "podIPs.ip",
    "hostIP",
    "hostIPs.ip",
    "startTime=",
    "containerStatuses.name",
    "containerStatuses.ready",
    "containerStatuses.restartCount",
    "containerStatuses.started",
];

/// `conditions`, without the messages that people and controllers write.
const CONDITIONS: &[&str] = &[
    "conditions.type",
    "conditions.status=",
    "conditions.reason",
    "conditions.observedGeneration",
    "conditions.lastTransitionTime=",
];

const SELECTOR: &[&str] =
    &["matchLabels.*", "matchExpressions.key@", "matchExpressions.operator=", "matchExpressions.values"];

const SERVICE: &[&str] = &[
    "type=",
    "selector.*",
    "clusterIP",
    "clusterIPs",
    "externalIPs",
    "externalName",
    "externalTrafficPolicy=",
    "healthCheckNodePort",
    "internalTrafficPolicy=",
    "ipFamilies=",
    "ipFamilyPolicy=",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "ports.name",
    "ports.port",
    "ports.targetPort",
    "ports.nodePort",
    "ports.protocol=",
    "ports.appProtocol",
    "publishNotReadyAddresses",
    "sessionAffinity=",
    "trafficDistribution=",
];

const ENDPOINT_SLICE: &[&str] = &[
    "addressType=",
    "ports.name",
    "ports.port",
    "ports.protocol=",
    "ports.appProtocol",
    "endpoints.addresses",
    "endpoints.conditions.ready",
    "endpoints.conditions.serving",
    "endpoints.conditions.terminating",
    "endpoints.hostname",
    "endpoints.nodeName",
    "endpoints.zone",
    "endpoints.targetRef.kind",
    "endpoints.targetRef.name",
    "endpoints.targetRef.namespace",
    "endpoints.targetRef.uid",
];

const WORKLOAD_ENTRY: &[&str] =
    &["address", "labels.*", "locality", "network", "ports.*", "serviceAccount", "weight"];

const SERVICE_ENTRY: &[&str] = &[
    "addresses",
    "endpoints.address",
    "hosts",
    "location=",
    "ports.name",
    "ports.number",
    "ports.protocol",
    "ports.targetPort",
    "resolution=",
    "workloadSelector.labels.*",
];

/// Of a DestinationRule's `trafficPolicy`, and of its settings for single ports. Certificates and names that a server
/// must have are names like others.
const TRAFFIC: &[&str] = &[
    "loadBalancer.simple=",
    "tls.mode=",
    "tls.clientCertificate",
    "tls.privateKey",
    "tls.credentialName",
    "tls.subjectAltNames",
    "port.number",
    "tunnel.targetHost",
    "tunnel.targetPort",
    "proxyProtocol.version=",
];
const SIDECAR: &[&str] = &[
    "**",
    "workloadSelector.labels.*",
    "ingress.port.number",
    "egress.hosts",
    "egress.port.number",
    "egress.bind",
    "egress.captureMode=",
    "outboundTrafficPolicy.mode=",
    "outboundTrafficPolicy.egressProxy.host",
];
const ENVOY_FILTER: &[&str] = &[
    "workloadSelector.labels.*",
    "targetRefs.group",
    "targetRefs.kind",
    "targetRefs.name",
    "targetRefs.namespace",
    "configPatches.applyTo=",
    "configPatches.match.context=",
];
const EXTENSION: Rows = &[
    ("", META),
    ("spec.", &["selector.matchLabels.*", "match.mode="]),
    ("spec.targetRef.", &["group", "kind", "namespace", "name"]),
    ("spec.targetRefs.", &["group", "kind", "namespace", "name"]),
];
const ROUTE: Rows = &[
    ("", META),
    ("spec.", &["parentRefs.group", "parentRefs.kind", "parentRefs.namespace", "parentRefs.name"]),
];

const GATEWAY: &[&str] = &[
    "gatewayClassName",
    "listeners.name",
    "listeners.port",
    "listeners.protocol",
    "listeners.allowedRoutes.namespaces.from=",
];

/// Of a NetworkPolicy's peer.
const NETWORK_PEER: &[&str] = &["ipBlock.cidr", "ipBlock.except"];
const NETWORK_PORT: &[&str] = &["ports.protocol=", "ports.port", "ports.endPort"];

const ADMIN_RULE: &[&str] = &[
    "name",
    "action=",
    "ports.portNumber.protocol=",
    "ports.portNumber.port",
    "ports.portRange.protocol=",
    "ports.portRange.start",
    "ports.portRange.end",
    "ports.namedPort",
];

/// A policy of Istio is kept whole: a field that is not known makes its answer unknown.
const AUTHORIZATION_POLICY: &[&str] = &[
    "**",
    "action=",
    "provider.name",
    "targetRef.group",
    "targetRef.kind",
    "targetRef.name",
    "targetRef.namespace",
    "targetRefs.group",
    "targetRefs.kind",
    "targetRefs.name",
    "targetRefs.namespace",
    "rules.when.key",
    "rules.when.values",
    "rules.when.notValues",
];
const SOURCE: &[&str] = &[
    "principals",
    "notPrincipals",
    "requestPrincipals",
    "notRequestPrincipals",
    "namespaces",
    "notNamespaces",
    "serviceAccounts",
    "notServiceAccounts",
    "trustDomains",
    "notTrustDomains",
    "ipBlocks",
    "notIpBlocks",
    "remoteIpBlocks",
    "notRemoteIpBlocks",
];
const OPERATION: &[&str] =
    &["hosts", "notHosts", "ports", "notPorts", "methods", "notMethods", "paths", "notPaths"];
const PEER_AUTHENTICATION: &[&str] = &["**", "selector.matchLabels.*", "mtls.mode=", "portLevelMtls.*.mode="];

const RULES: &[&str] =
    &["rules.apiGroups", "rules.resources", "rules.resourceNames", "rules.nonResourceURLs", "rules.verbs"];
const BINDING: &[&str] = &[
    "roleRef.apiGroup",
    "roleRef.kind",
    "roleRef.name",
    "subjects.apiGroup",
    "subjects.kind",
    "subjects.name",
    "subjects.namespace",
];

/// Paths below a place.
type Rows = &'static [(&'static str, &'static [&'static str])];

const TEMPLATE: Rows = &[
    ("", META),
    ("spec.", &["replicas"]),
    ("spec.selector.", SELECTOR),
    ("spec.template.", META),
    ("spec.template.spec.", POD),
    ("status.", &["replicas", "readyReplicas"]),
];
const ADMIN_NETWORK_POLICY: Rows = &[
    ("", META),
    ("spec.", &["**", "priority"]),
    ("spec.subject.namespaces.", SELECTOR),
    ("spec.subject.pods.namespaceSelector.", SELECTOR),
    ("spec.subject.pods.podSelector.", SELECTOR),
    ("spec.ingress.", ADMIN_RULE),
    ("spec.ingress.from.namespaces.", SELECTOR),
    ("spec.ingress.from.pods.namespaceSelector.", SELECTOR),
    ("spec.ingress.from.pods.podSelector.", SELECTOR),
    ("spec.egress.", ADMIN_RULE),
    ("spec.egress.to.", &["networks", "domainNames"]),
    ("spec.egress.to.nodes.", SELECTOR),
    ("spec.egress.to.namespaces.", SELECTOR),
    ("spec.egress.to.pods.namespaceSelector.", SELECTOR),
    ("spec.egress.to.pods.podSelector.", SELECTOR),
];
const ROLE: Rows = &[("", META), ("", RULES)];
const ROLE_BINDING: Rows = &[("", META), ("", BINDING)];

/// The kinds that are read whole.
pub(super) const KINDS: &[(&str, Rows)] = &[
    ("Pod", &[("", META), ("spec.", POD), ("status.", POD_STATUS), ("status.", CONDITIONS)]),
    ("Deployment", TEMPLATE),
    ("StatefulSet", TEMPLATE),
    ("DaemonSet", TEMPLATE),
    ("ReplicaSet", TEMPLATE),
    ("ReplicationController", TEMPLATE),
    (
        "Job",
        &[
            ("", META),
            ("spec.selector.", SELECTOR),
            ("spec.template.", META),
            ("spec.template.spec.", POD),
            ("status.", CONDITIONS),
        ],
    ),
    (
        "CronJob",
        &[
            ("", META),
            ("spec.jobTemplate.", META),
            ("spec.jobTemplate.spec.template.", META),
            ("spec.jobTemplate.spec.template.spec.", POD),
        ],
    ),
    ("Service", &[("", META), ("spec.", SERVICE), ("status.", &["loadBalancer.ingress.ip"])]),
    ("EndpointSlice", &[("", META), ("", ENDPOINT_SLICE)]),
    ("WorkloadEntry", &[("", META), ("spec.", WORKLOAD_ENTRY)]),
    (
        "ServiceEntry",
        &[("", META), ("spec.", SERVICE_ENTRY), ("status.", &["addresses.host", "addresses.value"])],
    ),
    (
        "DestinationRule",
        &[
            ("", META),
            ("spec.", &["**", "host", "exportTo", "workloadSelector.matchLabels.*"]),
            ("spec.trafficPolicy.", TRAFFIC),
            ("spec.trafficPolicy.portLevelSettings.", TRAFFIC),
        ],
    ),
    (
        "RequestAuthentication",
        &[
            ("", META),
            (
                "spec.",
                &[
                    "selector.matchLabels.*",
                    "jwtRules.issuer",
                    "jwtRules.audiences",
                    "jwtRules.spaceDelimitedClaims",
                ],
            ),
            ("spec.targetRef.", &["group", "kind", "namespace", "name"]),
            ("spec.targetRefs.", &["group", "kind", "namespace", "name"]),
        ],
    ),
    ("VirtualService", &[("", META), ("spec.", &["hosts", "gateways", "exportTo"])]),
    ("Sidecar", &[("", META), ("spec.", SIDECAR)]),
    ("EnvoyFilter", &[("", META), ("spec.", ENVOY_FILTER)]),
    ("WasmPlugin", EXTENSION),
    ("TrafficExtension", EXTENSION),
    ("HTTPRoute", ROUTE),
    ("GRPCRoute", ROUTE),
    ("TCPRoute", ROUTE),
    ("TLSRoute", ROUTE),
    (
        "ConfigMap",
        &[
            ("", META),
            (
                "data.",
                &[
                    "mesh{mesh}",
                    "AMBIENT_ENABLEMENT_SELECTOR{enablement}",
                    "EXCLUDE_NAMESPACES",
                    "AMBIENT_ENABLED",
                    "NATIVE_NFTABLES",
                ],
            ),
        ],
    ),
    (
        "AuthorizationPolicy",
        &[
            ("", META),
            ("spec.", AUTHORIZATION_POLICY),
            ("spec.selector.", SELECTOR),
            ("spec.rules.from.source.", SOURCE),
            ("spec.rules.to.operation.", OPERATION),
            ("status.", CONDITIONS),
        ],
    ),
    ("PeerAuthentication", &[("", META), ("spec.", PEER_AUTHENTICATION), ("status.", CONDITIONS)]),
    (
        "Gateway",
        &[
            ("", META),
            ("spec.", GATEWAY),
            ("spec.listeners.allowedRoutes.namespaces.selector.", SELECTOR),
            ("status.", &["addresses.type", "addresses.value"]),
            ("status.", CONDITIONS),
        ],
    ),
    ("AdminNetworkPolicy", ADMIN_NETWORK_POLICY),
    ("BaselineAdminNetworkPolicy", ADMIN_NETWORK_POLICY),
    (
        "NetworkPolicy",
        &[
            ("", META),
            ("spec.", &["**", "policyTypes="]),
            ("spec.podSelector.", SELECTOR),
            ("spec.ingress.", NETWORK_PORT),
            ("spec.ingress.from.", NETWORK_PEER),
            ("spec.ingress.from.podSelector.", SELECTOR),
            ("spec.ingress.from.namespaceSelector.", SELECTOR),
            ("spec.egress.", NETWORK_PORT),
            ("spec.egress.to.", NETWORK_PEER),
            ("spec.egress.to.podSelector.", SELECTOR),
            ("spec.egress.to.namespaceSelector.", SELECTOR),
        ],
    ),
    ("Role", ROLE),
    ("RoleBinding", ROLE_BINDING),
    ("ClusterRole", &[("", META), ("", RULES), ("aggregationRule.clusterRoleSelectors.", SELECTOR)]),
    ("ClusterRoleBinding", ROLE_BINDING),
];

/// Of the other kinds.
pub(super) const OTHERS: Rows = &[("", META)];

/// Of MeshConfig, once it is read.
pub(super) const MESH: Rows = &[
    (
        "",
        &[
            "trustDomain",
            "rootNamespace",
            "trustDomainAliases",
            "caCertificates.trustDomains",
            "extensionProviders.name",
            "extensionProviders.envoyExtAuthzHttp.service=",
            "extensionProviders.envoyExtAuthzHttp.port",
            "extensionProviders.envoyExtAuthzGrpc.service=",
            "extensionProviders.envoyExtAuthzGrpc.port",
            "enableAutoMtls",
            "outboundTrafficPolicy.mode=",
            "defaultDestinationRuleExportTo",
            "defaultServiceExportTo",
            "defaultConfig.interceptionMode=",
            "defaultConfig.proxyMetadata.ISTIO_META_ENABLE_HBONE=",
            "defaultConfig.proxyMetadata.ISTIO_META_DISABLE_HBONE_SEND=",
        ],
    ),
    ("discoverySelectors.", SELECTOR),
];

/// Of istio-cni's selectors, once they are read.
pub(super) const ENABLEMENT: Rows = &[("podSelector.", SELECTOR), ("namespaceSelector.", SELECTOR)];
