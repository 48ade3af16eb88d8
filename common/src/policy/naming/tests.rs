use crate::snapshot::MeshSnapshot;
use crate::snapshot::test_objects::snapshot;

use super::*;

/// A policy with one rule in namespace a.
fn with_rule(rule: &str, spec: &str) -> MeshSnapshot {
    snapshot(&format!(
        "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: p, namespace: a}}
spec: {{rules: [{rule}]{spec}}}
"
    ))
}

fn web() -> Identity {
    Identity::new("cluster.local", "a", "web")
}

/// The fields of the items that name a/web, with `!` before negative ones and `-` behind what ztunnel lacks.
fn naming(rule: &str, spec: &str) -> Vec<String> {
    let snapshot = with_rule(rule, spec);
    let mesh = Mesh::new(&snapshot);
    let all = namings(&mesh);
    let of_web = all.iter().filter(|naming| naming.item.names(&web(), &web().principal()));
    of_web
        .map(|naming| {
            let sign = if naming.item.positive { "" } else { "!" };
            let lacking = if naming.at_ztunnel { "" } else { "-" };
            format!("{sign}{}{lacking}", naming.item.path)
        })
        .collect()
}

fn from(source: &str) -> String {
    format!("{{from: [{{source: {source}}}]}}")
}

#[test]
fn every_way_of_naming() {
    for (rule, expected) in [
        (from("{principals: [x, cluster.local/ns/a/sa/web]}"), "spec.rules[0].from[0].source.principals[1]"),
        (from("{principals: [cluster.local/ns/a/*]}"), "spec.rules[0].from[0].source.principals[0]"),
        (from("{principals: ['*/sa/web']}"), "spec.rules[0].from[0].source.principals[0]"),
        (from("{principals: ['*']}"), "spec.rules[0].from[0].source.principals[0]"),
        (from("{notPrincipals: ['*/web']}"), "!spec.rules[0].from[0].source.notPrincipals[0]"),
        (from("{namespaces: [a]}"), "spec.rules[0].from[0].source.namespaces[0]"),
        (from("{notNamespaces: ['a*']}"), "!spec.rules[0].from[0].source.notNamespaces[0]"),
        (from("{serviceAccounts: [web]}"), "spec.rules[0].from[0].source.serviceAccounts[0]"),
        (from("{serviceAccounts: [a/web]}"), "spec.rules[0].from[0].source.serviceAccounts[0]"),
        (from("{notServiceAccounts: [a/web]}"), "!spec.rules[0].from[0].source.notServiceAccounts[0]"),
        (
            "{when: [{key: source.principal, values: [cluster.local/ns/a/sa/web]}]}".to_owned(),
            "spec.rules[0].when[0].values[0]",
        ),
        (
            "{when: [{key: source.namespace, notValues: [a]}]}".to_owned(),
            "!spec.rules[0].when[0].notValues[0]",
        ),
    ] {
        assert_eq!(naming(&rule, ""), [expected], "{rule}");
    }
}

#[test]
fn others_are_not_named() {
    for source in [
        "{principals: [cluster.local/ns/a/sa/website]}",
        "{principals: [cluster.local/ns/A/sa/web]}",
        "{principals: [old.domain/ns/a/sa/web]}",
        "{principals: ['old.domain/*']}",
        "{namespaces: [b]}",
        "{serviceAccounts: [b/web]}",
        "{requestPrincipals: ['*']}",
        "{ipBlocks: [10.0.0.1]}",
    ] {
        assert_eq!(naming(&from(source), ""), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn what_ztunnel_never_compares_with() {
    let exact = from("{principals: [cluster.local/ns/a/sa/web]}");
    let path = "spec.rules[0].from[0].source.principals[0]-";
    for spec in
        [", action: AUDIT", ", action: CUSTOM", ", targetRefs: [{kind: Service, name: db}]", ", selector: {}"]
    {
        assert_eq!(naming(&exact, spec), [path], "{spec}");
    }
    let http =
        "{from: [{source: {principals: [cluster.local/ns/a/sa/web]}}], to: [{operation: {methods: [GET]}}]}";
    assert_eq!(naming(http, ""), [path], "an ALLOW rule with HTTP is left out");
    assert_eq!(naming(http, ", action: DENY"), [path], "a DENY rule with a dead clause never matches");
    assert_eq!(naming(&from("{principals: ['spiffe://cluster.local/ns/a/sa/web']}"), ""), [path]);
    let dropped = from("{trustDomains: [cluster.local], namespaces: [a]}");
    assert_eq!(
        naming(&dropped, ", action: DENY"),
        ["spec.rules[0].from[0].source.namespaces[0]", "spec.rules[0].from[0].source.trustDomains[0]-"]
    );
    let envoy = "{when: [{key: source.serviceAccount, values: [a/web]}]}";
    assert_eq!(naming(envoy, ""), ["spec.rules[0].when[0].values[0]-"]);
}

#[test]
fn identities_that_are_named_in_full() {
    for (source, expected) in [
        ("{principals: [cluster.local/ns/b/sa/x]}", Some("spiffe://cluster.local/ns/b/sa/x")),
        ("{principals: ['spiffe://cluster.local/ns/b/sa/x']}", Some("spiffe://cluster.local/ns/b/sa/x")),
        ("{principals: [old.domain/ns/b/sa/x]}", Some("spiffe://old.domain/ns/b/sa/x")),
        ("{serviceAccounts: [x]}", Some("spiffe://cluster.local/ns/a/sa/x")),
        ("{serviceAccounts: ['spiffe://cluster.local/ns/b/sa/x']}", None),
        ("{principals: [cluster.local/ns/b/*]}", None),
        ("{principals: [b/x]}", None),
        ("{principals: [cluster.local/ns//sa/x]}", None),
        ("{namespaces: [b]}", None),
    ] {
        let snapshot = with_rule(&from(source), "");
        let policy = &snapshot.authorization_policies.first().unwrap().object;
        let named = items(policy).first().unwrap().identity(&"cluster.local".into());
        assert_eq!(named.map(|identity| identity.to_string()).as_deref(), expected, "{source}");
    }
}
