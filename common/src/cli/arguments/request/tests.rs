use super::*;

fn given(change: impl FnOnce(&mut RequestArguments)) -> Result<Request, String> {
    let mut arguments = RequestArguments::default();
    assert!(arguments.is_empty());
    change(&mut arguments);
    arguments.request().map_err(|error| error.to_string())
}

#[test]
fn what_is_given_is_known() {
    let request = given(|of| {
        of.method = Some("GET".into());
        of.header = vec!["X-A=1".into(), "x-a=2=3".into()];
    })
    .unwrap();
    assert_eq!(request.method, Known::Is("GET".into()));
    assert_eq!(request.path, Known::Unknown);
    assert_eq!(request.headers.get("x-a"), Some(&Known::Is("1,2=3".into())));
    assert_eq!(request.speaks_http(), Some(true));
}

#[test]
fn claims_may_be_lists_and_have_fields() {
    let of = |typed: &[&str]| {
        let request = given(|of| of.jwt_claim = typed.iter().map(ToString::to_string).collect()).unwrap();
        match request.token {
            Token::Claims { claims, complete: false } => Value::Object(claims).to_string(),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(of(&["iss=a", "sub=b"]), r#"{"iss":"a","sub":"b"}"#);
    assert_eq!(of(&["groups=a", "groups=b", "groups=c"]), r#"{"groups":["a","b","c"]}"#);
    assert_eq!(of(&["[realm][roles]=x"]), r#"{"realm":{"roles":"x"}}"#);
    assert_eq!(of(&["https://x.y/z=1"]), r#"{"https://x.y/z":"1"}"#);
}

#[test]
fn what_is_no_request_is_refused() {
    assert!(given(|of| of.header = vec!["x".into()]).unwrap_err().contains("NAME=VALUE"));
    assert!(given(|of| of.header = vec!["=x".into()]).unwrap_err().contains("NAME=VALUE"));
    assert!(given(|of| of.path = Some("admin".into())).unwrap_err().contains("begins with `/`"));
    assert!(given(|of| of.path = Some("/a/../b".into())).unwrap_err().contains("normalize"));
    assert!(given(|of| of.method = Some("get".into())).unwrap_err().contains("methods have case"));
    assert!(given(|of| of.jwt_claim = vec!["[a=1".into()]).unwrap_err().contains("[CLAIM][FIELD]"));
}
