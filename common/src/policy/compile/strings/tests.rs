use super::*;

#[test]
fn texts_have_one_wildcard_at_an_end() {
    let text = |value: &str| text(&value.into());
    assert_eq!(text("*"), StringMatch::Presence);
    assert_eq!(text("*abc"), StringMatch::Suffix("abc".into()));
    assert_eq!(text("abc*"), StringMatch::Prefix("abc".into()));
    assert_eq!(text("abc"), StringMatch::Exact("abc".into()));
    // The first asterisk counts, any other is literal.
    assert_eq!(text("*abc*"), StringMatch::Suffix("abc*".into()));
    assert_eq!(text("a*c"), StringMatch::Exact("a*c".into()));
    assert_eq!(text("**"), StringMatch::Suffix("*".into()));
    assert_eq!(text(""), StringMatch::Exact("".into()));
}

#[test]
fn accounts_are_of_the_policys_namespace_without_a_slash() {
    let account = |value: &str| {
        let found = account(&value.into(), &"edp".into());
        (found.namespace.to_string(), found.service_account.to_string())
    };
    assert_eq!(account("web"), ("edp".to_owned(), "web".to_owned()));
    assert_eq!(account("shop/web"), ("shop".to_owned(), "web".to_owned()));
    assert_eq!(account("/web"), (String::new(), "web".to_owned()));
    assert_eq!(account("shop/a/b"), ("shop".to_owned(), "a/b".to_owned()));
}

#[test]
fn ports_are_decimal() {
    for (value, expected) in [("0", Some(0)), ("080", Some(80)), ("65535", Some(65535))] {
        assert_eq!(port(value), expected, "{value}");
    }
    for value in ["", "65536", "-1", "+80", " 80", "80 ", "0x50", "http", "1e3", "99999999999999999999999"] {
        assert_eq!(port(value), None, "{value}");
    }
}

#[test]
fn addresses_are_read_as_go_reads_them() {
    let block = |value: &str| block(value).map(|block| block.net().to_string());
    for (value, expected) in [
        ("10.0.0.7", "10.0.0.7/32"),
        ("10.0.0.7/8", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("fd00::7/64", "fd00::/64"),
        ("fe80::1%eth0", "fe80::1/128"),
    ] {
        assert_eq!(block(value).as_deref(), Some(expected), "{value}");
    }
    for value in [
        "",
        "10.0.0",
        "10.0.0.07",
        "10.0.0.7/",
        "10.0.0.7/33",
        "10.0.0.7/08",
        "10.0.0.7/+8",
        "10.0.0.7%e",
        "fe80::1%/64",
    ] {
        assert_eq!(block(value), None, "{value}");
    }
}
