//! Lists are read to their end, or told not to be.

use super::*;

#[test]
fn pages_are_followed_to_the_end() {
    let server = server(|path| {
        let (path, query) = path.split_once('?')?;
        (path == "/api/v1/pods").then(|| match query {
            "limit=500" => pods(&[pod("a", "1")], "two=="),
            "limit=500&continue=two%3D%3D" => pods(&[pod("a", "2")], "three"),
            "limit=500&continue=three" => pods(&[pod("b", "3")], ""),
            _ => response("400 Bad Request", ""),
        })
    });
    let loaded = read(&server);
    assert_eq!(names(&loaded), ["a/1", "a/2", "b/3"]);
    assert!(not_read(&loaded, "pods").is_empty());
}

#[test]
fn a_list_that_expires_is_begun_again_and_nothing_is_there_twice() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let server = server(move |path| {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        (path == "/api/v1/pods").then(|| {
            match (query.contains("continue"), counted.fetch_add(1, Ordering::SeqCst)) {
                (false, _) => pods(&[pod("a", "1")], "next"),
                (true, 1) => response("410 Gone", FORBIDDEN),
                (true, _) => pods(&[pod("a", "2")], ""),
            }
        })
    });
    let loaded = read(&server);
    assert_eq!(names(&loaded), ["a/1", "a/2"]);
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[test]
fn what_is_no_list_is_not_taken_for_an_empty_one() {
    for garbage in [
        "",
        "<html>",
        "{}",
        "[]",
        r#"{"kind":"PodList","items":{}}"#,
        r#"{"kind":"Status","status":"Success"}"#,
        r#"{"kind":"PodList","apiVersion":"v1"}"#,
        r#"{"kind":"PodList","items":[{"meta"#,
    ] {
        let server = server(move |path| path.starts_with("/api/v1/pods").then(|| ok(garbage)));
        let loaded = read(&server);
        assert!(matches!(&not_read(&loaded, "pods")[..], [(_, Why::Failed(_))]), "{garbage}");
    }
}

/// Pages are asked for until one says that it is the last.
#[test]
fn a_list_that_does_not_say_where_it_ends_is_not_complete() {
    let page = |next: &str| {
        ok(&format!(
            r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"continue":{next}}},"items":[{}]}}"#,
            pod("a", "1")
        ))
    };
    for (next, pages) in [("5", 1), ("{}", 1), (r#""again""#, 2)] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let server = server(move |path| {
            path.starts_with("/api/v1/pods").then(|| {
                counted.fetch_add(1, Ordering::SeqCst);
                page(next)
            })
        });
        let loaded = read(&server);
        assert!(matches!(&not_read(&loaded, "pods")[..], [(_, Why::Failed(_))]), "{next}");
        assert!(!names(&loaded).is_empty(), "what came is kept");
        assert_eq!(calls.load(Ordering::SeqCst), pages, "{next}");
    }
}

/// A server may leave a page empty that is not the last, as one that filters does.
#[test]
fn a_page_without_items_is_not_the_end() {
    let server = server(|path| match path {
        "/api/v1/pods?limit=500" => Some(pods(&[], "next")),
        "/api/v1/pods?limit=500&continue=next" => Some(pods(&[pod("a", "1")], "")),
        _ => None,
    });
    assert_eq!(names(&read(&server)), ["a/1"]);
}

#[test]
fn pages_before_a_failure_are_kept_and_the_rest_is_missing() {
    let server = server(|path| match path {
        "/api/v1/pods?limit=500" => Some(pods(&[pod("a", "1")], "next")),
        "/api/v1/pods?limit=500&continue=next" => Some(response("500 Internal Server Error", "")),
        _ => None,
    });
    let loaded = read(&server);
    assert_eq!(names(&loaded), ["a/1"]);
    assert!(matches!(&not_read(&loaded, "pods")[..], [(all, Why::Failed(_))] if all == "all namespaces"));
}
