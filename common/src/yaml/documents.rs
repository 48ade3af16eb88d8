//! Cuts a text into its documents, so that one that cannot be read loses nothing but itself.
//!
//! A line that starts with `---` begins a document wherever it stands: YAML forbids it inside scalars
//! (YAML 1.2, c-forbidden), so no parsing is needed to find it.

/// One document of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Document<'a> {
    /// Where it starts in the text, in bytes.
    pub start: usize,
    /// Its text, without the line that separates it from the one before.
    pub text: &'a str,
}

/// The documents of a text that hold anything but comments and blank lines.
pub fn documents(text: &str) -> impl Iterator<Item = Document<'_>> {
    let mut rest = Some((0, text));
    std::iter::from_fn(move || {
        let (start, text) = rest.take()?;
        let (document, next) = cut(text);
        rest = next.map(|(skip, after)| (start + skip, after));
        Some(Document { start, text: document })
    })
    .filter(|document| has_content(document.text))
}

/// The text up to the next marker; behind it, the offset and the text that follow. What stands on the line of
/// a `---` belongs to the document that it begins; `...` ends one and belongs to none.
fn cut(text: &str) -> (&str, Option<(usize, &str)>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let ends = is_marker(line) && line.starts_with("...");
        let begins = is_marker(line) && !ends && at > 0;
        if begins || ends {
            let next = if ends { at + line.len() } else { at };
            return (text.get(..at).unwrap_or_default(), text.get(next..).map(|after| (next, after)));
        }
        at += line.len();
    }
    (text, None)
}

fn is_marker(line: &str) -> bool {
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn has_content(document: &str) -> bool {
    document.lines().any(|line| {
        let line = line.trim_start_matches('\u{feff}');
        let line = if is_marker(line) { line.get(3..).unwrap_or_default() } else { line };
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#') && !line.starts_with('%')
    })
}
