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
