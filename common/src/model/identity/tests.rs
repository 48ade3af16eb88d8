use proptest::prelude::*;

use super::*;

#[test]
fn reads_what_ztunnel_reads() {
    let identity: Identity = "spiffe://cluster.local/ns/edp/sa/api".parse().unwrap();
    assert_eq!(identity, Identity::new("cluster.local", "edp", "api"));
    assert_eq!(identity.principal(), "cluster.local/ns/edp/sa/api");
}

#[test]
fn refuses_everything_that_has_not_five_parts() {
    for text in [
        "",
        "cluster.local/ns/edp/sa/api",
        "spiffe://cluster.local/ns/edp/sa",
        "spiffe://cluster.local/ns/edp/sa/api/more",
        "spiffe://cluster.local/namespace/edp/sa/api",
        "SPIFFE://cluster.local/ns/edp/sa/api",
    ] {
        assert_eq!(text.parse::<Identity>(), Err(InvalidIdentity(text.to_owned())), "{text}");
    }
}

proptest! {
    #[test]
    fn round_trips(td in "[a-z.-]{1,20}", ns in "[a-z0-9-]{1,20}", sa in "[a-z0-9.-]{1,20}") {
        let identity = Identity::new(td.as_str(), ns.as_str(), sa.as_str());
        prop_assert_eq!(identity.to_string().parse::<Identity>().unwrap(), identity);
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = text.parse::<Identity>();
    }

    #[test]
    fn never_panics_on_bytes(bytes in any::<Vec<u8>>()) {
        let _ = String::from_utf8_lossy(&bytes).parse::<Identity>();
    }
}
