//! What the policies say at an Envoy, whatever kind of proxy it is: the judgement of one gate from what
//! `policy::envoy` decides.

use std::borrow::Cow;

use crate::codes::Reason;
use crate::model::ResourceRef;
use crate::policy::decision::{
    By, Cell, Condition, Decision, EnvoyRule, Gate, GateOutcome, Judgement, Verdict,
};
use crate::policy::enforced::Enforced;
use crate::policy::envoy::{
    Filters, Formula, Hit, Leaf, Outcome, Peers, PolicyName, Request, RuleName, Why, decide,
};
use crate::policy::fold::Domain;
use crate::policy::join::{Attribute, join};
use crate::policy::mesh::Mesh;
use crate::policy::sidecar::Unclear;
use crate::policy::tokens::Tokens;

use super::Parts;

#[cfg(test)]
mod tests;

const GATE: Gate = Gate::Authorization;

/// More ways in which a request gets in are not multiplied out.
const MOST_WAYS: usize = 8;

/// The traffic that has requests.
const HTTP: &str = "http";

/// Which of two kinds of traffic it is.
const PROTOCOL: Attribute = Attribute { name: "request.protocol", reason: Reason::ProtocolDecides };

/// The filters of an Envoy for one destination and port, by the traffic that they are for: one entry, or one for each
/// of `http` and `tcp` where the Envoy finds out which it is.
pub(in crate::policy) type Chains = Vec<(&'static str, Filters)>;

/// The request as the chain for a kind of traffic has it.
pub(in crate::policy) fn in_chain<'a>(protocol: &str, request: &'a Request) -> Cow<'a, Request> {
    if protocol == HTTP { Cow::Borrowed(request) } else { Cow::Owned(request.as_connection()) }
}

/// What all peers get of the policies of an Envoy that this changes: they may be asked or not.
pub(super) fn changed<D: Domain>(domain: &D, by: &Unclear) -> Parts<D::Set> {
    let unknown = Judgement::new(GATE, GateOutcome::Unknown, by.reason);
    vec![(domain.all(), unknown.by(By::Object(by.object.clone())))]
}

/// What all peers get of an Envoy's policies; a policy that cannot be read decides where no other refuses.
pub(super) fn parts<D: Domain>(
    domain: &D,
    mesh: &Mesh<'_>,
    enforced: &Enforced,
    request: &Request,
    tokens: &Tokens,
) -> Parts<D::Set> {
    let unreadable = enforced.unreadable.as_ref();
    let worlds = enforced.chains.iter().map(|(protocol, filters)| {
        let judged = || of_chain(domain, mesh, filters, &in_chain(protocol, request), unreadable);
        let by = |outcome, reason, object: &ResourceRef| {
            Judgement::new(GATE, outcome, reason).by(By::Object(object.clone()))
        };
        // The filter for tokens comes before that for the policies.
        let parts = match tokens {
            Tokens::Refused(object) if *protocol == HTTP => {
                vec![(domain.all(), by(GateOutcome::Block, Reason::TokenRefused, object))]
            }
            Tokens::Unread(object) if *protocol == HTTP => {
                let unknown = || by(GateOutcome::Unknown, Reason::PolicyUnreadable, object);
                let unless_denied = |(peers, judged): (D::Set, Judgement)| match judged.outcome {
                    GateOutcome::Block => (peers, judged),
                    _ => (peers, unknown()),
                };
                judged().into_iter().map(unless_denied).collect()
            }
            _ => judged(),
        };
        let parts = parts.into_iter();
        let cells = parts.map(|(peers, judgement)| {
            let mut decision = Decision::default();
            decision.push(judgement);
            Cell { peers, decision }
        });
        (vec![(*protocol).to_owned()], cells.collect())
    });
    let cells = join(domain, PROTOCOL, worlds.collect()).into_iter();
    cells.filter_map(|cell| Some((cell.peers, whole(cell.decision)?))).collect()
}

/// The one judgement of a decision, with what it depends on.
fn whole(decision: Decision) -> Option<Judgement> {
    let Decision { gates, conditions } = decision;
    gates.into_iter().next().map(|judgement| Judgement { gate: GATE, conditions, ..judgement })
}

fn of_chain<D: Domain>(
    domain: &D,
    mesh: &Mesh<'_>,
    filters: &Filters,
    request: &Request,
    unreadable: Option<&By>,
) -> Parts<D::Set> {
    let sources = Peers { domain, trust_domain: mesh.identities().trust_domain().as_str() };
    let judged = decide(&sources, request, filters).into_iter();
    let judged = judged.map(|(peers, outcome)| (peers, judgement(mesh, filters, &outcome)));
    let unless_read = |judgement: Judgement| match unreadable {
        Some(by) if judgement.reason != Reason::ExplicitDeny => {
            Judgement::new(GATE, GateOutcome::Unknown, Reason::PolicyUnreadable).by(by.clone())
        }
        _ => judgement,
    };
    judged.map(|(peers, judgement)| (peers, unless_read(judgement))).collect()
}

