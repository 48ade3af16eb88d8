use crate::codes::Code;
use crate::istio::VirtualService;
use crate::snapshot::test_objects::snapshot;
use crate::snapshot::{MeshSnapshot, Object};

fn rule(meta: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{namespace: shop, {meta}}}\nspec: \
         {{host: web{spec}}}\n"
    )
}

#[test]
fn rules_stand_in_the_order_in_which_istiod_merges_them() {
    let created =
        |name: &str, day: &str| format!("name: {name}, creationTimestamp: '2026-01-{day}T00:00:00Z'");
    let selector = ", workloadSelector: {matchLabels: {a: b}}";
    let yaml = rule(&created("young", "03"), "")
        + &rule(&created("old", "01"), "")
        + &rule(&created("selecting", "04"), selector)
        + &rule(&created("b", "02"), "")
        + &rule(&created("a", "02"), "");
    let names: Vec<String> =
        snapshot(&yaml).routing.destination_rules.iter().map(|rule| rule.meta.name.to_string()).collect();
    assert_eq!(names, ["selecting", "old", "a", "b", "young"]);
}

#[test]
fn a_rule_with_a_field_that_is_not_known_is_set_aside() {
    for (spec, field) in [
        (", news: 1", "spec.news"),
        (", trafficPolicy: {news: 1}", "spec.trafficPolicy.news"),
        (", trafficPolicy: {tls: {modus: SIMPLE}}", "spec.trafficPolicy.tls.modus"),
        (
            ", trafficPolicy: {portLevelSettings: [{tls: {modus: SIMPLE}}]}",
            "spec.trafficPolicy.portLevelSettings.tls.modus",
        ),
        (", workloadSelector: {labels: {}}", "spec.workloadSelector.labels"),
    ] {
        let snapshot = snapshot(&rule("name: r", spec));
        assert_eq!(snapshot.routing.destination_rules.len(), 0, "{spec}");
        let unreadable = &snapshot.unreadable[0];
        assert_eq!(unreadable.gap.code, Code::UnknownField, "{spec}");
        assert!(format!("{:?}", unreadable.gap.evidence).contains(field), "{:?}", unreadable.gap);
    }
    let known = ", subsets: [{name: v1, trafficPolicy: {news: 1}}], trafficPolicy: {connectionPool: {news: 1}, \
                 outlierDetection: {}, retryBudget: {}, tls: {mode: SIMPLE, sni: a, caCertificates: b}}";
    assert_eq!(snapshot(&rule("name: r", known)).routing.destination_rules.len(), 1);
}

#[test]
fn what_istiod_does_not_look_at_is_not_there() {
    let istiod = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod, namespace: istio-system}\nspec: \
                  {template: {metadata: {labels: {app: istiod}}, spec: {containers: [{name: discovery, env: [{name: \
                  REVISION, value: stable}]}]}}}\n";
    let of = |revision: &str| {
        let yaml = rule(&format!("name: r, labels: {{istio.io/rev: {revision}}}"), "") + istiod;
        snapshot(&yaml).routing.destination_rules.len()
    };
    assert_eq!((of("stable"), of("canary")), (1, 0));
}

/// VirtualServices by a list of `name namespace hosts`.
fn virtual_services(all: &[(&str, &str, &str)]) -> MeshSnapshot {
    let one = |(name, namespace, hosts): &(&str, &str, &str)| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
             metadata: {{name: {name}, namespace: {namespace}}}\nspec: {{hosts: {hosts}}}\n"
        )
    };
    snapshot(&all.iter().map(one).collect::<String>())
}

#[test]
fn what_is_about_a_host_or_of_a_namespace_is_found_in_its_order() {
    let snapshot = virtual_services(&[
        ("wide", "b", "['*']"),
        ("short", "a", "[web]"),
        ("other", "a", "[api, 'x.a.svc.cluster.local']"),
        ("both", "b", "['*.svc.cluster.local', web.a.svc.cluster.local]"),
        ("elsewhere", "b", "[web]"),
    ]);
    let all = &snapshot.routing.virtual_services;
    let names = |found: &mut dyn Iterator<Item = &Object<VirtualService>>| {
        found.map(|of| of.meta.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&mut all.covering("web.a.svc.cluster.local")), "wide short both");
    assert_eq!(names(&mut all.covering("x.a.svc.cluster.local")), "wide other both");
    assert_eq!(names(&mut all.covering("web")), "wide");
    let (a, b, c) = ("a".into(), "b".into(), "c".into());
    assert_eq!(names(&mut all.of(&[&b])), "wide both elsewhere");
    assert_eq!(names(&mut all.of(&[&b, &a, &b])), "wide short other both elsewhere");
    assert_eq!(names(&mut all.of(&[&c])), "");
}

#[test]
fn a_route_is_about_the_services_that_it_names() {
    let route = |name: &str, parent: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
             metadata: {{name: {name}, namespace: shop}}\nspec: {{parentRefs: [{{{parent}}}]}}\n"
        )
    };
    let yaml = route("own", "kind: Service, name: web")
        + &route("other", "kind: Service, name: web, namespace: b")
        + &route("gateway", "kind: Gateway, name: web")
        + &route("asterisk", "kind: Service, name: '*'");
    let snapshot = snapshot(&yaml);
    let of = |host: &str| -> Vec<String> {
        snapshot.routing.routes.covering(host).map(|route| route.meta.name.to_string()).collect()
    };
    assert_eq!(of("web.shop.svc.cluster.local"), ["own"]);
    assert_eq!(of("web.b.svc.cluster.local"), ["other"]);
}
