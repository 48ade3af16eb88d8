use super::*;

fn written(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    let mut out = Vec::new();
    line(&mut out, &fields).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn fields_are_quoted_where_they_must() {
    assert_eq!(written(&["a", "b,c", "d\"e", ""]), "a,\"b,c\",\"d\"\"e\",\r\n");
}

#[test]
fn what_cannot_be_seen_is_escaped() {
    assert_eq!(written(&["f\ng", "\u{1b}[31m", "\u{9b}1m"]), "f\\ng,\\u{1b}[31m,\\u{9b}1m\r\n");
    assert_eq!(written(&["\u{202e}a", "\u{200b}b"]), "\\u{202e}a,\\u{200b}b\r\n");
}

#[test]
fn nothing_is_a_formula() {
    assert_eq!(written(&["=1+1", "+1", "-1", "@SUM(A1)"]), "'=1+1,'+1,'-1,'@SUM(A1)\r\n");
    assert_eq!(written(&["\t=1", "\r=1", "=A1,\"x\""]), "'\\t=1,'\\r=1,\"'=A1,\"\"x\"\"\"\r\n");
    assert_eq!(written(&["a=1", "spiffe://a-b"]), "a=1,spiffe://a-b\r\n");
}

#[test]
fn conditions_name_their_values() {
    let values = vec!["10.0.0.0/8".to_owned(), "192.0.2.1".to_owned()];
    assert_eq!(
        condition(&Condition { attribute: "source.ip".into(), values }),
        "source.ip=10.0.0.0/8 192.0.2.1"
    );
}
