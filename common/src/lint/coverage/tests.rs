use super::rules::{Covering, Readers};
use crate::istio::Rule;
use crate::model::Namespace;
use crate::yaml;

fn rule(text: &str) -> Rule {
    yaml::parse(text).unwrap().decode().unwrap()
}

fn covers(readers: Readers, denies: bool, wide: &str, narrow: &str) -> bool {
    let namespace = Namespace::from("a");
    let covering = Covering { readers, namespace: &namespace, other: &namespace, denies };
    covering.covers(&rule(wide), &rule(narrow))
}

const PAIRS: &[(&str, &str, bool)] = &[
    ("{}", "{}", true),
    ("{}", "{from: [{source: {namespaces: [a]}}]}", true),
    ("{from: [{source: {namespaces: [a]}}]}", "{}", false),
    ("{from: [{source: {namespaces: [a, b]}}]}", "{from: [{source: {namespaces: [b]}}]}", true),
    ("{from: [{source: {namespaces: [b]}}]}", "{from: [{source: {namespaces: [a, b]}}]}", false),
    ("{from: [{source: {namespaces: ['te*']}}]}", "{from: [{source: {namespaces: [team, 'tea*']}}]}", true),
    ("{from: [{source: {namespaces: ['*am']}}]}", "{from: [{source: {namespaces: ['*team']}}]}", true),
    ("{from: [{source: {namespaces: ['te*']}}]}", "{from: [{source: {namespaces: ['*am']}}]}", false),
    ("{from: [{source: {namespaces: ['te*']}}]}", "{from: [{source: {namespaces: ['*']}}]}", false),
    ("{from: [{source: {namespaces: ['t*m']}}]}", "{from: [{source: {namespaces: [team]}}]}", false),
    ("{from: [{source: {principals: ['*']}}]}", "{from: [{source: {principals: [td/ns/a/sa/x]}}]}", true),
    // What an identity is of one field is not seen in another.
    ("{from: [{source: {namespaces: [a]}}]}", "{from: [{source: {principals: [td/ns/a/sa/x]}}]}", false),
    // An entry that asks for more is narrower, one that excludes more too.
    (
        "{from: [{source: {namespaces: [a]}}]}",
        "{from: [{source: {namespaces: [a], ipBlocks: [10.0.0.1]}}]}",
        true,
    ),
    ("{from: [{source: {notNamespaces: [a]}}]}", "{from: [{source: {notNamespaces: [a, b]}}]}", true),
    ("{from: [{source: {notNamespaces: [a, b]}}]}", "{from: [{source: {notNamespaces: [a]}}]}", false),
    (
        "{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}",
        "{from: [{source: {ipBlocks: [10.1.0.0/16, 10.2.3.4]}}]}",
        true,
    ),
    ("{from: [{source: {ipBlocks: [10.1.0.0/16]}}]}", "{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}", false),
    ("{from: [{source: {serviceAccounts: [x]}}]}", "{from: [{source: {serviceAccounts: [a/x]}}]}", true),
    // Each entry must be covered by one.
    (
        "{from: [{source: {namespaces: [a]}}, {source: {ipBlocks: [10.0.0.1]}}]}",
        "{from: [{source: {ipBlocks: [10.0.0.1]}}, {source: {namespaces: [a]}}]}",
        true,
    ),
    ("{to: [{operation: {ports: ['80', '443']}}]}", "{to: [{operation: {ports: ['80']}}]}", true),
    ("{to: [{operation: {ports: ['80']}}]}", "{to: [{operation: {ports: ['80'], methods: [GET]}}]}", true),
    ("{to: [{operation: {ports: ['80']}}]}", "{from: [{source: {namespaces: [a]}}]}", false),
    (
        "{when: [{key: source.ip, values: [10.0.0.0/8]}]}",
        "{when: [{key: source.ip, values: [10.1.1.1]}]}",
        true,
    ),
    ("{when: [{key: source.ip, values: [10.0.0.0/8]}]}", "{}", false),
    // What a value that is none makes of a rule differs from reader to reader.
    ("{to: [{operation: {ports: ['80', http]}}]}", "{to: [{operation: {ports: ['80']}}]}", false),
    ("{from: [{source: {}}]}", "{from: [{source: {namespaces: [a]}}]}", false),
    (
        "{from: [{source: {trustDomains: [td]}}]}",
        "{from: [{source: {trustDomains: [td], namespaces: [a]}}]}",
        false,
    ),
];

#[test]
fn what_covers_what() {
    for (wide, narrow, expected) in PAIRS {
        for denies in [true, false] {
            assert_eq!(covers(Readers::Any, denies, wide, narrow), *expected, "{wide} {narrow} {denies}");
        }
    }
}

#[test]
fn principals_by_prefix_do_not_stand_for_aliases() {
    let wide = "{from: [{source: {principals: [td/ns/a/*]}}]}";
    let narrow = "{from: [{source: {principals: [td/ns/a/sa/x]}}]}";
    assert!(covers(Readers::Ztunnel, false, wide, narrow));
    assert!(!covers(Readers::Any, false, wide, narrow));
}

#[test]
fn rules_about_requests_are_left_out_together() {
    let gets = "{to: [{operation: {methods: [GET, HEAD]}}]}";
    let get = "{to: [{operation: {methods: [GET], paths: [/x]}}]}";
    assert!(covers(Readers::Any, false, gets, get));
    // ztunnel and TCP chains make different things of the two.
    assert!(!covers(Readers::Any, true, gets, get));
    let one_of_both = "{to: [{operation: {methods: [GET]}}, {operation: {ports: ['80']}}]}";
    assert!(!covers(Readers::Any, false, one_of_both, "{to: [{operation: {ports: ['80']}}]}"));
}
