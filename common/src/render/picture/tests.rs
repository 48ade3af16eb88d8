use super::edges::Edges;
use super::*;
use crate::render::test_rows::{denied, list};
use crate::report::reachability::{Class, Names, PeerEntry, Row};
use crate::report::{Metadata, SourceDescription};

fn envelope(body: Reachability) -> Envelope<Reachability> {
    let source = SourceDescription { kind: "files", names: Vec::new() };
    let metadata = Metadata { generated_at: String::new(), source };
    Envelope { api_version: "", kind: "", metadata, assumptions: Vec::new(), gaps: Vec::new(), body }
}

fn row(target: &str, account: &str, port: &str, verdict: Verdict) -> Row {
    let workload = format!("deploy/web/{account}");
    let row = denied("web", account, &[&workload]);
    Row { target: Some(target.to_owned()), port: port.to_owned(), verdict, ..row }
}

fn of_class(class: Class, port: &str, verdict: Verdict) -> Row {
    let row = row("deploy/shop/cart", "x", port, verdict);
    let peer = PeerEntry {
        class,
        identity: None,
        namespace: None,
        service_account: None,
        workloads: Names::default(),
        identity_count: 0,
        ..row.peer.clone()
    };
    Row { peer, ..row }
}

fn everyone(port: &str, verdict: Verdict) -> Vec<Row> {
    let classes = [Class::OtherIdentities, Class::NoIdentity, Class::Outside];
    let mut rows: Vec<Row> = classes.into_iter().map(|class| of_class(class, port, verdict)).collect();
    rows.extend(["a", "b"].map(|account| row("deploy/shop/cart", account, port, verdict)));
    rows
}

/// Edges as `from -> to: label`.
fn told(rows: Vec<Row>, asked: bool) -> Vec<String> {
    let body = Reachability { target: None, ..list(rows) };
    let picture = Picture::of(&envelope(body), asked);
    let name = |id| {
        let nodes =
            || picture.groups.iter().flat_map(|group| group.nodes.iter().map(move |node| (group, node)));
        let (group, node) = nodes().find(|(_, node)| node.id == id).unwrap();
        group.namespace.iter().map(|namespace| format!("{namespace}:")).collect::<String>() + &node.name
    };
    let edges = picture.edges.iter();
    edges.map(|edge| format!("{} -> {}: {}", name(edge.from), name(edge.to), edge.label)).collect()
}

#[test]
fn denied_has_no_edge_but_a_node() {
    let rows = vec![row("deploy/shop/cart", "ui", "80", Verdict::Denied)];
    let picture = Picture::of(&envelope(Reachability { target: None, ..list(rows) }), false);
    assert!(picture.edges.is_empty());
    assert_eq!(picture.groups.len(), 1);
    assert_eq!(picture.groups[0].nodes[0].name, "deploy/cart");
}

#[test]
fn ports_of_one_verdict_share_an_edge() {
    let rows = vec![
        row("deploy/shop/cart", "ui", "443,*", Verdict::Allowed),
        row("deploy/shop/cart", "ui", "80", Verdict::Allowed),
        row("deploy/shop/cart", "ui", "9090", Verdict::Unknown),
    ];
    let expected = [
        "web:deploy/ui -> shop:deploy/cart: 80, 443, all others",
        "web:deploy/ui -> shop:deploy/cart: 9090, unknown",
    ];
    assert_eq!(told(rows, false), expected);
}

#[test]
fn a_port_that_is_open_to_everyone_has_one_edge() {
    let mut rows = everyone("80", Verdict::Allowed);
    rows.push(row("deploy/shop/cart", "a", "90", Verdict::Allowed));
    let expected = ["everyone -> shop:deploy/cart: 80", "web:deploy/a -> shop:deploy/cart: 90"];
    assert_eq!(told(rows, false), expected);
}

#[test]
fn callers_who_were_named_are_not_everyone() {
    let all = told(everyone("80", Verdict::Allowed), true);
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(all.iter().all(|edge| !edge.starts_with("everyone")), "{all:?}");
}

