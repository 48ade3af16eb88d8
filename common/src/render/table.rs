//! Tables as kubectl prints them: no borders, upper-case headers, three blanks between columns.

use comfy_table::{ContentArrangement, Table, presets};

use super::Look;
use super::text::escaped;

/// A cell longer than this does not widen its column: its line stands as it is. The last cell of a line widens
/// nothing.
const LONGEST: usize = 72;

/// A table, a line for each row. Cells may hold colours; text from elsewhere was escaped before it got any.
pub(super) fn table(look: Look, headers: &[&str], rows: &[Vec<String>]) -> String {
    let is_long = |row: &[String]| row.iter().rev().skip(1).any(|cell| cell.chars().count() > LONGEST);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    table.set_header(headers.iter().copied());
    table.add_rows(rows.iter().filter(|row| !is_long(row)));
    for column in table.column_iter_mut() {
        column.set_padding((0, 3));
    }
    let mut lines = table.lines();
    let mut out = String::new();
    let mut add = |line: &str| {
        out.push_str(line.trim_end());
        out.push('\n');
    };
    if let Some(header) = lines.next().filter(|_| look.headers && !headers.is_empty()) {
        add(&header);
    }
    for row in rows {
        if is_long(row) {
            add(&row.join("   "));
        } else {
            add(&lines.next().unwrap_or_default());
        }
    }
    out
}

/// The width of the widest line, colours aside.
pub(super) fn width(headers: &[&str], rows: &[Vec<String>]) -> usize {
    let columns = headers.len();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(headers.get(column).map(|header| header.len())).max().unwrap_or_default()
    };
    (0..columns).map(|column| widest(column) + 3).sum::<usize>().saturating_sub(3)
}

/// Names in one cell.
pub(super) fn joined(names: &[String]) -> String {
    if names.is_empty() { "<none>".to_owned() } else { escaped(&names.join(",")).into_owned() }
}
