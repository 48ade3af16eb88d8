//! The rows of a list in JSON, which may be a hundred thousand: written by all cores, some rows at a time, and never
//! held as one text. What comes out is what `serde_json::to_writer_pretty` makes of the whole.

use std::io::{self, Write};

use rayon::prelude::*;
use serde::Serialize;

use crate::report::reachability::Row;

use super::indented;
use super::row::RowJson;

/// Rows that one core writes at a time.
const ROWS: usize = 256;
/// Such texts that are held before they are written.
const TEXTS: usize = 16;

/// What stands before the rows in a report without any. Texts have no line breaks in JSON, so it stands there once.
const EMPTY: &[u8] = b"\n  \"rows\": []";

/// The same place of a report that is nothing else.
const FIRST: &[u8] = b"{\n  \"rows\": [\n";
const LAST: &[u8] = b"\n  ]\n}";

/// A report of rows only.
#[derive(Serialize)]
struct Only<'a> {
    rows: Vec<RowJson<'a>>,
}

/// A report with its rows, of which `frame` is everything else.
pub(super) fn write<T: Serialize>(out: &mut dyn Write, frame: &T, rows: &[Row]) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(frame)?;
    let place = text.windows(EMPTY.len()).position(|window| window == EMPTY);
    let middle = place.map(|at| at + EMPTY.len() - 1).filter(|_| !rows.is_empty());
    let Some((before, after)) = middle.and_then(|at| text.split_at_checked(at)) else {
        out.write_all(&text)?;
        return out.write_all(b"\n");
    };
    out.write_all(before)?;
    let mut separator: &[u8] = b"\n";
    for some in rows.chunks(ROWS * TEXTS) {
        let texts: Vec<Vec<u8>> = some.par_chunks(ROWS).map(text_of).collect::<Result<_, _>>()?;
        for text in &texts {
            out.write_all(separator)?;
            let text = text.strip_prefix(FIRST).unwrap_or(text);
            out.write_all(text.strip_suffix(LAST).unwrap_or(text))?;
            separator = b",\n";
        }
    }
    out.write_all(b"\n  ")?;
    out.write_all(after)?;
    out.write_all(b"\n")
}

fn text_of(rows: &[Row]) -> serde_json::Result<Vec<u8>> {
    indented::to_vec(&Only { rows: rows.iter().map(RowJson::of).collect() })
}
