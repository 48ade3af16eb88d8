//! The answer: what every gate said, which object decided, and everything else that would have.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

use crate::codes::Reason;
use crate::model::ResourceRef;

use super::ir::RuleRef;
use super::network::NetworkRule;
use super::peer_authentication::PeerAuthenticationIndex;

/// What an answer comes down to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It gets in.
    Allowed,
    /// That depends on something that was not given, and is said.
    Conditional,
    /// Something that is needed could not be read or is not judged.
    Unknown,
    /// It does not.
    Denied,
}

impl Verdict {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Conditional => "conditional",
            Self::Unknown => "unknown",
            Self::Denied => "denied",
        }
    }
}

/// The gates that a connection passes, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Gate {
    /// From a Service to a pod and its port.
    Resolve,
    /// Which way it travels, and which identity arrives.
    Transport,
    /// What the source's node lets out.
    NetworkPolicyEgress,
    /// What the destination's node lets in.
    NetworkPolicyIngress,
    /// Whether plaintext is taken.
    PeerAuthentication,
    /// What the policies say.
    Authorization,
}

impl Gate {
    /// All of them, in their order.
    pub const ALL: [Gate; 6] = [
        Self::Resolve,
        Self::Transport,
        Self::NetworkPolicyEgress,
        Self::NetworkPolicyIngress,
        Self::PeerAuthentication,
        Self::Authorization,
    ];

    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Transport => "transport",
            Self::NetworkPolicyEgress => "networkPolicyEgress",
            Self::NetworkPolicyIngress => "networkPolicyIngress",
            Self::PeerAuthentication => "peerAuthentication",
            Self::Authorization => "authorization",
        }
    }
}

/// The stretches of the way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Hop {
    /// From who calls: to the destination, or to the waypoint in front of it.
    Source,
    /// From the waypoint to the destination.
    Waypoint,
}

impl Hop {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Waypoint => "waypoint",
        }
    }
}

/// What a gate said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GateOutcome {
    /// It lets the connection through.
    Pass,
    /// It stops it.
    Block,
    /// It depends.
    Conditional,
    /// It cannot be told.
    Unknown,
    /// It has no say.
    NotApplicable,
}

impl GateOutcome {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Block => "block",
            Self::Conditional => "conditional",
            Self::Unknown => "unknown",
            Self::NotApplicable => "notApplicable",
        }
    }
}

/// Who decided at a gate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum By {
    /// A rule of an AuthorizationPolicy, at ztunnel.
    Rule(RuleRef),
    /// A rule of an AuthorizationPolicy, at an Envoy.
    Envoy(EnvoyRule),
    /// The mTLS mode, which the data plane enforces as a policy of this name.
    Mtls {
        /// The object whose mode holds, if there is one.
        object: Option<PeerAuthenticationIndex>,
        /// The name that the data plane prints.
        enforced_as: Arc<str>,
    },
    /// An object that could not be read, by its position among them.
    Unreadable(usize),
    /// A rule of a policy of the network, or such a policy.
    Network(NetworkRule),
    /// Any other object.
    Object(ResourceRef),
}

/// A rule that an Envoy has, or the policy that it was made of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EnvoyRule {
    /// The policy, by its position in the snapshot.
    pub policy: usize,
    /// The position in `spec.rules`, where a rule is meant.
    pub rule: Option<usize>,
    /// The name that the Envoy prints.
    pub enforced_as: Arc<str>,
}

/// What one gate said, with its evidence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Judgement {
    /// On which stretch.
    pub hop: Hop,
    /// Which gate.
    pub gate: Gate,
    /// What it said.
    pub outcome: GateOutcome,
    /// Why.
    pub reason: Reason,
    /// Which object decided.
    pub by: Option<By>,
    /// Everything here that by itself stops the connection, the one that decided included.
    pub denying: Vec<By>,
    /// Where no ALLOW policy lets in, alone or beside a DENY: those there are.
    pub candidates: Vec<By>,
    /// On what it depends, if it does.
    pub conditions: Vec<Condition>,
}

impl Judgement {
    /// A gate that decided by itself.
    #[must_use]
    pub fn new(gate: Gate, outcome: GateOutcome, reason: Reason) -> Self {
        Self {
            hop: Hop::Source,
            gate,
            outcome,
            reason,
            by: None,
            denying: Vec::new(),
            candidates: Vec::new(),
            conditions: Vec::new(),
        }
    }

