use super::*;

#[test]
fn methods_have_case() {
    for known in METHODS.into_iter().chain(["PURGE", "purge", "M-SEARCH"]) {
        assert_eq!(check_method(known), Ok(()), "{known}");
    }
    for (typed, hint) in [("get", "did you mean `GET`?"), ("Post", "did you mean `POST`?")] {
        assert_eq!(check_method(typed).unwrap_err().hint, hint);
    }
    for wrong in ["", "GET ", "GET,POST", "GÉT"] {
        assert!(check_method(wrong).unwrap_err().message.ends_with("is no method"), "{wrong}");
    }
}

#[test]
fn paths_are_what_policies_see() {
    for seen in
        ["/", "/a", "/a/", "/a/.b/..c/...", "//a//b", "/%41", "/a?x=../..", "/a#/../b", "/.well-known"]
    {
        assert_eq!(check_path(seen), Ok(()), "{seen}");
    }
    for (typed, seen) in [
        ("/a/../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/../../a", "/a"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/.%2e/b?c=/../d", "/b?c=/../d"),
        ("/a\\b", "/a/b"),
        ("/a\\..\\b", "/b"),
        ("/..", "/"),
        ("/a//../b", "/a/b"),
    ] {
        assert_eq!(check_path(typed).unwrap_err().hint, format!("ask about `{seen}`"), "{typed}");
    }
    assert_eq!(check_path("admin").unwrap_err().hint, "did you mean `/admin`?");
}
