//! A graph for Graphviz. Nodes have numbers; names stand in quoted labels only.

use std::fmt::Write;

use crate::report::Verdict;

use super::picture::{Edge, Group, LEGEND, Node, Picture};
use super::text::escaped;

#[cfg(test)]
mod tests;

const HEAD: &str = "\
digraph mesh {
  graph [rankdir=LR, fontname=\"sans-serif\", labelloc=b, labeljust=l, nodesep=0.15, ranksep=1.2];
  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", color=\"#57606a\", fontname=\"sans-serif\", fontsize=11];
  edge [color=\"#1a7f37\", fontname=\"sans-serif\", fontsize=9, arrowsize=0.7];
";

/// The graph.
pub(super) fn graph(picture: &Picture) -> String {
    let mut out = HEAD.to_owned();
    let lines =
        [picture.title.as_str(), LEGEND].into_iter().chain(picture.remarks.iter().map(String::as_str));
    let lines: String = lines.map(|line| format!("{}\\l", text(line))).collect();
    // Writing into a String cannot fail, here and below.
    let _ = writeln!(out, "  label=\"{lines}\";");
    for (index, of) in picture.groups.iter().enumerate() {
        group(&mut out, index, of);
    }
    for of in &picture.edges {
        edge(&mut out, of);
    }
    out.push_str("}\n");
    out
}

fn group(out: &mut String, index: usize, group: &Group) {
    let Some(namespace) = &group.namespace else {
        group.nodes.iter().for_each(|of| node(out, "  ", of));
        return;
    };
    let _ = writeln!(out, "  subgraph cluster_{index} {{");
    let label = text(namespace);
    let _ = writeln!(
        out,
        "    label=\"{label}\"; labelloc=t; style=\"rounded,filled\"; color=\"#d0d7de\"; fillcolor=\"#f6f8fa\";"
    );
    group.nodes.iter().for_each(|of| node(out, "    ", of));
    out.push_str("  }\n");
}

fn node(out: &mut String, indent: &str, node: &Node) {
    let look = if node.is_class { ", shape=ellipse, style=\"filled\", fillcolor=\"#ddf4ff\"" } else { "" };
    let _ = writeln!(out, "{indent}n{} [label=\"{}\"{look}];", node.id, text(&node.name));
}

fn edge(out: &mut String, edge: &Edge) {
    let look = match edge.verdict {
        Verdict::Conditional => ", style=dashed, color=\"#9a6700\"",
        Verdict::Unknown => ", style=dotted, color=\"#8250df\", penwidth=2",
        Verdict::Allowed | Verdict::Denied => "",
    };
    let label = text(&edge.label);
    let _ = writeln!(out, "  n{} -> n{} [label=\"{label}\"{look}];", edge.from, edge.to);
}

/// What stands in a quoted label. Graphviz takes a backslash for the beginning of an escape and `&` for that of an
/// HTML entity (lib/common/labels.c, `strdup_and_subst_obj0`; lib/common/utils.c, `htmlEntity`).
fn text(of: &str) -> String {
    let mut out = String::with_capacity(of.len());
    for c in escaped(of).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out
}