#[test]
fn one_exception_is_not_everyone() {
    let mut rows = everyone("80", Verdict::Allowed);
    rows.push(row("deploy/shop/cart", "c", "80", Verdict::Denied));
    let all = told(rows, false);
    assert!(all.iter().all(|edge| !edge.starts_with("everyone")), "{all:?}");
    assert!(all.iter().all(|edge| !edge.contains("deploy/c ")), "{all:?}");
}

#[test]
fn most_identities_are_one_node_that_says_how_many() {
    let mut rows: Vec<Row> =
        (0..9).map(|n| row("deploy/shop/cart", &format!("s{n}"), "80", Verdict::Allowed)).collect();
    rows.push(row("deploy/shop/cart", "other", "80", Verdict::Denied));
    rows.push(of_class(Class::Outside, "80", Verdict::Denied));
    assert_eq!(told(rows, false), ["identities of the mesh -> shop:deploy/cart: 80, 9 of 10 identities"]);
}

#[test]
fn a_row_for_all_others_counts_them() {
    let mut rest = row("deploy/shop/cart", "x", "80", Verdict::Allowed);
    (rest.peer.identity, rest.peer.identity_count, rest.peer.workloads) = (None, 7, Names::default());
    let rows = vec![rest, row("deploy/shop/cart", "no", "80", Verdict::Denied)];
    assert_eq!(told(rows, false), ["identities of the mesh -> shop:deploy/cart: 80, 7 of 8 identities"]);
}

#[test]
fn conditional_and_unknown_say_so() {
    let rows = vec![
        row("deploy/shop/cart", "a", "80", Verdict::Conditional),
        row("deploy/shop/cart", "b", "*", Verdict::Unknown),
    ];
    let expected = [
        "web:deploy/a -> shop:deploy/cart: 80, conditional",
        "web:deploy/b -> shop:deploy/cart: any port, unknown",
    ];
    assert_eq!(told(rows, false), expected);
}

/// Every caller of `callers` gets to every target of `targets`, each in namespaces of their own.
fn full(callers: usize, targets: usize) -> Reachability {
    let mut rows = Vec::new();
    for target in 0..targets {
        for caller in 0..callers {
            let mut row = row(&format!("deploy/to-{}/t{target}", target % 20), "x", "80", Verdict::Allowed);
            row.peer.identity = Some(format!("spiffe://td/ns/from-{caller}/sa/x"));
            row.peer.workloads = vec![format!("deploy/from-{}/c{caller}", caller % 20)].into();
            rows.push(row);
        }
    }
    Reachability { target: None, ..list(rows) }
}

#[test]
fn too_many_edges_become_fewer_and_it_is_said() {
    for (callers, targets, most) in [(7, 20, 200), (7, 60, 200), (40, 40, 200), (7, 60, 10)] {
        let edges = Edges::of(&full(callers, targets), true);
        let count = edges.all.len();
        let mut remarks = Vec::new();
        let readable = collapse::readable(edges, most, &mut remarks);
        assert!(readable.all.len() <= most, "{callers} callers, {targets} targets");
        assert_eq!(remarks.is_empty(), count <= most, "{remarks:?}");
        let sum: usize = readable.all.values().map(|said| said.count).sum();
        let said_to_be_cut = remarks.iter().any(|remark| remark.contains("NOT drawn"));
        assert!(sum == count || said_to_be_cut, "{sum} of {count} edges");
    }
}

#[test]
fn too_many_nodes_without_edges_become_fewer() {
    let denied = |mut of: Reachability| {
        of.rows.iter_mut().for_each(|row| row.verdict = Verdict::Denied);
        of
    };
    let mut remarks = Vec::new();
    let readable = collapse::readable(Edges::of(&denied(full(1, 500)), false), 200, &mut remarks);
    assert_eq!((readable.ends.len(), remarks.len()), (20, 1), "{remarks:?}");
    let mut remarks = Vec::new();
    let readable = collapse::readable(Edges::of(&denied(full(1, 500)), false), 5, &mut remarks);
    assert_eq!((readable.ends.len(), remarks.len()), (10, 2), "{remarks:?}");
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let forwards = full(5, 5);
    let mut backwards = forwards.clone();
    backwards.rows.reverse();
    let [a, b] = [forwards, backwards].map(|body| format!("{:?}", Picture::of(&envelope(body), false)));
    assert_eq!(a, b);
}
