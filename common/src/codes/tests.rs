use super::*;

#[test]
fn numbers_are_unique_and_in_order() {
    let numbers: Vec<u16> = Code::ALL.iter().map(|code| code.entry().number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[test]
fn numbers_tell_the_class() {
    for code in Code::ALL {
        let entry = code.entry();
        let expected = match entry.number {
            100..900 => matches!(entry.class, Class::Finding(_)),
            900..950 => entry.class == Class::Assumption,
            _ => entry.class == Class::Gap,
        };
        assert!(expected, "{code}");
    }
}

#[test]
fn a_code_is_found_as_people_type_it() {
    for typed in ["MESH0104", "mesh0104", "0104", "104"] {
        assert_eq!(Code::parse(typed), Some(Code::DenyRuleNeverMatches), "{typed}");
    }
    for typed in ["", "MESH", "MESH9999", "104x"] {
        assert_eq!(Code::parse(typed), None, "{typed}");
    }
}

#[test]
fn sentences_take_their_evidence() {
    let evidence = Evidence::none().with("rule", 2).with("fields", "`methods`").with("clause", "to");
    assert_eq!(
        Code::DenyRuleNeverMatches.message(&evidence),
        "rules[2] denies nothing at ztunnel: `to` uses only `methods`, so the whole rule never matches"
    );
}

#[test]
fn evidence_may_hold_braces() {
    let evidence = Evidence::none().with("error", "bad `{}` {x").with("subject", "a.yaml");
    assert_eq!(Code::FileUnreadable.message(&evidence), "a.yaml could not be read: bad `{}` {x");
    assert_eq!(Code::EmptySelector.message(&Evidence::none()).matches("{}").count(), 1);
}

#[test]
fn advice_in_general_has_no_holes() {
    assert_eq!(Code::SchemeInPrincipal.advice(), Code::SchemeInPrincipal.entry().hint);
    assert_eq!(Code::PrincipalMatchesNobody.advice(), "write TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT");
    for code in Code::ALL {
        assert!(!code.advice().contains(['{', '}']), "{code}: {}", code.advice());
    }
}

#[test]
fn silence_covers_what_it_names() {
    let silence = Silence::new(Some("MESH0107, mesh0104"));
    assert!(silence.covers(Code::ItemDropped) && silence.covers(Code::DenyRuleNeverMatches));
    assert!(!silence.covers(Code::CustomActionDropped) && !Silence::default().covers(Code::ItemDropped));
    let own = Silence::new(Some("MESH0101")).or(silence);
    assert!(own.covers(Code::CustomActionDropped) && !own.covers(Code::ItemDropped));
}
