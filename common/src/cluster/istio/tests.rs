use super::*;

#[test]
fn a_list_tells_namespaces_and_garbage_is_no_empty_list() {
    let list = r#"{"kind":"PartialObjectMetadataList","items":[
        {"metadata":{"name":"a","namespace":"mesh"}},{"metadata":{"name":"b","namespace":"mesh"}}]}"#;
    assert_eq!(namespaces_in(list), Ok(BTreeSet::from([Name::from("mesh")])));
    let empty =
        r#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":null}"#;
    assert_eq!(namespaces_in(empty), Ok(BTreeSet::new()));
    for garbage in ["", "{}", "[]", r#"{"kind":"PodList","items":[{}]}"#, r#"{"kind":"Status"}"#] {
        assert!(matches!(namespaces_in(garbage), Err(Trouble::Failed(_))), "{garbage}");
    }
}
