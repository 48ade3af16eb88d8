//! What Envoys of any kind have in common: the settings that their filters depend on, and where to find the policies
//! and pods that concern one of them.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::istio::{Action, ConfiguredProvider, ExternalAuthorizer, GATEWAY_NAME};
use crate::model::{Kind, Name, Namespace, Proxy, ProxyKind, ResourceRef, Workload, WorkloadIndex};
use crate::snapshot::MeshSnapshot;

use super::enforced::Compiled;
use super::envoy::{Mesh, Provider, TrustDomains};
use super::routing::host_of;

#[cfg(test)]
mod tests;

/// The policies, pods and settings that concern Envoys.
#[derive(Debug)]
pub(super) struct Envoys {
    /// What filters depend on besides policies.
    pub(super) settings: Mesh,
    /// AuthorizationPolicies by namespace, by their positions.
    pub(super) policies: FxHashMap<Namespace, Vec<usize>>,
    /// Instances of Gateways.
    pub(super) pods: FxHashMap<ResourceRef, Vec<WorkloadIndex>>,
    /// Whether some Envoy calls that is no waypoint.
    pub(super) call: bool,
    /// What Envoys enforce.
    pub(super) compiled: Compiled,
}

impl Envoys {
    pub(super) fn new(snapshot: &MeshSnapshot) -> Self {
        let mut policies: FxHashMap<Namespace, Vec<usize>> = FxHashMap::default();
        for (at, policy) in snapshot.authorization_policies.iter().enumerate() {
            policies.entry(policy.object.namespace()).or_default().push(at);
        }
        let mut pods: FxHashMap<ResourceRef, Vec<WorkloadIndex>> = FxHashMap::default();
        for (at, workload) in snapshot.workloads.iter().enumerate() {
            if let Some(name) = workload.labels.get(GATEWAY_NAME) {
                let gateway = ResourceRef::new(Kind::Gateway, workload.identity.namespace.as_str(), name);
                pods.entry(gateway).or_default().push(WorkloadIndex(at));
            }
        }
        let call = snapshot.workloads.iter().any(calls);
        Self { settings: settings(snapshot), policies, pods, call, compiled: Compiled::default() }
    }
}

/// Whether an Envoy that is no waypoint calls for a workload.
fn calls(workload: &Workload) -> bool {
    let is_waypoint = |proxy: &Proxy| proxy.kind == ProxyKind::Waypoint;
    workload.has_envoy() && !workload.proxy.as_ref().is_some_and(is_waypoint)
}

/// Whether the Service of an external authorizer is none that was read (pilot/pkg/model/telemetry_logging.go,
/// `LookupCluster`): istiod refuses the provider then, and who reads files may not have it among them.
pub(super) fn is_provider_missing(snapshot: &MeshSnapshot, name: &str) -> bool {
    let configured = snapshot.settings.mesh.extension_providers.iter().flatten();
    let mut of_name = configured.filter(|provider| *provider.name == *name);
    of_name.any(|provider| host(provider).is_some_and(|host| !is_known(snapshot, host)))
}

/// The full name of the Service of an external authorizer, which may have its namespace before it.
fn host(provider: &ConfiguredProvider) -> Option<&str> {
    let service = &*provider.http.as_ref().or(provider.grpc.as_ref())?.service;
    Some(service.rsplit_once('/').map_or(service, |(_, host)| host))
}

/// Whether a Service or ServiceEntry of this full name was read.
fn is_known(snapshot: &MeshSnapshot, host: &str) -> bool {
    let mut entries = snapshot.routing.service_entries.iter();
    snapshot.services.iter().any(|service| host_of(service) == host)
        || entries.any(|entry| entry.spec.spec.hosts.iter().any(|of| **of == *host))
}

fn settings(snapshot: &MeshSnapshot) -> Mesh {
    let mesh = &snapshot.settings.mesh;
    let providers = match &mesh.extension_providers {
        Some(configured) => configured_providers(configured),
        None => any_providers(snapshot),
    };
    Mesh {
        trust_domains: TrustDomains::new(
            mesh.trust_domain.as_str(),
            mesh.trust_domain_aliases.iter().cloned(),
        ),
        providers,
        multiple_providers: snapshot.settings.istiod.multiple_authorizers,
    }
}

/// pilot/pkg/security/authz/builder/extauthz.go, `processExtensionProvider`: of two of one name both are refused. That
/// its Service is not there would be an error too; who reads files may not have it among them.
fn configured_providers(configured: &[ConfiguredProvider]) -> BTreeMap<Name, Provider> {
    let mut providers: BTreeMap<Name, Provider> = BTreeMap::new();
    for one in configured {
        let provider = match (&one.http, &one.grpc) {
            (Some(of), _) if is_usable(one, of) => Provider::Http,
            (None, Some(of)) if is_usable(one, of) => Provider::Grpc,
            (None, None) => continue,
            _ => Provider::Unusable,
        };
        let known = providers.contains_key(&one.name);
        providers.insert(one.name.clone(), if known { Provider::Unusable } else { provider });
    }
    providers
}

/// `validateProviderName`, `parsePort`; the name is one of DNS.
fn is_usable(provider: &ConfiguredProvider, of: &ExternalAuthorizer) -> bool {
    let name = &*provider.name;
    let of_dns = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let named = (1..=63).contains(&name.len()) && name.bytes().all(of_dns);
    named
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !of.service.is_empty()
        && (1..=65535).contains(&of.port)
}

/// Where MeshConfig was not read, whatever policies name may be there: what it says is not known.
fn any_providers(snapshot: &MeshSnapshot) -> BTreeMap<Name, Provider> {
    let custom = snapshot.authorization_policies.iter().map(|policy| &policy.object.spec);
    let custom = custom.filter(|policy| policy.action == Action::Custom);
    custom.map(|policy| (policy.provider.name.clone(), Provider::Grpc)).collect()
}
