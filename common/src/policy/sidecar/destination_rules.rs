//! Which DestinationRules a proxy heeds for a host.
//!
//! pilot/pkg/model/push_context.go, `setDestinationRules` and `destinationRule`; destination_rule.go,
//! `mergeDestinationRule`, with `ENABLE_ENHANCED_DESTINATIONRULE_MERGE` as it is by default; sidecar.go,
//! `DestinationRule`. The first place that has any rule for the host decides, even where none of them is for this proxy:
//! the proxy's own namespace, that of the Service, the root namespace. Of rules for one host the first one that says how
//! to send is heeded, the oldest first. What istiod itself makes of policies for backends is not seen.

use std::collections::BTreeSet;

use crate::istio::{ClientTls, DestinationRule, TrafficPolicy, fully_qualified};
use crate::model::{Kind, Labels, Name, Namespace, ResourceRef};
use crate::snapshot::{MeshSnapshot, Object};

#[cfg(test)]
mod tests;

/// Rules for one host that istiod has put together.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    /// How to send; none of them may say it.
    pub policy: Option<&'a TrafficPolicy>,
    /// The rule that says it, else the first one.
    pub by: &'a Object<DestinationRule>,
    selector: Option<Labels>,
    export_to: BTreeSet<Name>,
}

/// Whose proxy asks.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Its namespace.
    pub namespace: &'a Namespace,
    /// The labels of its pod.
    pub labels: &'a Labels,
}

/// The rules that a proxy heeds for a Service.
#[must_use]
pub fn heeded<'a>(
    snapshot: &'a MeshSnapshot,
    client: Client<'_>,
    host: &str,
    of_service: &Namespace,
) -> Option<Merged<'a>> {
    let index = Index { snapshot, host, defaults: &snapshot.settings.mesh.clients.destination_rules_for };
    let root = &snapshot.settings.mesh.root_namespace;
    let own = if client.namespace == root { Pool::PrivateOfRoot } else { Pool::Own };
    let found = index.most_specific(client.namespace, own).or_else(|| {
        let exported = |namespace| {
            let rules = index.most_specific(namespace, Pool::Exported)?;
            let seen: Vec<Merged<'_>> =
                rules.into_iter().filter(|rule| rule.is_exported_to(client.namespace)).collect();
            (!seen.is_empty()).then_some(seen)
        };
        exported(of_service).or_else(|| exported(root))
    })?;
    choose(found, client)
}

/// The two rules that nothing puts into an order, and that may be for the same host.
#[must_use]
pub fn without_order<'a>(
    snapshot: &'a MeshSnapshot,
    by: &Object<DestinationRule>,
) -> Option<&'a Object<DestinationRule>> {
    let own = by.namespace();
    let host = fully_qualified(&by.spec.host, own.as_str());
    let rivals = snapshot.routing.destination_rules.of(&[&own]).filter(|other| {
        other.meta.name != by.meta.name
            && may_matter(&other.spec, &by.spec)
            && fully_qualified(&other.spec.host, own.as_str()) == host
    });
    let mut rivals = rivals
        .filter(|other| other.meta.creation_timestamp.is_none() || by.meta.creation_timestamp.is_none());
    rivals.next()
}

/// Whether the place of a rule in the order matters to another one: what says nothing may hide it all the same.
fn may_matter(one: &DestinationRule, other: &DestinationRule) -> bool {
    let selects = |rule: &DestinationRule| rule.workload_selector.as_ref().map(|of| of.match_labels.clone());
    one.traffic_policy.is_some() || exported_to(one) != exported_to(other) || selects(one) != selects(other)
}

/// `DestinationRule`: the first whose selector fits, of those of the proxy's namespace; else the last without one.
fn choose<'a>(found: Vec<Merged<'a>>, client: Client<'_>) -> Option<Merged<'a>> {
    let mut without_selector = None;
    for rule in found {
        match &rule.selector {
            None => without_selector = Some(rule),
            Some(wanted)
                if rule.by.namespace() == *client.namespace && client.labels.contains_all(wanted) =>
            {
                return Some(rule);
            }
            Some(_) => {}
        }
    }
    without_selector
}

