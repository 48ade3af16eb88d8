use super::*;
use crate::render::picture::{Edge, Group, Node, Picture};

#[test]
fn what_means_something_is_written_as_its_number() {
    let cases = [
        ("deploy/edp-backend", "deploy/edp-backend"),
        ("a\"b", "a#34;b"),
        ("a] --> b", "a#93; --#62; b"),
        ("%%{init: {}}%%", "#37;#37;#123;init#58; #123;#125;#125;#37;#37;"),
        ("<img src=x onerror=alert(1)>", "#60;img src#61;x onerror#61;alert(1)#62;"),
        ("#quot;", "#35;quot#59;"),
        ("`**bold**`", "#96;#42;#42;bold#42;#42;#96;"),
        ("a\nend", "a#92;nend"),
        ("\u{202e}x", "#92;u#123;202e#125;x"),
        ("|x|", "#124;x#124;"),
        ("größe", "größe"),
    ];
    for (name, expected) in cases {
        assert_eq!(text(name), expected, "{name:?}");
    }
}

#[test]
fn every_line_is_one_of_ours() {
    let hostile = "end\"]\n  click n0 \"javascript:alert(1)\" %%{init}%% --> style x:y#1;";
    let node = |id, is_class| Node { id, name: hostile.to_owned(), is_class };
    let edge = |verdict| Edge { from: 0, to: 1, verdict, label: hostile.to_owned() };
    let picture = Picture {
        title: hostile.to_owned(),
        groups: vec![
            Group { namespace: None, nodes: vec![node(0, true)] },
            Group { namespace: Some(hostile.to_owned()), nodes: vec![node(1, false)] },
        ],
        edges: vec![edge(Verdict::Allowed), edge(Verdict::Conditional), edge(Verdict::Unknown)],
        remarks: vec![hostile.to_owned()],
    };
    let out = graph(&picture);
    for line in out.lines() {
        assert!(is_ours(line), "{line}");
    }
    assert!(out.contains("linkStyle 1 ") && out.contains("linkStyle 2 "), "{out}");
}

/// The grammar of what we write: fixed parts, and labels of characters that mean nothing.
fn is_ours(line: &str) -> bool {
    let mut parts = line.trim_start().split('"');
    let (before, label, after) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let is_harmless = |c: char| c.is_alphanumeric() || " .-/,()#;".contains(c);
    let label_is_harmless = label.is_none_or(|label| label.replace("<br/>", "").chars().all(is_harmless))
        && parts.next().is_none();
    let fixed = format!("{before}{}", after.unwrap_or_default());
    let fixed: String = fixed.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let known = [
        "flowchart LR",
        "n0([]):::peers",
        "n0[]",
        "subgraph g0[]",
        "end",
        "n0 -->|| n0",
        "n0 -.->|| n0",
        "legend[]:::legend",
        "linkStyle 0 stroke:#bf0000,stroke-dasharray:0 0",
        "linkStyle 0 stroke:#0000df,stroke-dasharray:0 0",
        "classDef peers stroke-dasharray:0 0",
        "classDef legend fill:none,stroke:none,text-align:left",
    ];
    label_is_harmless && known.contains(&fixed.as_str())
}
