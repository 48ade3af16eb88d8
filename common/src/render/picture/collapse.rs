//! Fewer edges, where there are more than can be read: by namespace, then by target; what is left out is said.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::Verdict;

use super::edges::Edges;
use super::ends::{End, Kind};

/// The edges, or what stands for them.
pub(super) fn readable(edges: Edges, most: usize, remarks: &mut Vec<String>) -> Edges {
    if fits(&edges, most) {
        return edges;
    }
    let (arrows, nodes) = (edges.all.len(), edges.ends.len());
    remarks.push(format!(
        "drawn by namespace: {arrows} edges between {nodes} nodes are too many to read; ask for a part of it with -n, -l or a TARGET"
    ));
    let by_namespace = merged(&edges, namespace_of, namespace_of);
    if fits(&by_namespace, most) {
        return by_namespace;
    }
    let by_target = several(&by_namespace);
    if fits(&by_target, most) {
        return by_target;
    }
    cut(by_target, most, remarks)
}

fn fits(edges: &Edges, most: usize) -> bool {
    edges.all.len() <= most && edges.ends.len() <= 2 * most
}

fn namespace_of(end: &End) -> End {
    match &end.namespace {
        Some(namespace) => End::all_of(namespace),
        None => end.clone(),
    }
}

/// The edges with other ends; what is only told of single edges is left out.
fn merged(edges: &Edges, from_of: impl Fn(&End) -> End, to_of: impl Fn(&End) -> End) -> Edges {
    let mut merged = Edges { ends: edges.ends.iter().map(&to_of).collect(), ..Edges::default() };
    for ((from, to, verdict), said) in &edges.all {
        let (from, to) = (from_of(from), to_of(to));
        merged.ends.insert(from.clone());
        let sum = merged.all.entry((from, to, *verdict)).or_default();
        sum.ports.extend(said.ports.iter().cloned());
        sum.count += said.count;
    }
    merged
}

/// The namespaces that get to a target as one, where there are several.
fn several(edges: &Edges) -> Edges {
    let mut callers: BTreeMap<(&End, Verdict), BTreeSet<&End>> = BTreeMap::new();
    for (from, to, verdict) in edges.all.keys().filter(|(from, _, _)| from.kind == Kind::Namespace) {
        callers.entry((to, *verdict)).or_default().insert(from);
    }
    let mut merged = Edges { ends: edges.ends.clone(), ..Edges::default() };
    for ((from, to, verdict), said) in &edges.all {
        let namespaces = callers.get(&(to, *verdict)).map_or(0, BTreeSet::len);
        let is_one_of_several = from.kind == Kind::Namespace && namespaces > 1;
        let from = if is_one_of_several { End::class("several namespaces") } else { from.clone() };
        merged.ends.insert(from.clone());
        let sum = merged.all.entry((from, to.clone(), *verdict)).or_default();
        sum.ports.extend(said.ports.iter().cloned());
        sum.count += said.count;
        if is_one_of_several {
            sum.notes.insert(format!("from {namespaces} namespaces"));
        }
    }
    merged
}

/// The first of the edges and of the nodes without any, and that there are more.
fn cut(edges: Edges, most: usize, remarks: &mut Vec<String>) -> Edges {
    let (arrows, nodes) = (edges.all.len(), edges.ends.len());
    let all: BTreeMap<_, _> = edges.all.into_iter().take(most).collect();
    let mut ends: BTreeSet<End> = all.keys().flat_map(|(from, to, _)| [from.clone(), to.clone()]).collect();
    for end in edges.ends {
        if ends.len() < 2 * most {
            ends.insert(end);
        }
    }
    let (arrows, nodes) = (arrows - all.len(), nodes - ends.len());
    remarks.push(format!("{arrows} more edges and {nodes} more nodes are NOT drawn"));
    Edges { ends, all }
}
