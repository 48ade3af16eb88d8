use super::*;
use crate::render::picture::{Edge, Group, Node, Picture};

#[test]
fn labels_stay_in_their_quotes() {
    let cases = [
        ("plain", "plain"),
        (r#"a"b"#, r#"a\"b"#),
        (r#"\" -> n1 ["#, r#"\\\" -> n1 ["#),
        (r"\N\G\l", r"\\N\\G\\l"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("<b>x</b>", "<b>x</b>"),
        ("a --> b %% c", "a --> b %% c"),
        ("a\nb", r"a\\nb"),
        ("\u{202e}evil\u{200b}", r"\\u{202e}evil\\u{200b}"),
        ("ends in \\", r"ends in \\"),
    ];
    for (name, expected) in cases {
        assert_eq!(text(name), expected, "{name:?}");
    }
}

/// A label with every third backslash and quote in the wrong place would end its string early.
#[test]
fn every_quoted_string_ends_where_it_should() {
    let hostile = "\"\\\"]; }\n digraph \u{2028} <img src=x>";
    let node = |id| Node { id, name: hostile.to_owned(), is_class: id == 1 };
    let picture = Picture {
        title: hostile.to_owned(),
        groups: vec![
            Group { namespace: None, nodes: vec![node(1)] },
            Group { namespace: Some(hostile.to_owned()), nodes: vec![node(0)] },
        ],
        edges: vec![Edge { from: 0, to: 1, verdict: Verdict::Unknown, label: hostile.to_owned() }],
        remarks: vec![hostile.to_owned()],
    };
    let out = graph(&picture);
    let outside = without_strings(&out);
    assert!(!outside.contains("img") && !outside.contains('"'), "{outside}");
    assert_eq!(outside.matches("digraph").count(), 1, "{outside}");
    assert_eq!((outside.matches('{').count(), outside.matches('}').count()), (2, 2), "{outside}");
}

/// What Graphviz reads outside of quoted strings, in which only `\"` is an escape.
fn without_strings(of: &str) -> String {
    let mut out = String::new();
    let mut chars = of.chars();
    let mut inside = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if inside => drop(chars.next()),
            '"' => inside = !inside,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    assert!(!inside, "a string does not end: {of}");
    out
}
