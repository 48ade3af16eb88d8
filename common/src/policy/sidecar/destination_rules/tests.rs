use super::*;
use crate::istio::service_host;
use crate::snapshot::test_objects::snapshot;

/// A rule `namespace/name day host more`.
fn rules(lines: &[&str]) -> String {
    let one = |line: &&str| {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let (namespace, name) = words[0].split_once('/').unwrap();
        let more = words.get(3).copied().unwrap_or("trafficPolicy: {tls: {mode: DISABLE}}");
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: {name}, namespace: \
             {namespace}, creationTimestamp: '2026-01-{}T00:00:00Z'}}\nspec: {{host: '{}', {more}}}\n",
            words[1], words[2]
        )
    };
    lines.iter().map(one).collect()
}

/// Which rule a pod `app=curl` of a namespace heeds for `web.shop`.
fn heeds_in(namespace: &str, yaml: &str) -> String {
    let snapshot = snapshot(yaml);
    let labels = [("app", "curl")].into_iter().collect();
    let namespace = namespace.into();
    let client = Client { namespace: &namespace, labels: &labels };
    let host = service_host("web", "shop");
    heeded(&snapshot, client, &host, &"shop".into())
        .map_or_else(String::new, |rule| rule.by.meta.name.to_string())
}

fn heeds(lines: &[&str]) -> String {
    heeds_in("client", &rules(lines))
}

const FULL: &str = "web.shop.svc.cluster.local";

#[test]
fn the_first_namespace_that_has_a_rule_decides() {
    let of = |namespace: &str| format!("{namespace}/{namespace} 01 {FULL}");
    let (client, shop, root) = (of("client"), of("shop"), of("istio-system"));
    assert_eq!(heeds(&[&root, &shop, &client]), "client");
    assert_eq!(heeds(&[&root, &shop]), "shop");
    assert_eq!(heeds(&[&root]), "istio-system");
    assert_eq!(heeds(&[&of("other")]), "");
    // In the root namespace the rules of the Service come first.
    assert_eq!(heeds_in("istio-system", &rules(&[&root, &shop])), "shop");
    let private = format!("{root} exportTo: ['.'], trafficPolicy: {{tls: {{}}}}");
    assert_eq!(heeds_in("istio-system", &rules(&[&private, &shop])), "istio-system");
}

#[test]
fn hosts_are_full_names_short_ones_or_wildcards() {
    for (host, expected) in [
        ("shop/r 01 web", "r"),
        ("shop/r 01 web.shop", ""),
        ("shop/r 01 web.shop.svc", ""),
        ("client/r 01 web", ""),
        ("client/r 01 *", "r"),
        ("client/r 01 *.local", "r"),
        ("client/r 01 *.shop.svc.cluster.local", "r"),
        ("client/r 01 *.other.svc.cluster.local", ""),
        ("client/r 01 *web.shop.svc.cluster.local", "r"),
    ] {
        assert_eq!(heeds(&[host]), expected, "{host}");
    }
    // The host itself, then the longest; whatever is older.
    let exact = format!("client/exact 03 {FULL}");
    assert_eq!(heeds(&["client/all 01 *", "client/local 02 *.local", &exact]), "exact");
    assert_eq!(heeds(&["client/all 01 *", "client/local 02 *.local"]), "local");
    // A wildcard of the client's namespace stands before the host itself elsewhere.
    assert_eq!(heeds(&["client/all 02 *", "shop/web 01 web"]), "all");
}

#[test]
fn rules_are_for_those_they_are_exported_to() {
    let tls = "trafficPolicy: {tls: {}}";
    for (to, expected) in [
        ("['*']", "r"),
        ("[client]", "r"),
        ("[other]", ""),
        ("['.']", ""),
        ("[shop]", ""),
        ("['~']", ""),
        ("['.', client]", "r"),
    ] {
        assert_eq!(heeds(&[&format!("shop/r 01 web exportTo: {to}, {tls}")]), expected, "{to}");
    }
    // One of the client's own namespace that is for others only is none.
    assert_eq!(heeds(&[&format!("client/r 01 {FULL} exportTo: [other], {tls}")]), "");
    let config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: \
                  {mesh: 'defaultDestinationRuleExportTo: [\".\"]'}\n";
    assert_eq!(heeds_in("client", &(rules(&["shop/r 01 web"]) + config)), "");
    assert_eq!(heeds_in("shop", &(rules(&["shop/r 01 web"]) + config)), "r");
}

#[test]
fn selectors_are_for_proxies_of_the_same_namespace() {
    let tls = "trafficPolicy: {tls: {}}";
    let selecting =
        |at: &str, app: &str| format!("{at} {FULL} workloadSelector: {{matchLabels: {{app: {app}}}}}, {tls}");
    assert_eq!(heeds(&[&selecting("client/r 01", "curl")]), "r");
    assert_eq!(heeds(&[&selecting("shop/r 01", "curl")]), "");
    // The place decides, even where its rule is for others.
    assert_eq!(heeds(&[&selecting("client/r 01", "other"), "shop/web 01 web"]), "");
    let for_all = format!("client/all 01 {FULL}");
    assert_eq!(heeds(&[&for_all, &selecting("client/r 02", "curl")]), "r");
    assert_eq!(heeds(&[&for_all, &selecting("client/r 02", "other")]), "all");
    // Exported to the same, one without a selector is not kept for itself.
    let private = format!("client/all 01 {FULL} exportTo: ['.'], {tls}");
    assert_eq!(heeds(&[&private, &selecting("client/r 02", "other")]), "");
    // It fills in what the other one leaves open.
    let open = format!("client/r 02 {FULL} workloadSelector: {{matchLabels: {{app: curl}}}}");
    assert_eq!(heeds(&[&private, &open]), "all");
}

#[test]
fn of_rules_for_one_host_the_oldest_that_says_how_is_heeded() {
    let (a, b) = (format!("client/a 02 {FULL}"), format!("client/b 01 {FULL}"));
    assert_eq!(heeds(&[&a, &b]), "b");
    assert_eq!(heeds(&[&a.replace("02", "01"), &b]), "a");
    let says_nothing = format!("{b} subsets: [{{name: v1}}]");
    assert_eq!(heeds(&[&a, &says_nothing]), "a");
    // Exported to others they are not put together, and the youngest comes last.
    let private = format!("{a} exportTo: ['.'], trafficPolicy: {{tls: {{}}}}");
    assert_eq!(heeds(&[&private, &b]), "a");
}
