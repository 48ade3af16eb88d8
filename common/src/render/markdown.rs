//! A table in Markdown, as pull requests show it.

#[cfg(test)]
mod tests;

/// The table; what would end a cell or begin markup is escaped.
pub(super) fn table(headers: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = line(headers.iter().map(|header| (*header).to_owned()));
    out.push_str(&line(headers.iter().map(|_| "---".to_owned())));
    for row in rows {
        out.push_str(&line(row.iter().map(|cell| escaped(cell))));
    }
    out
}

/// A text between others.
pub(super) fn text(text: &str) -> String {
    escaped(text)
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn escaped(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    for c in cell.chars() {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '&' | '~' => out.extend(['\\', c]),
            // GitHub looks for mentions after backslashes and entities are gone (github/markup#1168); an empty
            // comment stays between the sign and the name.
            '@' => out.push_str("\\@<!-- -->"),
            _ => out.push(c),
        }
    }
    out
}
