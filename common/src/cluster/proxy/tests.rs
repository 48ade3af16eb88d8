use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment {
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect(),
        ..Environment::default()
    }
}

fn proxy(server: &str, of_cluster: &str, variables: &[(&str, &str)]) -> Option<String> {
    let server = server.parse().unwrap();
    proxy_for(&server, of_cluster, &environment(variables)).unwrap().map(|uri| uri.to_string())
}

/// The cases of golang.org/x/net/http/httpproxy/proxy_test.go that can be told by a list and a server.
#[test]
fn no_proxy_means_what_it_means_to_go() {
    let table = [
        ("", "https://example.com", false),
        ("example.com", "https://example.com", true),
        ("example.com", "https://api.example.com", true),
        ("example.com", "https://notexample.com", false),
        (".example.com", "https://example.com", false),
        (".example.com", "https://api.example.com", true),
        ("*.example.com", "https://api.example.com", true),
        ("*.example.com", "https://example.com", false),
        ("EXAMPLE.com", "https://Api.Example.COM", true),
        ("example.com:6443", "https://example.com:6443", true),
        ("example.com:6443", "https://example.com", false),
        ("example.com:443", "https://example.com", true),
        ("example.com:80", "http://example.com", true),
        ("other, ,example.com,", "https://example.com", true),
        ("*", "https://example.com", true),
        ("other,*", "https://example.com", true),
        ("10.0.0.0/8", "https://10.1.2.3:6443", true),
        ("10.0.0.0/8", "https://11.1.2.3:6443", false),
        ("10.0.0.0/8", "https://ten.example.com", false),
        ("10.1.2.3", "https://10.1.2.3:6443", true),
        ("10.1.2.3:6443", "https://10.1.2.3:6443", true),
        ("10.1.2.3:443", "https://10.1.2.3:6443", false),
        ("2.3", "https://10.1.2.3:6443", false),
        ("fd00::/8", "https://[fd00::1]:6443", true),
        ("fd00::1", "https://[fd00::1]:6443", true),
        ("[fd00::1]", "https://[fd00::1]:6443", true),
        ("[fd00::1]:6443", "https://[fd00::1]:6443", true),
        ("[fd00::1]:443", "https://[fd00::1]:6443", false),
        (":6443", "https://example.com:6443", false),
        (".", "https://example.com", false),
        ("", "https://localhost:6443", true),
        ("", "https://127.0.0.9:6443", true),
        ("", "https://[::1]:6443", true),
    ];
    for (without, server, direct) in table {
        let found =
            proxy(server, "", &[("HTTPS_PROXY", "p:3128"), ("HTTP_PROXY", "p:3128"), ("NO_PROXY", without)]);
        assert_eq!(found.is_none(), direct, "NO_PROXY={without:?} {server}");
    }
}

#[test]
fn the_scheme_of_the_server_chooses_the_variable_and_capitals_win() {
    let both = [("HTTPS_PROXY", "http://s:1"), ("HTTP_PROXY", "http://p:2")];
    assert_eq!(proxy("https://a.b", "", &both).unwrap(), "http://s:1/");
    assert_eq!(proxy("http://a.b", "", &both).unwrap(), "http://p:2/");
    assert_eq!(proxy("https://a.b", "", &[("HTTP_PROXY", "http://p:2")]), None);
    assert_eq!(
        proxy("https://a.b", "", &[("HTTPS_PROXY", "x:1"), ("https_proxy", "y:2")]).unwrap(),
        "http://x:1/"
    );
    assert_eq!(proxy("https://a.b", "", &[("https_proxy", "y:2")]).unwrap(), "http://y:2/");
    assert_eq!(
        proxy("https://a.b", "", &[("https_proxy", "y:2"), ("NO_PROXY", "c.d"), ("no_proxy", "a.b")])
            .unwrap(),
        "http://y:2/"
    );
    assert_eq!(proxy("https://a.b", "", &[("HTTPS_PROXY", "")]), None);
}

#[test]
fn the_clusters_own_proxy_is_used_whatever_the_environment_says() {
    let variables = [("HTTPS_PROXY", "http://p:2"), ("NO_PROXY", "*")];
    assert_eq!(proxy("https://127.0.0.1:6443", "socks5://c:1080", &variables).unwrap(), "socks5://c:1080/");
    assert_eq!(proxy("https://a.b", "socks5h://c:1080", &[]).unwrap(), "socks5://c:1080/");
}

#[test]
fn what_is_no_proxy_is_an_error_that_holds_no_password() {
    let table = [
        (
            "ftp://u:hunter2@p:1",
            "the `proxy-url` of the cluster has the scheme `ftp`: a proxy speaks `http`, `https` or `socks5`",
        ),
        ("http://u:hunter2@", "the `proxy-url` of the cluster is no address of a proxy"),
        (
            "socks5://u:hunter2@p:1",
            "the `proxy-url` of the cluster has a user, which is sent to proxies over HTTP only",
        ),
    ];
    for (text, message) in table {
        let server = "https://a.b".parse().unwrap();
        let error = proxy_for(&server, text, &Environment::default()).unwrap_err();
        assert_eq!(error.message, message);
    }
}

#[test]
fn addresses_are_shown_without_who_is_let_in() {
    let table = [
        ("https://u:hunter2@a.b:6443/c/d", "https://a.b:6443/c/d"),
        ("https://a.b/", "https://a.b"),
        ("http://[::1]:80", "http://[::1]:80"),
    ];
    for (uri, expected) in table {
        assert_eq!(shown(&uri.parse().unwrap()), expected);
    }
}
