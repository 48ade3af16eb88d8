//! One object, as it is written or as an API server sends it, into [`Objects`].
//!
//! Whoever reads (manifests, a bundle, a cluster) cuts its input into objects; what is made of each is the same
//! for all. What cannot be understood is a [`Gap`] that loses nothing but itself. No I/O, and nothing is decided
//! here.

pub(crate) mod json;
mod object;
pub(crate) mod shape;
pub(crate) mod sketch;

pub(crate) use object::{Body, Decoder, is_of_istio};

use crate::codes::{Code, Evidence};
use crate::model::{Kind, Location, Name, SourceId};
use crate::snapshot::{Gap, GapKind, Objects, Sources, Topic, Unreadable};

use sketch::Sketch;

/// What reading an object needs to know of its text.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The text.
    pub(crate) source: SourceId,
    /// All texts.
    pub(crate) sources: &'a Sources,
    /// The namespace of objects that name none; otherwise `default`.
    pub(crate) namespace: Option<&'a Name>,
}

/// A place in a text that could not be read, and why. Lines count from the top of the text.
pub(crate) struct Wrong {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

impl Context<'_> {
    /// Where that is; nothing for what was never a text that a person sees.
    fn location(&self, wrong: &Wrong) -> Option<Location> {
        let file = self.sources.file(self.source)?.clone();
        Some(Location { file, line: wrong.line, column: Some(wrong.column).filter(|column| *column > 0) })
    }

    /// The line that is meant, shortened.
    fn snippet(&self, wrong: &Wrong) -> String {
        const LONGEST: usize = 100;
        self.sources.line_text(self.source, wrong.line).trim().chars().take(LONGEST).collect()
    }

    /// Notes a document that cannot be read; where it is certainly one that decides, it is known by name.
    pub(crate) fn unreadable_document(&self, wrong: &Wrong, sketch: Sketch, objects: &mut Objects) {
        let location = self.location(wrong);
        let Sketch { reference, affects } = sketch;
        let subject = match &reference {
            Some(reference) => reference.to_string(),
            None => format!("a document in {}", self.sources.name(self.source).cloned().unwrap_or_default()),
        };
        let gap = Gap {
            code: Code::DocumentInvalid,
            kind: GapKind::Invalid,
            subject,
            evidence: Evidence::none().with("error", &wrong.message).with("snippet", self.snippet(wrong)),
            location,
            affects,
        };
        match reference {
            Some(reference) if decides(&reference.kind) => {
                objects.unreadable.push(Unreadable { reference, extent: None, selector: None, gap });
            }
            _ => objects.gaps.push(gap),
        }
    }

    fn namespace(&self, written: Option<&Name>) -> Name {
        let given = written.filter(|namespace| !namespace.is_empty()).cloned();
        given.or_else(|| self.namespace.cloned()).unwrap_or_else(|| "default".into())
    }
}

/// Whether an unreadable object of a kind makes answers unknown.
fn decides(kind: &Kind) -> bool {
    let is_of_policies = matches!(Topic::of(kind), Some(Topic::Policies | Topic::Network | Topic::Routing));
    is_of_policies || kind.wire() == "ServiceEntry"
}
