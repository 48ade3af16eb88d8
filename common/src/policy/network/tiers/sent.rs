//! The same hop from many pods: what each NetworkPolicy says of it is worked out once.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::policy::network::alike::Possible;
use crate::policy::network::classes::ClassSet;
use crate::policy::network::ruling::{Comparing, Hop, Matches, Ruling};
use crate::policy::network::{Direction, NetworkPolicies, NetworkRule};

use super::Asked;

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
        let asked = Asked { policies: &self.policies, comparing: Comparing::new(&self.classes, hop) };
        let mut says = vec![Says::Nothing; self.policies.len()];
        let mut numbers: FxHashMap<Vec<Matches>, u32> = FxHashMap::default();
        let mut repeatable = FxHashSet::default();
        let rules = self.sending.rules_to(hop.other.kind);
        for of_policy in rules.chunk_by(|a, b| a.at.policy == b.at.policy) {
            let Some(policy) = of_policy.first().map(|rule| rule.at.policy) else { continue };
            let said = match asked.said(of_policy) {
                Ok(said) => said,
                Err(matches) => {
                    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                    let is_one = matches!(matches.as_slice(), [Matches::If(on)] if on.len() == 1);
                    let number = *numbers.entry(matches).or_insert(next);
                    if is_one {
                        repeatable.insert(number);
                    }
                    Says::Other(number)
                }
            };
            if let Some(place) = says.get_mut(policy) {
                *place = said;
            }
        }
        Some(Sent { says, repeatable })
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

impl Asked<'_> {
    /// What these rules of a NetworkPolicy say of the hop, or what they match, where that is not simple.
    fn said(&self, rules: &[Possible<'_>]) -> Result<Says, Vec<Matches>> {
        let mut others = Vec::new();
        for rule in rules {
            match (self.possible(rule), rule.at.rule) {
                (Matches::Yes { address: false }, Some(rule)) => return Ok(Says::Allowed(rule)),
                (Matches::No, _) => {}
                (matches, _) => others.push(matches),
            }
        }
        if others.is_empty() { Ok(Says::Nothing) } else { Err(others) }
    }

    fn possible(&self, possible: &Possible<'_>) -> Matches {
        let at = possible.at;
        if possible.selects {
            return self.comparing.selected(possible.ports);
        }
        let rule = self.policies.get(at.policy).and_then(|of| of.rules(at.direction)?.get(at.rule?));
        rule.map_or(Matches::No, |rule| self.comparing.rule(rule, at))
    }
}