/// The three lists of a namespace's rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pool {
    /// For the proxies of the namespace itself.
    Own,
    /// For others.
    Exported,
    /// For the proxies of the root namespace: only what nobody else may see.
    PrivateOfRoot,
}

struct Index<'a, 's> {
    snapshot: &'a MeshSnapshot,
    host: &'s str,
    defaults: &'a [Name],
}

impl<'a> Index<'a, '_> {
    /// `MostSpecificHostMatch`: the host itself, else the longest wildcard.
    fn most_specific(&self, namespace: &Namespace, pool: Pool) -> Option<Vec<Merged<'a>>> {
        let rules = self.snapshot.routing.destination_rules.covering(self.host);
        let rules = rules.filter(|rule| rule.namespace() == *namespace && self.is_in(rule, pool));
        let named: Vec<(String, &Object<DestinationRule>)> =
            rules.map(|rule| (fully_qualified(&rule.spec.host, namespace.as_str()), rule)).collect();
        let best = named.iter().map(|(host, _)| host).max_by_key(|host| (!host.starts_with('*'), host.len()));
        let best = best?.clone();
        let mut merged = Vec::new();
        for (_, rule) in named.into_iter().filter(|(host, _)| *host == best) {
            merge(&mut merged, rule);
        }
        Some(merged)
    }

    fn is_in(&self, rule: &Object<DestinationRule>, pool: Pool) -> bool {
        let to = exported_to(&rule.spec);
        let own = rule.meta.namespace.as_deref().unwrap_or_default();
        let has = |name: &str| to.iter().any(|of| **of == *name);
        let only_own = to.len() == 1 && (has(".") || has(own));
        let private = only_own || to.is_empty() && self.defaults.iter().any(|of| **of == *".");
        match pool {
            Pool::Own => to.is_empty() || has("*") || has(".") || has(own),
            Pool::Exported => !private,
            Pool::PrivateOfRoot => private,
        }
    }
}

/// A rule with a selector is for its own namespace, whatever it says.
fn exported_to(rule: &DestinationRule) -> BTreeSet<Name> {
    match rule.workload_selector {
        None => rule.export_to.iter().cloned().collect(),
        Some(_) => BTreeSet::from([".".into()]),
    }
}

/// `mergeDestinationRule`, as far as it matters without subsets. One without a selector also fills in what one with a
/// selector leaves open, and is not kept for itself where both are for the same namespaces.
fn merge<'a>(into: &mut Vec<Merged<'a>>, rule: &'a Object<DestinationRule>) {
    let export_to = exported_to(&rule.spec);
    let selector = rule.spec.workload_selector.as_ref();
    let selector = selector.map(|of| of.match_labels.clone().unwrap_or_default());
    let mut separately = true;
    for known in into.iter_mut() {
        if export_to == known.export_to {
            separately = false;
        } else {
            separately = true;
            if known.export_to.is_empty() || !export_to.is_superset(&known.export_to) {
                continue;
            }
        }
        match (&known.selector, &selector) {
            (Some(known), Some(own)) if known != own => {
                separately = true;
                continue;
            }
            (Some(_), Some(_)) | (None, None) => separately = false,
            _ => {}
        }
        if let (None, Some(policy)) = (known.policy, &rule.spec.traffic_policy) {
            known.policy = Some(policy);
            known.by = rule;
        }
    }
    if separately {
        into.push(Merged { policy: rule.spec.traffic_policy.as_ref(), by: rule, selector, export_to });
    }
}

impl Merged<'_> {
    fn is_exported_to(&self, namespace: &Namespace) -> bool {
        let has = |name: &str| self.export_to.iter().any(|of| **of == *name);
        self.export_to.is_empty() || has("*") || has(namespace.as_str())
    }

    /// Whether sidecars get no TLS of what the rule says: a Secret is only for those that a rule selects (cluster_tls.go,
    /// `buildUpstreamClusterTLSContext`).
    pub(super) fn may_not_read(&self, tls: &ClientTls) -> bool {
        let secret = tls.credential_name.as_deref().filter(|name| !name.starts_with("configmap://"));
        secret.is_some_and(|name| !name.is_empty()) && self.selector.is_none()
    }

    /// The rule that says how to send.
    #[must_use]
    pub fn reference(&self) -> ResourceRef {
        self.by.reference(Kind::Other("DestinationRule".into()))
    }
}
