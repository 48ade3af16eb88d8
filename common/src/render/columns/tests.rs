//! The tables of kubectl's customcolumn_test.go, and what is ours.

use serde_json::json;

use super::*;
use crate::render::Theme;

const PIPE: Look = Look { theme: Theme { color: false }, width: None, headers: true, sorted: false };

fn printed(columns: &str, rows: &[Value]) -> Result<String, String> {
    let columns = Columns::parse(columns).map_err(|error| error.to_string())?;
    let cells = rows.iter().map(|row| columns.cells(row)).collect::<Result<Vec<_>, _>>();
    Ok(columns.table(&cells.map_err(|error| error.to_string())?, PIPE))
}

/// TestNewColumnPrinterFromSpec
#[test]
fn columns_on_the_command_line() {
    for columns in ["", "invalid", "invalid=foobar", "invalid,foobar:blah", "A:.a[0,1]"] {
        assert!(Columns::parse(columns).is_err(), "{columns}");
    }
    let expected = Columns(vec![
        Column::new("NAME", "{.metadata.name}").unwrap(),
        Column::new("API_VERSION", "{.apiVersion}").unwrap(),
    ]);
    assert_eq!(Columns::parse("NAME:metadata.name,API_VERSION:apiVersion").unwrap(), expected);
    let columns = Columns::parse("API_VERSION:apiVersion").unwrap();
    let cells = [columns.cells(&json!({})).unwrap()];
    let headless = columns.table(&cells, Look { headers: false, ..PIPE });
    assert_eq!(headless, "<none>\n");
}

/// TestNewColumnPrinterFromTemplate
#[test]
fn columns_of_a_file() {
    for text in ["", "invalid", "invalid=foobar", "invalid,foobar:blah", "A B\n.a", "A\n{.a"] {
        assert!(Columns::of_file(text).is_err(), "{text}");
    }
    let expected = Columns::parse("NAME:metadata.name,API_VERSION:apiVersion").unwrap();
    for text in [
        "NAME               API_VERSION\n{metadata.name}    {apiVersion}",
        "NAME               \t\tAPI_VERSION\n\t\t\t\t\t\t\t{metadata.name}    {apiVersion}",
        "NAME API_VERSION\r\n.metadata.name .apiVersion\r\nand what follows",
    ] {
        assert_eq!(Columns::of_file(text).unwrap(), expected, "{text}");
    }
}

/// TestColumnPrint; escapes are ours.
#[test]
fn tables() {
    let foo = json!({"apiVersion": "baz", "metadata": {"name": "foo"}});
    let bar = json!({"metadata": {"name": "bar"}});
    let control = json!({"metadata": {"name": "\u{1b} \r"}});
    for (columns, rows, expected) in [
        ("NAME:{.metadata.name}", vec![foo.clone()], "NAME\nfoo\n"),
        ("NAME:{.metadata.name}", vec![foo.clone(), bar], "NAME\nfoo\nbar\n"),
        (
            "NAME:{.metadata.name},API_VERSION:{.apiVersion}",
            vec![foo.clone()],
            "NAME   API_VERSION\nfoo    baz\n",
        ),
        (
            "NAME:{.metadata.name},API_VERSION:{.apiVersion},NOT_FOUND:{.notFound}",
            vec![foo],
            "NAME   API_VERSION   NOT_FOUND\nfoo    baz           <none>\n",
        ),
        ("NAME:{.metadata.name}", vec![control], "NAME\n\\u{1b} \\r\n"),
    ] {
        assert_eq!(printed(columns, &rows).as_deref(), Ok(expected), "{columns}");
    }
}

/// TestIndividualPrintObjOnExistingTabWriter
#[test]
fn headers_may_be_wider_than_cells() {
    let object = |name: &str| json!({"name": name, "labels": {"label1": name, "label2": name}});
    let columns = "NAME:.name,LONG COLUMN NAME:.labels.label1,LABEL 2:.labels.label2";
    let expected = "\
NAME   LONG COLUMN NAME   LABEL 2
foo    foo                foo
bar    bar                bar
";
    assert_eq!(printed(columns, &[object("foo"), object("bar")]).as_deref(), Ok(expected));
}

/// TestSliceColumnPrint
#[test]
fn several_values() {
    let containers: Vec<Value> = (0..4).map(|at| json!({"name": format!("fake{at}")})).collect();
    let pod = json!({"spec": {"containers": containers}});
    for (brackets, expected) in [
        ("[0]", Some("fake0")),
        ("[3]", Some("fake3")),
        ("[5]", None),
        ("[-1]", Some("fake3")),
        ("[-2]", Some("fake2")),
        ("[-4]", Some("fake0")),
        ("[-5]", None),
        ("[0:0]", Some("<none>")),
        ("[0:3]", Some("fake0,fake1,fake2")),
        ("[1:]", Some("fake1,fake2,fake3")),
        ("[3:1]", None),
        ("[0:-1]", Some("fake0,fake1,fake2")),
        ("[-1:]", Some("fake3")),
        ("[-4:]", Some("fake0,fake1,fake2,fake3")),
        ("[-3:-1]", Some("fake1,fake2")),
        ("[-2:-3]", None),
        ("[4:4]", Some("<none>")),
        ("[-5:-5]", Some("<none>")),
    ] {
        let found =
            printed(&format!("CONTAINER:.spec.containers{brackets}.name"), std::slice::from_ref(&pod));
        let expected = expected.map(|cell| format!("CONTAINER\n{cell}\n"));
        assert_eq!(found.ok(), expected, "{brackets}");
    }
}

#[test]
fn values_are_printed_as_go_prints_them() {
    let row = json!({"n": 1e6, "null": null, "list": ["a", null, 1.5, {"b": true, "a": []}], "empty": []});
    for (path, expected) in [
        ("n", "1e+06"),
        ("null", "<none>"),
        ("list", "[a <nil> 1.5 map[a:[] b:true]]"),
        ("list[*]", "a,<none>,1.5,map[a:[] b:true]"),
        ("empty", "[]"),
        ("empty[*]", "<none>"),
        ("", "<none>"),
    ] {
        let found = printed(&format!("A:{path}"), std::slice::from_ref(&row));
        assert_eq!(found, Ok(format!("A\n{expected}\n")), "{path}");
    }
}

#[test]
fn errors_name_the_path() {
    for (columns, expected) in [
        ("A:.a[", "`.a[`: `[` is not closed before the end of its line"),
        ("A:.a}{.b", "`.a}{.b` has braces that are not those around a path"),
        ("A", "`A` is not of the form HEADER:PATH (a comma ends a column)"),
    ] {
        assert_eq!(printed(columns, &[]), Err(expected.to_owned()));
    }
}
