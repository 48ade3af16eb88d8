use super::*;
use crate::codes::{Code, Evidence};

fn assumed(code: Code, subject: &str) -> String {
    let values = Evidence::none().with("subject", subject).with("value", "default");
    assumption(&AssumptionEntry { code, subject: Some(subject.to_owned()), values })
}

#[test]
fn the_verb_follows_the_number_of_objects() {
    let one = assumed(Code::NamespaceAssumed, "Service/default/cart");
    assert!(one.starts_with("Service/default/cart has no namespace"), "{one}");
    let many = assumed(Code::NamespaceAssumed, "38 objects");
    assert!(many.starts_with("38 objects have no namespace"), "{many}");
    let local = assumed(Code::EndpointOfCallersNode, "38 objects");
    assert!(local.starts_with("38 objects have internalTrafficPolicy Local"), "{local}");
    let running = assumed(Code::EnrolledAsLabelled, "38 objects");
    assert!(running.starts_with("38 objects: not running yet"), "{running}");
}

#[test]
fn what_is_not_judged_is_named_with_its_kind() {
    let told = |reason: Reason, kind: &str, name: &str, location: Option<&str>| {
        let mut row = crate::render::test_rows::denied("web", "ui", &[]);
        if let Some(by) = &mut row.decided_by {
            (by.reason, by.rule) = (reason, None);
            (by.kind, by.policy) = (Some(kind.to_owned()), Some(name.to_owned()));
            by.location = location.map(str::to_owned);
        }
        decided_by(&row)
    };
    let not_judged = |kind: &str| told(Reason::SidecarNotJudged, kind, "side/v", None);
    assert_eq!(not_judged("VirtualService"), "VirtualService side/v is not judged");
    assert_eq!(not_judged("Deployment"), "Envoy of side/v is not judged");
    let waypoint = |kind: &str| told(Reason::WaypointNotJudged, kind, "shop/api", None);
    assert_eq!(waypoint("EnvoyFilter"), "EnvoyFilter shop/api is not judged");
    assert_eq!(waypoint("Service"), "waypoint of shop/api is not judged");
    let unread = |name: &str| told(Reason::PolicyUnreadable, "NetworkPolicy", name, Some("m.yaml:3"));
    assert_eq!(unread("amb/n"), "unreadable NetworkPolicy amb/n");
    assert_eq!(unread("amb/"), "unreadable NetworkPolicy m.yaml:3");
}
