//! Whether a rule is for a hop of a connection, and what it comes to: yes, no, if, or nobody can tell.

use std::net::IpAddr;

use crate::model::{Name, Namespace, ResourceRef};
use crate::policy::decision::Condition;

use super::classes::Classes;
use super::ports::{Fits, Ports, Travelling};
use super::rules::{IpBlock, Namespaces, Peers, Rule, Selector};
use super::{Direction, NetworkRule, PodClass};

/// One end of a hop, as the network sees it.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct End<'a> {
    pub(in crate::policy) kind: EndKind<'a>,
    /// The addresses that it may have; none when they are not known.
    pub(in crate::policy) addresses: &'a [IpAddr],
}

/// What stands at an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndKind<'a> {
    /// A pod.
    Pod(PodClass),
    /// A pod with the network of its node, which may be known.
    HostPod(PodClass, Option<&'a str>),
    /// The same pod.
    Itself,
    /// A process of a node.
    Node(&'a str),
    /// Nothing that was read.
    Address,
    /// A pod that does not run, of this namespace if that is known.
    Unrun(Option<&'a str>),
}

/// A hop of a connection: the end that is isolated, the other end, and the port that travels.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct Hop<'a> {
    pub(in crate::policy) of: PodClass,
    pub(in crate::policy) direction: Direction,
    pub(in crate::policy) other: End<'a>,
    pub(in crate::policy) port: Travelling<'a>,
}

/// What the policies of the network come to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::policy) enum Ruling {
    /// No policy has a say.
    NotIsolated,
    /// Its own node always gets in.
    OwnNode,
    /// A rule lets it through; whether it does so by the address of a pod.
    Allowed { by: NetworkRule, address: bool },
    /// The pod is isolated, and no rule lets it through.
    Isolated { by: NetworkRule },
    /// A rule of an administrator refuses it.
    Denied { by: NetworkRule },
    /// A rule lets it through on conditions.
    Depends { by: NetworkRule, conditions: Vec<Condition> },
    /// Nobody can tell.
    Uncertain(Uncertain),
}

/// Why nobody can tell.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::policy) enum Uncertain {
    /// Labels of a Namespace decide, which was not read.
    Namespace(Namespace),
    /// Whether a pod with the network of its node is seen as a pod is for the network plug-in.
    Node(NetworkRule),
    /// A rule of which it is not known whether it matches, or one of several that nothing orders.
    Rule(NetworkRule),
    /// An object that is not judged.
    Object(ResourceRef),
}

/// Whether a rule matches.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Matches {
    Yes { address: bool },
    No,
    If(Vec<Condition>),
    Maybe(Uncertain),
}

/// How rules are compared with a hop.
pub(super) struct Comparing<'a> {
    pub(super) classes: &'a Classes<'a>,
    pub(super) hop: Hop<'a>,
    /// The ports that the pod declares that is called.
    declared: &'a [(Name, u16)],
}

impl<'a> Comparing<'a> {
    pub(super) fn new(classes: &'a Classes<'a>, hop: Hop<'a>) -> Self {
        let called = match (hop.direction, hop.other.kind) {
            (Direction::Ingress, _) => Some(hop.of),
            (Direction::Egress, EndKind::Pod(class) | EndKind::HostPod(class, _)) => Some(class),
            (
                Direction::Egress,
                EndKind::Itself | EndKind::Node(_) | EndKind::Address | EndKind::Unrun(_),
            ) => None,
        };
        let declared = called.and_then(|class| classes.get(class)).map(|class| class.ports.as_slice());
        Self { classes, hop, declared: declared.unwrap_or_default() }
    }

