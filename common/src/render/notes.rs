//! What stands beside an answer on stderr: gaps, findings, what was assumed.

use std::collections::BTreeMap;

use crate::codes::{Class, Code, Finding, Severity};
use crate::report::{AssumptionEntry, Evidenced, GapEntry};
use crate::snapshot::rbac_rule;

use super::text::escaped;
use super::{Theme, sentences};

#[cfg(test)]
mod tests;

/// More findings than this are told as a number.
const MAX_FINDINGS: usize = 10;

/// More gaps than this are told as a number.
const MAX_GAPS: usize = 10;

/// What is told beside an answer.
#[derive(Clone, Copy, Debug)]
pub struct Notes {
    /// Colours.
    pub theme: Theme,
    /// Whether assumptions are listed, not only counted.
    pub verbose: bool,
}

/// The lines beside an answer.
#[must_use]
pub fn notes(style: Notes, evidence: &Evidenced) -> Vec<String> {
    let mut lines = Vec::new();
    gaps(style, &evidence.gaps, "this may change the answer", &mut lines);
    gaps(style, &evidence.elsewhere, "", &mut lines);
    for finding in evidence.findings.iter().take(MAX_FINDINGS) {
        lines.extend(self::finding(style.theme, finding));
    }
    more(evidence.findings.len(), MAX_FINDINGS, "finding", &mut lines);
    if evidence.ignored > 0 {
        lines.push(format!("{} silenced by kubectl-mesh/ignore", counted(evidence.ignored, "finding")));
    }
    assumptions(style, &evidence.assumptions, &mut lines);
    lines
}

fn gaps(style: Notes, gaps: &[GapEntry], effect: &str, lines: &mut Vec<String>) {
    let (forbidden, others): (Vec<&GapEntry>, Vec<&GapEntry>) =
        gaps.iter().partition(|gap| gap.code == Code::ListForbidden);
    self::forbidden(style.theme, &forbidden, effect, lines);
    for gap in others.iter().take(MAX_GAPS) {
        let label = style.theme.warning("warning:");
        let place = gap.location.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        let message = gap.code.message(&gap.evidence);
        let says_so_itself = effect.is_empty() || gap.code == Code::NotFound;
        let effect = if says_so_itself { String::new() } else { format!("; {effect}") };
        let text = format!("{place}{message}{effect}");
        lines.push(format!("{label} {} ({})", escaped(&text), gap.code));
        if let Some(snippet) = gap.evidence.get("snippet").filter(|snippet| !snippet.is_empty()) {
            lines.push(format!("  | {}", escaped(snippet)));
        }
        lines.extend(hint(style.theme, gap.evidence.get("hint").unwrap_or_default()));
    }
    more(others.len(), MAX_GAPS, "warning", lines);
}

/// All lists that may not be read are one warning, and what one role has to allow is one rule. Rules for what
/// changes nothing here are not told.
fn forbidden(theme: Theme, gaps: &[&GapEntry], effect: &str, lines: &mut Vec<String>) {
    let Some(first) = gaps.first() else { return };
    let subjects: Vec<&str> = gaps.iter().map(|gap| gap.subject.as_str()).collect();
    let message = first.code.message(&first.evidence.clone().with("subject", subjects.join(", ")));
    let effect = if effect.is_empty() { String::new() } else { format!("; {effect}") };
    let label = theme.warning("warning:");
    lines.push(format!("{label} {} ({})", escaped(&format!("{message}{effect}")), first.code));
    if !effect.is_empty() {
        lines.extend(missing_rules(gaps).iter().filter_map(|rule| hint(theme, &format!("ask for {rule}"))));
    }
}

/// One rule for each API group and role.
fn missing_rules(gaps: &[&GapEntry]) -> Vec<String> {
    let mut rules: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for gap in gaps {
        let of = |key| gap.evidence.get(key).unwrap_or_default();
        rules.entry((of("role"), of("apiGroup"))).or_default().push(of("resource"));
    }
    rules.into_iter().map(|((role, group), resources)| rbac_rule(group, &resources, role)).collect()
}

fn finding(theme: Theme, finding: &Finding) -> Vec<String> {
    let label = theme.severity(finding.severity, &format!("{} {}", finding.severity.as_str(), finding.code));
    let place = finding.location.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    let text = format!("{}{place}: {}", finding.subject, finding.code.message(&finding.evidence));
    let mut lines = vec![format!("{label} {}", escaped(&text))];
    lines.extend(hint(theme, &finding.code.hint(&finding.evidence)));
    lines
}

fn hint(theme: Theme, text: &str) -> Option<String> {
    (!text.is_empty()).then(|| format!("  {} {}", theme.hint("hint:"), escaped(text)))
}

fn assumptions(style: Notes, assumptions: &[AssumptionEntry], lines: &mut Vec<String>) {
    if !style.verbose {
        if !assumptions.is_empty() {
            lines.push(format!(
                "{} behind this answer; -v 1 lists them",
                counted(assumptions.len(), "assumption")
            ));
        }
        return;
    }
    for assumption in assumptions {
        let text = sentences::assumption(assumption);
        lines.push(format!("assumed: {} ({})", escaped(&text), assumption.code));
    }
}

/// How many findings there are, by severity.
#[must_use]
pub fn summary(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, infos) = (of(Severity::Error), of(Severity::Warning), of(Severity::Info));
    let told = [(errors, counted(errors, "error")), (warnings, counted(warnings, "warning"))];
    let told = told.into_iter().chain([(infos, format!("{infos} info"))]);
    let told: Vec<String> = told.filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    if told.is_empty() { "no findings".to_owned() } else { told.join(", ") }
}

/// What is told of documents that no answer can rest on.
#[must_use]
pub fn skipped(documents: usize) -> Option<String> {
    let are = if documents == 1 { "is" } else { "are" };
    (documents > 0).then(|| format!("{} {are} of no kind that matters here", counted(documents, "document")))
}

fn more(all: usize, shown: usize, what: &str, lines: &mut Vec<String>) {
    if all > shown {
        lines.push(format!("and {} more; -o json has all", counted(all - shown, what)));
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What the table says of a code, for `--explain`.
#[must_use]
pub fn explain(code: Code) -> String {
    let entry = code.entry();
    let class = match entry.class {
        Class::Finding(Severity::Error) => "finding, error: enforced differently from what is written",
        Class::Finding(Severity::Warning) => "finding, warning: probably not meant",
        Class::Finding(Severity::Info) => "finding, info",
        Class::Assumption => "assumption: taken for what is not there",
        Class::Gap => "gap: could not be read or is not judged",
    };
    format!("{code}: {}\n\n{class}\n\n{}\n\nWhat to do: {}.\n", entry.title, entry.explanation, code.advice())
}
