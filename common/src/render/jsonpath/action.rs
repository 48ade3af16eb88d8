//! What stands in braces: `parseInsideAction` of client-go.

use super::brackets;
use super::cursor::{Cursor, Flaw};
use super::filter;
use super::path::{Path, Step};
use super::quoted::quoted;

/// A part of a template.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Part {
    /// As it is.
    Text(String),
    /// What a path finds.
    Value(Path),
    /// Everything up to its end, for each value; then on from `resume`.
    Range { over: Path, resume: usize },
    /// The end of a range.
    End,
}

/// An action whose brace, at `open`, is behind the cursor.
pub(super) fn parse(cursor: &mut Cursor<'_>, open: usize) -> Result<Part, Flaw> {
    let keyword = keyword(cursor);
    let path = steps(cursor, Some(open))?;
    match keyword {
        None => Ok(Part::Value(path)),
        Some("range") => Ok(Part::Range { over: path, resume: 0 }),
        Some(_) if path.0.is_empty() => Ok(Part::End),
        Some(_) => Err(Cursor::flaw_at(open, "nothing may follow `end` in its braces")),
    }
}

/// `range` or `end`, where an action begins with it.
fn keyword<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let mut ahead = cursor.clone();
    ahead.until(|c| !is_passed_over(c));
    let word = ahead.until(is_terminator);
    let is_keyword = matches!(word, "range" | "end");
    is_keyword.then(|| {
        *cursor = ahead;
        word
    })
}

/// The steps up to the brace that closes what was opened at `open`, or, within brackets, to the end of the text.
pub(super) fn steps(cursor: &mut Cursor<'_>, open: Option<usize>) -> Result<Path, Flaw> {
    let mut steps = Vec::new();
    loop {
        let at = cursor.place();
        if open.is_some() && cursor.eat("}") {
            return Ok(Path(steps));
        }
        if cursor.eat("[?(") {
            steps.push(filter::parse(cursor, at)?);
            continue;
        }
        if cursor.eat("..") {
            descent(cursor, at, &mut steps)?;
            continue;
        }
        match (cursor.peek(), open) {
            (None, None) => return Ok(Path(steps)),
            (None | Some('\r' | '\n'), _) => {
                return Err(Cursor::flaw_at(
                    open.unwrap_or(at),
                    "`{` is not closed before the end of its line",
                ));
            }
            (Some(next), _) => step(cursor, next, &mut steps)?,
        }
    }
}

fn step(cursor: &mut Cursor<'_>, next: char, steps: &mut Vec<Step>) -> Result<(), Flaw> {
    let at = cursor.place();
    match next {
        '+' | '-' | '0'..='9' => steps.push(number(cursor)?),
        _ if is_word(next) => steps.push(word(cursor)?),
        _ => {
            cursor.next();
            match next {
                _ if is_passed_over(next) => {}
                '[' => steps.extend(brackets::parse(cursor, at)?),
                '"' | '\'' => steps.push(Step::Text(quoted(cursor, next, at)?)),
                '.' => steps.push(field(cursor)?),
                other => return Err(Cursor::flaw_at(at, format!("`{other}` has no meaning here"))),
            }
        }
    }
    Ok(())
}

/// `..`, which is behind the cursor, and the field that may follow without a dot of its own.
fn descent(cursor: &mut Cursor<'_>, at: usize, steps: &mut Vec<Step>) -> Result<(), Flaw> {
    if steps.last() == Some(&Step::Descent) {
        return Err(Cursor::flaw_at(at, "`..` twice in a row"));
    }
    steps.push(Step::Descent);
    if cursor.peek().is_some_and(is_word) {
        steps.push(field(cursor)?);
    }
    Ok(())
}

/// A name; a backslash takes the character behind it for a part of it.
fn field(cursor: &mut Cursor<'_>) -> Result<Step, Flaw> {
    if cursor.rest().strip_prefix('*').is_some_and(|rest| rest.chars().next().is_none_or(is_terminator)) {
        cursor.next();
        return Ok(Step::Wildcard);
    }
    let mut name = String::new();
    loop {
        name.push_str(cursor.until(|c| is_terminator(c) || c == '\\'));
        let at = cursor.place();
        if !cursor.eat("\\") {
            return Ok(Step::Field(name));
        }
        match cursor.next() {
            // All backslashes of a name are left out.
            Some('\\') => {}
            Some(escaped) => name.push(escaped),
            None => return Err(Cursor::flaw_at(at, "nothing follows the backslash")),
        }
    }
}

fn number(cursor: &mut Cursor<'_>) -> Result<Step, Flaw> {
    let start = cursor.clone();
    let sign = usize::from(matches!(cursor.peek(), Some('+' | '-')));
    cursor.take(sign);
    let digits = cursor.until(|c| c != '.' && !c.is_ascii_digit());
    let text = start.rest().get(..sign + digits.len()).unwrap_or_default();
    let float = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(Step::Float);
    let number = text.parse().ok().map(Step::Integer).or_else(float);
    number.ok_or_else(|| start.flaw(format!("`{text}` is no number")))
}

fn word(cursor: &mut Cursor<'_>) -> Result<Step, Flaw> {
    let at = cursor.place();
    match cursor.until(is_terminator) {
        "true" => Ok(Step::Bool(true)),
        "false" => Ok(Step::Bool(false)),
        word @ ("range" | "end") => {
            Err(Cursor::flaw_at(at, format!("`{word}` must come first in its braces")))
        }
        word => {
            let message =
                format!("`{word}` is no word of the language: fields begin with `.`, text stands in quotes");
            Err(Cursor::flaw_at(at, message))
        }
    }
}

/// Blanks, and the signs for the current value.
fn is_passed_over(c: char) -> bool {
    matches!(c, ' ' | '@' | '$')
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}
