use super::*;
use crate::policy::envoy::ir::Matcher;
use crate::policy::envoy::matcher;

fn method(value: &str) -> Formula {
    Formula::Is(Leaf::Matcher(matcher::header(":method", value)))
}

fn path(value: &str) -> Formula {
    Formula::Is(Leaf::Matcher(matcher::path(value)))
}

fn host(value: &str) -> Formula {
    Formula::Is(Leaf::Matcher(matcher::host(value)))
}

fn port(value: u16) -> Formula {
    Formula::Is(Leaf::Matcher(Matcher::DestinationPort(value)))
}

#[test]
fn what_cannot_be_at_once_is_false() {
    let never = [
        Formula::all([method("GET"), method("POST")]),
        Formula::all([method("GET"), method("P*")]),
        Formula::all([path("/a/*"), path("/b*")]),
        Formula::all([path("/a"), path("*/b")]),
        Formula::all([host("a.example"), host("*.org")]),
        Formula::all([port(80), port(81)]),
        Formula::all([method("GET"), Formula::any_of([method("POST"), method("PUT")]), path("/a")]),
        Formula::all([method("GET"), method("GET").negated()]),
    ];
    for formula in never {
        assert_eq!(formula.clone().settled(), Formula::False, "{formula:?}");
        assert_eq!(formula.clone().negated().settled(), Formula::True, "{formula:?}");
    }
}

#[test]
fn what_can_be_at_once_is_left_open() {
    let perhaps = [
        Formula::all([method("GET"), path("/a")]),
        Formula::all([path("/a*"), path("/ab*")]),
        Formula::all([path("/a*"), path("*b")]),
        Formula::all([path("/ab*"), path("*bc")]),
        Formula::all([host("A.example"), host("*.EXAMPLE")]),
        // `Host` is compared with and without case here: nothing is taken for granted.
        Formula::all([host("Foo"), Formula::Is(Leaf::Matcher(matcher::header("host", "foO*")))]),
        Formula::all([path("/a/{*}"), path("/a/b")]),
        Formula::all([port(80).negated(), port(81).negated()]),
    ];
    for formula in perhaps {
        assert_eq!(formula.clone().settled(), formula);
    }
}

#[test]
fn ways_in_which_it_holds() {
    let formula = Formula::all([Formula::any_of([method("GET"), method("HEAD")]), path("/a").negated()]);
    let ways = formula.alternatives(10).unwrap();
    let shown: Vec<Vec<String>> = ways
        .iter()
        .map(|way| {
            let mut way: Vec<String> = way
                .iter()
                .map(|(leaf, holds)| {
                    format!("{} {} {leaf}", leaf.attribute(), if *holds { "=" } else { "!=" })
                })
                .collect();
            way.sort();
            way
        })
        .collect();
    assert_eq!(
        shown,
        [["request.method = GET", "request.path != /a"], ["request.method = HEAD", "request.path != /a"]]
    );
    assert_eq!(formula.alternatives(1), None);
}

#[test]
fn constants_vanish() {
    assert_eq!(Formula::all([Formula::True, method("GET")]), method("GET"));
    assert_eq!(Formula::all([Formula::False, method("GET")]), Formula::False);
    assert_eq!(Formula::any_of([Formula::True, method("GET")]), Formula::True);
    assert_eq!(Formula::any_of([]), Formula::False);
    assert_eq!(Formula::all([]), Formula::True);
    assert_eq!(Formula::any_of([method("GET"), method("GET").negated()]), Formula::True);
}
