//! What the page is made of. Short names for what there are many of; everything that is said is said here, so that
//! the page has no sentences about decisions of its own. Text is made harmless here as for a terminal.

use serde::Serialize;

use crate::codes::Finding;
use crate::render::{sentences, text::escaped};
use crate::report::reachability::{Reachability, Way};
use crate::report::{AssumptionEntry, Envelope, GapEntry};

use super::answers::{AnswerJson, Answers, LineJson};
use super::matrix::{Matrix, SourceJson, TargetJson};

/// The report as the page reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    pub(super) title: String,
    generated_at: String,
    from: Vec<String>,
    /// Whether it is about callers who were named.
    asked: bool,
    /// The names of workloads; elsewhere they are ranges of positions in here.
    names: Vec<String>,
    sources: Vec<SourceJson>,
    targets: Vec<TargetJson>,
    answers: Vec<AnswerJson>,
    /// What gates said; answers have positions in here.
    lines: Vec<LineJson>,
    assumptions: Vec<NoteJson>,
    gaps: Vec<NoteJson>,
    findings: Vec<NoteJson>,
}

/// Something that is said beside answers.
#[derive(Serialize)]
struct NoteJson {
    code: String,
    /// Which object, which answers name as well; or the namespaces that a gap could change.
    about: Vec<String>,
    text: String,
    hint: String,
    place: Option<String>,
}

impl Data {
    /// The data of a report. `asked`: it is about callers who were named.
    pub(super) fn of(envelope: &Envelope<Reachability>, asked: bool) -> Self {
        let report = &envelope.body;
        let mut answers = Answers::default();
        let Matrix { names, sources, targets } = Matrix::of(report, asked, &mut answers);
        let (answers, lines) = answers.done();
        Self {
            title: title(report),
            generated_at: envelope.metadata.generated_at.clone(),
            from: envelope.metadata.source.names.iter().map(|name| harmless(name)).collect(),
            asked,
            names,
            sources,
            targets,
            answers,
            lines,
            assumptions: envelope.assumptions.iter().map(assumption).collect(),
            gaps: envelope.gaps.iter().map(gap).collect(),
            findings: report.findings.iter().map(finding).collect(),
        }
    }
}

fn title(report: &Reachability) -> String {
    let title = match (&report.target, report.direction) {
        (None, _) => "Who can reach what".to_owned(),
        (Some(target), Way::From) => format!("Who can reach {target}"),
        (Some(source), Way::To) => format!("What {source} can reach"),
    };
    harmless(&title)
}

fn assumption(of: &AssumptionEntry) -> NoteJson {
    NoteJson {
        code: of.code.to_string(),
        about: of.subject.iter().map(|subject| harmless(subject)).collect(),
        text: harmless(&sentences::assumption(of)),
        hint: String::new(),
        place: None,
    }
}

fn gap(of: &GapEntry) -> NoteJson {
    NoteJson {
        code: of.code.to_string(),
        about: of.affects.iter().map(|namespace| harmless(namespace)).collect(),
        text: harmless(&of.code.message(&of.evidence)),
        hint: harmless(&of.code.hint(&of.evidence)),
        place: of.location.as_deref().map(harmless),
    }
}

fn finding(of: &Finding) -> NoteJson {
    NoteJson {
        code: of.code.to_string(),
        about: vec![harmless(&of.subject.to_string())],
        text: harmless(&format!("{}: {}", of.subject, of.code.message(&of.evidence))),
        hint: harmless(&of.code.hint(&of.evidence)),
        place: of.location.as_ref().map(|place| harmless(&place.to_string())),
    }
}

/// A text from elsewhere whose every character is seen.
pub(super) fn harmless(text: &str) -> String {
    escaped(text).into_owned()
}
