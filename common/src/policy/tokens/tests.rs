use serde_json::json;

use super::*;

fn rule(issuer: &str, audiences: &[&str], lists: &[&str]) -> JwtRule {
    let rule = json!({"issuer": issuer, "audiences": audiences, "spaceDelimitedClaims": lists});
    serde_json::from_value(rule).unwrap()
}

fn token(claims: &Json, complete: bool) -> Token {
    Token::Claims { claims: claims.as_object().unwrap().clone(), complete }
}

#[test]
fn a_rule_accepts_tokens_of_its_issuer_for_its_audiences() {
    let anybody = rule("a", &[], &[]);
    let me = rule("a", &["me", "https://us/"], &[]);
    let table = [
        (&anybody, json!({"iss": "a"}), true),
        (&anybody, json!({"iss": "b"}), false),
        (&anybody, json!({"iss": "a", "aud": "you"}), true),
        (&me, json!({"iss": "a"}), true),
        (&me, json!({"iss": "a", "aud": "me"}), true),
        (&me, json!({"aud": "me"}), true),
        (&me, json!({"iss": "a", "aud": "you"}), false),
        (&me, json!({"iss": "a", "aud": ["you", "me"]}), true),
        (&me, json!({"iss": "a", "aud": []}), false),
        (&me, json!({"iss": "a", "aud": "http://us"}), true),
        (&me, json!({"iss": "a", "aud": "http://us/x"}), false),
    ];
    for (rule, claims, expected) in table {
        assert_eq!(may_accept(rule, &token(&claims, false)), expected, "{claims}");
    }
    assert!(may_accept(&me, &Token::Unknown));
    assert!(!may_accept(&me, &token(&json!({"iss": "a"}), true)));
    assert!(!may_accept(&anybody, &token(&json!({}), true)));
}

#[test]
fn a_claim_that_only_some_rules_divide_may_be_a_list() {
    let (plain, roles) = (rule("a", &[], &[]), rule("a", &[], &["roles"]));
    let names = |of: &[&str]| of.iter().copied().map(Name::from).collect::<BTreeSet<_>>();
    assert_eq!(lists(&[]).surely, names(&["permission", "scope"]));
    assert_eq!(lists(&[&roles]).surely, names(&["permission", "roles", "scope"]));
    let both = lists(&[&plain, &roles]);
    assert_eq!((both.surely, both.maybe), (names(&["permission", "scope"]), names(&["roles"])));
}
