//! The same hop from many pods: what each NetworkPolicy says of it is worked out once.

use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::policy::network::classes::ClassSet;
use crate::policy::network::egress::Found;
use crate::policy::network::ruling::{Comparing, Hop, Matches, Ruling};
use crate::policy::network::{Direction, NetworkPolicies, NetworkRule};

/// What a NetworkPolicy says of a hop.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// This rule lets it through, whatever the addresses.
    Allowed(usize),
    /// No rule is for it.
    Nothing,
    /// Anything else, by a number: the same number is the same.
    Other(u32),
}

/// What NetworkPolicies say of what goes out to one end and port, whoever sends it.
#[derive(Debug)]
pub(in crate::policy) struct Sent {
    /// By policy.
    says: Vec<Says>,
    /// Numbers of what depends on one thing: said again, it changes nothing.
    repeatable: FxHashSet<u32>,
}

impl NetworkPolicies<'_> {
    /// What the policies say of what goes out, whoever sends: `None` where others than NetworkPolicies have a say.
    pub(in crate::policy) fn sent(&self, hop: Hop<'_>) -> Option<Sent> {
        if !self.unjudged.is_empty() || !self.only_namespaced {
            return None;
        }
        let mut asked = Rules::new(self, hop);
        let mut says = vec![Says::Nothing; self.policies.len()];
        let mut lists: Numbers<Vec<u32>> = Numbers::default();
        let mut others: Vec<u32> = Vec::new();
        let mut rules = asked.possible().into_iter().peekable();
        while let Some((number, at)) = rules.next() {
            let Some(said) = says.get_mut(at.policy).filter(|said| !matches!(said, Says::Allowed(_))) else {
                continue;
            };
            match (asked.ask(number, at), at.rule) {
                (One::Allows, Some(rule)) => {
                    *said = Says::Allowed(rule);
                    others.clear();
                }
                (One::Other(matches), _) => others.push(matches),
                (One::Allows | One::Nothing, _) => {}
            }
            let is_last = rules.peek().is_none_or(|(_, next)| next.policy != at.policy);
            if is_last && !others.is_empty() {
                *said = Says::Other(lists.number(&others));
                others.clear();
            }
        }
        let repeatable = |(list, number): (&Vec<u32>, &u32)| match list.as_slice() {
            [only] if asked.repeatable.contains(only) => Some(*number),
            _ => None,
        };
        Some(Sent { says, repeatable: lists.0.iter().filter_map(repeatable).collect() })
    }

    /// What is said of one sender, where each policy that selects it lets it through for certain or does not.
    pub(in crate::policy) fn rule_sent(&self, hop: Hop<'_>, sent: &Sent) -> Ruling {
        self.added_up(hop, sent).unwrap_or_else(|| self.rule(hop))
    }

    fn added_up(&self, hop: Hop<'_>, sent: &Sent) -> Option<Ruling> {
        let selecting = self.selecting(hop.of, hop.direction);
        let first = *selecting.first()?;
        if self.classes.get(hop.of).is_none_or(|class| class.host_network) {
            return None;
        }
        let by = |policy, rule| NetworkRule { policy, direction: hop.direction, rule };
        let mut isolated = Some(Ruling::Isolated { by: by(first, None) });
        for policy in selecting {
            match sent.says.get(*policy) {
                Some(Says::Allowed(rule)) => {
                    return Some(Ruling::Allowed { by: by(*policy, Some(*rule)), address: false });
                }
                Some(Says::Nothing) => {}
                Some(Says::Other(_)) | None => isolated = None,
            }
        }
        isolated
    }

    /// Sets of pods, each of which gets one ruling for what it sends there; those of no set get each their own.
    pub(in crate::policy) fn alike_sent(&self, sent: &Sent) -> Vec<ClassSet> {
        let (mut allowed, mut depends) = (ClassSet::default(), ClassSet::default());
        for (policy, says) in self.policies.iter().zip(&sent.says) {
            match says {
                Says::Allowed(_) => allowed.add(&policy.subject.sure),
                Says::Other(_) => depends.add(&policy.subject.sure),
                Says::Nothing => {}
            }
        }
        let depends = depends.without(&allowed);
        let isolated = self.sending.isolated();
        let refused = isolated.clone().without(&allowed).without(&depends);
        let mut sets = vec![self.sending.free().clone(), isolated.clone().and(&allowed), refused];
        sets.extend(self.depending(sent, &depends));
        sets.retain(|set| !set.is_empty());
        sets
    }

    /// Of those for whom it depends: those for whom it depends on the same.
    fn depending(&self, sent: &Sent, depends: &ClassSet) -> impl Iterator<Item = ClassSet> {
        let mut sets: FxHashMap<Vec<u32>, ClassSet> = FxHashMap::default();
        let mut key: Vec<u32> = Vec::new();
        if !depends.is_empty() {
            for group in self.sending.groups() {
                let Some(first) = group.first().filter(|first| depends.has(**first)) else { continue };
                key.clear();
                for policy in self.selecting(*first, Direction::Egress) {
                    if let Some(Says::Other(number)) = sent.says.get(*policy)
                        && !(sent.repeatable.contains(number) && key.contains(number))
                    {
                        key.push(*number);
                    }
                }
                let set = match sets.get_mut(&key) {
                    Some(set) => set,
                    None => sets.entry(key.clone()).or_default(),
                };
                group.iter().for_each(|class| set.insert(class.position()));
            }
        }
        sets.into_values()
    }
}

