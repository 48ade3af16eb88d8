//! Which policies of the network can be judged: one with a field that is not known, or that the API server would
//! refuse, is set aside as a whole, because a condition that is overlooked makes a rule wider than it is.
//!
//! Kubernetes pkg/apis/networking/validation/validation.go; sigs.k8s.io/network-policy-api apis/v1alpha1.

use std::fmt::Display;

use ipnet::IpNet;

use crate::kubernetes::{
    AdminNetworkPolicySpec, AdminPeer, AdminPort, NamespacedPods, NetworkPeer, NetworkPolicySpec, NetworkPort,
};
use crate::model::labels::Operator;
use crate::model::{FieldPath, Kind, LabelSelector, Name};

use super::visible::{Defect, missing, unknown, unreadable};
use super::{Objects, Unreadable};

/// Takes out of the lists what cannot be judged.
pub(super) fn set_aside(objects: &mut Objects) -> Vec<Unreadable> {
    let mut aside = Vec::new();
    let sources = &objects.sources;
    objects.network_policies.retain(|object| {
        let defect = of_network_policy(&object.spec);
        let defect = defect.map(|defect| unreadable(object, Kind::NetworkPolicy, None, defect, sources));
        aside.extend(defect.clone());
        defect.is_none()
    });
    let admin = (&mut objects.admin_network_policies, Kind::AdminNetworkPolicy);
    let baseline = (&mut objects.baseline_admin_network_policies, Kind::BaselineAdminNetworkPolicy);
    for (list, kind) in [admin, baseline] {
        list.retain(|object| {
            let other = kind == Kind::BaselineAdminNetworkPolicy && *object.meta.name != *"default";
            let name = || missing(FieldPath::default(), "the only one that counts is `default`");
            let defect = of_admin_policy(&object.spec, &kind).or_else(|| other.then(name));
            let defect = defect.map(|defect| unreadable(object, kind.clone(), None, defect, sources));
            aside.extend(defect.clone());
            defect.is_none()
        });
    }
    aside
}

fn of_network_policy(spec: &NetworkPolicySpec) -> Option<Defect> {
    let at = FieldPath::spec;
    let type_error = |of: &Name| !matches!(&**of, "Ingress" | "Egress");
    unknown(at(), spec.unknown.first())
        .or_else(|| of_selector(&at().field("podSelector"), &spec.pod_selector))
        .or_else(|| {
            let wrong = spec.policy_types.iter().find(|of| type_error(of))?;
            Some(wrong_value(at().field("policyTypes"), wrong))
        })
        .or_else(|| {
            each(&at().field("ingress"), &spec.ingress, |at, rule| {
                unknown(at.clone(), rule.unknown.first())
                    .or_else(|| of_rule(at, ("from", &rule.from, of_peer), (&rule.ports, of_port)))
            })
        })
        .or_else(|| {
            each(&at().field("egress"), &spec.egress, |at, rule| {
                unknown(at.clone(), rule.unknown.first())
                    .or_else(|| of_rule(at, ("to", &rule.to, of_peer), (&rule.ports, of_port)))
            })
        })
}

fn of_admin_policy(spec: &AdminNetworkPolicySpec, kind: &Kind) -> Option<Defect> {
    let at = FieldPath::spec;
    let subject = || at().field("subject");
    unknown(at(), spec.unknown.first())
        .or_else(|| {
            let fits = spec.priority.is_some_and(|priority| (0..=1000).contains(&priority));
            let wrong = *kind == Kind::AdminNetworkPolicy && !fits;
            wrong.then(|| missing(at(), "its `priority` must be from 0 to 1000"))
        })
        .or_else(|| unknown(subject(), spec.subject.unknown.first()))
        .or_else(|| of_pods(&subject(), spec.subject.namespaces.as_ref(), spec.subject.pods.as_ref()))
        .or_else(|| match (&spec.subject.namespaces, &spec.subject.pods) {
            (Some(_), None) | (None, Some(_)) => None,
            _ => Some(missing(subject(), "its subject must be `namespaces` or `pods`")),
        })
        .or_else(|| {
            each(&at().field("ingress"), &spec.ingress, |at, rule| {
                unknown(at.clone(), rule.unknown.first())
                    .or_else(|| of_action(at.clone(), &rule.action, kind))
                    .or_else(|| rule.from.is_empty().then(|| missing(at.clone(), "a rule without `from`")))
                    .or_else(|| each(&at.clone().field("from"), &rule.from, of_ingress_peer))
                    .or_else(|| {
                        of_rule(at, ("from", &rule.from, of_admin_peer), (&rule.ports, of_admin_port))
                    })
            })
        })
        .or_else(|| {
            each(&at().field("egress"), &spec.egress, |at, rule| {
                unknown(at.clone(), rule.unknown.first())
                    .or_else(|| of_action(at.clone(), &rule.action, kind))
                    .or_else(|| rule.to.is_empty().then(|| missing(at.clone(), "a rule without `to`")))
                    .or_else(|| of_rule(at, ("to", &rule.to, of_admin_peer), (&rule.ports, of_admin_port)))
            })
        })
}

