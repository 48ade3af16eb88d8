//! Where client-go answers by accident, and what its own tests leave open (compared with it by hand).

use super::*;

#[test]
fn escapes_in_quotes_are_those_of_go() {
    let cases = [
        (r#"{"\a\b\t\n\v\f\r\\\""}"#, "\u{7}\u{8}\t\n\u{b}\u{c}\r\\\""),
        (r#"{"\x41\101ä\U0001F980\xc3\xa4"}"#, "AAä🦀ä"),
        (r"{'\''}{' '}", "' "),
    ];
    same(&Value::Null, REFUSED, &cases);
}

#[test]
fn numbers_are_printed_as_go_does() {
    for (number, plain, in_json) in [
        (json!(1_000_000), "1000000", "[1000000]"),
        (json!(-7), "-7", "[-7]"),
        (json!(1e6), "1e+06", "[1000000]"),
        (json!(123_456.5), "123456.5", "[123456.5]"),
        (json!(1_234_567.5), "1.2345675e+06", "[1234567.5]"),
        (json!(0.0001), "0.0001", "[0.0001]"),
        (json!(0.000_015), "1.5e-05", "[0.000015]"),
        (json!(1.5e-7), "1.5e-07", "[1.5e-7]"),
        (json!(1e20), "1e+20", "[100000000000000000000]"),
        (json!(1e21), "1e+21", "[1e+21]"),
        (json!(2.5), "2.5", "[2.5]"),
        (json!(3.0), "3", "[3]"),
        (json!(0.0), "0", "[0]"),
    ] {
        let input = json!({"a": [number]});
        same(&input, REFUSED, &[("{.a[0]}", plain), ("{.a}", in_json)]);
    }
}

#[test]
fn json_is_that_of_encoding_json() {
    let input = json!({"b": "<a href=\"x\">&\u{2028}\u{1b}", "a": {"z": [], "y": {}, "x": [1, null]}});
    let html = r#""b":"\u003ca href=\"x\"\u003e\u0026\u2028\u001b""#;
    same(&input, REFUSED, &[("{@}", &format!(r#"{{"a":{{"x":[1,null],"y":{{}},"z":[]}},{html}}}"#))]);
}

#[test]
fn as_json_every_part_is_a_list() {
    let input = json!({"a": {"b": ["x", {"c": 1, "d": []}], "e": null}});
    for (template, expected) in [
        ("{.a.b[0]}", "[\n    \"x\"\n]\n"),
        ("{.a.b[1]}", "[\n    {\n        \"c\": 1,\n        \"d\": []\n    }\n]\n"),
        ("{.none}", "[]\n"),
        ("{.a.e} {1}", "[\n    null\n]\n[\n    \" \"\n]\n[\n    1\n]\n"),
        ("{range .a.b[*]}{.c}{end}", "[]\n[\n    1\n]\n"),
    ] {
        assert_eq!(Template::parse(template).unwrap().json(&input, ALLOWED).unwrap(), expected, "{template}");
    }
}

#[test]
fn what_values_hold_is_escaped_and_what_templates_hold_is_not() {
    let input = json!({"a": "\u{1b}[31m\u{202e}ä\n"});
    same(&input, REFUSED, &[("\u{1b}{.a}{\"\\n\"}", "\u{1b}\\u{1b}[31m\\u{202e}ä\\n\n")]);
}

#[test]
fn comparisons() {
    let input = json!({"of": [{"n": 1, "f": 1.5, "s": "b", "t": true, "z": null, "l": [1, 2], "m": {}}]});
    for (filter, passes) in [
        ("@.n==1", true),
        ("@.n!=1", false),
        ("@.n<2", true),
        ("@.n<=1", true),
        ("@.n>1", false),
        ("@.n>=1", true),
        ("@.n==+1", true),
        ("@.f==1.5", true),
        ("@.f<1.6", true),
        ("@.f>=1.5", true),
        ("@.s==\"b\"", true),
        ("@.s=='b'", true),
        ("@.s>'a'", true),
        ("@.s<='a'", false),
        ("'b'==@.s", true),
        ("@.t==true", true),
        ("@.t!=true", false),
        ("@.t==false", false),
        ("@.n==@.l[0]", true),
        ("$.n==1", true),
        (".n==1", true),
        ("@.l[-1]==2", true),
        ("1==1", true),
        (" @.n  ==  1 ", true),
        // What is missing or null equals nothing and differs from nothing.
        ("@.none==1", false),
        ("@.none!=1", false),
        ("@.z==1", false),
        ("@.z!=1", false),
        ("@.z==@.z", false),
        // Whether there is one.
        ("@.n", true),
        ("@.none", false),
        ("@.z", false),
        ("@.l", true),
        ("@.m", true),
        ("@.m.x", false),
        ("@.l[1]", true),
        ("@.l[2]", false),
        ("@", true),
        ("@.t", true),
        ("'text'", true),
    ] {
        let found = text(&format!("{{.of[?({filter})].s}}"), &input, ALLOWED);
        assert_eq!(found.as_deref(), Ok(if passes { "b" } else { "" }), "{filter}");
    }
}

#[test]
fn comparisons_that_cannot_be_made() {
    let input = json!({"of": [{"n": 1, "f": 1.5, "s": "b", "t": true, "l": [1, 2], "m": {}}]});
    for (filter, error) in [
        ("@.s==1", "the text `b` cannot be compared with the number `1`"),
        ("@.f==1", "the fraction `1.5` cannot be compared with the number `1`"),
        ("@.t=='true'", "`true` cannot be compared with the text `true`"),
        ("@.t<true", "true and false have no order"),
        ("@.t>=false", "true and false have no order"),
        ("@.l=='x'", "a list cannot be compared"),
        ("@.m=='x'", "a map cannot be compared"),
        ("@.l[*]==1", "2 values cannot be compared with one"),
        ("1==@.l[*]", "2 values cannot be compared with one"),
        ("@.l[5]==1", "index 5 of a list of 2"),
        ("@.n[0]", "the number `1` has no elements, only a list"),
    ] {
        let found = text(&format!("{{.of[?({filter})].s}}"), &input, ALLOWED);
        assert_eq!(found, Err(format!("in `{filter}`: {error}")), "{filter}");
    }
    errors(
        &input,
        ALLOWED,
        &[
            ("{.of[0][?(@.n)]}", "a map cannot be filtered, only a list"),
            ("{.of[0].n[?(@)]}", "the number `1` cannot be filtered, only a list"),
            ("{.of[0].s[0]}", "the text `b` has no elements, only a list"),
        ],
    );
}

#[test]
fn an_empty_list_ends_nothing() {
    let input = json!({"of": [{"l": [1]}, {"l": []}, {"l": null}, {}, {"l": [2, 3]}]});
    same(
        &input,
        ALLOWED,
        &[
            ("{.of[*].l[*]}", "1 2 3"),
            ("{.of[*].l[0:]}", "1 2 3"),
            ("{range .of[*]}<{.l[*]}>{end}", "<1><><><><2 3>"),
        ],
    );
}

#[test]
fn indexes_and_unions() {
    let input = json!({"l": [[0, 1], [2]], "a": {"x": 1, "y": 2}, "web/x": 3, "a.b": 4, "*": 5, "": 6});
    same(
        &input,
        ALLOWED,
        &[
            ("{.l[]}", "[0,1]"),
            ("{.l[*][0]}", "0 2"),
            ("{.l[1, 0]}", "[2] [0,1]"),
            ("{.l[*,0]}", "[0,1] [2] [0,1]"),
            ("{.l[0:1,1]}", "[0,1] [2]"),
            ("{.a['x','y','z']}", "1 2"),
            ("{['web/x']}{['a\\.b']}{.a\\.b}", "344"),
            ("{.*}", r#"6 5 {"x":1,"y":2} 4 [[0,1],[2]] 3"#),
            (r"{.\*}{.}", "56"),
            (
                "{.a .x}{.a@.x}{$}",
                &format!("11{}", r#"{"":6,"*":5,"a":{"x":1,"y":2},"a.b":4,"l":[[0,1],[2]],"web/x":3}"#),
            ),
            ("{.a 7}{.none 7}{true}{ 1.50 }", "7true1.5"),
            ("{.a \"text\"}", "text"),
        ],
    );
}

#[test]
fn descent_visits_what_has_something_below() {
    let input = json!({"a": {"b": [{"c": "x"}, {"c": null}, {}]}, "d": 1, "e": ""});
    same(
        &input,
        ALLOWED,
        &[
            ("{.a..}", r#"{"b":[{"c":"x"},{"c":null},{}]} [{"c":"x"},{"c":null},{}] {"c":"x"} x {"c":null}"#),
            ("{..c}", "x null"),
            ("{..b[0].c}", "x"),
        ],
    );
    errors(&input, ALLOWED, &[("{.a..[0]}", "a map has no elements, only a list")]);
    // A text is a list of bytes to wildcards and descent.
    same(&json!({"a": "xä"}), ALLOWED, &[("{.a.*}", "120 195 164"), ("{...*}", "xä 120 195 164")]);
}

#[test]
fn a_range_without_end_goes_on_after_its_values() {
    let input = json!({"l": [{"n": 1, "m": [7, 8]}, {"n": 2, "m": []}], "n": 3});
    same(
        &input,
        ALLOWED,
        &[
            ("{range .l[*]}{.n};", "1;2;3;"),
            ("{range .l[*]}{range .m[*]}{@}{end}{.n};", "781;2;3;"),
            (
                "{range .l[*]}{range .m[*]}{@},",
                r#"7,8,{"m":[7,8],"n":1},{"m":[],"n":2},{"l":[{"m":[7,8],"n":1},{"m":[],"n":2}],"n":3},"#,
            ),
            ("{range @}{.n}{end}", "3"),
            ("{range .none}{[?(@.n==1)]}{[0]}{end}", ""),
            ("{range .none}{.n}{end}.", "."),
            ("{range.l[*]}{.n}{ end }", "12"),
        ],
    );
}

#[test]
fn ranges_do_not_nest_without_limit() {
    let nested = |count| format!("{}.", "{range @}".repeat(count));
    let dots = text(&nested(16), &Value::Null, ALLOWED).unwrap();
    assert_eq!(dots, ".".repeat(1 << 16), "each goes on once more behind its values");
    let error = "character 145: more than 16 ranges within each other";
    errors(&Value::Null, ALLOWED, &[(&nested(17), error)]);
    same(&Value::Null, ALLOWED, &[(&"{range @}.{end}".repeat(100), &".".repeat(100))]);
}
