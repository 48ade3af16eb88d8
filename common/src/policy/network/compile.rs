//! From what people write to [`Policy`]: the defaults of `policyTypes`, selectors as sets of classes, ports of TCP.
//!
//! Objects that are not understood as a whole never come here (`snapshot`).

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::kubernetes::{
    AdminNetworkPolicySpec, AdminPeer, AdminPort, NamespacedPods, NetworkPeer, NetworkPolicySpec, NetworkPort,
};
use crate::model::{Kind, LabelSelector, Name, Namespace, PortRef, Protocol};
use crate::policy::ir::Block;
use crate::snapshot::{MeshSnapshot, Object};

use super::classes::{Classes, Selection};
use super::ports::{Port, Ports};
use super::rules::{Action, IpBlock, Namespaces, Peers, Policy, Rule, Selector, Tier};

/// The policies, those that come first first.
pub(super) fn policies<'a>(snapshot: &'a MeshSnapshot, classes: &Classes<'_>) -> Vec<Policy<'a>> {
    let mut compiler = Compiler { classes, known: FxHashMap::default() };
    let mut policies: Vec<Policy<'a>> = Vec::new();
    for object in &snapshot.admin_network_policies {
        let tier = Tier::Admin(object.spec.priority.unwrap_or_default());
        policies.push(compiler.admin(object, Kind::AdminNetworkPolicy, tier));
    }
    policies.extend(snapshot.network_policies.iter().map(|object| compiler.network_policy(object)));
    for object in &snapshot.baseline_admin_network_policies {
        policies.push(compiler.admin(object, Kind::BaselineAdminNetworkPolicy, Tier::Baseline));
    }
    policies.sort_by(|a, b| (a.tier, &a.reference).cmp(&(b.tier, &b.reference)));
    policies
}

/// Every selector of pods.
pub(super) fn pod_selectors(snapshot: &MeshSnapshot) -> impl Iterator<Item = &LabelSelector> {
    let namespaced = snapshot.network_policies.iter().flat_map(|policy| {
        let of_peers = policy.spec.peers().filter_map(|peer| peer.pod_selector.as_ref());
        std::iter::once(&policy.spec.pod_selector).chain(of_peers)
    });
    let admin = admin_specs(snapshot).flat_map(|spec| {
        let pods = spec.subject.pods.iter().chain(spec.peers().filter_map(|peer| peer.pods.as_ref()));
        pods.map(|pods| &pods.pod_selector)
    });
    namespaced.chain(admin)
}

/// Every name of a port.
pub(super) fn named_ports(snapshot: &MeshSnapshot) -> impl Iterator<Item = &str> {
    let namespaced = snapshot.network_policies.iter().flat_map(|policy| policy.spec.ports());
    let namespaced = namespaced.filter_map(|port| match &port.port {
        Some(PortRef::Name(name)) => Some(&**name),
        _ => None,
    });
    let admin = admin_specs(snapshot).flat_map(AdminNetworkPolicySpec::ports);
    namespaced.chain(admin.filter_map(|port| port.named_port.as_deref()))
}

fn admin_specs(snapshot: &MeshSnapshot) -> impl Iterator<Item = &AdminNetworkPolicySpec> {
    let all = snapshot.admin_network_policies.iter().chain(&snapshot.baseline_admin_network_policies);
    all.map(|object| &object.spec)
}

struct Compiler<'c, 'a> {
    classes: &'c Classes<'c>,
    /// Sets that were made already: the same selectors are written again and again.
    known: FxHashMap<Selector<'a>, Selection>,
}

