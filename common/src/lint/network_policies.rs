//! NetworkPolicies that were written with the application in mind and not with what is on the wire: port 15008, the
//! address of the kubelet's probes, peers that nothing is.
//!
//! A policy for pods that are not in the mesh is none of our business.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::codes::{Code, Evidence};
use crate::kubernetes::{NetworkPeer, NetworkPolicySpec, NetworkPort};
use crate::model::{FieldPath, Kind, Labels, Namespace, PortRef, Protocol, Workload};
use crate::policy::{Remark, Remarks};
use crate::snapshot::Object;

use super::survey::{Survey, owners, some_of};

const HBONE: u16 = 15008;

/// The address of istio-cni from which the pod's own node sends (istio-cni, `HOST_PROBE_SNAT_IP`).
const HOST_PROBE: [u8; 4] = [169, 254, 7, 127];

type Policy = Object<NetworkPolicySpec>;

/// What a policy says of one direction.
struct Side<'a> {
    /// As in the object: the list, the peers in it.
    names: (&'static str, &'static str),
    rules: Vec<(&'a [NetworkPeer], &'a [NetworkPort])>,
}

fn ingress(spec: &NetworkPolicySpec) -> Option<Side<'_>> {
    let types = &spec.policy_types;
    let isolates = types.is_empty() || types.iter().any(|of| **of == *"Ingress");
    let rules = spec.ingress.iter().map(|rule| (rule.from.as_slice(), rule.ports.as_slice())).collect();
    isolates.then_some(Side { names: ("ingress", "from"), rules })
}

fn egress(spec: &NetworkPolicySpec) -> Option<Side<'_>> {
    let types = &spec.policy_types;
    let isolates = types.iter().any(|of| **of == *"Egress") || types.is_empty() && !spec.egress.is_empty();
    let rules = spec.egress.iter().map(|rule| (rule.to.as_slice(), rule.ports.as_slice())).collect();
    isolates.then_some(Side { names: ("egress", "to"), rules })
}

