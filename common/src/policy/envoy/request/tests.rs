use serde_json::json;

use super::*;
use crate::policy::envoy::matcher;

fn is<T: Into<Name>>(text: T) -> Known<Name> {
    Known::Is(text.into())
}

fn holds(request: &Request, matcher: &Matcher) -> Option<bool> {
    match request.holds(matcher) {
        Formula::True => Some(true),
        Formula::False => Some(false),
        _ => None,
    }
}

#[test]
fn hosts_have_no_case_and_keep_their_port() {
    let request = Request { host: is("Shop.Example:8080"), ..Request::default() };
    let cases = [
        ("shop.example:8080", true),
        ("shop.example", false),
        ("shop.example*", true),
        ("*.EXAMPLE:8080", true),
        ("*", true),
    ];
    for (written, matches) in cases {
        assert_eq!(holds(&request, &matcher::host(written)), Some(matches), "{written}");
    }
    assert_eq!(holds(&Request::default(), &matcher::host("a")), None);
    // Every request has one.
    assert_eq!(holds(&Request::default(), &matcher::host("*")), Some(true));
}

#[test]
fn paths_are_compared_without_query() {
    let cases = [
        ("/api", "/api?x=1", true),
        ("/api", "/api#x", true),
        ("/api", "/API", false),
        ("/api/*", "/api/", true),
        ("/api/*", "/api", false),
        ("*.html", "/a.html?b", true),
        ("*", "/", true),
        ("/a*b", "/a*b", true),
        ("/a*b", "/axb", false),
    ];
    for (written, path, matches) in cases {
        let request = Request { path: is(path), ..Request::default() };
        assert_eq!(holds(&request, &matcher::path(written)), Some(matches), "{written} {path}");
    }
}

#[test]
fn templates() {
    let cases = [
        ("/api/{*}", "/api/a", true),
        ("/api/{*}", "/api/a/b", false),
        ("/api/{*}", "/api/", false),
        ("/api/{*}", "/api/a?b=c/d", true),
        ("/api/{*}", "/api/a=b", false),
        ("/api/{**}", "/api/a/b", true),
        ("/api/{**}", "/api/", true),
        ("/api/{**}", "/api", false),
        ("/{*}/x/{**}", "/a/x/b/c", true),
        ("/{*}/x/{**}", "/a/y/b", false),
        ("/{**}/x", "/a/b/x", true),
        ("/{**}/x", "/x", false),
        ("/a/{*}.json", "/a/b.json", true),
        ("/a/{*}.json", "/a/.json", false),
    ];
    for (written, path, matches) in cases {
        let request = Request { path: is(path), ..Request::default() };
        assert_eq!(holds(&request, &matcher::path(written)), Some(matches), "{written} {path}");
    }
}

#[test]
fn headers() {
    let headers = BTreeMap::from([
        (Name::from("x-id"), is("abc")),
        ("x-none".into(), Known::Absent),
        ("x-empty".into(), is("")),
    ]);
    let request = Request { method: is("GET"), path: is("/a?b"), headers, ..Request::default() };
    let cases = [
        ("X-Id", "abc", Some(true)),
        ("x-id", "ABC", Some(false)),
        ("x-id", "a*", Some(true)),
        ("x-none", "*", Some(false)),
        ("x-none", "", Some(false)),
        ("x-empty", "*", Some(true)),
        ("x-other", "*", None),
        (":method", "GET", Some(true)),
        (":method", "get", Some(false)),
        (":path", "/a?b", Some(true)),
        (":path", "/a", Some(false)),
        ("host", "a", None),
    ];
    for (name, value, told) in cases {
        assert_eq!(holds(&request, &matcher::header(name, value)), told, "{name} {value}");
    }
}

#[test]
fn claims() {
    let payload = json!({"aud": ["a", "b"], "azp": "client", "n": 1, "nested": {"role": "admin"}});
    let claims = payload.as_object().unwrap();
    let known =
        Request { token: Token::Claims { claims: claims.clone(), complete: false }, ..Request::default() };
    let all =
        Request { token: Token::Claims { claims: claims.clone(), complete: true }, ..Request::default() };
    let none = Request { token: Token::Absent, ..Request::default() };
    type Case = (&'static [&'static str], &'static str, Option<bool>, Option<bool>);
    let cases: [Case; 8] = [
        (&["aud"], "b", Some(true), Some(true)),
        (&["aud"], "c", Some(false), Some(false)),
        (&["azp"], "cl*", Some(true), Some(true)),
        (&["n"], "1", Some(false), Some(false)),
        (&["nested", "role"], "admin", Some(true), Some(true)),
        (&["nested", "role", "x"], "*", Some(false), Some(false)),
        (&["other"], "*", None, Some(false)),
        (&[], "*", Some(false), Some(false)),
    ];
    for (path, value, of_known, of_all) in cases {
        let matcher = matcher::claims(path, &[value.into()]);
        assert_eq!(holds(&known, &matcher), of_known, "{path:?} {value}");
        assert_eq!(holds(&all, &matcher), of_all, "{path:?} {value}");
        assert_eq!(holds(&none, &matcher), Some(false), "{path:?} {value}");
        assert_eq!(holds(&Request::default(), &matcher), None, "{path:?} {value}");
    }
}

#[test]
fn a_connection_without_a_server_name_has_the_empty_one() {
    let request = Request { server_name: Known::Absent, ..Request::default() };
    assert_eq!(holds(&request, &Matcher::ServerName(Text::written("*"))), Some(false));
    assert_eq!(holds(&request, &Matcher::ServerName(Text::written(""))), Some(true));
}

#[test]
fn a_server_name_is_compared_in_lower_case() {
    let request = Request { server_name: Some(Name::from("A.com")).into(), ..Request::default() };
    assert_eq!(holds(&request, &Matcher::ServerName(Text::written("a.com"))), Some(true));
    assert_eq!(holds(&request, &Matcher::ServerName(Text::written("A.com"))), Some(false));
}

#[test]
fn what_is_not_given_is_not_known() {
    assert_eq!(Known::from(None::<u16>), Known::Unknown);
    assert_eq!(Known::from(Some(80)), Known::Is(80));
}