fn judgement(mesh: &Mesh<'_>, filters: &Filters, outcome: &Outcome) -> Judgement {
    let (said, reason) = match (outcome.verdict, outcome.why) {
        (_, Why::ConfigurationRefused) => (GateOutcome::Unknown, Reason::EnvoyRefusesRules),
        (_, Why::TooManyGroups) => (GateOutcome::Unknown, Reason::TooManyGroups),
        (Verdict::Allowed, Why::AllowMatched) => (GateOutcome::Pass, Reason::AllowMatched),
        (Verdict::Allowed, _) => (GateOutcome::Pass, Reason::NoPolicy),
        (Verdict::Denied, Why::ExplicitDeny) => (GateOutcome::Block, Reason::ExplicitDeny),
        (Verdict::Denied, _) => (GateOutcome::Block, Reason::NoAllowMatched),
        (Verdict::Conditional | Verdict::Unknown, _) => (GateOutcome::Conditional, Reason::RequestDecides),
    };
    let surely = |hits: &[Hit]| -> Vec<By> {
        let hits = hits.iter().filter(|hit| hit.when == Formula::True);
        hits.filter_map(|hit| rule(mesh, &hit.rule)).collect()
    };
    let depends = said == GateOutcome::Conditional;
    let decided = match said {
        GateOutcome::Conditional => {
            let hits = outcome.denying.iter().chain(&outcome.asking).chain(&outcome.allowing);
            hits.map(|hit| &hit.rule).next()
        }
        GateOutcome::Unknown => filters.refused.first().map(|refused| &refused.rule),
        _ => outcome.decided_by.as_ref(),
    };
    Judgement {
        by: decided.and_then(|name| rule(mesh, name)),
        denying: if said == GateOutcome::Block { surely(&outcome.denying) } else { Vec::new() },
        candidates: if said == GateOutcome::Block && outcome.allowing.is_empty() {
            outcome.candidates.iter().filter_map(|name| candidate(mesh, name)).collect()
        } else {
            Vec::new()
        },
        conditions: if depends { conditions(&outcome.allowed_when) } else { Vec::new() },
        ..Judgement::new(GATE, said, reason)
    }
}

fn rule(mesh: &Mesh<'_>, name: &RuleName) -> Option<By> {
    let policy = mesh.authorization_policy(&name.namespace, &name.policy)?;
    let rule = Some(name.rule);
    Some(By::Envoy(EnvoyRule { policy, rule, enforced_as: name.to_string().into() }))
}

fn candidate(mesh: &Mesh<'_>, name: &PolicyName) -> Option<By> {
    let policy = mesh.authorization_policy(&name.namespace, &name.name)?;
    let enforced_as = format!("{}/{}", name.namespace, name.name).into();
    Some(By::Envoy(EnvoyRule { policy, rule: None, enforced_as }))
}

/// On what a request depends: values for each attribute where every way in is a choice among values of the same
/// attributes; otherwise under `request` each way in full, or where that are too many all of them in one text.
fn conditions(allowed_when: &Formula) -> Vec<Condition> {
    if let Some(conditions) = by_attribute(allowed_when) {
        return conditions;
    }
    let values = match allowed_when.alternatives(MOST_WAYS) {
        Some(ways) if !ways.is_empty() => {
            let together =
                |way: &Vec<(&Leaf, bool)>| way.iter().map(comparison).collect::<Vec<_>>().join(" and ");
            ways.iter().map(together).collect()
        }
        _ => vec![whole_text(allowed_when)],
    };
    vec![Condition { attribute: "request".into(), values }]
}

/// A formula as it is, with brackets: as long as what is known of the policies, however many ways it makes.
fn whole_text(formula: &Formula) -> String {
    let joined = |of: &[Formula], word: &str| {
        let bracketed = |one: &Formula| match one {
            Formula::All(_) | Formula::AnyOf(_) => format!("({})", whole_text(one)),
            one => whole_text(one),
        };
        of.iter().map(bracketed).collect::<Vec<_>>().join(word)
    };
    match formula {
        Formula::True => "true".to_owned(),
        Formula::False => "false".to_owned(),
        Formula::Is(leaf) => comparison(&(leaf, true)),
        Formula::IsNot(leaf) => comparison(&(leaf, false)),
        Formula::All(of) => joined(of, " and "),
        Formula::AnyOf(of) => joined(of, " or "),
    }
}

/// A conjunction of choices, each among values of one attribute.
fn by_attribute(allowed_when: &Formula) -> Option<Vec<Condition>> {
    let choices = match allowed_when {
        Formula::All(of) => of.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut conditions: Vec<Condition> = Vec::new();
    for choice in choices {
        let leaves = match choice {
            Formula::AnyOf(of) => of.as_slice(),
            one => std::slice::from_ref(one),
        };
        let leaves: Option<Vec<&Leaf>> = leaves.iter().map(positive).collect();
        let leaves = leaves?;
        let attribute = leaves.first()?.attribute();
        if leaves.iter().any(|leaf| leaf.attribute() != attribute) {
            return None;
        }
        let attribute = attribute.to_string();
        if conditions.iter().any(|known| known.attribute == attribute) {
            return None;
        }
        let values = leaves.iter().map(ToString::to_string).collect();
        conditions.push(Condition { attribute: attribute.into(), values });
    }
    Some(conditions)
}

fn positive(formula: &Formula) -> Option<&Leaf> {
    match formula {
        Formula::Is(leaf) => Some(leaf),
        _ => None,
    }
}

/// `request.method=GET`, `request.path!=/admin*`.
fn comparison((leaf, holds): &(&Leaf, bool)) -> String {
    format!("{}{}{leaf}", leaf.attribute(), if *holds { "=" } else { "!=" })
}
