//! What stands in brackets: an index, a slice, keys, or several of them. `parseArray` of client-go.

use super::action;
use super::cursor::{Cursor, Flaw};
use super::path::{Slice, Step};

/// The steps of brackets whose first one, at `open`, is behind the cursor.
pub(super) fn parse(cursor: &mut Cursor<'_>, open: usize) -> Result<Vec<Step>, Flaw> {
    let base = cursor.place();
    let text = cursor.until(|c| matches!(c, ']' | '\n'));
    if !cursor.eat("]") {
        return Err(Cursor::flaw_at(open, "`[` is not closed before the end of its line"));
    }
    if text.contains(',') {
        return union(text, base).map(|union| vec![union]);
    }
    match key(text) {
        // A key is a path: `['book.price']` is a field of a field.
        Some(key) => Ok(action::steps(&mut Cursor::new(&format!(".{key}"), base), None)?.0),
        None => elements(text, base).map(|step| vec![step]),
    }
}

fn union(text: &str, base: usize) -> Result<Step, Flaw> {
    let mut paths = Vec::new();
    let mut at = base;
    for part in text.split(',') {
        let blanks = part.len() - part.trim_start_matches(' ').len();
        let brackets = format!("[{}]", part.trim_matches(' '));
        let place = (at + blanks).saturating_sub(1);
        paths.push(action::steps(&mut Cursor::new(&brackets, place), None)?);
        at += part.len() + 1;
    }
    Ok(Step::Union(paths))
}

/// What stands between single quotes.
fn key(text: &str) -> Option<&str> {
    let key = text.strip_prefix('\'')?.strip_suffix('\'')?;
    (!key.contains('\'')).then_some(key)
}

/// `*`, an index, or up to three numbers with colons between. Nothing at all is the first element.
fn elements(text: &str, base: usize) -> Result<Step, Flaw> {
    let all = Slice { start: None, end: None, step: None };
    if text == "*" {
        return Ok(Step::Slice(all));
    }
    let flaw = || Cursor::flaw_at(base, format!("`{text}` is neither an index nor a key in single quotes"));
    let mut numbers = Vec::new();
    for part in text.split(':') {
        numbers.push(number(part).ok_or_else(flaw)?);
    }
    match *numbers.as_slice() {
        [index] => Ok(Step::Index(index.unwrap_or(0))),
        [start, end] => Ok(Step::Slice(Slice { start, end, ..all })),
        [start, end, step] => Ok(Step::Slice(Slice { start, end, step })),
        _ => Err(flaw()),
    }
}

/// A number, or none; `None` when it is something else.
fn number(text: &str) -> Option<Option<i64>> {
    match text {
        "" => Some(None),
        _ if text.starts_with('+') => None,
        _ => text.parse().ok().map(Some),
    }
}
