//! Tables as kubectl prints them: no borders, upper-case headers, three blanks between columns.

use comfy_table::{ContentArrangement, Table, presets};

use super::Look;
use super::text::escaped;

#[cfg(test)]
mod tests;

/// A cell longer than this does not widen its column. The last cell of a line widens nothing.
const LONGEST: usize = 72;

/// Blanks between columns.
const GAP: u16 = 3;

/// A table, a line for each row. Cells may hold colours; text from elsewhere was escaped before it got any.
pub(super) fn table(look: Look, headers: &[&str], rows: &[Vec<String>]) -> String {
    let table = arranged(headers, rows.iter().map(Vec::as_slice).filter(|row| !is_long(row)));
    let widths = table.column_max_content_widths();
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
            add(&long_line(row, &widths));
        } else {
            add(&lines.next().unwrap_or_default());
        }
    }
    out
}

fn arranged<'a>(headers: &[&str], rows: impl Iterator<Item = &'a [String]>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    table.set_header(headers.iter().copied());
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    table
}

fn is_long(row: &[String]) -> bool {
    row.iter().rev().skip(1).any(|cell| cell.chars().count() > LONGEST)
}

/// A line beside the others: its cells begin where theirs do until one is longer than its column.
fn long_line(row: &[String], widths: &[u16]) -> String {
    let own = arranged(&[], std::iter::once(row)).column_max_content_widths();
    let mut line = String::new();
    for ((cell, own), column) in row.iter().zip(own).zip(widths.iter().copied().chain(std::iter::repeat(0))) {
        let missing = usize::from(column.saturating_sub(own)) + usize::from(GAP);
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', missing));
    }
    line
}

/// The width of the widest line, colours aside.
pub(super) fn width(headers: &[&str], rows: &[Vec<String>]) -> usize {
    let widths = arranged(headers, rows.iter().map(Vec::as_slice)).column_max_content_widths();
    let gaps = usize::from(GAP) * widths.len().saturating_sub(1);
    widths.into_iter().map(usize::from).sum::<usize>() + gaps
}

/// Names in one cell.
pub(super) fn joined(names: &[String]) -> String {
    if names.is_empty() { "<none>".to_owned() } else { escaped(&names.join(",")).into_owned() }
}
