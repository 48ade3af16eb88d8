//! An answer as a graph: who may connect to what, grouped by namespace, before any format.
//!
//! What is denied has no edge. A graph is for reading: peers that stand for most others are drawn once, and what has
//! too many edges is drawn by namespace; the picture says so. Names are as they were read: every format escapes them.

use std::collections::BTreeMap;

use crate::report::reachability::{Reachability, Way};
use crate::report::{Envelope, Verdict};

mod collapse;
mod edges;
mod ends;
#[cfg(test)]
mod tests;

use edges::{Edges, Said};
pub(super) use ends::name_of;
use ends::{End, Kind};

/// More edges than this cannot be read. Mermaid itself gives up at 500 edges or 50,000 characters.
const MOST_EDGES: usize = 200;

/// How the edges of an answer are drawn, in words.
pub(super) const LEGEND: &str =
    "solid arrow (allowed), dashed (conditional), dotted (unknown), no arrow (denied)";

/// A graph.
#[derive(Debug)]
pub(super) struct Picture {
    /// What it shows.
    pub(super) title: String,
    /// The nodes by namespace; first those that belong to none.
    pub(super) groups: Vec<Group>,
    /// What may connect.
    pub(super) edges: Vec<Edge>,
    /// What a reader has to know besides.
    pub(super) remarks: Vec<String>,
}

/// The nodes of a namespace.
#[derive(Debug)]
pub(super) struct Group {
    /// The namespace, if there is one.
    pub(super) namespace: Option<String>,
    /// The nodes, in the order of their names.
    pub(super) nodes: Vec<Node>,
}

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    /// Its number in the picture.
    pub(super) id: usize,
    /// Its name; the namespace is that of its group.
    pub(super) name: String,
    /// Whether it stands for a class of peers, nothing that has a name of its own.
    pub(super) is_class: bool,
}

/// An arrow.
#[derive(Debug)]
pub(super) struct Edge {
    /// The node that calls.
    pub(super) from: usize,
    /// The node that is called.
    pub(super) to: usize,
    /// What is told of it.
    pub(super) verdict: Verdict,
    /// Ports, and what else is to be said.
    pub(super) label: String,
}

impl Picture {
    /// The picture of a report. `asked`: it is about callers who were named, not about everyone.
    pub(super) fn of(envelope: &Envelope<Reachability>, asked: bool) -> Self {
        let report = &envelope.body;
        let mut remarks = Vec::new();
        let edges = collapse::readable(Edges::of(report, asked), MOST_EDGES, &mut remarks);
        if report.rows.iter().any(|row| row.verdict == Verdict::Unknown) {
            remarks.push("what is unknown may be denied: `-o table` says what is missing".to_owned());
        }
        if !envelope.gaps.is_empty() {
            let gaps = envelope.gaps.len();
            remarks.push(format!(
                "what could not be read or judged may change this: see the {gaps} in `gaps` of -o json"
            ));
        }
        Self { remarks, ..drawn(title(report), &edges) }
    }
}

fn title(report: &Reachability) -> String {
    match (&report.target, report.direction) {
        (None, _) => "who can reach what".to_owned(),
        (Some(target), Way::From) => format!("who can reach {target}"),
        (Some(source), Way::To) => format!("what {source} can reach"),
    }
}

/// Numbers for the nodes, in the order of the namespaces and names.
fn drawn(title: String, edges: &Edges) -> Picture {
    let mut named: BTreeMap<&Option<String>, Vec<&End>> = BTreeMap::new();
    for end in &edges.ends {
        named.entry(&end.namespace).or_default().push(end);
    }
    let mut numbers: BTreeMap<&End, usize> = BTreeMap::new();
    let mut groups = Vec::new();
    for (namespace, ends) in named {
        let mut nodes = Vec::new();
        for end in ends {
            let id = numbers.len();
            numbers.insert(end, id);
            nodes.push(Node { id, name: end.name.clone(), is_class: end.kind == Kind::Class });
        }
        groups.push(Group { namespace: namespace.clone(), nodes });
    }
    let edge = |((from, to, verdict), said): (&(End, End, Verdict), &Said)| {
        let (from, to) = (*numbers.get(from)?, *numbers.get(to)?);
        Some(Edge { from, to, verdict: *verdict, label: said.label(*verdict) })
    };
    let edges = edges.all.iter().filter_map(edge).collect();
    Picture { title, groups, edges, remarks: Vec::new() }
}
