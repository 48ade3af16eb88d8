//! A page to look around in: the matrix, a graph, and what is behind each answer. One file that asks for nothing else.
//!
//! The page admits its own style and script by their digests and nothing besides (`default-src 'none'`). The report
//! is data in it, never markup: the script puts it into the page as text.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::report::Envelope;
use crate::report::reachability::Reachability;

mod answers;
mod data;
mod matrix;
#[cfg(test)]
mod tests;

/// The page around what is filled in, in this order: the policy, the title, the style, the data, the script.
const PAGE: [&str; 6] = [
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
     <meta http-equiv=\"Content-Security-Policy\" content=\"",
    "\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
     <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
    "</title>\n<style>",
    concat!(
        "</style>\n</head>\n",
        include_str!("html/page/body.html"),
        "<script type=\"application/json\" id=\"data\">"
    ),
    "</script>\n<script>",
    "</script>\n</body>\n</html>\n",
];

const STYLE: &str = include_str!("html/page/style.css");

/// One script; its parts are in the order in which they use each other.
const SCRIPT: &str = concat!(
    include_str!("html/page/model.js"),
    include_str!("html/page/panel.js"),
    include_str!("html/page/grid.js"),
    include_str!("html/page/graph.js"),
    include_str!("html/page/main.js"),
);

/// Writes the page. `asked`: the report is about callers who were named, not about everyone.
pub(super) fn page(out: &mut dyn Write, envelope: &Envelope<Reachability>, asked: bool) -> io::Result<()> {
    let data = data::Data::of(envelope, asked);
    let title = text(&data.title);
    let data = embedded(&serde_json::to_string(&data)?);
    let filled = [policy(), title, STYLE.to_owned(), data, SCRIPT.to_owned(), String::new()];
    for (around, filled) in PAGE.iter().zip(&filled) {
        out.write_all(around.as_bytes())?;
        out.write_all(filled.as_bytes())?;
    }
    Ok(())
}

/// What the page may load and run: this style and this script. Data is no script.
fn policy() -> String {
    let (style, script) = (digest(STYLE), digest(SCRIPT));
    format!(
        "default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
    )
}

fn digest(of: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, of.as_bytes());
    format!("sha256-{}", STANDARD.encode(digest))
}

/// Text between tags.
fn text(of: &str) -> String {
    of.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// JSON that neither ends its element nor opens a comment in it: all of these stand in strings only, where an escape
/// means the same.
fn embedded(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    out
}
