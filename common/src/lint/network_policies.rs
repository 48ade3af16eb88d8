//! NetworkPolicies that were written with the application in mind and not with what is on the wire: port 15008, the
//! address of the kubelet's probes, peers that nothing is.
//!
//! A policy for pods that are not in the mesh is none of our business.

use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::codes::{Code, Evidence};
use crate::istio::{HBONE_PORT, HOST_PROBE};
use crate::kubernetes::{NetworkPeer, NetworkPolicySpec, NetworkPort};
use crate::model::{FieldPath, Kind, Namespace, PortRef, Protocol, ResourceRef, Workload};
use crate::policy::{Remark, Remarks};
use crate::snapshot::Object;

use super::survey::{Survey, owners, some_of};

type Policy = Object<NetworkPolicySpec>;

/// What a policy says of one direction.
struct Side<'a> {
    /// As in the object: the list, the peers in it.
    names: (&'static str, &'static str),
    rules: Vec<(&'a [NetworkPeer], &'a [NetworkPort])>,
}

fn ingress(spec: &NetworkPolicySpec) -> Option<Side<'_>> {
    let rules = spec.ingress.iter().map(|rule| (rule.from.as_slice(), rule.ports.as_slice())).collect();
    spec.isolates_ingress().then_some(Side { names: ("ingress", "from"), rules })
}

fn egress(spec: &NetworkPolicySpec) -> Option<Side<'_>> {
    let rules = spec.egress.iter().map(|rule| (rule.to.as_slice(), rule.ports.as_slice())).collect();
    spec.isolates_egress().then_some(Side { names: ("egress", "to"), rules })
}

type SideOf = fn(&NetworkPolicySpec) -> Option<Side<'_>>;

const SIDES: [SideOf; 2] = [ingress, egress];

/// What the checks look up of policies and pods.
struct Looked<'a> {
    survey: &'a Survey<'a>,
    /// The policies of each namespace.
    policies: FxHashMap<Namespace, Vec<&'a Policy>>,
    /// The pods of each namespace at which HBONE arrives.
    captured: FxHashMap<&'a Namespace, Vec<&'a Workload>>,
}

impl<'a> Looked<'a> {
    fn at(survey: &'a Survey<'a>) -> Self {
        let mut policies: FxHashMap<Namespace, Vec<&Policy>> = FxHashMap::default();
        for policy in &survey.snapshot.network_policies {
            policies.entry(policy.namespace()).or_default().push(policy);
        }
        let mut captured: FxHashMap<&Namespace, Vec<&Workload>> = FxHashMap::default();
        for (_, workload) in survey.workloads().filter(|(_, workload)| is_on_hbone(workload)) {
            captured.entry(&workload.identity.namespace).or_default().push(workload);
        }
        Self { survey, policies, captured }
    }

