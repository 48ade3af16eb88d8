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
fn every_offset_has_its_line_and_column() {
    let text = "x\nyy\n\nz";
    let sources = sources(Format::Yaml, text);
    for offset in 0..text.len() + 9 {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        assert_eq!(sources.line_column(SourceId(0), offset), (line, column), "{offset}");
    }
    let lines = [0, 1, 2, 3, 4, 5].map(|line| sources.line_text(SourceId(0), line));
    assert_eq!(lines, ["", "x\n", "yy\n", "\n", "z", ""]);
}

#[test]
fn a_hundred_thousand_places_of_a_text_take_no_time() {
    let text = format!("{}\n{}", "x\n".repeat(100_000), "y".repeat(8_000_000));
    let sources = sources(Format::Json, &text);
    let started = std::time::Instant::now();
    let ends: usize = (0..100_000).map(|at| sources.line_column(SourceId(0), text.len() - at).1).sum();
    let lines: usize = (1..100_000).map(|line| sources.line_text(SourceId(0), line).len()).sum();
    assert!(ends > 0 && lines > 0);
    assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
}
