use super::*;
use crate::policy::decision::{Gate, Judgement};

const PORT: Attribute = Attribute { name: "destination.port", reason: Reason::PortDecides };

fn decision(outcome: GateOutcome, reason: Reason) -> Decision {
    Decision { gates: vec![Judgement::new(Gate::Authorization, outcome, reason)], conditions: Vec::new() }
}

fn allowed() -> Decision {
    decision(GateOutcome::Pass, Reason::NoPolicy)
}

fn denied() -> Decision {
    decision(GateOutcome::Block, Reason::ExplicitDeny)
}

fn unknown() -> Decision {
    decision(GateOutcome::Unknown, Reason::PolicyUnreadable)
}

/// Allowed at the first of two pods only.
fn at_one_pod(pods: [&str; 2]) -> Decision {
    let answers = pods.map(|pod| vec![pod.to_owned()]).into_iter().zip([allowed(), denied()]);
    combine(DESTINATION, &answers.collect::<Vec<_>>())
}

fn by_port(answers: Vec<Decision>) -> Decision {
    let ports = ["1", "2", "3"].map(|port| vec![port.to_owned()]);
    combine(PORT, &ports.into_iter().zip(answers).collect::<Vec<_>>())
}

/// Each condition as `attribute: values`.
fn conditions(decision: &Decision) -> Vec<String> {
    decision.conditions.iter().map(|c| format!("{}: {}", c.attribute, c.values.join(","))).collect()
}

#[test]
fn equal_answers_need_no_condition() {
    for answer in [allowed(), denied(), unknown(), at_one_pod(["a", "b"])] {
        assert_eq!(by_port(vec![answer.clone(), answer.clone()]), answer);
    }
}

#[test]
fn what_differs_is_conditional() {
    let joined = by_port(vec![allowed(), denied(), allowed()]);
    assert_eq!(joined.verdict(), Verdict::Conditional);
    assert_eq!(joined.decided_by().unwrap().reason, Reason::PortDecides);
    assert_eq!(conditions(&joined), ["destination.port: 1,3"]);
}

#[test]
fn one_unknown_answer_is_enough() {
    for answers in
        [vec![allowed(), unknown()], vec![unknown(), denied()], vec![at_one_pod(["a", "b"]), unknown()]]
    {
        assert_eq!(by_port(answers).verdict(), Verdict::Unknown);
    }
}

#[test]
fn allowed_here_and_conditional_there_is_conditional() {
    let joined = by_port(vec![allowed(), at_one_pod(["a", "b"])]);
    assert_eq!(joined.verdict(), Verdict::Conditional);
    assert_eq!(conditions(&joined), ["destination.port: 1,2", "destination.workload: "]);
}

#[test]
fn conditions_of_all_answers_are_told() {
    let joined = by_port(vec![at_one_pod(["a", "b"]), at_one_pod(["b", "a"]), denied()]);
    assert_eq!(joined.verdict(), Verdict::Conditional);
    assert_eq!(conditions(&joined), ["destination.port: 1,2", "destination.workload: "]);
}

#[test]
fn what_an_answer_says_of_an_attribute_is_more_exact() {
    let group = (vec!["a".to_owned(), "b".to_owned()], at_one_pod(["a", "b"]));
    let joined = combine(DESTINATION, &[group, (vec!["c".to_owned()], allowed())]);
    assert_eq!(conditions(&joined), ["destination.workload: a,c"]);
}
