use super::*;

wire! {
    /// A struct of the tests.
    #[derive(Debug, PartialEq)]
    struct Strict {
        /// A list.
        pub items: Vec<String> = "items",
        /// A number.
        pub count: Option<u16> = "count",
    }
    unknown
}

fn read(json: &str) -> Result<Strict, serde_json::Error> {
    serde_json::from_str(json)
}

#[test]
fn null_is_not_set() {
    assert_eq!(read(r#"{"items":null,"count":null}"#).unwrap(), Strict::default());
}

#[test]
fn unknown_fields_are_named_and_their_values_skipped() {
    let strict = read(r#"{"items":["a"],"more":{"deep":[1,2]},"other":0}"#).unwrap();
    assert_eq!(strict.unknown, ["more", "other"]);
    assert_eq!(strict.items, ["a"]);
}

#[test]
fn a_field_given_twice_is_refused() {
    let error = read(r#"{"count":1,"count":2}"#).unwrap_err();
    assert!(error.to_string().starts_with("duplicate field `count`"), "{error}");
}

#[test]
fn a_wrong_type_is_refused_where_it_stands() {
    let error = read("{\n\"items\": \"a\"\n}").unwrap_err();
    assert_eq!(error.line(), 2);
}
