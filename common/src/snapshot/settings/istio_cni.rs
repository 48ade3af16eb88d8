//! What istio-cni was told: which pods it enrols, and how it redirects.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Evidence};
use crate::model::{LabelSelector, Name, Namespace};
use crate::snapshot::{Assumption, Gap, Object, Objects};
use crate::wire::wire;
use crate::yaml;

use super::{is_of_operators, parse_bool, parsed, pod_specs};

pub(super) const ENABLEMENT: &str = "AMBIENT_ENABLEMENT_SELECTOR";
pub(super) const EXCLUDED: &str = "EXCLUDE_NAMESPACES";
pub(super) const ENABLED: &str = "AMBIENT_ENABLED";
pub(super) const NFTABLES: &str = "NATIVE_NFTABLES";

/// The label of istio-cni's pods, of which the ConfigMap stands beside them.
pub(super) const ISTIO_CNI: (&str, &str) = ("k8s-app", "istio-cni-node");

wire! {
    /// Which pods istio-cni enrols: cni/pkg/util/enablement_selector.go, `EnablementSelector`.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct EnablementSelector {
        /// By the labels of the pod.
        pub pod_selector: LabelSelector = "podSelector",
        /// And by those of its namespace.
        pub namespace_selector: LabelSelector = "namespaceSelector",
    }
}

/// What istio-cni was told.
#[derive(Clone, Debug)]
pub struct IstioCni {
    /// Pods that any of these selects are enrolled.
    pub enablement: Vec<EnablementSelector>,
    /// But never those of these namespaces.
    pub excluded_namespaces: Vec<Namespace>,
    /// Whether only the kubelet's own sockets are exempt, not every socket of the node.
    pub native_nftables: bool,
}

pub(super) fn istio_cni(
    objects: &Objects,
    istio_namespace: &Name,
    assumptions: &mut Vec<Assumption>,
    gaps: &mut Vec<Gap>,
) -> IstioCni {
    let mut cni = IstioCni {
        enablement: default_enablement(),
        excluded_namespaces: vec!["kube-system".into()],
        native_nftables: false,
    };
    let Some(map) = istio_cni_config(objects, istio_namespace) else {
        assumptions.push(Assumption { code: Code::IstioCniAssumed, values: Evidence::none() });
        return cni;
    };
    if let Some(text) = map.spec.get(ENABLEMENT).filter(|text| !text.trim().is_empty())
        && let Some(selectors) = parsed(objects, map, ENABLEMENT, text, gaps)
    {
        cni.enablement = selectors;
    }
    if let Some(text) = map.spec.get(EXCLUDED) {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        cni.excluded_namespaces = names.map(Namespace::from).collect();
    }
    if map.spec.get(ENABLED).is_some_and(|text| parse_bool(text) == Some(false)) {
        cni.enablement.clear();
    }
    cni.native_nftables = map.spec.get(NFTABLES).is_some_and(|text| parse_bool(text) == Some(true));
    cni
}

/// istio-cni's ConfigMap. Anybody may call one so: the one of Istio's namespace or of kube-system counts, and of these
/// the one beside istio-cni's pods; only where neither has one, that of another namespace.
fn istio_cni_config<'a>(
    objects: &'a Objects,
    istio_namespace: &Name,
) -> Option<&'a Object<BTreeMap<Name, Name>>> {
    let beside: BTreeSet<Namespace> =
        pod_specs(objects, ISTIO_CNI.0, ISTIO_CNI.1).map(|(namespace, _)| namespace).collect();
    let rank = |map: &&Object<BTreeMap<Name, Name>>| {
        let namespace = map.namespace();
        (!is_of_operators(&namespace, istio_namespace), !beside.contains(&namespace), namespace)
    };
    let maps = objects.config_maps.iter().filter(|map| &*map.meta.name == "istio-cni-config");
    maps.min_by_key(rank)
}

/// manifests/charts/istio-cni/values.yaml, `ambient.enablementSelectors`.
pub(in crate::snapshot) fn default_enablement() -> Vec<EnablementSelector> {
    const DEFAULT: &str = "
- podSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}
- podSelector: {matchExpressions: [{key: istio.io/dataplane-mode, operator: NotIn, values: [none]}]}
  namespaceSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}
";
    yaml::parse(DEFAULT).and_then(|node| node.decode()).unwrap_or_default()
}
