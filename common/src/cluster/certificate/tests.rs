use base64::Engine as _;

use super::tests_data::EXPIRED;
use super::*;

/// Version 3, GeneralizedTime: `openssl req -x509 -days 36500`, subject O=kubectl-mesh tests, CN=ann.
const IN_A_CENTURY: &str = "MIIBrDCCAVOgAwIBAgIUab2/197m5BN3rDAc1sCFM6zDUIowCgYIKoZIzj0EAwIwKzEbMBkGA1UECgwSa3ViZWN0bC1tZXNoIHRlc3RzMQwwCgYDVQQDDANhbm4wIBcNMjYxMTIxMTQyMjI5WhgPMjEyNjEwMjgxNDIyMjlaMCsxGzAZBgNVBAoMEmt1YmVjdGwtbWVzaCB0ZXN0czEMMAoGA1UEAwwDYW5uMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5MoqOi858/Q9lF8/3VM/mxatt0LuU46p+veXnrlczXHeBZEUt4FhEIHBut4oVjlVhm1MS41rgqJ03mnT+f12yKNTMFEwHQYDVR0OBBYEFKGj0P+TBeS//iqwMf6ij0Vpts1PMB8GA1UdIwQYMBaAFKGj0P+TBeS//iqwMf6ij0Vpts1PMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgc6vN6Q3lgj5vhTNO/bgCUtszQgoMyac6knBW1B6Wo+cCIFh2FnWOWm55NWNXEOvDoWjCi3Zl5q2oJpDE2A9aklnT";

fn der(base64: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(base64).unwrap()
}

#[test]
fn the_end_is_read_in_both_forms_of_time() {
    let table = [(EXPIRED, "2026-01-01T00:00:00Z"), (IN_A_CENTURY, "2126-10-28T14:22:29Z")];
    for (certificate, expected) in table {
        assert_eq!(expires(&der(certificate)).map(|time| time.to_string()).as_deref(), Some(expected));
    }
}

#[test]
fn what_is_cut_or_no_certificate_has_no_end() {
    let whole = der(EXPIRED);
    for cut in 0..whole.len() {
        assert_eq!(expires(&whole[..cut]), None, "cut at {cut}");
    }
    for der in [b"".as_slice(), b"\x30\x84\xff\xff\xff\xff", b"\x30\x80", b"\x02\x01\x00", b"hello"] {
        assert_eq!(expires(der), None);
    }
}

#[test]
fn times_of_either_century_and_none_at_all() {
    let table = [
        (UTC_TIME, "491231235959Z", Some("2049-12-31T23:59:59Z")),
        (UTC_TIME, "500101000000Z", Some("1950-01-01T00:00:00Z")),
        (GENERALIZED_TIME, "20500101000000Z", Some("2050-01-01T00:00:00Z")),
        (UTC_TIME, "261301000000Z", None),
        (UTC_TIME, "260101000000", None),
        (UTC_TIME, "2601010000+0Z", None),
        (0x0C, "20500101000000Z", None),
    ];
    for (tag, text, expected) in table {
        assert_eq!(time(tag, text).map(|time| time.to_string()).as_deref(), expected, "{text}");
    }
}
