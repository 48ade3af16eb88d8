use super::*;

fn needs(query: &Query) -> Needs {
    Wanted::of(query).unwrap().needs("here", Some("here"))
}

fn extents(needs: &Needs) -> [String; 3] {
    [Topic::Pods, Topic::Services, Topic::Policies].map(|topic| needs.of(topic).to_string())
}

#[test]
fn a_list_of_callers_needs_every_pod_and_the_policies_of_the_target() {
    let list = needs(&Query::List("svc/edp/pg:5432".into()));
    assert_eq!(extents(&list), ["all namespaces", "namespace `edp`", "namespace `edp`"]);
    assert!(list.home.contains("edp"));
}

#[test]
fn a_pair_needs_both_ends_and_no_more() {
    let pair = needs(&Query::From {
        target: "pg".into(),
        sources: vec!["deploy/chatqa/ui".into(), "outside".into()],
    });
    assert_eq!(
        extents(&pair),
        ["namespaces `chatqa`, `here`", "namespaces `chatqa`, `here`", "namespace `here`"]
    );
    assert_eq!(pair.named.len(), 1);
}

#[test]
fn an_address_may_be_anywhere() {
    let pair = needs(&Query::From { target: "ip/10.0.0.1:80".into(), sources: vec!["web".into()] });
    assert_eq!(extents(&pair), ["all namespaces", "all namespaces", "all namespaces"]);
}

#[test]
fn lists_are_limited_to_their_scope() {
    let peers = needs(&Query::ToPeers("deploy/chatqa/ui".into()));
    assert_eq!(
        extents(&peers),
        ["namespaces `chatqa`, `here`", "namespaces `chatqa`, `here`", "namespace `here`"]
    );
    let matrix = needs(&Query::Matrix(None));
    assert_eq!(extents(&matrix), ["all namespaces", "namespace `here`", "namespace `here`"]);
    let everywhere = Wanted::Matrix.needs("here", None);
    assert_eq!(everywhere.of(Topic::Policies).to_string(), "all namespaces");
}

#[test]
fn a_name_that_is_none_is_told_before_anything_is_read() {
    let error = Wanted::of(&Query::List("svc/a/b/c".into())).unwrap_err();
    assert_eq!(error.to_string(), "`svc/a/b/c` is not KIND/NAME or KIND/NAMESPACE/NAME");
}
