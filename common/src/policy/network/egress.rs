//! The rules about what goes out, found by the end that is called and by the port that travels. Whether one that was
//! found is for a hop is not said here, but for those of which nothing is left to ask.

use rustc_hash::FxHashMap;

use crate::model::Name;

use super::classes::{ClassSet, Positions};
use super::ports::{Port, Ports, Travelling};
use super::rules::{Policy, Rule};
use super::{Direction, EndKind, NetworkRule};

/// Such rules that are for TCP, by their numbers: those of one policy side by side, in their order.
#[derive(Debug, Default)]
pub(super) struct EgressRules {
    rules: Vec<NetworkRule>,
    /// By rule, a number that those of the same ports share.
    ports_of: Vec<usize>,
    /// By class, the rules whose selectors select it for certain.
    selecting: Vec<Positions>,
    /// Rules that may be for other ends, too.
    for_any: Positions,
    ports: ByPort,
}

/// What may be for an end and a port.
pub(super) struct Found {
    /// All of the rules.
    pub(super) all: Positions,
    /// Those of which nothing is left to ask.
    pub(super) certain: Positions,
    /// Those that select the end for certain.
    pub(super) selecting: Positions,
}

impl EgressRules {
    /// The rules of these policies, for ends of so many classes.
    pub(super) fn new(policies: &[Policy<'_>], classes: usize) -> Self {
        let mut all = Self { selecting: vec![Positions::default(); classes], ..Self::default() };
        let mut known: FxHashMap<&Ports, usize> = FxHashMap::default();
        for (policy, of) in policies.iter().enumerate() {
            let rules = of.rules(Direction::Egress).unwrap_or_default().iter().enumerate();
            for (rule, one) in rules.filter(|(_, one)| !one.ports.is_never()) {
                let next = known.len();
                all.ports_of.push(*known.entry(&one.ports).or_insert(next));
                all.add(NetworkRule { policy, direction: Direction::Egress, rule: Some(rule) }, one);
            }
        }
        all
    }

    fn add(&mut self, at: NetworkRule, rule: &Rule<'_>) {
        let (number, peers) = (self.rules.len(), &rule.peers);
        self.rules.push(at);
        self.ports.add(number, &rule.ports);
        if peers.everyone || peers.others || !peers.blocks.is_empty() || !peers.pods.maybe.is_empty() {
            self.for_any.insert(number);
            return;
        }
        for class in peers.pods.sure.iter() {
            self.selecting.get_mut(class).into_iter().for_each(|rules| rules.insert(number));
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<NetworkRule> {
        self.rules.get(number).copied()
    }

    /// A number that rules of the same ports share.
    pub(super) fn ports_of(&self, number: usize) -> Option<usize> {
        self.ports_of.get(number).copied()
    }

    /// The rules that may be for such an end, which declares these ports, and for this port of it.
    pub(super) fn to(&self, end: EndKind<'_>, port: Travelling<'_>, declared: &[(Name, u16)]) -> Found {
        let (fit, may_fit) = self.ports.of(port, declared);
        let selecting = match end {
            EndKind::Pod(class) | EndKind::HostPod(class, _) => self.selecting.get(class.position()),
            EndKind::Itself | EndKind::Node(_) | EndKind::Address | EndKind::Unrun(_) => None,
        };
        let selecting = selecting.cloned().unwrap_or_default();
        let mut all = selecting.clone();
        all.add(&self.for_any);
        let mut any_port = fit.clone();
        any_port.add(&may_fit);
        let all = all.and(&any_port);
        // Whether a pod with the network of its node is seen as a pod is asked elsewhere.
        let selecting = if matches!(end, EndKind::Pod(_)) { selecting } else { ClassSet::default() };
        Found { all, certain: selecting.clone().and(&fit), selecting }
    }
}

/// Rules by the ports that they are for.
#[derive(Debug, Default)]
struct ByPort {
    every: Positions,
    /// By the only port, or one of them.
    single: FxHashMap<u16, Vec<usize>>,
    ranges: Vec<(u16, u16, usize)>,
    named: FxHashMap<Name, Vec<usize>>,
    /// Those with numbers that are not every port.
    some: Positions,
}

impl ByPort {
    fn add(&mut self, number: usize, ports: &Ports) {
        let Ports::Any(ports) = ports else { return self.every.insert(number) };
        for port in ports {
            match port {
                Port::Range(0 | 1, u16::MAX) => self.every.insert(number),
                Port::Range(first, last) if first == last => {
                    self.single.entry(*first).or_default().push(number);
                    self.some.insert(number);
                }
                Port::Range(first, last) => {
                    self.ranges.push((*first, *last, number));
                    self.some.insert(number);
                }
                Port::Named(name) => self.named.entry(name.clone()).or_default().push(number),
            }
        }
    }

    /// Rules for such a port at a pod that declares these, and those of which that depends on the port.
    fn of(&self, port: Travelling<'_>, declared: &[(Name, u16)]) -> (Positions, Positions) {
        let mut fit = self.every.clone();
        let Travelling::Number(wanted) = port else { return (fit, self.some.clone()) };
        let single = self.single.get(&wanted).into_iter().flatten().copied();
        let in_range = |(first, last, _): &&(u16, u16, usize)| (*first..=*last).contains(&wanted);
        let ranges = self.ranges.iter().filter(in_range).map(|(.., number)| *number);
        let names = declared.iter().filter(|(_, number)| *number == wanted);
        let named = names.filter_map(|(name, _)| self.named.get(name)).flatten().copied();
        single.chain(ranges).chain(named).for_each(|number| fit.insert(number));
        (fit, Positions::default())
    }
}
