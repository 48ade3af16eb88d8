//! What the gates of an answer said: in a cell, and in full.

use crate::codes::Reason;
use crate::policy::{Gate, GateOutcome};
use crate::render::table::{joined, table};
use crate::render::text::escaped;
use crate::render::{Look, sentences};
use crate::report::reachability::{Reachability, Row, Way};

/// How the connection arrives.
pub(super) fn mtls(row: &Row) -> &'static str {
    let transport = row.hops.iter().flat_map(|hop| &hop.gates).find(|gate| gate.gate == Gate::Transport);
    match transport.map(|gate| gate.detail) {
        Some(Reason::Hbone) => "HBONE",
        Some(Reason::Plaintext | Reason::InboundBypassed | Reason::HostExempt | Reason::NotCaptured) => {
            "plaintext"
        }
        _ => "<none>",
    }
}

/// The gates that had a say.
pub(super) fn outcomes(row: &Row) -> String {
    let gates = row.hops.iter().flat_map(|hop| &hop.gates);
    let said = gates.filter(|gate| gate.outcome != GateOutcome::NotApplicable);
    said.map(|gate| format!("{}={}", gate.gate.as_str(), gate.outcome.as_str())).collect::<Vec<_>>().join(",")
}

/// What every gate said of one answer, and everything else that would have refused it.
pub(super) fn of(report: &Reachability, row: &Row, look: Look) -> String {
    let mut out = format!("{}: {}\n", connection(report, row), look.theme.verdict(row.verdict));
    let hops = row.hops.iter().flat_map(|hop| hop.gates.iter().map(move |gate| (hop, gate)));
    let lines = hops.map(|(hop, gate)| {
        let by = gate.by.as_deref().map(|by| format!(" ({by})")).unwrap_or_default();
        let text = format!("{}{by}", sentences::gate(hop, gate));
        let cells = [format!("  {}", gate.gate.as_str()), gate.outcome.as_str().to_owned()];
        cells.into_iter().chain([escaped(&text).into_owned()]).collect()
    });
    out.push_str(&table(Look { headers: false, ..look }, &[], &lines.collect::<Vec<_>>()));
    if let Some(location) = row.decided_by.as_ref().and_then(|by| by.location.as_deref()) {
        out.push_str(&format!("  decided at {}\n", escaped(location)));
    }
    if row.matched.len() > 1 {
        out.push_str(&format!("  each of these refuses it: {}\n", escaped(&row.matched.join(", "))));
    }
    for condition in &row.conditions {
        let text = format!("  allowed if {} is one of: {}", condition.attribute, condition.values.join(", "));
        out.push_str(&escaped(text.trim_end()));
        out.push('\n');
    }
    out
}

/// Who calls whom.
fn connection(report: &Reachability, row: &Row) -> String {
    let asked = report.target.as_deref().unwrap_or_default();
    let (from, to) = match report.direction {
        Way::From => (sentences::peer(&row.peer), escaped(asked).into_owned()),
        Way::To => (escaped(asked).into_owned(), joined(&row.peer.workloads)),
    };
    let port =
        if to.ends_with(&format!(":{}", row.port)) { String::new() } else { format!(" port {}", row.port) };
    format!("{from} to {to}{port}")
}
