//! customcolumn_test.go, TestMassageJSONPath: paths with and without braces.

use super::super::relaxed::relaxed;

#[test]
fn braces_and_the_first_dot_may_be_left_out() {
    for (path, expected) in [
        ("foo.bar", Some("{.foo.bar}")),
        ("{foo.bar}", Some("{.foo.bar}")),
        (".foo.bar", Some("{.foo.bar}")),
        ("{.foo.bar}", Some("{.foo.bar}")),
        ("", Some("")),
        ("{foo.bar", None),
        ("foo.bar}", None),
        ("{foo.bar}}", None),
        ("{{foo.bar}", None),
        // Not in kubectl's table.
        ("items[0]", Some("{.items[0]}")),
        ("..name", Some("{..name}")),
        (".", Some("{..}")),
        ("{.}", Some("{..}")),
        ("{}", None),
    ] {
        assert_eq!(relaxed(path).as_deref(), expected, "{path}");
    }
}