/// What is wrong with the peers or the ports of a rule.
fn of_rule<P, Q>(
    at: &FieldPath,
    (list, peers, of_peer): (&'static str, &[P], Check<P>),
    (ports, of_port): (&[Q], Check<Q>),
) -> Option<Defect> {
    let at = |list| at.clone().field(list);
    each(&at(list), peers, of_peer).or_else(|| each(&at("ports"), ports, of_port))
}

/// Says what is wrong with something at a place.
type Check<T> = fn(&FieldPath, &T) -> Option<Defect>;

fn each<T>(list: &FieldPath, items: &[T], of: impl Fn(&FieldPath, &T) -> Option<Defect>) -> Option<Defect> {
    items.iter().enumerate().find_map(|(index, item)| of(&list.clone().item(index), item))
}

fn wrong_value(path: FieldPath, value: impl Display) -> Defect {
    Defect { path, unknown: None, error: format!("`{value}` is no value for it") }
}

fn of_selector(path: &FieldPath, selector: &LabelSelector) -> Option<Defect> {
    unknown(path.clone(), selector.unknown.first()).or_else(|| {
        let mut expressions = selector.match_expressions.iter().enumerate();
        expressions.find_map(|(index, one)| {
            let at = path.clone().field("matchExpressions").item(index);
            let wrong = match (one.operator, one.values.is_empty()) {
                (None, _) => Some("an expression without `operator`"),
                (Some(Operator::In | Operator::NotIn), true) => Some("an expression without `values`"),
                (Some(Operator::Exists | Operator::DoesNotExist), false) => {
                    Some("an expression that takes no `values`")
                }
                _ => None,
            };
            unknown(at.clone(), one.unknown.first()).or_else(|| Some(missing(at, wrong?)))
        })
    })
}

fn of_pods(
    path: &FieldPath,
    namespaces: Option<&LabelSelector>,
    pods: Option<&NamespacedPods>,
) -> Option<Defect> {
    let at = |field| path.clone().field(field);
    let of_namespaces = || of_selector(&at("namespaces"), namespaces?);
    let of_pods = || {
        let pods = pods?;
        unknown(at("pods"), pods.unknown.first())
            .or_else(|| of_selector(&at("pods").field("namespaceSelector"), &pods.namespace_selector))
            .or_else(|| of_selector(&at("pods").field("podSelector"), &pods.pod_selector))
    };
    of_namespaces().or_else(of_pods)
}

fn of_peer(path: &FieldPath, peer: &NetworkPeer) -> Option<Defect> {
    let selectors = [("podSelector", &peer.pod_selector), ("namespaceSelector", &peer.namespace_selector)];
    let selects = selectors.iter().any(|(_, selector)| selector.is_some());
    let of_selectors = || {
        let mut each = selectors.iter();
        each.find_map(|(name, selector)| of_selector(&path.clone().field(name), selector.as_ref()?))
    };
    let of_block = || {
        let block = peer.ip_block.as_ref()?;
        let path = || path.clone().field("ipBlock");
        let mut texts = std::iter::once(&block.cidr).chain(&block.except);
        let wrong = texts.find(|text| text.parse::<IpNet>().is_err());
        let outer = block.cidr.parse::<IpNet>().ok();
        let inside = |hole: &&Name| {
            let hole = hole.parse::<IpNet>().ok();
            outer.zip(hole).is_some_and(|(outer, hole)| outer.contains(&hole) && outer != hole)
        };
        let beside = || block.except.iter().find(|hole| !inside(hole));
        unknown(path(), block.unknown.first())
            .or_else(|| Some(wrong_value(path(), wrong?)))
            .or_else(|| Some(wrong_value(path().field("except"), beside()?)))
    };
    unknown(path.clone(), peer.unknown.first()).or_else(of_selectors).or_else(of_block).or_else(|| {
        match (selects, peer.ip_block.is_some()) {
            (true, false) | (false, true) => None,
            (false, false) => Some(missing(path.clone(), "a peer without a selector or `ipBlock`")),
            (true, true) => Some(missing(path.clone(), "a peer with a selector and `ipBlock`")),
        }
    })
}

fn of_port(path: &FieldPath, port: &NetworkPort) -> Option<Defect> {
    use crate::model::PortRef;
    use crate::model::port::is_port_name;
    let range = |first: u16| port.end_port.is_some_and(|last| last < first);
    let wrong = match &port.port {
        Some(PortRef::Number(0)) => Some("0 is no port"),
        Some(PortRef::Number(first)) => range(*first).then_some("`endPort` is below `port`"),
        Some(PortRef::Name(_)) | None => port.end_port.map(|_| "`endPort` goes with a number only"),
    };
    let no_name = || match &port.port {
        Some(PortRef::Name(name)) if !is_port_name(name) => {
            Some(wrong_value(path.clone().field("port"), name))
        }
        _ => None,
    };
    unknown(path.clone(), port.unknown.first())
        .or_else(|| Some(missing(path.clone(), wrong?)))
        .or_else(no_name)
}

fn of_action(path: FieldPath, action: &Name, kind: &Kind) -> Option<Defect> {
    let known = match &**action {
        "Allow" | "Deny" => true,
        "Pass" => *kind == Kind::AdminNetworkPolicy,
        _ => false,
    };
    (!known).then(|| wrong_value(path.field("action"), action))
}

fn of_ingress_peer(path: &FieldPath, peer: &AdminPeer) -> Option<Defect> {
    let of_egress = peer.nodes.is_some() || !peer.networks.is_empty() || !peer.domain_names.is_empty();
    of_egress.then(|| missing(path.clone(), "`from` takes namespaces and pods only"))
}

fn of_admin_peer(path: &FieldPath, peer: &AdminPeer) -> Option<Defect> {
    let wrong = peer.networks.iter().find(|text| text.parse::<IpNet>().is_err());
    let nodes = || of_selector(&path.clone().field("nodes"), peer.nodes.as_ref()?);
    let kinds = [
        peer.namespaces.is_some(),
        peer.pods.is_some(),
        peer.nodes.is_some(),
        !peer.networks.is_empty(),
        !peer.domain_names.is_empty(),
    ];
    let one = kinds.iter().filter(|kind| **kind).count() == 1;
    unknown(path.clone(), peer.unknown.first())
        .or_else(|| of_pods(path, peer.namespaces.as_ref(), peer.pods.as_ref()))
        .or_else(nodes)
        .or_else(|| Some(wrong_value(path.clone().field("networks"), wrong?)))
        .or_else(|| (!one).then(|| missing(path.clone(), "a peer must be of exactly one kind")))
}

fn of_admin_port(path: &FieldPath, port: &AdminPort) -> Option<Defect> {
    let kinds = [port.port_number.is_some(), port.port_range.is_some(), port.named_port.is_some()];
    let one = kinds.iter().filter(|kind| **kind).count() == 1;
    let range = || port.port_range.as_ref().filter(|range| range.end < range.start || range.start == 0);
    let in_number = port.port_number.as_ref().and_then(|number| number.unknown.first());
    let in_range = port.port_range.as_ref().and_then(|range| range.unknown.first());
    unknown(path.clone(), port.unknown.first().or(in_number).or(in_range))
        .or_else(|| range().map(|_| missing(path.clone(), "`start` must be from 1 to `end`")))
        .or_else(|| (!one).then(|| missing(path.clone(), "a port must be of exactly one kind")))
}
