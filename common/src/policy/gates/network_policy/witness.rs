//! Which object decided at the sender's side. Senders are many, so that the gate itself does not say.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::codes::Reason;
use crate::model::WorkloadIndex;
use crate::policy::decision::{By, Decision, Gate, GateOutcome, Judgement};
use crate::policy::gates::resolve::Destination;
use crate::policy::mesh::Mesh;

use super::{Called, Travels};

/// Says which object of the sender's side decided.
pub(in crate::policy) fn with_evidence(
    mesh: &Mesh<'_>,
    decision: Decision,
    from: WorkloadIndex,
    destinations: &[Destination],
) -> Decision {
    Witness::new(mesh, destinations).told(decision, from)
}

/// What senders have in common, how it travels, and what is to be explained.
type Question = (u32, Option<Reason>, GateOutcome, Reason);

/// The same for many senders.
pub(in crate::policy) struct Witness<'a> {
    mesh: &'a Mesh<'a>,
    called: Vec<Called<'a>>,
    known: RefCell<FxHashMap<Question, Option<By>>>,
}

impl<'a> Witness<'a> {
    pub(in crate::policy) fn new(mesh: &'a Mesh<'a>, destinations: &[Destination]) -> Self {
        let called = destinations.iter().map(|destination| Called::new(mesh, destination)).collect();
        Self { mesh, called, known: RefCell::default() }
    }

    /// Says which object decided at the side of a sender.
    pub(in crate::policy) fn told(&self, mut decision: Decision, from: WorkloadIndex) -> Decision {
        let of_egress = |said: &Judgement| said.gate == Gate::NetworkPolicyEgress;
        // The first is that of the sender.
        let Some(at) = decision.gates.iter().position(of_egress) else { return decision };
        let is_open = |said: &&Judgement| said.outcome != GateOutcome::NotApplicable && said.by.is_none();
        let Some(said) = decision.gates.get(at).filter(is_open) else { return decision };
        let by = match self.mesh.network.sends_like(self.mesh.network.class(from)) {
            Some(like) => {
                let travels = decision.gate(Gate::Transport).map(|transport| transport.reason);
                let key = (like, travels, said.outcome, said.reason);
                let mut known = self.known.borrow_mut();
                known.entry(key).or_insert_with(|| self.object(&decision, said, from)).clone()
            }
            None => self.object(&decision, said, from),
        };
        if let Some(said) = decision.gates.get_mut(at) {
            said.by = by;
        }
        decision
    }

    fn object(&self, decision: &Decision, said: &Judgement, from: WorkloadIndex) -> Option<By> {
        let sender = self.mesh.network.kind_of(from);
        let found = self.called.iter().find_map(|called| {
            let travels = Travels::of(decision, called.workload);
            // Many are asked about.
            called.of_all(self.mesh, travels == Travels::Hbone);
            let all = [travels, Travels::Hbone, Travels::AsSent];
            let judge = |travels| called.judge(self.mesh, Gate::NetworkPolicyEgress, sender, &[], travels);
            let mut all = all.into_iter().map(judge);
            all.find(|judged| (judged.outcome, judged.reason) == (said.outcome, said.reason))
        });
        found.and_then(|judged| judged.by)
    }
}
