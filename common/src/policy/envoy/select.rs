//! Which policies a proxy enforces: pilot/pkg/model/policyattachment.go, `ShouldAttachPolicy`, and
//! pilot/pkg/model/authorization.go, `ListAuthorizationPolicies`.

use crate::istio::{
    Action, AuthorizationPolicy, EnvoyFilter, Extension, GATEWAY_NAME, RequestAuthentication,
    TargetReference, WAYPOINT_CLASS, WorkloadSelector,
};
use crate::model::{Labels, Name, Namespace, Workload};
use crate::snapshot::{Object, Service, Settings};

#[cfg(test)]
mod tests;

/// An Envoy, as policies are attached to it.
#[derive(Clone, Debug)]
pub struct Proxy<'a> {
    /// The namespace of its pod.
    pub namespace: &'a Namespace,
    /// The labels of its pod. With a Gateway's name among them it is one of the Gateway API.
    pub labels: &'a Labels,
    /// Whether it serves as a waypoint. The tunnel into one is judged as by a gateway
    /// (`NewWaypointTerminationBuilder`): then this is false.
    pub waypoint: bool,
    /// What the traffic is addressed to, at a waypoint.
    pub service: Option<AttachedService<'a>>,
    /// MeshConfig's `rootNamespace`.
    pub root: &'a Namespace,
    /// istiod's `ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY`, on by default.
    pub selector_based_gateway_policy: bool,
}

/// What traffic through a waypoint is addressed to.
#[derive(Clone, Copy, Debug)]
pub struct AttachedService<'a> {
    /// Its namespace.
    pub namespace: &'a Namespace,
    /// Its name.
    pub name: &'a Name,
    /// Whether it is a ServiceEntry.
    pub entry: bool,
}

/// The policies of a proxy, by action.
#[derive(Clone, Debug, Default)]
pub struct Selected<'a> {
    /// CUSTOM
    pub custom: Vec<&'a Object<AuthorizationPolicy>>,
    /// AUDIT
    pub audit: Vec<&'a Object<AuthorizationPolicy>>,
    /// DENY
    pub deny: Vec<&'a Object<AuthorizationPolicy>>,
    /// ALLOW
    pub allow: Vec<&'a Object<AuthorizationPolicy>>,
}

/// The policies that are attached to a proxy. Which objects istiod looks at at all (revision, discovery) is decided
/// before.
#[must_use]
pub fn select<'a>(
    proxy: &Proxy<'_>,
    policies: impl IntoIterator<Item = &'a Object<AuthorizationPolicy>>,
) -> Selected<'a> {
    let mut selected = Selected::default();
    for policy in policies.into_iter().filter(|policy| proxy.enforces(policy)) {
        let of_action = match policy.spec.action {
            Action::Custom => &mut selected.custom,
            Action::Audit => &mut selected.audit,
            Action::Deny => &mut selected.deny,
            Action::Allow => &mut selected.allow,
        };
        of_action.push(policy);
    }
    selected
}

impl<'a> Proxy<'a> {
    /// The proxy of a pod that serves as no waypoint.
    #[must_use]
    pub fn of_pod(workload: &'a Workload, settings: &'a Settings) -> Self {
        Self {
            namespace: &workload.identity.namespace,
            labels: &workload.labels,
            waypoint: false,
            service: None,
            root: &settings.mesh.root_namespace,
            selector_based_gateway_policy: settings.istiod.selects_gateways,
        }
    }