    /// The pods of the mesh that a policy selects.
    fn selected(&self, policy: &'a Policy) -> impl Iterator<Item = &'a Workload> {
        let captured = self.captured.get(&policy.namespace()).into_iter().flatten().copied();
        captured.filter(|workload| policy.spec.pod_selector.matches(&workload.labels))
    }

    /// Those of some policies that select a pod.
    fn selecting(&self, workload: &'a Workload) -> impl Iterator<Item = &'a Policy> {
        let policies = self.policies.get(&workload.identity.namespace).into_iter().flatten().copied();
        policies.filter(|policy| policy.spec.pod_selector.matches(&workload.labels))
    }

    /// Whether a pod of the mesh is among the peers of a rule.
    fn has_captured(&self, policy: &Policy, peers: &[NetworkPeer]) -> bool {
        let own = policy.namespace();
        let selects = |peer: &NetworkPeer| {
            peer.ip_block.is_none()
                && self.captured.iter().any(|(namespace, pods)| {
                    self.may_be_of(&own, peer, namespace) == Some(true)
                        && pods.iter().any(|pod| fits(peer, pod))
                })
        };
        (peers.is_empty() && !self.captured.is_empty()) || peers.iter().any(selects)
    }

    /// Whether a peer may be of a namespace; `None` when labels of that decide, which were not read.
    fn may_be_of(&self, own: &Namespace, peer: &NetworkPeer, namespace: &Namespace) -> Option<bool> {
        match &peer.namespace_selector {
            None => Some(namespace == own),
            Some(selector) => self.survey.snapshot.is_namespace_selected(namespace.as_str(), selector),
        }
    }

    /// Whether pods of the mesh may be in a block of addresses: those of templates are not known, but are no
    /// link-local ones.
    fn holds_pods(&self, peer: &NetworkPeer) -> bool {
        let block = peer.ip_block.as_ref().and_then(|block| block.cidr.parse::<IpNet>().ok());
        let Some(block) = block else { return false };
        let is_link_local = match block {
            IpNet::V4(net) => net.network().is_link_local(),
            IpNet::V6(net) => net.network().is_unicast_link_local(),
        };
        self.captured.values().flatten().any(|workload| match workload.addresses.as_slice() {
            [] => !is_link_local,
            known => known.iter().any(|address| block.contains(address)),
        })
    }

    /// The policies one of whose rules of a side lets HBONE of pods of the mesh through.
    fn open(&self, side_of: SideOf) -> FxHashSet<ResourceRef> {
        let lets = |policy: &Policy, (peers, ports): &(&[NetworkPeer], &[NetworkPort])| {
            (ports.is_empty() || ports.iter().any(is_for_hbone))
                && (self.has_captured(policy, peers) || peers.iter().any(|peer| self.holds_pods(peer)))
        };
        let open = |policy: &&Policy| {
            side_of(&policy.spec).is_some_and(|side| side.rules.iter().any(|rule| lets(policy, rule)))
        };
        let policies = self.policies.values().flatten().copied();
        policies.filter(open).map(|policy| policy.reference(Kind::NetworkPolicy)).collect()
    }
}

/// Policies that let ports of applications through between pods of the mesh, where HBONE arrives at 15008.
pub(super) fn hbone(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let looked = Looked::at(survey);
    for side_of in SIDES {
        let open = looked.open(side_of);
        let lets = |policy: &Policy| open.contains(&policy.reference(Kind::NetworkPolicy));
        for policy in &survey.snapshot.network_policies {
            let Some(side) = side_of(&policy.spec) else { continue };
            let captured: Vec<&Workload> = looked.selected(policy).collect();
            let shut = |workload: &&Workload| !looked.selecting(workload).any(lets);
            let shut: Vec<&Workload> = captured.iter().copied().filter(shut).collect();
            for (at, (peers, ports)) in side.rules.iter().enumerate() {
                let named = ports_of_tcp(ports);
                if ports.is_empty() || named.is_empty() || !looked.has_captured(policy, peers) {
                    continue;
                }
                let path = FieldPath::spec().field(side.names.0).item(at);
                let evidence = |workloads: &[&Workload]| {
                    let names = some_of(owners(workloads.iter().copied()));
                    Evidence::none().with("ports", named.join(", ")).with("workloads", names)
                };
                let mut remarks = Remarks::on(policy, Kind::NetworkPolicy, into);
                if !shut.is_empty() {
                    remarks.add(Code::HbonePortForgotten, path, evidence(&shut));
                } else if !captured.is_empty() && ports.iter().any(is_hbone_alone) && ports.len() > 1 {
                    remarks.add(Code::PortLimitLost, path, evidence(&captured));
                }
            }
        }
    }
}

/// Policies that isolate pods of the mesh from the address of their node's probes.
pub(super) fn probes(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let looked = Looked::at(survey);
    let probe = IpAddr::from(HOST_PROBE);
    let inside = |text: &str| text.parse::<IpNet>().is_ok_and(|net| net.contains(&probe));
    let lets_in = |policy: &Policy| {
        let blocks = |peer: &NetworkPeer| peer.ip_block.as_ref().is_some_and(|block| inside(&block.cidr));
        ingress(&policy.spec).is_some_and(|side| {
            side.rules.iter().any(|(peers, _)| peers.is_empty() || peers.iter().any(blocks))
        })
    };
    for policy in survey.snapshot.network_policies.iter().filter(|policy| policy.spec.isolates_ingress()) {
        let shut = |workload: &&Workload| !looked.selecting(workload).any(lets_in);
        let shut: Vec<&Workload> = looked.selected(policy).filter(shut).collect();
        if !shut.is_empty() {
            let evidence =
                Evidence::none().with("workloads", some_of(owners(shut.into_iter()))).with("address", probe);
            let mut remarks = Remarks::on(policy, Kind::NetworkPolicy, into);
            remarks.add(Code::HostProbeNotAllowed, FieldPath::default(), evidence);
        }
    }
}

/// Peers by labels that no pod has.
pub(super) fn peers(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let looked = Looked::at(survey);
    for policy in &survey.snapshot.network_policies {
        for side in SIDES.iter().filter_map(|side_of| side_of(&policy.spec)) {
            for (at, (peers, _)) in side.rules.iter().enumerate() {
                for (index, peer) in peers.iter().enumerate().filter(|(_, peer)| peer.ip_block.is_none()) {
                    if let Some(evidence) = selects_nothing(&looked, policy, peer) {
                        let path =
                            FieldPath::spec().field(side.names.0).item(at).field(side.names.1).item(index);
                        let evidence = evidence
                            .with("peer", format!("{}[{at}].{}[{index}]", side.names.0, side.names.1));
                        let mut remarks = Remarks::on(policy, Kind::NetworkPolicy, into);
                        remarks.add(Code::NetworkPeerSelectsNothing, path, evidence);
                    }
                }
            }
        }
    }
}

fn selects_nothing(looked: &Looked<'_>, policy: &Policy, peer: &NetworkPeer) -> Option<Evidence> {
    let (survey, own) = (looked.survey, policy.namespace());
    let known = match &peer.namespace_selector {
        None => survey.knows_what_may_run(Some(&own)) && survey.in_namespace(&own).next().is_some(),
        Some(_) => survey.knows_what_may_run(None),
    };
    let may_be = |namespace: &Namespace| {
        looked.may_be_of(&own, peer, namespace) != Some(false)
            && survey.in_namespace(namespace).any(|pod| fits(peer, pod))
    };
    if !known || survey.namespaces().any(may_be) {
        return None;
    }
    let pods = peer.pod_selector.as_ref().map(ToString::to_string).filter(|text| !text.is_empty());
    let namespaces = match &peer.namespace_selector {
        None => format!("namespace {own}"),
        Some(selector) if selector.is_empty() => "any namespace".to_owned(),
        Some(selector) => format!("namespaces `{selector}`"),
    };
    let pods = pods.map_or_else(|| "any pod".to_owned(), |text| format!("`{text}`"));
    Some(Evidence::none().with("pods", pods).with("namespaces", namespaces))
}

/// Whether a pod has the labels that a peer must have.
fn fits(peer: &NetworkPeer, pod: &Workload) -> bool {
    peer.pod_selector.as_ref().is_none_or(|pods| pods.matches(&pod.labels))
}

fn is_on_hbone(workload: &Workload) -> bool {
    workload.is_captured() && !workload.is_unclear() && !workload.host_network
}

fn is_for_hbone(port: &NetworkPort) -> bool {
    let within = match &port.port {
        None => true,
        Some(PortRef::Number(first)) => (*first..=port.end_port.unwrap_or(*first)).contains(&HBONE_PORT),
        Some(PortRef::Name(_)) => false,
    };
    port.protocol == Protocol::Tcp && within
}

fn is_hbone_alone(port: &NetworkPort) -> bool {
    is_for_hbone(port) && port.port == Some(PortRef::Number(HBONE_PORT)) && port.end_port.is_none()
}

/// The ports of TCP but 15008, as written.
fn ports_of_tcp(ports: &[NetworkPort]) -> Vec<String> {
    let of_tcp = ports.iter().filter(|port| port.protocol == Protocol::Tcp && !is_hbone_alone(port));
    let shown = of_tcp.filter_map(|port| {
        let first = port.port.as_ref()?;
        Some(port.end_port.map_or_else(|| first.to_string(), |last| format!("{first}-{last}")))
    });
    shown.collect()
}