const SIDES: [fn(&NetworkPolicySpec) -> Option<Side<'_>>; 2] = [ingress, egress];

/// Policies that let ports of applications through between pods of the mesh, where HBONE arrives at 15008.
pub(super) fn hbone(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for policy in &survey.snapshot.network_policies {
        for side_of in SIDES {
            let Some(side) = side_of(&policy.spec) else { continue };
            for (at, (peers, ports)) in side.rules.iter().enumerate() {
                let named = ports_of_tcp(ports);
                if ports.is_empty() || named.is_empty() || !may_be_captured(survey, policy, peers) {
                    continue;
                }
                let shut = |workload: &&Workload| !lets_hbone_through(survey, workload, side_of);
                let captured: Vec<&Workload> = selected(survey, policy).collect();
                let shut: Vec<&Workload> = captured.iter().copied().filter(shut).collect();
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
    let probe = IpAddr::from(HOST_PROBE);
    let inside = |text: &str| text.parse::<IpNet>().is_ok_and(|net| net.contains(&probe));
    let lets_in = |policy: &Policy| {
        let blocks = |peer: &NetworkPeer| peer.ip_block.as_ref().is_some_and(|block| inside(&block.cidr));
        ingress(&policy.spec).is_some_and(|side| {
            side.rules.iter().any(|(peers, _)| peers.is_empty() || peers.iter().any(blocks))
        })
    };
    for policy in survey.snapshot.network_policies.iter().filter(|policy| ingress(&policy.spec).is_some()) {
        let shut = |workload: &&Workload| !selecting(survey, workload).any(lets_in);
        let shut: Vec<&Workload> = selected(survey, policy).filter(shut).collect();
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
    for policy in &survey.snapshot.network_policies {
        for side in SIDES.iter().filter_map(|side_of| side_of(&policy.spec)) {
            for (at, (peers, _)) in side.rules.iter().enumerate() {
                for (index, peer) in peers.iter().enumerate().filter(|(_, peer)| peer.ip_block.is_none()) {
                    if let Some(evidence) = selects_nothing(survey, policy, peer) {
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

fn selects_nothing(survey: &Survey<'_>, policy: &Policy, peer: &NetworkPeer) -> Option<Evidence> {
    let own = policy.namespace();
    let known = match &peer.namespace_selector {
        None => survey.knows_what_may_run(Some(&own)) && survey.in_namespace(&own).next().is_some(),
        Some(_) => survey.knows_what_may_run(None),
    };
    let mut workloads = survey.workloads().map(|(_, workload)| workload);
    if !known || workloads.any(|workload| is_peer(survey, &own, peer, workload) != Some(false)) {
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

/// Whether a workload is a peer; `None` when labels of its Namespace decide, which was not read.
fn is_peer(survey: &Survey<'_>, own: &Namespace, peer: &NetworkPeer, workload: &Workload) -> Option<bool> {
    if peer.pod_selector.as_ref().is_some_and(|pods| !pods.matches(&workload.labels)) {
        return Some(false);
    }
    let namespace = &workload.identity.namespace;
    match &peer.namespace_selector {
        None => Some(namespace == own),
        Some(selector) => match survey.snapshot.namespace_labels(namespace.as_str()) {
            Some(labels) => Some(selector.matches(labels)),
            None => {
                let name = [(crate::snapshot::NAME_OF_NAMESPACE, namespace.as_str())];
                selector.decided_by(&name.into_iter().collect::<Labels>())
            }
        },
    }
}

/// Whether a pod of the mesh is among the peers of a rule.
fn may_be_captured(survey: &Survey<'_>, policy: &Policy, peers: &[NetworkPeer]) -> bool {
    let own = policy.namespace();
    let by_selectors = || peers.iter().filter(|peer| peer.ip_block.is_none());
    let mut captured =
        survey.workloads().map(|(_, workload)| workload).filter(|workload| is_on_hbone(workload));
    captured.any(|workload| {
        peers.is_empty() || by_selectors().any(|peer| is_peer(survey, &own, peer, workload) == Some(true))
    })
}

/// The pods of the mesh that a policy selects.
fn selected<'a>(survey: &'a Survey<'_>, policy: &'a Policy) -> impl Iterator<Item = &'a Workload> {
    let namespace = policy.namespace();
    let indexes = survey.snapshot.in_namespace(namespace.as_str()).iter();
    let workloads = indexes.filter_map(|index| survey.snapshot.workload(*index));
    workloads.filter(|workload| is_on_hbone(workload) && policy.spec.pod_selector.matches(&workload.labels))
}

/// The policies that select a pod.
fn selecting<'a>(survey: &'a Survey<'_>, workload: &'a Workload) -> impl Iterator<Item = &'a Policy> {
    let namespace = &workload.identity.namespace;
    survey.snapshot.network_policies.iter().filter(move |policy| {
        policy.namespace() == *namespace && policy.spec.pod_selector.matches(&workload.labels)
    })
}

fn lets_hbone_through(
    survey: &Survey<'_>,
    workload: &Workload,
    side_of: fn(&NetworkPolicySpec) -> Option<Side<'_>>,
) -> bool {
    let of_mesh = |policy: &Policy, peers: &[NetworkPeer]| {
        may_be_captured(survey, policy, peers) || peers.iter().any(|peer| holds_pods(survey, peer))
    };
    let lets = |policy: &Policy, side: Side<'_>| {
        let mut open =
            side.rules.iter().filter(|(_, ports)| ports.is_empty() || ports.iter().any(is_for_hbone));
        open.any(|(peers, _)| of_mesh(policy, peers))
    };
    selecting(survey, workload).any(|policy| side_of(&policy.spec).is_some_and(|side| lets(policy, side)))
}

/// Whether pods of the mesh may be in a block of addresses: those of templates are not known, but are no
/// link-local ones.
fn holds_pods(survey: &Survey<'_>, peer: &NetworkPeer) -> bool {
    let block = peer.ip_block.as_ref().and_then(|block| block.cidr.parse::<IpNet>().ok());
    let Some(block) = block else { return false };
    let is_link_local = match block {
        IpNet::V4(net) => net.network().is_link_local(),
        IpNet::V6(net) => net.network().is_unicast_link_local(),
    };
    let mut captured =
        survey.workloads().map(|(_, workload)| workload).filter(|workload| is_on_hbone(workload));
    captured.any(|workload| match workload.addresses.as_slice() {
        [] => !is_link_local,
        known => known.iter().any(|address| block.contains(address)),
    })
}

fn is_on_hbone(workload: &Workload) -> bool {
    workload.is_captured() && !workload.is_unclear() && !workload.host_network
}

fn is_for_hbone(port: &NetworkPort) -> bool {
    let within = match &port.port {
        None => true,
        Some(PortRef::Number(first)) => (*first..=port.end_port.unwrap_or(*first)).contains(&HBONE),
        Some(PortRef::Name(_)) => false,
    };
    port.protocol == Protocol::Tcp && within
}

fn is_hbone_alone(port: &NetworkPort) -> bool {
    is_for_hbone(port) && port.port == Some(PortRef::Number(HBONE)) && port.end_port.is_none()
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
