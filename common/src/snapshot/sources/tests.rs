use super::*;

fn sources(format: Format, text: &str) -> Sources {
    let mut sources = Sources::default();
    sources.push(Source { name: "mesh".into(), format, text: text.into() });
    sources
}

fn origin(start: usize, len: usize, within: Within) -> Origin {
    Origin { source: SourceId(0), start, len, within }
}

#[test]
fn lines_of_yaml_count_from_the_top_of_the_file() {
    let text = "a: 1\n---\nspec:\n  rules:\n  - x: 1\n  - y: 2\n";
    let sources = sources(Format::Yaml, text);
    let origin = origin(5, text.len() - 5, Within::Whole);
    let at = |path: &FieldPath| sources.locate(&origin, path).unwrap().to_string();
    assert_eq!(at(&FieldPath::default()), "mesh:3:1");
    assert_eq!(at(&FieldPath::spec().field("rules").item(1)), "mesh:6:5");
}

#[test]
fn items_of_a_yaml_list_have_their_own_lines() {
    let text = "kind: List\nitems:\n- spec: 1\n- spec: 2\n";
    let sources = sources(Format::Yaml, text);
    let line = |origin| sources.locate(&origin, &FieldPath::spec()).unwrap().line;
    assert_eq!(line(origin(0, text.len(), Within::Item(1))), 4);
    let start = text.rfind("- spec").unwrap();
    assert_eq!(line(origin(start, text.len() - start, Within::OnlyItem)), 4);
}

#[test]
fn lines_of_json_come_from_offsets() {
    let text = "{\"items\": [\n{\"spec\": {\n\"rules\": [{},\n{\"to\": []}]}}]}";
    let sources = sources(Format::Json, text);
    let start = text.find("{\"spec\"").unwrap();
    let origin = origin(start, text.len() - start - 2, Within::Whole);
    let at = |path: &FieldPath| sources.locate(&origin, path).unwrap().to_string();
    assert_eq!(at(&FieldPath::default()), "mesh:2:1");
    assert_eq!(at(&FieldPath::spec().field("rules").item(1)), "mesh:4:1");
    assert_eq!(at(&FieldPath::spec().field("rules").item(9)), "mesh:3:10", "as far as the path leads");
}

#[test]
fn lines_far_into_a_text_are_counted_by_stretches() {
    let text = "x\n".repeat(STRETCH * 2);
    let sources = sources(Format::Yaml, &text);
    for offset in [0, 1, 2, STRETCH - 1, STRETCH, STRETCH + 1, 3 * STRETCH - 2, text.len(), text.len() + 9] {
        let before = text.get(..offset).unwrap_or(&text);
        assert_eq!(sources.line(SourceId(0), offset), before.matches('\n').count() + 1, "{offset}");
    }
}
