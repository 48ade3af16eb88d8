//! How values are printed: as Go's fmt and encoding/json do it, which kubectl leaves it to.

use std::fmt::Write;

use serde_json::{Number, Value};

use crate::render::text::escaped;

use super::evaluate::Found;

/// The values of a part, with blanks between: scalars as they are, everything else in JSON.
pub(super) fn joined(values: &[Found<'_>]) -> String {
    values.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// A template's own text is as it is: only what came from elsewhere is escaped.
fn text(found: &Found<'_>) -> String {
    match found {
        Found::Literal(Value::String(text)) => text.clone(),
        Found::Part(list @ (Value::Array(_) | Value::Object(_))) => json(list, None),
        other => of_scalar(other.value(), "null"),
    }
}

/// The values of a part as a JSON list and a line end.
pub(super) fn listed(values: &[Found<'_>]) -> String {
    let list = Value::Array(values.iter().map(|value| value.value().clone()).collect());
    format!("{}\n", json(&list, Some(0)))
}

/// A value in a column: lists and maps in the form of Go's `%v`.
pub(in crate::render) fn in_column(value: &Value) -> String {
    let parts = |parts: Vec<String>| parts.join(" ");
    match value {
        Value::Array(list) => format!("[{}]", parts(list.iter().map(in_column).collect())),
        Value::Object(map) => {
            let field = |(key, value): (&String, &Value)| format!("{}:{}", escaped(key), in_column(value));
            format!("map[{}]", parts(map.iter().map(field).collect()))
        }
        scalar => of_scalar(scalar, "<nil>"),
    }
}

fn of_scalar(value: &Value, null: &str) -> String {
    match value {
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => of_number(number, of_float),
        Value::String(text) => escaped(text).into_owned(),
        Value::Null | Value::Array(_) | Value::Object(_) => null.to_owned(),
    }
}

fn of_number(number: &Number, of_float: impl Fn(f64) -> String) -> String {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => integer.to_string(),
        (None, Some(float)) => of_float(float),
        (None, None) => number.to_string(),
    }
}

/// Go's `%v`: the shortest digits, with an exponent below -4 and from 6 on.
fn of_float(float: f64) -> String {
    let exponent = exponent(float);
    if (-4..6).contains(&exponent) { format!("{float}") } else { with_exponent(float, 2) }
}

/// encoding/json: an exponent below 1e-6 and from 1e21 on.
fn of_json_float(float: f64) -> String {
    let size = float.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) { format!("{float}") } else { with_exponent(float, 1) }
}

fn exponent(float: f64) -> i32 {
    format!("{float:e}").split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or_default()
}

/// `1.5e-07`: always with a sign, with at least so many digits.
fn with_exponent(float: f64, digits: usize) -> String {
    let text = format!("{float:e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    let exponent = exponent(float);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:0digits$}", exponent.unsigned_abs())
}

/// JSON in encoding/json's form, in lines with an indentation of four blanks where asked for.
fn json(value: &Value, depth: Option<usize>) -> String {
    let mut out = String::new();
    write_json(&mut out, value, depth);
    out
}

fn write_json(out: &mut String, value: &Value, depth: Option<usize>) {
    let inner = depth.map(|depth| depth + 1);
    match value {
        Value::Array(list) => {
            between(out, ['[', ']'], depth, list.iter(), |out, element| write_json(out, element, inner));
        }
        Value::Object(map) => between(out, ['{', '}'], depth, map.iter(), |out, (key, value)| {
            out.push_str(&of_json_text(key));
            out.push_str(if depth.is_some() { ": " } else { ":" });
            write_json(out, value, inner);
        }),
        Value::Number(number) => out.push_str(&of_number(number, of_json_float)),
        Value::String(text) => out.push_str(&of_json_text(text)),
        Value::Null | Value::Bool(_) => {
            // Writing into a String cannot fail.
            let _ = write!(out, "{value}");
        }
    }
}

fn between<T>(
    out: &mut String,
    [open, close]: [char; 2],
    depth: Option<usize>,
    parts: impl ExactSizeIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    let is_empty = parts.len() == 0;
    let line = |out: &mut String, more: usize| {
        if let Some(depth) = depth.filter(|_| !is_empty) {
            out.push('\n');
            out.extend(std::iter::repeat_n("    ", depth + more));
        }
    };
    out.push(open);
    for (at, part) in parts.enumerate() {
        if at > 0 {
            out.push(',');
        }
        line(out, 1);
        write(out, part);
    }
    line(out, 0);
    out.push(close);
}

/// encoding/json escapes what HTML would take for its own, and two ends of lines of JavaScript.
fn of_json_text(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    if !quoted.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return quoted;
    }
    let mut out = String::with_capacity(quoted.len() + 16);
    for c in quoted.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing into a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}
