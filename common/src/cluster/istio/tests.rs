use super::*;

#[test]
fn a_list_tells_namespaces_and_garbage_is_no_empty_list() {
    let list = r#"{"kind":"PartialObjectMetadataList","items":[
        {"metadata":{"name":"a","namespace":"mesh"}},{"metadata":{"name":"b","namespace":"mesh"}}]}"#;
    assert_eq!(namespaces_in(list), Ok(BTreeSet::from([Name::from("mesh")])));
    for garbage in ["", "{}", "[]", r#"{"items":[{}]}"#, r#"{"kind":"Status"}"#] {
        assert!(matches!(namespaces_in(garbage), Err(Trouble::Failed(_))), "{garbage}");
    }
}