/// What a rule says of a hop.
#[derive(Clone, Copy)]
enum One {
    /// It lets it through, whatever the addresses.
    Allows,
    Nothing,
    /// Anything else, by a number.
    Other(u32),
}

/// The rules that may be for a hop.
struct Rules<'a> {
    network: &'a NetworkPolicies<'a>,
    comparing: Comparing<'a>,
    found: Found,
    numbers: Numbers<Matches>,
    /// What those say that select the end for certain, by their ports.
    of_ports: FxHashMap<usize, One>,
    /// Numbers of what depends on one thing.
    repeatable: FxHashSet<u32>,
}

impl<'a> Rules<'a> {
    fn new(network: &'a NetworkPolicies<'a>, hop: Hop<'a>) -> Self {
        let comparing = Comparing::new(&network.classes, hop);
        let found = network.egress_rules.to(
            hop.other.kind,
            &network.ranges(hop.other.addresses),
            hop.port,
            comparing.declared(),
        );
        let (numbers, of_ports) = (Numbers::default(), FxHashMap::default());
        Self { network, comparing, found, numbers, of_ports, repeatable: FxHashSet::default() }
    }

    fn possible(&self) -> Vec<(usize, NetworkRule)> {
        let rules = &self.network.egress_rules;
        self.found.all.iter().filter_map(|number| Some((number, rules.get(number)?))).collect()
    }

    fn ask(&mut self, number: usize, at: NetworkRule) -> One {
        if self.found.certain.contains(number) {
            return One::Allows;
        }
        let policy = self.network.policies.get(at.policy);
        let rule = policy.and_then(|policy| policy.rules(at.direction)?.get(at.rule?));
        let Some(rule) = rule else { return One::Nothing };
        let ports = self.network.egress_rules.ports_of(number);
        match ports.filter(|_| self.found.selecting.contains(number)) {
            Some(ports) => match self.of_ports.get(&ports) {
                Some(known) => *known,
                None => {
                    let said = self.number(&self.comparing.selected(&rule.ports));
                    self.of_ports.insert(ports, said);
                    said
                }
            },
            None => self.number(&self.comparing.rule(rule, at)),
        }
    }

    fn number(&mut self, matches: &Matches) -> One {
        match matches {
            Matches::Yes { address: false } => One::Allows,
            Matches::No => One::Nothing,
            _ => {
                let number = self.numbers.number(matches);
                if matches!(matches, Matches::If(on) if on.len() == 1) {
                    self.repeatable.insert(number);
                }
                One::Other(number)
            }
        }
    }
}

/// Things by numbers: the same number is the same.
struct Numbers<T>(FxHashMap<T, u32>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<T: Hash + Eq + Clone> Numbers<T> {
    fn number(&mut self, of: &T) -> u32 {
        if let Some(known) = self.0.get(of) {
            return *known;
        }
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(of.clone(), next);
        next
    }
}
