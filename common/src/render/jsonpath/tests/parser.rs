//! parser_test.go: what a text is parsed into, and what is no template.

use super::super::action::Part;
use super::super::path::{Filter, Operator, Path, Slice, Step};
use super::*;

fn plain(text: &str) -> Part {
    Part::Text(text.to_owned())
}

fn field(name: &str) -> Step {
    Step::Field(name.to_owned())
}

fn value(steps: impl IntoIterator<Item = Step>) -> Part {
    Part::Value(path(steps))
}

fn path(steps: impl IntoIterator<Item = Step>) -> Path {
    Path(steps.into_iter().collect())
}

fn slice(start: Option<i64>, end: Option<i64>) -> Step {
    Step::Slice(Slice { start, end, step: None })
}

fn filter(text: &str, left: impl IntoIterator<Item = Step>, operator: Operator, right: Step) -> Part {
    let (left, right) = (path(left), Some((operator, path([right]))));
    value([Step::Filter(Filter { text: text.to_owned(), left, right })])
}

fn parsed(cases: &[(&str, Vec<Part>)]) {
    for (template, expected) in cases {
        assert_eq!(&Template::parse(template).unwrap().parts, expected, "{template}");
    }
}

/// TestParser
#[test]
fn templates() {
    let books = [field("book"), slice(None, None), field("author")];
    parsed(&[
        ("hello jsonpath", vec![plain("hello jsonpath")]),
        ("hello {.jsonpath}", vec![plain("hello "), value([field("jsonpath")])]),
        ("hello {['jsonpath']}", vec![plain("hello "), value([field("jsonpath")])]),
        (r#"{"{"}"#, vec![value([Step::Text("{".to_owned())])]),
        ("{[1:3]}", vec![value([slice(Some(1), Some(3))])]),
        ("{.book[*].author}", vec![value(books)]),
        ("{.bicycle.*}", vec![value([field("bicycle"), Step::Wildcard])]),
        ("{[?(@.price<3)]}", vec![filter("@.price<3", [field("price")], Operator::Less, Step::Integer(3))]),
        ("{..}", vec![value([Step::Descent])]),
        ("{..price}", vec![value([Step::Descent, field("price")])]),
        ("{['book.price']}", vec![value([field("book"), field("price")])]),
        (
            "{['bicycle.price', 3, 'book.price']}",
            vec![value([Step::Union(vec![
                path([field("bicycle"), field("price")]),
                path([Step::Index(3)]),
                path([field("book"), field("price")]),
            ])])],
        ),
        (
            "{range .items}{.name},{end}",
            vec![
                Part::Range { over: path([field("items")]), resume: 4 },
                value([field("name")]),
                plain(","),
                Part::End,
            ],
        ),
        ("{[-5:]}", vec![value([slice(Some(-5), None)])]),
        ("{[-1]}", vec![value([Step::Index(-1)])]),
        ("{[1:-1]}", vec![value([slice(Some(1), Some(-1))])]),
    ]);
}

/// TestParser: what quotes hold within a filter
#[test]
fn quotes_in_filters() {
    let image = || ["status", "nodeInfo", "osImage"].map(field);
    for (quoted, expected) in [
        (r#""()""#, "()"),
        (r#""(\"\")""#, r#"("")"#),
        ("'Linux'", "Linux"),
        (r#""{[()]}""#, "{[()]}"),
        (r#""''""#, "''"),
        (r#"'""'"#, r#""""#),
        (r"'\\\''", r"\'"),
    ] {
        let text = format!("@.status.nodeInfo.osImage == {quoted}");
        let right = Step::Text(expected.to_owned());
        parsed(&[(&format!("{{[?({text})]}}"), vec![filter(&text, image(), Operator::Equal, right)])]);
    }
    let right = Step::Text("())(".to_owned());
    let text = r#"@.test == "())(""#;
    parsed(&[(&format!("{{[?({text})]}}"), vec![filter(text, [field("test")], Operator::Equal, right)])]);
}

/// TestFailParser, and what is no template here though client-go finds out later or never.
#[test]
fn no_templates() {
    for (template, expected) in [
        ("{.hello", "character 1: `{` is not closed before the end of its line"),
        ("{*}", "character 2: `*` has no meaning here"),
        ("{+12.3.0}", "character 2: `+12.3.0` is no number"),
        ("{[1}", "character 2: `[` is not closed before the end of its line"),
        ("{[?(.price]}", "character 2: `[?(` is not closed before the end of its line"),
        ("{........}", "character 4: `..` twice in a row"),
        (r"{\\\}", r"character 2: `\` has no meaning here"),
        // Places are those of the whole template, in characters and lines.
        ("größe{.a\n}", "character 6: `{` is not closed before the end of its line"),
        ("a\nb{[x]}", "line 2, character 4: `x` is neither an index nor a key in single quotes"),
        ("{.a['b', x]}", "character 10: `x` is neither an index nor a key in single quotes"),
        (
            "{['a b']}",
            "character 6: `b` is no word of the language: fields begin with `.`, text stands in quotes",
        ),
        ("{['a}b']}", "character 5: `}` has no meaning here"),
        (r"{['a\']}", "character 5: nothing follows the backslash"),
        (
            "{[99999999999999999999]}",
            "character 3: `99999999999999999999` is neither an index nor a key in single quotes",
        ),
        ("{[+1]}", "character 3: `+1` is neither an index nor a key in single quotes"),
        ("{[1:2:3:4]}", "character 3: `1:2:3:4` is neither an index nor a key in single quotes"),
        (r#"{["a"]}"#, "character 3: `\"a\"` is neither an index nor a key in single quotes"),
        ("{[?(@.a==1)}", "character 12: `]` must follow the `)` of a filter"),
        ("{[?(@.a=1)]}", "character 8: `=` is none of == != < <= > >="),
        (
            "{[?(@.a==b)]}",
            "character 10: `b` is no word of the language: fields begin with `.`, text stands in quotes",
        ),
        (
            "{[?(foo)]}",
            "character 5: `foo` is no word of the language: fields begin with `.`, text stands in quotes",
        ),
        ("{[?(@.a==)]}", "character 8: `=` is none of == != < <= > >="),
        ("{.a range .b}", "character 5: `range` must come first in its braces"),
        ("{range .a}{end .b}", "character 11: nothing may follow `end` in its braces"),
        (r#"{"a}"#, "character 2: `\"` is not closed before the end of its line"),
        (r#"{"a\"}"#, "character 2: `\"` is not closed before the end of its line"),
        (r#"{"a\q"}"#, "character 4: no such escape"),
        (r#"{"\'"}"#, "character 3: no such escape"),
        (r#"{"\ud800"}"#, "character 3: no such escape"),
        (r#"{"\400"}"#, "character 3: no such escape"),
        (r#"{"\xff"}"#, "character 3: the escapes do not make UTF-8"),
        ("{-}", "character 2: `-` is no number"),
    ] {
        assert_eq!(Template::parse(template).unwrap_err().to_string(), expected, "{template}");
    }
}

#[test]
fn nothing_panics() {
    let pieces =
        ["{", "}", "[", "]", "?(", ")", "'", "\"", "\\", ".", "..", "*", ",", ":", "-", "1", "ä", "==", "\n"];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                for fourth in pieces {
                    let template = format!("{{.a{first}{second}{third}{fourth}}}");
                    let _ = text(&template, &json!({"a": [{"b": "c"}]}), ALLOWED);
                }
            }
        }
    }
}
