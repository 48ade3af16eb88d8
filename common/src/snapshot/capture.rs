//! Who handles a pod's traffic: what the running pod says, or what its labels ask for.
//!
//! Fact: the annotation that istio-cni writes (cni/pkg/util/podutil.go, `PodFullyEnrolled`), which is also
//! what istiod goes by (pilot/pkg/serviceregistry/ambient/workloads.go, `setTunnelProtocol`). Intent:
//! istio-cni's enablement selectors (cni/pkg/util/enablement_selector.go, `Matches`) and the injection
//! webhook's (manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml).

use crate::kubernetes::{Annotations, PodSpec};
use crate::model::{Capture, Certainty, DataPlane, Labels, Namespace, Serving};

use super::proxies::Written;
use super::settings::{IstioCni, parse_bool};
use super::visible::Discovery;

#[cfg(test)]
mod tests;

const REDIRECTION: &str = "ambient.istio.io/redirection";
const PENDING: &str = "pending";
const MODE: &str = "istio.io/dataplane-mode";
const BYPASS_INBOUND: &str = "ambient.istio.io/bypass-inbound-capture";
const TUNNEL: &str = "networking.istio.io/tunnel";
const SIDECAR_STATUS: &str = "sidecar.istio.io/status";
const INJECT: &str = "sidecar.istio.io/inject";
const REVISION: &str = "istio.io/rev";
const INJECTION: &str = "istio-injection";

/// What of a pod decides who handles its traffic.
pub(super) struct Enrolment<'a> {
    pub(super) namespace: &'a Namespace,
    /// Its labels, when it was read.
    pub(super) namespace_labels: Option<&'a Labels>,
    pub(super) labels: &'a Labels,
    pub(super) annotations: &'a Annotations,
    pub(super) spec: &'a PodSpec,
    /// Whether it has run: it has an address.
    pub(super) has_run: bool,
    /// Whether its namespace is taken for enrolled, whatever was read.
    pub(super) assumed: bool,
    /// Whether istiod looks at its namespace.
    pub(super) discovery: Discovery,
}