impl<'a> Compiler<'_, 'a> {
    fn network_policy(&mut self, object: &'a Object<NetworkPolicySpec>) -> Policy<'a> {
        let spec = &object.spec;
        let own = object.namespace();
        let mut rule = |peers: &'a [NetworkPeer], ports: &'a [NetworkPort]| Rule {
            action: Action::Allow,
            peers: self.peers(peers, &own),
            ports: ports_of(ports),
        };
        let ingress = spec.isolates_ingress();
        let ingress = ingress.then(|| spec.ingress.iter().map(|one| rule(&one.from, &one.ports)).collect());
        let egress = spec.isolates_egress();
        let egress = egress.then(|| spec.egress.iter().map(|one| rule(&one.to, &one.ports)).collect());
        let subject = Selector { namespaces: Namespaces::Own(own.clone()), pods: Some(&spec.pod_selector) };
        Policy {
            reference: object.reference(Kind::NetworkPolicy),
            origin: object.origin,
            tier: Tier::Namespace,
            subject: self.selected(&subject).clone(),
            ingress,
            egress,
        }
    }

    fn admin(&mut self, object: &'a Object<AdminNetworkPolicySpec>, kind: Kind, tier: Tier) -> Policy<'a> {
        let spec = &object.spec;
        let mut rule = |action: &str, peers: &'a [AdminPeer], ports: &'a [AdminPort]| Rule {
            action: match action {
                "Allow" => Action::Allow,
                "Pass" => Action::Pass,
                _ => Action::Deny,
            },
            peers: self.admin_peers(peers),
            ports: admin_ports(ports),
        };
        let ingress = spec.ingress.iter().map(|one| rule(&one.action, &one.from, &one.ports)).collect();
        let egress = spec.egress.iter().map(|one| rule(&one.action, &one.to, &one.ports)).collect();
        let mut subject = Selection::default();
        for selector in selectors(spec.subject.namespaces.as_ref(), spec.subject.pods.as_ref()) {
            subject.add(&self.of_the_network(&selector));
        }
        Policy {
            reference: object.reference(kind),
            origin: object.origin,
            tier,
            subject,
            ingress: Some(ingress),
            egress: Some(egress),
        }
    }

    fn peers(&mut self, peers: &'a [NetworkPeer], own: &Namespace) -> Peers<'a> {
        let mut all = Peers { everyone: peers.is_empty(), ..Peers::default() };
        for peer in peers {
            if let Some(block) = &peer.ip_block {
                all.blocks.extend(ip_block(&block.cidr, &block.except));
                continue;
            }
            let namespaces = match &peer.namespace_selector {
                Some(selector) => Namespaces::Labelled(selector),
                None => Namespaces::Own(own.clone()),
            };
            let selector = Selector { namespaces, pods: peer.pod_selector.as_ref() };
            all.pods.add(self.selected(&selector));
            all.selectors.push(selector);
        }
        all
    }

    fn admin_peers(&mut self, peers: &'a [AdminPeer]) -> Peers<'a> {
        let mut all = Peers::default();
        for peer in peers {
            all.blocks.extend(peer.networks.iter().filter_map(|cidr| ip_block(cidr, &[])));
            all.others |= peer.nodes.is_some() || !peer.domain_names.is_empty();
            for selector in selectors(peer.namespaces.as_ref(), peer.pods.as_ref()) {
                // Pods with the network of their node are no peers of this kind.
                all.pods.add(&self.of_the_network(&selector));
                all.selectors.push(selector);
            }
        }
        all
    }

    /// The classes of a selector.
    fn selected(&mut self, selector: &Selector<'a>) -> &Selection {
        let classes = self.classes;
        self.known.entry(selector.clone()).or_insert_with(|| {
            let mut found = Selection::default();
            match &selector.namespaces {
                Namespaces::Own(own) => {
                    let range = classes.in_namespace(own);
                    classes.selected(range, selector.pods).for_each(|at| found.sure.insert(at));
                }
                Namespaces::Labelled(wanted) => {
                    for (namespace, range) in &classes.ranges {
                        let set = match classes.snapshot.is_namespace_selected(namespace.as_str(), wanted) {
                            Some(true) => &mut found.sure,
                            None => &mut found.maybe,
                            Some(false) => continue,
                        };
                        classes.selected(range.clone(), selector.pods).for_each(|at| set.insert(at));
                    }
                }
            }
            found
        })
    }

    /// The same without pods that have the network of their node: no policy isolates them.
    fn of_the_network(&mut self, selector: &Selector<'a>) -> Selection {
        let classes = self.classes;
        let on_network =
            |at: &usize| classes.get(super::PodClass::at(*at)).is_some_and(|class| !class.host_network);
        let all = self.selected(selector);
        let mut found = Selection::default();
        all.sure.iter().filter(on_network).for_each(|at| found.sure.insert(at));
        all.maybe.iter().filter(on_network).for_each(|at| found.maybe.insert(at));
        found
    }
}

fn selectors<'a>(
    namespaces: Option<&'a LabelSelector>,
    pods: Option<&'a NamespacedPods>,
) -> impl Iterator<Item = Selector<'a>> {
    let all = namespaces.map(|selector| Selector { namespaces: Namespaces::Labelled(selector), pods: None });
    let some = pods.map(|pods| Selector {
        namespaces: Namespaces::Labelled(&pods.namespace_selector),
        pods: Some(&pods.pod_selector),
    });
    all.into_iter().chain(some)
}

fn ip_block(cidr: &Name, except: &[Name]) -> Option<IpBlock> {
    let block = |text: &Name| text.parse::<IpNet>().ok().map(Block::new);
    Some(IpBlock { block: block(cidr)?, except: except.iter().filter_map(block).collect() })
}

fn ports_of(ports: &[NetworkPort]) -> Ports {
    let port = |port: &NetworkPort| match &port.port {
        None => Port::Range(0, u16::MAX),
        Some(PortRef::Number(first)) => Port::Range(*first, port.end_port.unwrap_or(*first)),
        Some(PortRef::Name(name)) => Port::Named(name.clone()),
    };
    if ports.is_empty() {
        return Ports::Every;
    }
    Ports::Any(ports.iter().filter(|port| port.protocol == Protocol::Tcp).map(port).collect())
}

fn admin_ports(ports: &[AdminPort]) -> Ports {
    if ports.is_empty() {
        return Ports::Every;
    }
    let port = |port: &AdminPort| {
        let number = port.port_number.as_ref().filter(|number| number.protocol == Protocol::Tcp);
        let range = port.port_range.as_ref().filter(|range| range.protocol == Protocol::Tcp);
        let number = number.map(|number| Port::Range(number.port, number.port));
        let named = port.named_port.clone().map(Port::Named);
        number.or_else(|| range.map(|range| Port::Range(range.start, range.end))).or(named)
    };
    Ports::Any(ports.iter().filter_map(port).collect())
}
