use super::*;

#[test]
fn nothing_is_told_of_no_documents() {
    assert_eq!(skipped(0), None);
    assert_eq!(skipped(1).unwrap(), "1 document is of no kind that matters here");
    assert_eq!(skipped(2).unwrap(), "2 documents are of no kind that matters here");
}
