//! `[?(…)]`: `parseFilter` of client-go.

use super::action;
use super::cursor::{Cursor, Flaw};
use super::path::{Filter, Operator, Step};

/// A filter whose `[?(`, at `open`, is behind the cursor.
pub(super) fn parse(cursor: &mut Cursor<'_>, open: usize) -> Result<Step, Flaw> {
    let base = cursor.place();
    let end = end(cursor.rest())
        .ok_or_else(|| Cursor::flaw_at(open, "`[?(` is not closed before the end of its line"))?;
    let text = cursor.take(end);
    cursor.eat(")");
    if !cursor.eat("]") {
        return Err(cursor.flaw("`]` must follow the `)` of a filter"));
    }
    let side = |text: &str, at: usize| action::steps(&mut Cursor::new(text, base + at), None);
    let (left, right) = match compared(text) {
        None => (side(text, 0)?, None),
        Some((left, operator, right)) => {
            let known = Operator::parse(operator).ok_or_else(|| {
                Cursor::flaw_at(base + left.len(), format!("`{operator}` is none of == != < <= > >="))
            })?;
            let behind = left.len() + operator.len();
            (side(left, 0)?, Some((known, side(right, behind)?)))
        }
    };
    Ok(Step::Filter(Filter { text: text.to_owned(), left, right }))
}

/// Where the text of a filter ends: at the first `)`, but for those within the first text in quotes.
fn end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut closed = false;
    let mut before = '(';
    for (at, c) in text.char_indices() {
        match c {
            '\n' => return None,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            '"' | '\'' if quote == Some(c) && before != '\\' => closed = true,
            ')' if quote.is_some() == closed => return Some(at),
            _ => {}
        }
        before = c;
    }
    None
}

/// The two sides of a comparison and what stands between: the first of `!<>=` and all that follow it, as long as
/// something is left for the other side.
fn compared(text: &str) -> Option<(&str, &str, &str)> {
    let is_sign = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let start = text.find(is_sign).filter(|start| *start > 0)?;
    let (left, rest) = text.split_at(start);
    let signs = rest.find(|c| !is_sign(c)).unwrap_or(rest.len() - 1);
    let (operator, right) = rest.split_at(signs);
    (!operator.is_empty()).then_some((left, operator, right))
}