    /// The proxy of a waypoint, by its namespace and the labels of its pods, in front of a Service or of pods.
    #[must_use]
    pub fn of_waypoint(
        (namespace, labels): (&'a Namespace, &'a Labels),
        service: Option<&'a Service>,
        settings: &'a Settings,
    ) -> Self {
        let attached = |service: &'a Service| {
            let namespace = service.reference.namespace.as_ref()?;
            Some(AttachedService { namespace, name: &service.reference.name, entry: false })
        };
        Self {
            namespace,
            labels,
            waypoint: true,
            service: service.and_then(attached),
            root: &settings.mesh.root_namespace,
            selector_based_gateway_policy: settings.istiod.selects_gateways,
        }
    }

    /// The namespaces of whose policies some may be attached to it.
    #[must_use]
    pub fn namespaces(&self) -> Vec<&'a Namespace> {
        let of_service = self.service.map(|service| service.namespace);
        let mut namespaces: Vec<&Namespace> =
            [Some(self.root), Some(self.namespace), of_service].into_iter().flatten().collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        namespaces
    }

    /// Whether a policy is attached to it.
    #[must_use]
    pub fn enforces(&self, policy: &Object<AuthorizationPolicy>) -> bool {
        let spec = &policy.spec;
        self.attaches(
            &policy.namespace(),
            labels_of(spec.selector.as_ref()),
            (spec.target_ref.as_ref(), &spec.target_refs),
        )
    }

    /// Whether a RequestAuthentication is attached to it, in the same way.
    #[must_use]
    pub fn accepts_tokens_of(&self, policy: &Object<RequestAuthentication>) -> bool {
        let spec = &policy.spec;
        self.attaches(
            &policy.namespace(),
            labels_of(spec.selector.as_ref()),
            (spec.target_ref.as_ref(), &spec.target_refs),
        )
    }

    /// Whether an EnvoyFilter changes it: those for what traffic is addressed to are attached to nothing
    /// (pilot/pkg/model/push_context.go, `getMatchedEnvoyFilters`: the proxy, and no Services).
    #[must_use]
    pub fn is_changed_by(&self, filter: &Object<EnvoyFilter>) -> bool {
        let spec = &filter.spec;
        let proxy = Self { service: None, ..self.clone() };
        let selector = spec.workload_selector.as_ref().map(|selector| &selector.labels);
        proxy.attaches(&filter.namespace(), selector, (None, &spec.target_refs))
    }

    /// Whether a WasmPlugin or a TrafficExtension runs in it (pilot/pkg/model/push_context.go,
    /// `TrafficExtensionsByListenerInfo`).
    #[must_use]
    pub fn runs(&self, extension: &Object<Extension>) -> bool {
        let spec = &extension.spec.spec;
        self.attaches(
            &extension.namespace(),
            labels_of(spec.selector.as_ref()),
            (spec.target_ref.as_ref(), &spec.target_refs),
        )
    }

    /// By selector only what has no `targetRefs`, by those only what is a gateway.
    fn attaches(
        &self,
        namespace: &Namespace,
        selector: Option<&Labels>,
        (target, targets): (Option<&TargetReference>, &[TargetReference]),
    ) -> bool {
        let of_service = self.service.is_some_and(|service| service.namespace == namespace);
        if namespace != self.root && namespace != self.namespace && !of_service {
            return false;
        }
        let has_targets = target.is_some() || !targets.is_empty();
        let Some(gateway) = self.labels.get(GATEWAY_NAME) else {
            return !has_targets && self.selects(selector);
        };
        if !has_targets {
            return !self.waypoint && self.selector_based_gateway_policy && self.selects(selector);
        }
        // GetTargetRefs: `targetRef` counts only where `targetRefs` is empty.
        let single = target.into_iter().filter(|_| targets.is_empty());
        targets.iter().chain(single).any(|target| self.is_target(target, namespace, gateway))
    }

    /// No selector, an empty one, and empty labels select everything.
    fn selects(&self, wanted: Option<&Labels>) -> bool {
        wanted.is_none_or(|wanted| self.labels.contains_all(wanted))
    }

    fn is_target(&self, target: &TargetReference, namespace: &Namespace, gateway: &str) -> bool {
        let text = |name: &Option<Name>| name.clone().unwrap_or_default();
        let (group, kind, name) = (text(&target.group), text(&target.kind), text(&target.name));
        let is = |of: &str, wanted: &str| canonical(&group) == of && *kind == *wanted;
        let serves = |entry| {
            self.service.is_some_and(|service| {
                *service.name == name && service.namespace == namespace && service.entry == entry
            })
        };
        if self.waypoint {
            let of_class = *namespace == *self.root && is("gateway.networking.k8s.io", "GatewayClass");
            if is("core", "Service") && serves(false)
                || is("networking.istio.io", "ServiceEntry") && serves(true)
                || of_class && *name == *WAYPOINT_CLASS
            {
                return true;
            }
        }
        let here = text(&target.namespace);
        self.namespace == namespace
            && (here.is_empty() || *here == *self.namespace.as_str())
            && is("gateway.networking.k8s.io", "Gateway")
            && *name == *gateway
    }
}

fn labels_of(selector: Option<&WorkloadSelector>) -> Option<&Labels> {
    selector.and_then(|selector| selector.match_labels.as_ref())
}

/// pkg/config/model.go, `CanonicalGroup`.
fn canonical(group: &str) -> &str {
    if group.is_empty() { "core" } else { group }
}
