//! The tables of kubectl's sorter_test.go, and what is ours.

use serde_json::json;

use super::*;

fn sorted(path: &str, rows: Vec<Value>) -> Result<Vec<Value>, String> {
    let mut rows = rows;
    let sort = SortBy::parse(path).map_err(|error| error.to_string())?;
    sort.sort(&mut rows, |row| Ok(row.clone())).map_err(|error| error.to_string())?;
    Ok(rows)
}

#[expect(clippy::needless_pass_by_value, reason = "they are written where they are given")]
fn orders(path: &str, row: impl Fn(&Value) -> Value, from: Value, to: Value) {
    let rows = |list: &Value| list.as_array().unwrap().iter().map(&row).collect::<Vec<_>>();
    assert_eq!(sorted(path, rows(&from)), Ok(rows(&to)), "{path}");
}

/// TestSortingPrinter
#[test]
fn names_times_and_numbers() {
    let name = |name: &Value| json!({"metadata": {"name": name}});
    for path in ["{.metadata.name}", ".metadata.name", "metadata.name", "{metadata.name}"] {
        orders(path, name, json!([]), json!([]));
        orders(path, name, json!(["a", "b", "c"]), json!(["a", "b", "c"]));
        orders(path, name, json!(["b", "c", "a"]), json!(["a", "b", "c"]));
        orders(path, name, json!(["c", "b", "a"]), json!(["a", "b", "c"]));
    }
    let time = |time: &Value| json!({"metadata": {"creationTimestamp": time}});
    let times = |minutes: [u32; 3]| json!(minutes.map(|minute| format!("1970-01-01T00:0{minute}:00Z")));
    orders("{.metadata.creationTimestamp}", time, times([5, 1, 3]), times([1, 3, 5]));
    let replicas = |replicas: &Value| json!({"spec": {"replicas": replicas}});
    orders("{.spec.replicas}", replicas, json!([5, 1, 9]), json!([1, 5, 9]));
    let last = |last: &Value| json!({"lastTimestamp": last});
    orders(
        "{.lastTimestamp}",
        last,
        json!(["1970-01-01T00:05:00Z", null]),
        json!([null, "1970-01-01T00:05:00Z"]),
    );
}

/// TestSortingPrinter: some-missing-fields, all-missing-fields, model-invalid-fields
#[test]
fn missing_fields() {
    let status = |status: &Value| json!({"status": status});
    orders(
        "{.status.availableReplicas}",
        status,
        json!([{"availableReplicas": 2}, {}, {"availableReplicas": 1}]),
        json!([{}, {"availableReplicas": 1}, {"availableReplicas": 2}]),
    );
    for path in ["{.status.availableReplicas}", "{.invalid}"] {
        let rows = vec![json!({"status": {"replicas": 0}}); 2];
        assert_eq!(sorted(path, rows), Err(format!("no row has the field `{path}`")));
    }
}

/// TestSortingPrinter and TestRuntimeSortLess: resources
#[test]
fn quantities() {
    let resource = |value: &Value| {
        let requests = if value == "" { json!({}) } else { json!({"cpu": value}) };
        json!({"spec": {"containers": [{"resources": {"requests": requests}}]}})
    };
    for (from, to) in [
        (json!(["0.5", "10", "100m", ""]), json!(["", "100m", "0.5", "10"])),
        (
            json!(["128Mi", "10Ei", "8Ti", "64Gi", "55Pi", "2Ki", ""]),
            json!(["", "2Ki", "128Mi", "64Gi", "8Ti", "55Pi", "10Ei"]),
        ),
        (json!(["0.5", "2", "10m"]), json!(["10m", "0.5", "2"])),
        (json!(["1Gi", "1Ti", "1Ki"]), json!(["1Ki", "1Gi", "1Ti"])),
    ] {
        orders("{.spec.containers[].resources.requests.cpu}", resource, from, to);
    }
}

#[test]
fn what_is_a_quantity() {
    for (text, expected) in [
        ("0", Some(0)),
        ("-1", Some(-1_000_000_000)),
        ("+1.5", Some(1_500_000_000)),
        ("1.", Some(1_000_000_000)),
        (".5k", Some(500_000_000_000)),
        ("100m", Some(100_000_000)),
        ("1e3", Some(1_000_000_000_000)),
        ("1E-3", Some(1_000_000)),
        ("1.00000000000000000000000000000000000000000", Some(1_000_000_000)),
        ("1E", Some(1_000_000_000_000_000_000_000_000_000)),
        ("2Ki", Some(2_048_000_000_000)),
        ("0.0000000001", Some(1)),
        ("1e-400", Some(1)),
        ("0e400", Some(0)),
        ("9e400", Some(i128::MAX)),
        ("", None),
        ("k", None),
        (".", None),
        ("-", None),
        ("1.2.3", None),
        ("1ki", None),
        ("80,443", None),
        ("10.0.0.1/8", None),
        ("1e", None),
        ("1e1.5", None),
        ("a1", None),
    ] {
        assert_eq!(quantity::parse(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_of_one_kind() {
    let row = |value: &Value| json!({"a": value});
    orders(
        ".a",
        row,
        json!(["*", "443", "80,443", "80", "b", "1000m"]),
        json!(["1000m", "80", "443", "*", "80,443", "b"]),
    );
    orders(".a", row, json!([true, null, false]), json!([null, false, true]));
    orders(".a", row, json!([2.5, -1.5]), json!([-1.5, 2.5]));
    for (values, expected) in [
        ([json!(1), json!("1")], "rows cannot be sorted by `.a`: it is a number here and a text there"),
        ([json!(1), json!(1.5)], "rows cannot be sorted by `.a`: it is a number here and a fraction there"),
        ([json!([]), json!(1)], "rows cannot be sorted by `.a`: it is a list"),
        ([json!(1), json!({})], "rows cannot be sorted by `.a`: it is a map"),
    ] {
        assert_eq!(sorted(".a", values.iter().map(row).collect()), Err(expected.to_owned()));
    }
}

#[test]
fn equal_rows_keep_their_order() {
    let rows = vec![json!({"a": "1", "b": 1}), json!({"a": "1000m", "b": 2}), json!({"a": "0", "b": 3})];
    let found = sorted("a", rows).unwrap();
    assert_eq!(found.iter().map(|row| row["b"].clone()).collect::<Vec<_>>(), [3, 1, 2]);
}

#[test]
fn what_is_no_path() {
    assert_eq!(
        sorted("{.a}{.b}", vec![]),
        Err("`{.a}{.b}` has braces that are not those around a path".to_owned())
    );
    assert_eq!(
        sorted(".a[0", vec![]),
        Err("`.a[0`: `[` is not closed before the end of its line".to_owned())
    );
    assert_eq!(sorted(".a[3]", vec![json!({"a": []})]), Err("index 3 of a list of 0".to_owned()));
}