    /// The ports that the pod declares that is called.
    pub(super) fn declared(&self) -> &'a [(Name, u16)] {
        self.declared
    }

    /// Whether a rule is for the hop: its peers and its ports must be.
    pub(super) fn rule(&self, rule: &Rule<'_>, at: NetworkRule) -> Matches {
        match self.selected(&rule.ports) {
            Matches::No => Matches::No,
            of_port => match (self.peers(&rule.peers, at), of_port) {
                (Matches::If(conditions), Matches::If(of_port)) => {
                    Matches::If(conditions.into_iter().chain(of_port).collect())
                }
                (Matches::Yes { .. }, depends @ Matches::If(_)) => depends,
                (matches, _) => matches,
            },
        }
    }

    /// Whether a rule with these ports is for the hop, when its peers are.
    pub(super) fn selected(&self, ports: &Ports) -> Matches {
        match ports.fit(self.hop.port, self.declared) {
            Fits::No => Matches::No,
            Fits::Yes => Matches::Yes { address: false },
            Fits::Within(values) => {
                Matches::If(vec![Condition { attribute: "destination.port".into(), values }])
            }
        }
    }

    fn peers(&self, peers: &Peers<'_>, at: NetworkRule) -> Matches {
        if peers.everyone {
            return Matches::Yes { address: false };
        }
        let by_name = self.by_selector(peers, at);
        if by_name == (Matches::Yes { address: false }) {
            return by_name;
        }
        let others = match self.hop.other.kind {
            EndKind::Pod(_) | EndKind::Itself | EndKind::Unrun(_) => false,
            EndKind::HostPod(..) | EndKind::Node(_) | EndKind::Address => peers.others,
        };
        let others = if others { Matches::Maybe(Uncertain::Rule(at)) } else { Matches::No };
        by_name.or(self.by_address(&peers.blocks)).or(others)
    }

    fn by_selector(&self, peers: &Peers<'_>, at: NetworkRule) -> Matches {
        let found = |class: PodClass| (peers.pods.sure.has(class), peers.pods.maybe.has(class));
        match self.hop.other.kind {
            EndKind::Pod(class) => match found(class) {
                (true, _) => Matches::Yes { address: false },
                (_, true) => match self.classes.get(class) {
                    Some(of) => Matches::Maybe(Uncertain::Namespace(of.namespace.clone())),
                    None => Matches::No,
                },
                _ => Matches::No,
            },
            EndKind::HostPod(class, _) if found(class) != (false, false) => {
                Matches::Maybe(Uncertain::Node(at))
            }
            EndKind::HostPod(..) | EndKind::Itself | EndKind::Node(_) | EndKind::Address => Matches::No,
            EndKind::Unrun(namespace) => {
                let each = peers.selectors.iter().map(|selector| self.unrun(selector, namespace));
                each.fold(Matches::No, Matches::or)
            }
        }
    }

    /// Whether a pod that does not run would be selected: with the right labels.
    fn unrun(&self, selector: &Selector<'_>, namespace: Option<&str>) -> Matches {
        let of_namespace = match (&selector.namespaces, namespace) {
            (Namespaces::Labelled(wanted), _) if wanted.is_empty() => Some(true),
            (_, None) => None,
            (Namespaces::Own(own), Some(namespace)) => Some(own.as_str() == namespace),
            (Namespaces::Labelled(wanted), Some(namespace)) => {
                self.classes.snapshot.is_namespace_selected(namespace, wanted)
            }
        };
        match (of_namespace, selector.pods) {
            (Some(false), _) => Matches::No,
            (Some(true), None) => Matches::Yes { address: false },
            (Some(true), Some(pods)) if pods.is_empty() => Matches::Yes { address: false },
            _ => Matches::If(vec![Condition {
                attribute: "source.labels".into(),
                values: vec![selector.to_string()],
            }]),
        }
    }

    fn by_address(&self, blocks: &[IpBlock]) -> Matches {
        if blocks.is_empty() {
            return Matches::No;
        }
        let attribute = match self.hop.direction {
            Direction::Ingress => "source.ip",
            Direction::Egress => "destination.ip",
        };
        let depends =
            |values: Vec<String>| Matches::If(vec![Condition { attribute: attribute.into(), values }]);
        let inside = |address: &&IpAddr| blocks.iter().any(|block| block.contains(address));
        let addresses = self.hop.other.addresses;
        let found: Vec<&IpAddr> = addresses.iter().filter(inside).collect();
        match found.len() {
            0 if addresses.is_empty() => {
                let whole =
                    |v4| blocks.iter().any(|b| b.is_whole_family() && b.block.net().addr().is_ipv4() == v4);
                if whole(true) && whole(false) {
                    return Matches::Yes { address: self.is_pod() };
                }
                depends(blocks.iter().map(ToString::to_string).collect())
            }
            0 => Matches::No,
            count if count == addresses.len() => Matches::Yes { address: self.is_pod() },
            _ => depends(found.iter().map(ToString::to_string).collect()),
        }
    }

    fn is_pod(&self) -> bool {
        matches!(self.hop.other.kind, EndKind::Pod(_) | EndKind::Unrun(_))
    }
}

impl Matches {
    /// Either of two: what is certain comes first, then what nobody can tell.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes { address: a }, Self::Yes { address: b }) => Self::Yes { address: a && b },
            (yes @ Self::Yes { .. }, _) | (_, yes @ Self::Yes { .. }) => yes,
            (maybe @ Self::Maybe(_), _) | (_, maybe @ Self::Maybe(_)) => maybe,
            (Self::If(a), Self::If(b)) => Self::If(either(a, b)),
            (Self::No, other) | (other, Self::No) => other,
        }
    }
}

/// What either of two lists of conditions comes to: of one attribute the values of both; of several which values go
/// together is not said.
pub(super) fn either(a: Vec<Condition>, b: Vec<Condition>) -> Vec<Condition> {
    let attributes = |list: &[Condition]| list.iter().map(|c| c.attribute.clone()).collect::<Vec<_>>();
    if attributes(&a) == attributes(&b) && a.len() == 1 {
        let mut values: Vec<String> = a.into_iter().chain(b.clone()).flat_map(|c| c.values).collect();
        let mut known = std::collections::BTreeSet::new();
        values.retain(|value| known.insert(value.clone()));
        return b.into_iter().map(|c| Condition { values: values.clone(), ..c }).collect();
    }
    let mut all: Vec<Condition> = Vec::new();
    for condition in a.into_iter().chain(b) {
        match all.iter_mut().find(|known| known.attribute == condition.attribute) {
            Some(known) if *known == condition => {}
            Some(known) => known.values.clear(),
            None => all.push(condition),
        }
    }
    if all.len() > 1 {
        all.iter_mut().for_each(|condition| condition.values.clear());
    }
    all
}
