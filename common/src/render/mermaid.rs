//! A graph for Mermaid, which GitHub and others show in Markdown. Nodes have numbers; names stand in quoted labels
//! only, where everything that means something to Mermaid, HTML or Markdown is written as a character's number.

use std::fmt::Write;

use crate::report::Verdict;

use super::picture::{Edge, Group, LEGEND, Node, Picture};
use super::text::escaped;

#[cfg(test)]
mod tests;

/// The graph.
pub(super) fn graph(picture: &Picture) -> String {
    let mut out = "flowchart LR\n".to_owned();
    for (index, of) in picture.groups.iter().enumerate() {
        group(&mut out, index, of);
    }
    for of in &picture.edges {
        edge(&mut out, of);
    }
    let lines =
        [picture.title.as_str(), LEGEND].into_iter().chain(picture.remarks.iter().map(String::as_str));
    let lines: Vec<String> = lines.map(text).collect();
    // Writing into a String cannot fail, here and below.
    let _ = writeln!(out, "  legend[\"{}\"]:::legend", lines.join("<br/>"));
    looks(&mut out, picture);
    out
}

fn group(out: &mut String, index: usize, group: &Group) {
    let Some(namespace) = &group.namespace else {
        group.nodes.iter().for_each(|of| node(out, "  ", of));
        return;
    };
    let _ = writeln!(out, "  subgraph g{index}[\"{}\"]", text(namespace));
    group.nodes.iter().for_each(|of| node(out, "    ", of));
    out.push_str("  end\n");
}

fn node(out: &mut String, indent: &str, node: &Node) {
    let label = text(&node.name);
    let _ = match node.is_class {
        true => writeln!(out, "{indent}n{}([\"{label}\"]):::peers", node.id),
        false => writeln!(out, "{indent}n{}[\"{label}\"]", node.id),
    };
}

fn edge(out: &mut String, edge: &Edge) {
    let arrow = match edge.verdict {
        Verdict::Conditional | Verdict::Unknown => "-.->",
        Verdict::Allowed | Verdict::Denied => "-->",
    };
    let _ = writeln!(out, "  n{} {arrow}|\"{}\"| n{}", edge.from, text(&edge.label), edge.to);
}

/// Colours that can be read on white and on black.
fn looks(out: &mut String, picture: &Picture) {
    let of = |verdict| {
        let numbers = picture.edges.iter().enumerate().filter(move |(_, edge)| edge.verdict == verdict);
        numbers.map(|(number, _)| number.to_string()).collect::<Vec<_>>().join(",")
    };
    let looks = [
        (Verdict::Conditional, "stroke:#bf8700,stroke-dasharray:8 4"),
        (Verdict::Unknown, "stroke:#8250df,stroke-dasharray:2 4"),
    ];
    for (verdict, look) in looks {
        let numbers = of(verdict);
        if !numbers.is_empty() {
            let _ = writeln!(out, "  linkStyle {numbers} {look}");
        }
    }
    out.push_str("  classDef peers stroke-dasharray:4 2\n");
    out.push_str("  classDef legend fill:none,stroke:none,text-align:left\n");
}

/// What stands in a quoted label: letters, digits and what means nothing anywhere as they are, all else as `#NN;`
/// (mermaid's packages/mermaid/src/utils.ts, `encodeEntities`, which gives browsers the character of that number).
fn text(of: &str) -> String {
    let mut out = String::with_capacity(of.len());
    for c in escaped(of).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '/' | ',' | '(' | ')') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}
