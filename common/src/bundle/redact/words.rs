//! Words that mean something to Kubernetes, Istio or a rule. They say nothing of whose mesh it is.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::snapshot::RESOURCES;

/// Whether a word stays.
pub(super) fn is_known(word: &str) -> bool {
    KNOWN.contains(word) || is_version(word)
}

/// Whether the keys of a domain are those of Kubernetes or Istio.
pub(super) fn is_domain(domain: &str) -> bool {
    ["istio.io", "kubernetes.io", "k8s.io"].iter().any(|known| {
        domain.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// `v1`, `v1beta1`
fn is_version(word: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(version) = word.strip_prefix('v') else { return false };
    let parts = ["alpha", "beta"].iter().find_map(|stage| version.split_once(stage));
    parts.map_or_else(|| is_number(version), |(major, minor)| is_number(major) && is_number(minor))
}

static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let of_resources = RESOURCES
        .iter()
        .flat_map(|resource| [resource.plural, resource.kind].into_iter().chain(resource.group.split('.')));
    let listed = WORDS.iter().flat_map(|line| line.split_whitespace());
    listed.chain(of_resources).filter(|word| !OF_VENDORS.contains(word)).collect()
});

/// Parts of API groups that are no words of ours.
const OF_VENDORS: [&str; 3] = ["com", "org", ""];

const WORDS: &[&str] = &[
    // Methods, verbs of RBAC, protocols of listeners, types of addresses, as far as everybody has them.
    "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH",
    "get list watch create update patch delete deletecollection impersonate bind escalate use approve sign proxy",
    "HTTP HTTPS TLS TCP UDP HBONE PROXY NONE IPAddress Hostname NamedAddress",
    // Installed by Kubernetes and Istio.
    "app api apiserver cni cloud cluster config controller coredns default dns egressgateway gateway ingressgateway istio istiod",
    "k8s kube kubernetes lease local manager mesh node operator proxy public root ca crt scheduler system waypoint ztunnel",
    "discovery distroless docker install pilot proxyv2 release debug eastwest eastwestgateway remote",
    // Names and identities.
    "ns sa spiffe svc io gateways service services serviceaccount serviceaccounts authenticated unauthenticated masters",
    "admin anonymous edit view nodes bootstrappers kubelet",
    // Labels and their values.
    "all ambient amd64 arm64 auto disabled dual enabled enrolled false hash http injection instance labels linux name none",
    "part component created managed namespace pending pod template topology true version windows workload role generation",
    "f F t T False FALSE True TRUE no off on yes revision",
    // Protocols, as ports are named.
    "grpc grpcs h2c http2 https mongo mysql postgres redis sctp tcp tls udp web",
    // Attributes of conditions.
    "audiences auth claims connection destination envoy experimental filters headers ip network port presenter principal",
    "principals request sni source serviceAccount trustDomain method path host",
    // Kinds and groups.
    "apps batch rbac authorization Endpoints GatewayClass Group ReplicationController ServiceEntry User networking security",
    "gatewayclasses serviceentries events secrets bindings create",
    // Conditions.
    "Accepted Complete ContainersReady DisruptionTarget Failed Initialized PodReadyToStartContainers PodScheduled Programmed",
    "Ready Reconciled WaypointAccepted WaypointBound ZtunnelAccepted ContainersNotReady PodCompleted Unschedulable None",
];
