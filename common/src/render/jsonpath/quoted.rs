//! Text in quotes, with Go's escapes: `parseQuote` and `UnquoteExtend` of client-go.

use super::cursor::{Cursor, Flaw};

/// The text of quotes whose first one, at `open`, is behind the cursor.
pub(super) fn quoted(cursor: &mut Cursor<'_>, quote: char, open: usize) -> Result<String, Flaw> {
    let end = end(cursor.rest(), quote).ok_or_else(|| {
        Cursor::flaw_at(open, format!("`{quote}` is not closed before the end of its line"))
    })?;
    let base = cursor.place();
    let text = unquoted(cursor.take(end), quote, base)?;
    cursor.next();
    Ok(text)
}

/// The first quote without a backslash directly before it, whatever stands before the backslash.
fn end(text: &str, quote: char) -> Option<usize> {
    let mut before = quote;
    for (at, c) in text.char_indices() {
        match c {
            '\n' => return None,
            _ if c == quote && before != '\\' => return Some(at),
            _ => before = c,
        }
    }
    None
}

fn unquoted(text: &str, quote: char, base: usize) -> Result<String, Flaw> {
    let mut cursor = Cursor::new(text, base);
    let mut bytes = Vec::with_capacity(text.len());
    while let Some(c) = cursor.next() {
        match c {
            '\\' => escape(&mut cursor, quote, &mut bytes)?,
            _ if c == quote => return Err(cursor.flaw(format!("`{quote}` within its own quotes"))),
            _ => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    String::from_utf8(bytes).map_err(|_| Cursor::flaw_at(base, "the escapes do not make UTF-8"))
}

/// What stands behind a backslash (Go's `strconv.UnquoteChar`): `\x` and octal digits give bytes.
fn escape(cursor: &mut Cursor<'_>, quote: char, bytes: &mut Vec<u8>) -> Result<(), Flaw> {
    let at = cursor.place().saturating_sub(1);
    let flaw = || Cursor::flaw_at(at, "no such escape");
    let byte = match cursor.next().ok_or_else(flaw)? {
        'a' => 7,
        'b' => 8,
        't' => b'\t',
        'n' => b'\n',
        'v' => 11,
        'f' => 12,
        'r' => b'\r',
        '\\' => b'\\',
        'x' => u8::try_from(digits(cursor, 2, 16).ok_or_else(flaw)?).map_err(|_| flaw())?,
        c if c == quote => u8::try_from(c).map_err(|_| flaw())?,
        c @ ('u' | 'U') => {
            let count = if c == 'u' { 4 } else { 8 };
            let c = digits(cursor, count, 16).and_then(char::from_u32).ok_or_else(flaw)?;
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        c @ '0'..='7' => {
            let first = c.to_digit(8).unwrap_or_default();
            let value = first * 64 + digits(cursor, 2, 8).ok_or_else(flaw)?;
            u8::try_from(value).map_err(|_| flaw())?
        }
        _ => return Err(flaw()),
    };
    bytes.push(byte);
    Ok(())
}

/// Exactly so many digits.
fn digits(cursor: &mut Cursor<'_>, count: usize, radix: u32) -> Option<u32> {
    (0..count).try_fold(0, |value: u32, _| {
        let digit = cursor.next()?.to_digit(radix)?;
        value.checked_mul(radix)?.checked_add(digit)
    })
}
