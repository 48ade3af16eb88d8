//! The rules about what goes out, found by the end that is called and by the port that travels. Whether one that was
//! found is for a hop is not said here, but for those of which nothing is left to ask.

use rustc_hash::FxHashMap;

use crate::model::Name;
use crate::policy::ir::Block;
use crate::policy::peer_set::blocks::Blocks;

use super::classes::Positions;
use super::ports::{Port, Ports, Travelling};
use super::rules::{Peers, Policy, Rule};
use super::{Direction, EndKind, NetworkRule};

/// Such rules that are for TCP, by their numbers: those of one policy side by side, in their order.
#[derive(Debug, Default)]
pub(super) struct EgressRules {
    rules: Vec<NetworkRule>,
    /// By rule, a number that those of the same ports share.
    ports_of: Vec<usize>,
    /// By class, the rules whose selectors select it for certain.
    selecting: Vec<Positions>,
    /// Rules for whatever end.
    everyone: Positions,
    /// Rules that may be for others than their selectors select.
    for_any: Positions,
    /// Those of them that are for others by their addresses only.
    by_address: Positions,
    /// By range of addresses, the latter that are for it; empty where that would be too many.
    of_range: Vec<Positions>,
    ports: ByPort,
}

/// Pairs of rule and range of addresses beyond which each rule is asked.
const MOST_PAIRS: usize = 4 << 20;

/// What may be for an end and a port.
pub(super) struct Found {
    /// All of the rules.
    pub(super) all: Positions,
    /// Those of which nothing is left to ask.
    pub(super) certain: Positions,
    /// Those that are for the end for certain.
    pub(super) selecting: Positions,
}

impl EgressRules {
    /// The rules of these policies, for ends of so many classes.
    pub(super) fn new(policies: &[Policy<'_>], classes: usize, blocks: &Blocks) -> Self {
        let mut all = Self { selecting: vec![Positions::default(); classes], ..Self::default() };
        let count: usize =
            policies.iter().filter_map(|of| of.rules(Direction::Egress)).map(<[Rule<'_>]>::len).sum();
        if count.saturating_mul(blocks.len()) <= MOST_PAIRS {
            all.of_range = vec![Positions::default(); blocks.len()];
        }
        let mut known: FxHashMap<&Ports, usize> = FxHashMap::default();
        for (policy, of) in policies.iter().enumerate() {
            let rules = of.rules(Direction::Egress).unwrap_or_default().iter().enumerate();
            for (rule, one) in rules.filter(|(_, one)| !one.ports.is_never()) {
                let next = known.len();
                all.ports_of.push(*known.entry(&one.ports).or_insert(next));
                all.add(NetworkRule { policy, direction: Direction::Egress, rule: Some(rule) }, one, blocks);
            }
        }
        all
    }

    fn add(&mut self, at: NetworkRule, rule: &Rule<'_>, blocks: &Blocks) {
        let (number, peers) = (self.rules.len(), &rule.peers);
        self.rules.push(at);
        self.ports.add(number, &rule.ports);
        if peers.everyone {
            return self.everyone.insert(number);
        }
        let is_unclear = peers.others || !peers.pods.maybe.is_empty();
        if is_unclear || !peers.blocks.is_empty() {
            self.for_any.insert(number);
        }
        if !is_unclear && !peers.blocks.is_empty() {
            self.by_address.insert(number);
            self.add_ranges(number, peers, blocks);
        }
        for class in peers.pods.sure.iter() {
            self.selecting.get_mut(class).into_iter().for_each(|rules| rules.insert(number));
        }
    }

    fn add_ranges(&mut self, number: usize, peers: &Peers<'_>, blocks: &Blocks) {
        for block in &peers.blocks {
            for range in blocks.inside(&block.block) {
                let is_hole = |hole: &Block| blocks.inside(hole).contains(&range);
                if !block.except.iter().any(is_hole)
                    && let Some(rules) = self.of_range.get_mut(range)
                {
                    rules.insert(number);
                }
            }
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<NetworkRule> {
        self.rules.get(number).copied()
    }

    /// A number that rules of the same ports share.
    pub(super) fn ports_of(&self, number: usize) -> Option<usize> {
        self.ports_of.get(number).copied()
    }

    /// The rules that may be for such an end, whose addresses are in these ranges and which declares these ports, and
    /// for this port of it. Of an end without ranges the addresses are not known.
    pub(super) fn to(
        &self,
        end: EndKind<'_>,
        ranges: &[usize],
        port: Travelling<'_>,
        declared: &[(Name, u16)],
    ) -> Found {
        let (fit, may_fit) = self.ports.of(port, declared);
        let selecting = match end {
            EndKind::Pod(class) | EndKind::HostPod(class, _) => self.selecting.get(class.position()),
            EndKind::Itself | EndKind::Node(_) | EndKind::Address | EndKind::Unrun(_) => None,
        };
        let mut selecting = selecting.cloned().unwrap_or_default();
        let mut all = self.for_any.clone();
        if !ranges.is_empty() && !self.of_range.is_empty() {
            all = all.without(&self.by_address);
            ranges.iter().filter_map(|range| self.of_range.get(*range)).for_each(|rules| all.add(rules));
        }
        all.add(&selecting);
        all.add(&self.everyone);
        let mut any_port = fit.clone();
        any_port.add(&may_fit);
        // Whether a pod with the network of its node is seen as a pod is asked elsewhere.
        if !matches!(end, EndKind::Pod(_)) {
            selecting = Positions::default();
        }
        selecting.add(&self.everyone);
        Found { all: all.and(&any_port), certain: selecting.clone().and(&fit), selecting }
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
