//! Graphviz takes every graph, and shows names as they are.

use std::process::Command;

use crate::meshes::{Drawn, HOSTILE, hostile, mesh};

/// The graph as Graphviz draws it.
fn drawn(drawn: &Drawn, arguments: &[&str]) -> String {
    let file = drawn.file(&[arguments, &["-o", "dot"]].concat(), "graph.dot");
    let output = Command::new("dot").arg("-Tsvg").arg(&file).current_dir(drawn.folder()).output();
    let output = output.expect("no `dot` on PATH; `make browser` gets it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn graphviz_takes_the_example() {
    let example = Drawn::of_folder("examples/enterprise-rag");
    for question in
        [&["--all"][..], &["svc/edp/edp-postgresql"], &["deploy/edp/edp-backend", "--to-peers", "-A"]]
    {
        let picture = drawn(&example, question);
        assert!(
            picture.contains(">sts/edp&#45;postgresql<") || picture.contains(">svc/edp&#45;postgresql<"),
            "{picture}"
        );
    }
}

#[test]
fn graphviz_shows_hostile_names_as_they_are() {
    let picture = drawn(&Drawn::of(&hostile()), &["--all"]);
    assert!(!picture.contains("<img") && !picture.contains("<script"), "{picture}");
    // As XML says it: what is seen is the name, but for the mark that turns the direction, which is written out.
    let seen = HOSTILE.replace('\u{202e}', "\\u{202e}");
    let text: String = picture
        .replace("&#45;", "-")
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .replace("&#160;", " ");
    assert!(text.contains(&format!("deploy/{seen}")), "{text}");
}

#[test]
fn graphviz_takes_a_big_mesh() {
    let picture = drawn(&Drawn::of(&mesh(1_000, 40)), &["--all"]);
    let edges = picture.matches("class=\"edge\"").count();
    assert!((1..=200).contains(&edges), "{edges} edges");
    assert!(picture.contains("are too many to read"), "it says that it is not all");
}
