use super::*;
use crate::render::Theme;

const PIPE: Look = Look { theme: Theme { color: false }, width: None, headers: true, sorted: false };

fn lines(rows: &[&[&str]]) -> Vec<String> {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
    table(PIPE, &["A", "B", "C"], &rows).lines().map(str::to_owned).collect()
}

#[test]
fn a_long_cell_shifts_only_what_is_behind_it() {
    let long = "x".repeat(LONGEST + 1);
    let found = lines(&[&["aaaa", "bb", "c"], &["a", &long, "c"], &["a", "b", "c"]]);
    let shifted = format!("a      {long}   c");
    assert_eq!(found, ["A      B    C", "aaaa   bb   c", shifted.as_str(), "a      b    c"]);
}

#[test]
fn cells_behind_a_long_one_have_the_width_of_their_columns() {
    let long = "x".repeat(LONGEST + 1);
    let found = lines(&[&["a", "bbbbb", "c"], &[&long, "b", "c"]]);
    assert_eq!(found, ["A   B       C", "a   bbbbb   c", &format!("{long}   b       c")]);
}

#[test]
fn a_long_line_alone_is_whole() {
    let rows = vec![vec!["x".repeat(LONGEST + 1), "b".to_owned()]];
    assert_eq!(table(PIPE, &[], &rows), format!("{}   b\n", "x".repeat(LONGEST + 1)));
}

#[test]
fn a_long_last_cell_is_an_ordinary_one() {
    let long = "x".repeat(2 * LONGEST);
    let last = format!("a    b   {long}");
    assert_eq!(lines(&[&["aa", "b", "c"], &["a", "b", &long]]), ["A    B   C", "aa   b   c", &last]);
}

#[test]
fn widths_are_those_of_a_terminal() {
    for (cell, expected) in [("edp", 3), ("界", 2), ("\u{1b}[31mdenied\u{1b}[0m", 6)] {
        assert_eq!(width(&["A"], &[vec![cell.to_owned()]]), expected, "{cell}");
    }
    assert_eq!(width(&["A", "BB"], &[vec!["aaa".to_owned(), "b".to_owned()]]), 8);
}