    /// A gate that an object made decide.
    #[must_use]
    pub fn by(self, by: By) -> Self {
        Self { by: Some(by), ..self }
    }

    /// A gate that has nothing left to judge.
    #[must_use]
    pub fn not_reached(gate: Gate) -> Self {
        Self::new(gate, GateOutcome::NotApplicable, Reason::NotReached)
    }
}

/// On what a conditional answer depends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Condition {
    /// The attribute, in the words of policies: `source.ip`, `destination.workload`, `request.headers[x]`.
    pub attribute: Cow<'static, str>,
    /// The values with which it is allowed; none when that depends on another attribute.
    pub values: Vec<String>,
}

/// What all gates said.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Decision {
    /// The gates, in their order.
    pub gates: Vec<Judgement>,
    /// On what it depends.
    pub conditions: Vec<Condition>,
}

impl Decision {
    /// Adds what a gate said. All that its gates depend on must hold: what two of them say of one attribute is not
    /// put into one list of values.
    pub(super) fn push(&mut self, mut judgement: Judgement) {
        self.depend_on(std::mem::take(&mut judgement.conditions));
        self.gates.push(judgement);
    }

    /// Adds what the gates of the next stretch said. That it leads somewhere goes without saying.
    pub(super) fn go_on(&mut self, hop: Hop, next: Self) {
        self.depend_on(next.conditions);
        let says_more =
            |judgement: &Judgement| judgement.gate != Gate::Resolve || judgement.outcome != GateOutcome::Pass;
        let judged = next.gates.into_iter().filter(says_more);
        self.gates.extend(judged.map(|judgement| Judgement { hop, ..judgement }));
    }

    fn depend_on(&mut self, conditions: Vec<Condition>) {
        for condition in conditions {
            match self.conditions.iter_mut().find(|known| known.attribute == condition.attribute) {
                Some(known) if *known == condition => {}
                Some(known) => known.values.clear(),
                None => self.conditions.push(condition),
            }
        }
        self.conditions.sort_by(|a, b| a.attribute.cmp(&b.attribute));
    }

    /// Changes what the same gate of the same stretch said here; where it is not there it had nothing to judge.
    pub(super) fn change(&mut self, of: &Judgement, change: impl FnOnce(&mut Judgement)) {
        let is_it = |known: &&mut Judgement| (known.hop, known.gate) == (of.hop, of.gate);
        if let Some(known) = self.gates.iter_mut().find(is_it) {
            return change(known);
        }
        let mut judgement = Judgement { hop: of.hop, ..Judgement::not_reached(of.gate) };
        change(&mut judgement);
        self.gates.push(judgement);
    }

    /// What it comes down to: one gate that stops the connection is enough, whatever is unknown elsewhere.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let any = |outcome| self.gates.iter().any(|judgement| judgement.outcome == outcome);
        if any(GateOutcome::Block) {
            Verdict::Denied
        } else if any(GateOutcome::Unknown) {
            Verdict::Unknown
        } else if any(GateOutcome::Conditional) {
            Verdict::Conditional
        } else {
            Verdict::Allowed
        }
    }

    /// The gate that decided: the first that stops it, else that is unknown, else that depends, else the last
    /// at which a policy let it through or, without any, that had a say.
    #[must_use]
    pub fn decided_by(&self) -> Option<&Judgement> {
        let first = |outcome| self.gates.iter().find(|judgement| judgement.outcome == outcome);
        let passing = || self.gates.iter().rev().filter(|judgement| judgement.outcome == GateOutcome::Pass);
        first(GateOutcome::Block)
            .or_else(|| first(GateOutcome::Unknown))
            .or_else(|| first(GateOutcome::Conditional))
            .or_else(|| passing().find(|judgement| judgement.reason == Reason::AllowMatched))
            .or_else(|| passing().next())
    }

    /// What a gate said, on the first stretch.
    #[must_use]
    pub fn gate(&self, gate: Gate) -> Option<&Judgement> {
        self.gates.iter().find(|judgement| judgement.gate == gate)
    }
}

/// Peers who get the same answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell<S> {
    /// Who.
    pub peers: S,
    /// What they get.
    pub decision: Decision,
}
