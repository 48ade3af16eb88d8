use super::*;

fn expanded(principal: &str, own: &str, aliases: &[&str]) -> Vec<String> {
    let own = TrustDomains::new(own, aliases.iter().map(|alias| Name::from(*alias)));
    own.principals(&[principal.into()]).iter().map(ToString::to_string).collect()
}

#[test]
fn a_principal_stands_for_every_trust_domain_of_the_mesh() {
    let all = ["td1/ns/a/sa/b", "td2/ns/a/sa/b"];
    for written in ["td1/ns/a/sa/b", "td2/ns/a/sa/b", "cluster.local/ns/a/sa/b"] {
        assert_eq!(expanded(written, "td1", &["td2"]), all, "{written}");
    }
    let as_written = ["other/ns/a/sa/b", "*/ns/a/sa/b", "td1/ns/a/*", "td1*", "*/sa/b", "td1/ns/a/sa/b/c"];
    for written in as_written {
        assert_eq!(expanded(written, "td1", &["td2"]), [written]);
    }
}

#[test]
fn a_trust_domain_may_hold_a_wildcard() {
    assert_eq!(expanded("*d1/ns/a/sa/b", "td1", &["td2"]), ["*d1/ns/a/sa/b", "td2/ns/a/sa/b"]);
    assert_eq!(expanded("*-td/ns/a/sa/b", "old-td", &["new-td"]), ["*-td/ns/a/sa/b"]);
    assert_eq!(expanded("td*/ns/a/sa/b", "td1", &["td2"]), ["td1/ns/a/sa/b", "td2/ns/a/sa/b"]);
}

#[test]
fn a_trust_domain_by_itself_is_expanded_only_by_its_own_name() {
    let own = TrustDomains::new("td1", ["td2".into()]);
    let expanded = |written: &[&str]| {
        let written: Vec<Name> = written.iter().map(|one| Name::from(*one)).collect();
        own.trust_domains(&written).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(expanded(&["td2"]), ["td1", "td2"]);
    assert_eq!(expanded(&["td2", "x", "td1", "x"]), ["td1", "td2", "x"]);
    assert_eq!(expanded(&["cluster.local"]), ["cluster.local"]);
    assert_eq!(expanded(&["td*"]), ["td*"]);
}