impl Enrolment<'_> {
    /// Who handles the pod's traffic, and how that is known.
    pub(super) fn capture(&self, cni: &IstioCni) -> Capture {
        let redirection = self.annotations.get(REDIRECTION);
        if self.is_assumed(cni) {
            return self.assumed(redirection);
        }
        let fact = self.has_run || redirection.is_some();
        let intent = self.intent(cni);
        let unclear = !fact && intent == DataPlane::None && self.may_be_enrolled(cni);
        let data_plane = match (fact, unclear) {
            (true, _) => self.fact(redirection),
            (false, true) => DataPlane::Ambient,
            (false, false) => intent,
        };
        Capture {
            data_plane,
            certainty: match (fact, unclear) {
                (true, _) => Certainty::Fact,
                (false, true) => Certainty::Unclear,
                (false, false) => Certainty::Intent,
            },
            serving: self.serving(redirection),
            bypass_inbound: self.bypasses_inbound(),
            contradicted_intent: (fact && self.namespace_labels.is_some() && intent != data_plane)
                .then_some(intent),
        }
    }

    /// What says what the pod's Envoy does.
    pub(super) fn written(&self) -> Written<'_> {
        Written {
            labels: self.labels,
            annotations: self.annotations,
            spec: self.spec,
            runs: self.has_run,
            injected: self.has_envoy() || !self.has_run && self.wants_sidecar(),
        }
    }

    /// Whether the pod would be enrolled together with its namespace, as istio-cni's selectors are by default: not on
    /// the node's network, not beside an Envoy or where one is to be injected, not where the pod opts out.
    fn is_assumed(&self, cni: &IstioCni) -> bool {
        let gets_sidecar = !self.has_run && self.wants_sidecar();
        self.assumed
            && !self.spec.host_network
            && !self.has_envoy()
            && !gets_sidecar
            && !cni.excluded_namespaces.contains(self.namespace)
            && self.labels.get(MODE) != Some("none")
    }

    /// Enrolled, whatever the pod and its labels say, and its ztunnel is there.
    fn assumed(&self, redirection: Option<&str>) -> Capture {
        Capture {
            data_plane: DataPlane::Ambient,
            certainty: Certainty::Assumed,
            serving: self.serving(redirection.filter(|state| *state != PENDING)),
            bypass_inbound: self.bypasses_inbound(),
            contradicted_intent: None,
        }
    }

    /// The annotation is read as istio-cni reads it: any Go boolean.
    fn bypasses_inbound(&self) -> bool {
        self.annotations.get(BYPASS_INBOUND).and_then(parse_bool) == Some(true)
    }

    fn serving(&self, redirection: Option<&str>) -> Serving {
        match self.discovery {
            _ if redirection == Some(PENDING) => Serving::Pending,
            Discovery::Discovered => Serving::Served,
            Discovery::Undiscovered => Serving::Undiscovered,
            Discovery::Unread => Serving::Unclear,
        }
    }

    fn fact(&self, redirection: Option<&str>) -> DataPlane {
        if self.has_envoy() {
            DataPlane::Sidecar
        } else if matches!(redirection, Some("enabled" | PENDING)) {
            DataPlane::Ambient
        } else {
            self.without_capture()
        }
    }

    /// The label `networking.istio.io/tunnel` says that the pod itself speaks HBONE (workloads.go,
    /// `setTunnelProtocol`): some proxy of its own does.
    fn without_capture(&self) -> DataPlane {
        let tunnels =
            self.labels.get(TUNNEL).is_some_and(|of| of.split(',').any(|name| name.trim() == "http"));
        if tunnels { DataPlane::Sidecar } else { DataPlane::None }
    }

    fn intent(&self, cni: &IstioCni) -> DataPlane {
        if self.has_envoy() || self.wants_sidecar() {
            // The webhook runs before istio-cni, which leaves pods with a sidecar alone.
            DataPlane::Sidecar
        } else if self.wants_ambient(cni) {
            DataPlane::Ambient
        } else {
            self.without_capture()
        }
    }

    /// Whether it depends on labels of its namespace, which are not known.
    fn may_be_enrolled(&self, cni: &IstioCni) -> bool {
        self.namespace_labels.is_none()
            && !self.spec.host_network
            && !cni.excluded_namespaces.contains(self.namespace)
            && cni.enablement.iter().any(|selector| selector.pod_selector.matches(self.labels))
    }

    fn wants_ambient(&self, cni: &IstioCni) -> bool {
        let none = Labels::default();
        !self.spec.host_network
            && !cni.excluded_namespaces.contains(self.namespace)
            && cni.enablement.iter().any(|selector| {
                selector.pod_selector.matches(self.labels)
                    && selector.namespace_selector.matches(self.namespace_labels.unwrap_or(&none))
            })
    }

    /// A proxy that was injected, or that a gateway or waypoint consists of.
    fn has_envoy(&self) -> bool {
        let is_proxy = |name: &str| name == "istio-proxy";
        let containers = self.spec.containers.iter().chain(&self.spec.init_containers);
        self.annotations.get(SIDECAR_STATUS).is_some()
            || self.labels.get("app") != Some("ztunnel") && containers.into_iter().any(|c| is_proxy(&c.name))
    }

    fn wants_sidecar(&self) -> bool {
        if self.spec.host_network {
            return false;
        }
        // The webhook goes by labels; the injector then heeds an annotation that says no.
        let of_pod = self.labels.get(INJECT);
        if of_pod == Some("false") || self.annotations.get(INJECT) == Some("false") {
            return false;
        }
        let of_namespace = |key| self.namespace_labels.and_then(|labels| labels.get(key));
        match (of_namespace(INJECTION), of_namespace(REVISION)) {
            (Some(injection), _) => injection == "enabled",
            (None, Some(_)) => true,
            (None, None) => of_pod == Some("true") || self.labels.get(REVISION).is_some(),
        }
    }
}
