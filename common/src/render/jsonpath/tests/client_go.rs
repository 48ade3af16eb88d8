//! jsonpath_test.go, test by test.

use super::*;

fn types() -> Value {
    json!({
        "bools": [true, false, true, false],
        "integers": [1, 2, 3, 4],
        "floats": [1.0, 2.2, 3.3, 4.0],
        "strings": ["one", "two", "three", "four"],
        "interfaces": [true, "one", 1, 1.1],
        "maps": [
            {"name": "one", "value": 1}, {"name": "two", "value": 2.02},
            {"name": "three", "value": 3.03}, {"name": "four", "value": 4.04},
        ],
        "structs": [
            {"name": "one", "value": 1, "type": "integer"}, {"name": "two", "value": 2.002, "type": "float"},
            {"name": "three", "value": 3, "type": "integer"}, {"name": "four", "value": 4.004, "type": "float"},
        ],
    })
}

/// TestTypesInput
#[test]
fn types_of_elements() {
    same(
        &types(),
        REFUSED,
        &[
            ("{ .bools }", "[true,false,true,false]"),
            ("{ .bools[0] }", "true"),
            ("{ .bools[-1] }", "false"),
            ("{ .bools[0:2] }", "true false"),
            ("{ .bools[:2] }", "true false"),
            ("{ .bools[:4:2] }", "true true"),
            ("{ .integers }", "[1,2,3,4]"),
            ("{ .integers[0] }", "1"),
            ("{ .integers[-2] }", "3"),
            ("{ .integers[0:2] }", "1 2"),
            ("{ .integers[:2] }", "1 2"),
            ("{ .integers[:4:2] }", "1 3"),
            ("{ .floats }", "[1,2.2,3.3,4]"),
            ("{ .floats[0] }", "1"),
            ("{ .floats[-2] }", "3.3"),
            ("{ .floats[0:2] }", "1 2.2"),
            ("{ .floats[:2] }", "1 2.2"),
            ("{ .floats[:4:2] }", "1 3.3"),
            ("{ .strings }", r#"["one","two","three","four"]"#),
            ("{ .strings[0] }", "one"),
            ("{ .strings[-2] }", "three"),
            ("{ .strings[0:2] }", "one two"),
            ("{ .strings[:2] }", "one two"),
            ("{ .strings[:4:2] }", "one three"),
            ("{ .interfaces }", r#"[true,"one",1,1.1]"#),
            ("{ .interfaces[0] }", "true"),
            ("{ .interfaces[-2] }", "1"),
            ("{ .interfaces[0:2] }", "true one"),
            ("{ .interfaces[:2] }", "true one"),
            ("{ .interfaces[:4:2] }", "true 1"),
        ],
    );
}

/// TestTypesInput
#[test]
fn slices_of_maps() {
    let [one, two] = [r#"{"name":"one","value":1}"#, r#"{"name":"two","value":2.02}"#];
    let [three, four] = [r#"{"name":"three","value":3.03}"#, r#"{"name":"four","value":4.04}"#];
    same(
        &types(),
        REFUSED,
        &[
            ("{ .maps }", &format!("[{one},{two},{three},{four}]")),
            ("{ .maps[0] }", one),
            ("{ .maps[-2] }", three),
            ("{ .maps[0:2] }", &format!("{one} {two}")),
            ("{ .maps[:2] }", &format!("{one} {two}")),
            ("{ .maps[::2] }", &format!("{one} {three}")),
            ("{ .maps[1::2] }", &format!("{two} {four}")),
        ],
    );
    let [one, two] =
        [r#"{"name":"one","type":"integer","value":1}"#, r#"{"name":"two","type":"float","value":2.002}"#];
    let [three, four] =
        [r#"{"name":"three","type":"integer","value":3}"#, r#"{"name":"four","type":"float","value":4.004}"#];
    same(
        &types(),
        REFUSED,
        &[
            ("{ .structs }", &format!("[{one},{two},{three},{four}]")),
            ("{ .structs[0] }", one),
            ("{ .structs[-2] }", three),
            ("{ .structs[0:2] }", &format!("{one} {two}")),
            ("{ .structs[:2] }", &format!("{one} {two}")),
            ("{ .structs[::2] }", &format!("{one} {three}")),
            ("{ .structs[1::2] }", &format!("{two} {four}")),
        ],
    );
}

fn store() -> Value {
    json!({
        "Name": "jsonpath",
        "Book": [
            {"Category": "reference", "Author": "Nigel Rees", "Title": "Sayings of the Centurey", "Price": 8.95},
            {"Category": "fiction", "Author": "Evelyn Waugh", "Title": "Sword of Honour", "Price": 12.99},
            {"Category": "fiction", "Author": "Herman Melville", "Title": "Moby Dick", "Price": 8.99},
        ],
        "Bicycle": [
            {"Color": "red", "Price": 19.95, "IsNew": true},
            {"Color": "green", "Price": 20.01, "IsNew": false},
        ],
        "Labels": {"engieer": 10, "web/html": 15, "k8s-app": 20},
        "Employees": {"jason": "manager", "dan": "clerk"},
    })
}

/// TestStructInput, on lists and on nothing
#[test]
fn lists() {
    same(&Value::Null, REFUSED, &[("hello jsonpath", "hello jsonpath"), (r#"{"{"}"#, "{")]);
    same(&json!([1, 2, 3]), REFUSED, &[("{..}", "[1,2,3]")]);
    same(&json!([2, 6, 3, 7]), REFUSED, &[("{[?(@<5)]}", "2 3")]);
    same(&json!([0, 1, 2, 3, 4]), REFUSED, &[("{[1,3,4]}", "1 3 4")]);
    same(&json!(["Monday", "Tudesday"]), REFUSED, &[("{[0:2]}", "Monday Tudesday")]);
}

/// TestStructInput
#[test]
fn maps() {
    let moby = r#"{"Author":"Herman Melville","Category":"fiction","Price":8.99,"Title":"Moby Dick"}"#;
    let red = r#"{"Color":"red","IsNew":true,"Price":19.95}"#;
    let green = r#"{"Color":"green","IsNew":false,"Price":20.01}"#;
    same(
        &store(),
        REFUSED,
        &[
            ("hello {.Name}", "hello jsonpath"),
            ("{$.Labels.web/html}", "15"),
            ("{$.Employees.jason}", "manager"),
            ("{$.Employees.dan}", "clerk"),
            ("{.Labels.k8s-app}", "20"),
            ("{.Bicycle[*].Color}", "red green"),
            ("{.Book[*].Author}", "Nigel Rees Evelyn Waugh Herman Melville"),
            (r#"{range .Bicycle[*]}{ "{" }{ @.* }{ "} " }{end}"#, "{red true 19.95} {green false 20.01} "),
            ("{.Bicycle}", &format!("[{red},{green}]")),
            (r#"{range .Bicycle[*]}{ @ }{ " " }{end}"#, &format!("{red} {green} ")),
            ("{.Book[-1:]}", moby),
            ("{..Book[2]}", moby),
            ("{.Bicycle[?(@.IsNew==true)]}", red),
        ],
    );
    same_words(
        &store(),
        &[("{..Price}", "8.95 12.99 8.99 19.95 20.01"), ("{...Price}", "8.95 12.99 8.99 19.95 20.01")],
    );
    same(&store(), ALLOWED, &[("{.hello}", ""), ("before-{.hello}after", "before-after")]);
    errors(
        &store(),
        REFUSED,
        &[
            (
                "{............................................................Price}",
                "character 4: `..` twice in a row",
            ),
            (
                "{hello}",
                "character 2: `hello` is no word of the language: fields begin with `.`, text stands in quotes",
            ),
            ("{.hello}", "nothing has the field `hello`"),
            ("{.Labels[0]}", "a map has no elements, only a list"),
            ("{.Book[?(@.Price<>10)]}", "character 17: `<>` is none of == != < <= > >="),
            ("{range .Labels.*}{@}{end}{end}", "character 26: `end` without a `range` before it"),
        ],
    );
}

/// TestJSONInput
#[test]
fn points() {
    let points = json!([
        {"id": "i1", "x": 4, "y": -5},
        {"id": "i2", "x": -2, "y": -5, "z": 1},
        {"id": "i3", "x": 8, "y": 3},
        {"id": "i4", "x": -6, "y": -1},
        {"id": "i5", "x": 0, "y": 2, "z": 1},
        {"id": "i6", "x": 1, "y": 4},
        {"id": "i7", "x": null, "y": 4},
    ]);
    let cases = [("{[?(@.z)].id}", "i2 i5"), ("{[0]['id']}", "i1"), ("{[-1]['x']}", "null")];
    same(&points, REFUSED, &cases);
}

fn nodes() -> Value {
    json!({
        "kind": "List",
        "items": [
            {
                "kind": "None",
                "metadata": {"name": "127.0.0.1", "labels": {"kubernetes.io/hostname": "127.0.0.1"}},
                "status": {
                    "capacity": {"cpu": "4"},
                    "ready": true,
                    "addresses": [{"type": "LegacyHostIP", "address": "127.0.0.1"}],
                },
            },
            {
                "kind": "None",
                "metadata": {"name": "127.0.0.2", "labels": {"kubernetes.io/hostname": "127.0.0.2"}},
                "status": {
                    "capacity": {"cpu": "8"},
                    "ready": false,
                    "addresses": [
                        {"type": "LegacyHostIP", "address": "127.0.0.2"},
                        {"type": "another", "address": "127.0.0.3"},
                    ],
                },
            },
        ],
        "users": [
            {"name": "myself", "user": {}},
            {"name": "e2e", "user": {"username": "admin", "password": "secret"}},
        ],
    })
}

/// TestKubernetes
#[test]
fn kubernetes() {
    same(
        &nodes(),
        REFUSED,
        &[
            ("{range .items[*]}{.metadata.name}, {end}{.kind}", "127.0.0.1, 127.0.0.2, List"),
            (r#"{range .items[*]}{.metadata.name}{"\t"}{end}"#, "127.0.0.1\t127.0.0.2\t"),
            ("{.items[*].status.addresses[*].address}", "127.0.0.1 127.0.0.2 127.0.0.3"),
            (
                "{range .items[*]}{range .status.addresses[*]}{.address}, {end}{end}",
                "127.0.0.1, 127.0.0.2, 127.0.0.3, ",
            ),
            ("{.items[*].metadata.name}", "127.0.0.1 127.0.0.2"),
            (
                "{.items[*]['metadata.name', 'status.capacity']}",
                r#"127.0.0.1 127.0.0.2 {"cpu":"4"} {"cpu":"8"}"#,
            ),
            (
                "{range .items[*]}[{.metadata.name}, {.status.capacity}] {end}",
                r#"[127.0.0.1, {"cpu":"4"}] [127.0.0.2, {"cpu":"8"}] "#,
            ),
            (r#"{.users[?(@.name=="e2e")].user.password}"#, "secret"),
            (r"{.items[0].metadata.labels.kubernetes\.io/hostname}", "127.0.0.1"),
            (r#"{.items[?(@.metadata.labels.kubernetes\.io/hostname=="127.0.0.1")].kind}"#, "None"),
            ("{.items[?(@..ready==true)].metadata.name}", "127.0.0.1"),
        ],
    );
    same_words(&nodes(), &[("{..name}", "127.0.0.1 127.0.0.2 myself e2e")]);
}

/// TestEmptyRange
#[test]
fn empty_ranges() {
    let nested =
        r#"{range .items[*]}{.metadata.name}{":"}{range @.spec.containers[*]}{.name}{","}{end}{"+"}{end}"#;
    let cases = [("{range .items[*]}{.metadata.name}{end}", ""), (nested, "")];
    same(&json!({"items": []}), ALLOWED, &cases);
}

/// TestNestedRanges
#[test]
fn nested_ranges() {
    let container = |name: &str| json!({"name": name, "another": [{"name": "value1"}, {"name": "value2"}]});
    let pods = json!({"items": [
        {"metadata": {"name": "pod1"}, "spec": {"containers": [container("foo"), container("bar")]}},
        {"metadata": {"name": "pod2"}, "spec": {"containers": [container("baz")]}},
    ]});
    same(
        &pods,
        REFUSED,
        &[
            (
                concat!(
                    r#"{range .items[*]}{.metadata.name}{":"}"#,
                    r#"{range @.spec.containers[*]}{.name}{","}{end}{"+"}{end}"#
                ),
                "pod1:foo,bar,+pod2:baz,+",
            ),
            (
                concat!(
                    r#"{range .items[*]}{.metadata.name}{"~"}{range @.spec.containers[*]}{.name}{":"}"#,
                    r##"{range @.another[*]}{.name}{","}{end}{"+"}{end}{"#"}{end}"##
                ),
                "pod1~foo:value1,value2,+bar:value1,value2,+#pod2~baz:value1,value2,+#",
            ),
            (
                concat!(
                    r#"{range .items[*]}{.metadata.name}{"\t"}{range @.spec.containers[*]}{.name}{" "}{end}"#,
                    r#"{"\t"}{range @.spec.containers[*]}{.name}{" "}{end}{"\n"}{end}"#
                ),
                "pod1\tfoo bar \tfoo bar \npod2\tbaz \tbaz \n",
            ),
        ],
    );
}

/// TestFilterPartialMatchesSometimesMissingAnnotations
#[test]
fn filters_where_some_have_no_such_field() {
    let pods = json!({"kind": "List", "items": [
        {"kind": "Pod", "metadata": {"name": "pod1", "annotations": {"color": "blue"}}},
        {"kind": "Pod", "metadata": {"name": "pod2"}},
        {"kind": "Pod", "metadata": {"name": "pod3", "annotations": {"color": "green"}}},
        {"kind": "Pod", "metadata": {"name": "pod4", "annotations": {"color": "blue"}}},
    ]});
    let template = r#"{.items[?(@.metadata.annotations.color=="blue")].metadata.name}"#;
    same(&pods, ALLOWED, &[(template, "pod1 pod4")]);
    let error = r#"in `@.metadata.annotations.color=="blue"`: nothing has the field `annotations`"#;
    errors(&pods, REFUSED, &[(template, error)]);
}

fn containers(count: usize) -> Value {
    let containers: Vec<Value> = (0..count).map(|at| json!({"name": format!("fake{at}")})).collect();
    json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers}})
}

fn indexes(count: usize, cases: &[(&str, Result<&str, &str>)]) {
    for (brackets, expected) in cases {
        let template = format!("{{.spec.containers{brackets}.name}}");
        let found = text(&template, &containers(count), REFUSED);
        assert_eq!(found.as_ref().map(String::as_str).map_err(String::as_str), *expected, "{brackets}");
    }
}

/// TestNegativeIndex
#[test]
fn negative_indexes() {
    indexes(
        4,
        &[
            ("[0]", Ok("fake0")),
            ("[0:0]", Ok("")),
            ("[0:-1]", Ok("fake0 fake1 fake2")),
            ("[-1:0]", Err("a slice from 3 to 0 ends before it begins")),
            ("[-1]", Ok("fake3")),
            ("[-1:]", Ok("fake3")),
            ("[-2]", Ok("fake2")),
            ("[-2:]", Ok("fake2 fake3")),
            ("[-3]", Ok("fake1")),
            ("[-4]", Ok("fake0")),
            ("[-4:]", Ok("fake0 fake1 fake2 fake3")),
            ("[-5]", Err("index -5 of a list of 4")),
            ("[5:5]", Ok("")),
            ("[-5:-5]", Ok("")),
            ("[3:1]", Err("a slice from 3 to 1 ends before it begins")),
            ("[-1:-2]", Err("a slice from 3 to 2 ends before it begins")),
        ],
    );
}

/// TestStep
#[test]
fn steps() {
    indexes(
        6,
        &[
            ("[0:]", Ok("fake0 fake1 fake2 fake3 fake4 fake5")),
            ("[0:6:]", Ok("fake0 fake1 fake2 fake3 fake4 fake5")),
            ("[0:6:1]", Ok("fake0 fake1 fake2 fake3 fake4 fake5")),
            ("[0:6:0]", Err("the step of a slice must be at least 1")),
            ("[0:6:-1]", Err("the step of a slice must be at least 1")),
            ("[1:4:2]", Ok("fake1 fake3")),
            ("[1:4:3]", Ok("fake1")),
            ("[1:4:4]", Ok("fake1")),
            ("[0:6:2]", Ok("fake0 fake2 fake4")),
            ("[0:6:3]", Ok("fake0 fake3")),
            ("[0:6:5]", Ok("fake0 fake5")),
            ("[0:6:6]", Ok("fake0")),
        ],
    );
}

/// TestRunningPodsJSONPathOutput
#[test]
fn running_pods() {
    let pod = |name: &str| json!({"metadata": {"name": name}, "status": {"phase": "Running"}});
    let pods = json!({"items": [pod("pod1"), pod("pod2"), pod("pod3"), {"resourceVersion": ""}]});
    let template = r#"{range .items[?(.status.phase=="Running")]}{.metadata.name}{" is Running\n"}{end}"#;
    let expected = "pod1 is Running\npod2 is Running\npod3 is Running\n";
    same(&pods, ALLOWED, &[(template, expected)]);
}
