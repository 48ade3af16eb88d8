use super::*;

#[test]
fn principals() {
    let web = "spiffe://cluster.local/ns/shop/sa/web";
    let cases = [
        ("cluster.local/ns/shop/sa/web", true),
        ("cluster.local/ns/shop/sa/we", false),
        ("spiffe://cluster.local/ns/shop/sa/web", false),
        ("cluster.local/ns/shop/*", true),
        ("spiffe://*", false),
        ("*/sa/web", true),
        ("*", true),
        ("", false),
    ];
    for (written, matches) in cases {
        assert_eq!(IdentityMatch::principal(written).matches(web), matches, "{written}");
        // Whoever has no identity is none of them.
        assert!(!IdentityMatch::principal(written).matches(""), "{written}");
    }
}

#[test]
fn a_namespace_is_looked_for_in_the_whole_identity() {
    let cases = [
        ("shop", "shop", true),
        ("shop", "sho", false),
        ("shop", "SHOP", false),
        ("shop", "*", true),
        ("shop", "sh*", true),
        ("shop", "s*p", true),
        ("shop", "*op", true),
        ("shop", "*x", false),
        // The asterisk also stands for `shop/s`, so that the `sa/` of every identity fits.
        ("shop", "*a", true),
        ("shop", "*sa", true),
        ("shop", "s*a", true),
        ("shop", "x*a", false),
        // `/ns/ns/sa/` holds two places.
        ("ns", "sa", true),
        ("ns", "web", false),
        ("a.b", "a.b", true),
        ("axb", "a.b", false),
    ];
    for (namespace, written, matches) in cases {
        let uri = format!("spiffe://cluster.local/ns/{namespace}/sa/web");
        let matched = IdentityMatch::Namespace(written.into()).matches(&uri);
        assert_eq!(matched, matches, "{namespace} {written}");
    }
}

#[test]
fn accounts() {
    let policy = Namespace::from("shop");
    let cases = [
        ("web", "spiffe://td/ns/shop/sa/web", true),
        ("web", "spiffe://td/ns/other/sa/web", false),
        ("other/web", "spiffe://td/ns/other/sa/web", true),
        ("other/web", "spiffe://td/ns/other/sa/webs", false),
        ("other/web", "spiffe://td/ns/other/sa/web/more", true),
        ("other/web", "spiffe://td/ns/other/x/y/sa/web", true),
        ("other/web", "spiffe://td/ns/other/xsa/web", false),
        ("ns/web", "spiffe://td/ns/ns/sa/web", true),
        ("a/b/c", "spiffe://td/ns/a/sa/b", false),
        ("web", "spiffe:///ns/shop/sa/web", false),
        ("*", "spiffe://td/ns/shop/sa/web", false),
        ("web", "", false),
    ];
    for (written, uri, matches) in cases {
        assert_eq!(IdentityMatch::service_account(written, &policy).matches(uri), matches, "{written} {uri}");
    }
}

#[test]
fn trust_domains() {
    let cases = [
        ("td", "td", true),
        ("td", "t", false),
        ("td", "td.example", false),
        ("*", "td", true),
        ("t*", "td", true),
        ("*d", "td", true),
        ("t*d", "td", true),
        ("t*x", "td", false),
        ("*/ns", "td", true),
        ("**", "t*", true),
        ("**", "td", false),
    ];
    for (written, trust_domain, matches) in cases {
        let uri = format!("spiffe://{trust_domain}/ns/shop/sa/web");
        let matched = IdentityMatch::TrustDomain(written.into()).matches(&uri);
        assert_eq!(matched, matches, "{written} {trust_domain}");
    }
}
