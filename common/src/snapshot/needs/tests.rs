use super::*;

fn locator(text: &str) -> Locator {
    text.parse().unwrap()
}

#[test]
fn an_end_is_looked_for_where_it_may_be() {
    let only = |names: &[&str]| Extent::Only(names.iter().map(|name| Name::from(*name)).collect());
    for (text, expected) in [
        ("web-0", only(&["here"])),
        ("svc/edp/pg:5432", only(&["edp"])),
        ("deploy/ui", only(&["here"])),
        ("ui.chatqa", only(&["chatqa", "here"])),
        ("svc/edp/pg.prod", only(&["edp", "prod"])),
        ("ns/edp", only(&["edp"])),
        ("spiffe://cluster.local/ns/edp/sa/pg", only(&["edp"])),
        ("outside", Extent::none()),
        ("ip/10.0.0.1", Extent::all()),
        ("node/worker-1", Extent::all()),
    ] {
        assert_eq!(locator(text).places("here"), expected, "{text}");
    }
}

#[test]
fn what_pods_do_not_tell_is_asked_for_by_name() {
    let named = |text: &str| {
        let needs = Needs::default().end(&locator(text), "here", &[Topic::Pods]);
        let show = |n: &Named| match &n.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", n.kind.printed(), n.name),
            None => format!("{}/{}", n.kind.printed(), n.name),
        };
        needs.named.iter().map(show).collect::<Vec<_>>()
    };
    assert_eq!(named("deploy/edp/pg"), ["deploy/edp/pg"]);
    assert_eq!(named("sa/ui.chatqa"), ["sa/chatqa/ui", "sa/chatqa/ui.chatqa", "sa/here/ui.chatqa"]);
    assert_eq!(named("node/worker-1"), ["node/worker-1"]);
    assert!(named("svc/edp/pg").is_empty());
    assert!(named("pod/edp/pg-0").is_empty());
}

#[test]
fn needs_add_up() {
    let one = Needs::basic().with(Topic::Pods, Extent::one("a"));
    let both = one.and(Needs::default().with(Topic::Pods, Extent::one("b")));
    assert!(both.of(Topic::Pods).covers("a") && both.of(Topic::Pods).covers("b"));
    assert!(!both.of(Topic::Pods).covers("c"));
    assert!(both.of(Topic::Policies).is_none());
    assert!(both.of(Topic::Network).is_all());
    assert!(Needs::everything().and(both).of(Topic::Pods).is_all());
}
