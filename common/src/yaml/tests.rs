use proptest::prelude::*;

use super::*;
use crate::model::FieldPath;
use crate::wire::wire;

wire! {
    /// A struct of the tests.
    #[derive(Debug, PartialEq)]
    struct Port {
        /// A number.
        pub port: Option<u16> = "port",
        /// Names.
        pub names: Vec<String> = "names",
    }
    unknown
}

#[test]
fn scalars_are_told_apart_as_kubectl_does() {
    let node = parse("{a: yes, b: 'yes', c: 1, d: 1.5, e: ~, f: text, 443: x, y: 12:30}").unwrap();
    assert_eq!(node.get("a").unwrap().value, Value::Bool(true));
    assert_eq!(node.get("b").unwrap().value, Value::Text("yes".into()));
    assert_eq!(node.get("c").unwrap().value, Value::Signed(1));
    assert_eq!(node.get("d").unwrap().value, Value::Float(1.5));
    assert_eq!(node.get("e").unwrap().value, Value::Null);
    assert_eq!(node.get("f").unwrap().as_text(), Some("text"));
    assert_eq!(node.get("443").unwrap().as_text(), Some("x"));
}

#[test]
fn an_error_stands_at_its_field() {
    let node = parse("port: 80\nnames:\n- a\n- b: c\n").unwrap();
    let error = node.decode::<Port>().unwrap_err();
    assert_eq!((error.line, error.column), (4, 3), "{error}");
    assert!(error.message.contains("expected a string"), "{error}");
}

#[test]
fn unknown_fields_are_named() {
    let port: Port = parse("port: 80\nother: {deep: [1]}").unwrap().decode().unwrap();
    assert_eq!(port, Port { port: Some(80), names: Vec::new(), unknown: vec!["other".into()] });
}

#[test]
fn paths_lead_to_lines() {
    let node = parse("spec:\n  rules:\n  - from: []\n  - to: []\n").unwrap();
    let path = FieldPath::spec().field("rules").item(1);
    assert_eq!(node.locate(path.segments()), (4, 5));
    assert_eq!(node.locate(path.clone().field("to").segments()), (4, 5));
    assert_eq!(node.locate(path.field("when").segments()), (4, 5), "as far as it leads");
}

#[test]
fn refuses_a_key_that_is_given_twice() {
    let error = parse("a: 1\nb: 2\na: 3\n").unwrap_err();
    assert_eq!((error.line, error.column), (3, 1));
    assert_eq!(error.message, "the key `a` is given twice");
}

#[test]
fn refuses_aliases_that_explode() {
    let mut text = String::from("a0: &a0 [x]\n");
    for level in 1..30 {
        text.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}]\n", level - 1));
    }
    assert!(parse(&text).is_err());
}

#[test]
fn refuses_endless_nesting() {
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert!(parse(&"a:\n ".repeat(10_000)).is_err());
}

#[test]
fn cuts_a_text_into_documents() {
    let text = "# only a comment\n---\na: 1\n---\n---\n# c\n--- # why\nb: |\n  ---\n...\nc: 3\n";
    let found: Vec<_> = documents(text).map(|d| d.text).collect();
    assert_eq!(found, ["---\na: 1\n", "--- # why\nb: |\n  ---\n", "c: 3\n"]);
    for document in documents(text) {
        assert_eq!(text.get(document.start..).unwrap().get(..document.text.len()), Some(document.text));
        parse(document.text).unwrap();
    }
}

#[test]
fn a_marker_may_carry_its_document() {
    let found: Vec<_> = documents("--- {a: 1}\n--- {b: 2}\n").map(|d| d.text).collect();
    assert_eq!(found, ["--- {a: 1}\n", "--- {b: 2}\n"]);
}

#[test]
fn crlf_and_a_byte_order_mark_do_no_harm() {
    let text = "\u{feff}a: 1\r\nb:\r\n- c\r\n---\r\nd: 2\r\n";
    let found: Vec<_> = documents(text).map(|d| parse(d.text).unwrap()).collect();
    assert_eq!(found[0].get("a").unwrap().value, Value::Signed(1));
    assert_eq!(found[1].get("d").unwrap().line, 2);
}

proptest! {
    #[test]
    fn never_panics(text in "[-a-z0-9:{}\\[\\]&*!|>'\"#%@, \n\t~.]{0,200}") {
        for document in documents(&text) {
            let _ = parse(document.text).map(|node| node.decode::<Port>().is_ok());
        }
    }

    #[test]
    fn never_panics_on_bytes(bytes in any::<Vec<u8>>()) {
        let text = String::from_utf8_lossy(&bytes);
        for document in documents(&text) {
            let _ = parse(document.text);
        }
    }
}
