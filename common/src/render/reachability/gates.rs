//! What the gates of an answer said: in a cell, and in full.

use crate::codes::Reason;
use crate::render::table::{joined, table};
use crate::render::text::escaped;
use crate::render::{Look, sentences};
use crate::report::reachability::{GateEntry, Hop, Reachability, Row, Way};
use crate::report::{Condition, Gate, GateOutcome, Stretch, Verdict};

#[cfg(test)]
mod tests;

fn gates(row: &Row) -> impl Iterator<Item = &GateEntry> {
    row.hops.iter().flat_map(|hop| &hop.gates)
}

/// How the connection arrives.
pub(super) fn mtls(row: &Row) -> &'static str {
    let transport = gates(row).find(|gate| gate.gate == Gate::Transport);
    match transport.map(|gate| gate.detail) {
        Some(Reason::Hbone | Reason::Waypoint) => "HBONE",
        Some(Reason::Plaintext | Reason::InboundBypassed | Reason::HostExempt | Reason::NotCaptured) => {
            "plaintext"
        }
        _ => "<none>",
    }
}

/// The gates that had a say.
pub(super) fn outcomes(row: &Row) -> String {
    let of_hop = |hop: &Hop| {
        // The gates of a second stretch are told apart by where it begins.
        let from = if hop.hop == Stretch::Source { "" } else { "waypoint." };
        let said = hop.gates.iter().filter(|gate| gate.outcome != GateOutcome::NotApplicable);
        let one = |gate: &GateEntry| format!("{from}{}={}", gate.gate.as_str(), gate.outcome.as_str());
        said.map(one).collect::<Vec<_>>()
    };
    row.hops.iter().flat_map(of_hop).collect::<Vec<_>>().join(",")
}

/// What every gate said of one answer, and everything else that would have refused it. Two stretches have headings.
pub(super) fn of(report: &Reachability, row: &Row, look: Look) -> String {
    let mut out = format!("{}: {}\n", connection(report, row), look.theme.verdict(row.verdict));
    for hop in &row.hops {
        if let Some(heading) = heading(row, hop) {
            out.push_str(&format!(" {heading}\n"));
        }
        let gates: Vec<_> = hop.gates.iter().map(|gate| line(row, hop, gate)).collect();
        out.push_str(&table(Look { headers: false, ..look }, &[], &gates));
    }
    let location = row.decided_by.as_ref().and_then(|by| by.location.as_deref());
    let decided = location.map(|location| format!("decided at {location}"));
    for text in decided.into_iter().chain(also(row)).chain(conditions(row)) {
        out.push_str(&format!("  {}\n", escaped(&text)));
    }
    out
}

/// Where a stretch leads, when there are two.
fn heading(row: &Row, hop: &Hop) -> Option<&'static str> {
    (row.hops.len() > 1).then_some(match hop.hop {
        Stretch::Source => "to the waypoint, whose Envoy sees the caller:",
        Stretch::Waypoint => "from the waypoint on, where the waypoint is seen and not the caller:",
    })
}

fn line(row: &Row, hop: &Hop, gate: &GateEntry) -> Vec<String> {
    let text = said(row, hop, gate);
    vec![format!("  {}", gate.gate.as_str()), gate.outcome.as_str().to_owned(), escaped(&text).into_owned()]
}

/// What a gate said, and who made it.
pub(in crate::render) fn said(row: &Row, hop: &Hop, gate: &GateEntry) -> String {
    let by = match gate.detail {
        Reason::NoAllowMatched if !row.candidates.is_empty() => Some(row.candidates.join(", ")),
        _ => gate.by.clone(),
    };
    let by = by.map(|by| format!(" ({by})")).unwrap_or_default();
    format!("{}{by}", sentences::gate(hop, gate))
}

/// What has to be mended besides what the gates name: the other policies that deny, and that nothing allows.
pub(in crate::render) fn also(row: &Row) -> Vec<String> {
    if row.verdict != Verdict::Denied {
        return Vec::new();
    }
    let unnamed: Vec<&str> =
        row.matched.iter().filter(|name| !is_named(row, name)).map(String::as_str).collect();
    let denies = (!unnamed.is_empty()).then(|| format!("also: denied by {}", unnamed.join(", ")));
    let candidates = row.candidates.join(", ");
    let is_denied = gates(row).any(|gate| gate.detail == Reason::ExplicitDeny);
    let allows = (is_denied && !candidates.is_empty())
        .then(|| format!("also: no ALLOW policy matches ({candidates})"));
    denies.into_iter().chain(allows).collect()
}

/// Whether a gate or what decided names a policy that the data plane knows by this name.
fn is_named(row: &Row, name: &str) -> bool {
    let decider = row.decided_by.as_ref().and_then(|by| by.enforced_as.as_deref());
    let mut named = gates(row).filter_map(|gate| gate.by.as_deref());
    decider == Some(name)
        || named.any(|by| by.strip_prefix("AuthorizationPolicy/") == Some(name))
        || is_of_mtls(name) && gates(row).any(|gate| gate.detail == Reason::StrictMtls && gate.by.is_some())
}

/// Whether istiod makes a policy of this name of PeerAuthentications.
fn is_of_mtls(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or_default();
    name == "istio_converted_static_strict" || name.starts_with("converted_peer_authentication_")
}

/// On what an answer depends: all of these must hold.
pub(in crate::render) fn conditions(row: &Row) -> Vec<String> {
    let lead = |at: usize| if at == 0 { "allowed if" } else { "and" };
    row.conditions.iter().enumerate().map(|(at, of)| format!("{} {}", lead(at), condition(of))).collect()
}

fn condition(of: &Condition) -> String {
    // The ways in which a request gets in, each in full.
    let text = match &*of.attribute {
        "request" => format!("one of these holds: {}", of.values.join("; or ")),
        attribute => format!("{attribute} is one of: {}", of.values.join(", ")),
    };
    text.trim_end().to_owned()
}

/// Who calls whom.
fn connection(report: &Reachability, row: &Row) -> String {
    let asked = row.target.as_deref().or(report.target.as_deref()).unwrap_or_default();
    let (from, to) = match report.direction {
        Way::From => (sentences::peer(&row.peer), escaped(asked).into_owned()),
        Way::To => (escaped(asked).into_owned(), joined(&row.peer.workloads.to_vec())),
    };
    let port =
        if to.ends_with(&format!(":{}", row.port)) { String::new() } else { format!(" port {}", row.port) };
    format!("{from} to {to}{port}")
}
