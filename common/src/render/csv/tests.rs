use super::*;

#[test]
fn fields_are_quoted_where_they_must() {
    let mut out = Vec::new();
    let fields = ["a", "b,c", "d\"e", "f\ng", ""].map(str::to_owned);
    line(&mut out, &fields).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "a,\"b,c\",\"d\"\"e\",\"f\ng\",\r\n");
}
