use serde_json::{Value, json};

use super::*;

#[test]
fn it_is_the_pretty_form_of_serde_json() {
    let deep = (0..40).fold(json!([1, {"a": {}}]), |inner, _| json!({"in": [inner, []]}));
    let all = [
        json!(null),
        json!([]),
        json!({}),
        json!([[], {}, [[]], "a\n\"b"]),
        json!({"a": [1, 2], "b": {"c": null}}),
        deep,
    ];
    for value in &all {
        let ours: Value = serde_json::from_slice(&to_vec(value).unwrap()).unwrap();
        assert_eq!(ours, *value);
        assert_eq!(
            String::from_utf8(to_vec(value).unwrap()).unwrap(),
            serde_json::to_string_pretty(value).unwrap()
        );
    }
}
