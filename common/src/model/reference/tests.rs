use super::*;

#[test]
fn kinds_are_known_by_every_name_of_kubectl() {
    for (typed, expected) in [
        ("po", Kind::Pod),
        ("Pods", Kind::Pod),
        ("deployments.apps", Kind::Deployment),
        ("deploy", Kind::Deployment),
        ("sts", Kind::StatefulSet),
        ("cj", Kind::CronJob),
        ("service", Kind::Service),
        ("sa", Kind::ServiceAccount),
        ("no", Kind::Node),
    ] {
        assert_eq!(Kind::from_typed(typed), Some(expected), "{typed}");
    }
    assert_eq!(Kind::from_typed("deployer"), None);
}

#[test]
fn prints_what_scripts_use() {
    assert_eq!(ResourceRef::new(Kind::Deployment, "edp", "api").to_string(), "deploy/edp/api");
    assert_eq!(ResourceRef::cluster(Kind::Namespace, "edp").to_string(), "ns/edp");
    assert_eq!(ResourceRef::new(Kind::AuthorizationPolicy, "edp", "deny").key(), "edp/deny");
}
