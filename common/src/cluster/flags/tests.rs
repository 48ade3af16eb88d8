use super::*;

#[test]
fn timeouts_are_read_as_kubectl_reads_them() {
    let table = [
        ("0", None),
        ("0s", None),
        ("30", Some(30_000)),
        ("1s", Some(1_000)),
        ("2m30s", Some(150_000)),
        ("1h", Some(3_600_000)),
        ("1.5s", Some(1_500)),
        (".5s", Some(500)),
        ("250ms", Some(250)),
        ("+1s", Some(1_000)),
    ];
    for (text, milliseconds) in table {
        assert_eq!(parse_timeout(text), Ok(milliseconds.map(Duration::from_millis)), "{text}");
    }
}

#[test]
fn other_timeouts_are_refused() {
    for text in
        ["", "s", "1", "1.5", "-1", "-1s", "1 s", "1d", "1s2", "ten", "1e3s", ".s", "99999999999999999h"]
    {
        let whole = text == "1";
        assert_eq!(parse_timeout(text).is_ok(), whole, "{text}");
    }
}

#[test]
fn a_secret_is_not_printed() {
    let flags = ConnectionFlags { token: Some("hunter2".parse().unwrap()), ..Default::default() };
    let printed = format!("{flags:?}");
    assert!(!printed.contains("hunter2"), "{printed}");
    assert_eq!(flags.token.unwrap().reveal(), "hunter2");
}

#[test]
fn half_a_minute_is_the_default() {
    assert_eq!(ConnectionFlags::default().request_timeout, Some(Duration::from_secs(30)));
}
