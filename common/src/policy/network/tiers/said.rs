//! The same hop from many pods: what each NetworkPolicy says of it is worked out once.

use std::cell::RefCell;

use crate::policy::network::ruling::{Comparing, Hop, Matches, Ruling};
use crate::policy::network::{NetworkPolicies, NetworkRule};

use super::Asked;

impl NetworkPolicies<'_> {
    /// The same as [`Self::rule`] of what goes out, to one end and port from many pods: what a policy says there is
    /// worked out once.
    pub(in crate::policy) fn rule_sent(&self, hop: Hop<'_>, said: &Said) -> Ruling {
        self.added_up(hop, said).unwrap_or_else(|| self.rule(hop))
    }

    /// What NetworkPolicies alone come to, where each of them either lets the hop through for certain or does not.
    fn added_up(&self, hop: Hop<'_>, said: &Said) -> Option<Ruling> {
        let selecting = self.selecting(hop.of, hop.direction);
        let first = *selecting.first()?;
        let is_plain = self.classes.get(hop.of).is_some_and(|class| !class.host_network);
        if !is_plain || !self.unjudged.is_empty() || !self.only_namespaced {
            return None;
        }
        let asked = || Asked { policies: &self.policies, comparing: Comparing::new(&self.classes, hop) };
        let mut isolated = Some(Ruling::Isolated {
            by: NetworkRule { policy: first, direction: hop.direction, rule: None },
        });
        for policy in selecting {
            match said.of(*policy, || asked().said(*policy)) {
                Says::Allowed(rule) => {
                    let by = NetworkRule { policy: *policy, direction: hop.direction, rule: Some(rule) };
                    return Some(Ruling::Allowed { by, address: false });
                }
                Says::Nothing => {}
                Says::Other => isolated = None,
            }
        }
        isolated
    }
}

/// What a NetworkPolicy says of a hop.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// This rule lets it through, whatever the addresses.
    Allowed(usize),
    /// No rule is for it.
    Nothing,
    /// Anything else.
    Other,
}

/// What policies say of one end and port, as far as that was asked.
#[derive(Debug, Default)]
pub(in crate::policy) struct Said(RefCell<Vec<Option<Says>>>);

impl Said {
    fn of(&self, policy: usize, ask: impl FnOnce() -> Says) -> Says {
        let mut said = self.0.borrow_mut();
        if said.len() <= policy {
            said.resize(policy + 1, None);
        }
        said.get_mut(policy).map_or(Says::Other, |said| *said.get_or_insert_with(ask))
    }
}

impl Asked<'_> {
    /// What a NetworkPolicy says of the hop, as far as that is simple.
    fn said(&self, policy: usize) -> Says {
        let mut other = false;
        for (at, rule) in self.rules(std::slice::from_ref(&policy)) {
            match (self.comparing.rule(rule, at), at.rule) {
                (Matches::Yes { address: false }, Some(rule)) => return Says::Allowed(rule),
                (Matches::No, _) => {}
                _ => other = true,
            }
        }
        if other { Says::Other } else { Says::Nothing }
    }
}
