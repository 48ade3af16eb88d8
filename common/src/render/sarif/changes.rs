//! What changed, as results of code scanning: each at the objects that are behind it.

use crate::render::cases;
use crate::report::reachability::{Cause, DiffRow, Effect, FailOn, Gain};

use super::{Configuration, Location, Logical, Rule, SarifResult, Text, physical};

/// The rules, in their order.
pub(super) const GAINS: [Gain; 3] = [Gain::Gained, Gain::Lost, Gain::Changed];

/// What a rule says.
pub(super) fn rule(gain: Gain) -> Rule {
    let (name, short, full, help) = match gain {
        Gain::Gained => (
            "ReachabilityGained",
            "Somebody gets in who did not",
            "What was denied, or not there, is allowed after the change.",
            "Look whether that is meant; `kubectl mesh who-can-reach TARGET --from SOURCE` says gate by gate what decides",
        ),
        Gain::Lost => (
            "ReachabilityLost",
            "Somebody does not get in any more",
            "What was allowed is denied, or not there, after the change.",
            "Look whether that is meant; `kubectl mesh who-can-reach TARGET --from SOURCE` says gate by gate what decides",
        ),
        Gain::Changed => (
            "ReachabilityChanged",
            "Whether somebody gets in changes in part",
            "The answer depends on something else than before, or is not known on one side.",
            "Look at the answers before and after",
        ),
    };
    let text = |text: &str| Text { text: text.to_owned() };
    Rule {
        id: id(gain),
        name: name.to_owned(),
        short_description: text(short),
        full_description: text(full),
        help: text(help),
        default_configuration: Configuration { level: "warning" },
    }
}

fn id(gain: Gain) -> String {
    format!("reachability/{}", gain.as_str())
}

/// A row; `first` is the position of the first of our rules.
pub(super) fn result(row: &DiffRow, fail_on: FailOn, first: usize) -> SarifResult<'_> {
    let level = match (row.fails(fail_on), row.effect) {
        (true, _) => "error",
        (false, Effect::Unclear) => "warning",
        (false, _) => "note",
    };
    let mut lines = vec![cases::change(row)];
    lines.extend(cases::seen(row));
    let mut locations: Vec<Location<'_>> = row.caused_by.iter().map(location).collect();
    if locations.is_empty() {
        locations.push(Location { physical_location: None, logical_locations: [logical(&row.target)] });
    }
    let position = GAINS.iter().position(|gain| *gain == row.gain).unwrap_or_default();
    SarifResult {
        rule_id: id(row.gain),
        rule_index: first + position,
        level,
        message: Text { text: lines.join("\n") },
        locations,
    }
}

fn location(cause: &Cause) -> Location<'_> {
    let physical_location = cause.location.as_deref().and_then(physical);
    Location { physical_location, logical_locations: [logical(&cause.subject)] }
}

fn logical(name: &str) -> Logical<'_> {
    Logical { fully_qualified_name: name, kind: "resource" }
}
