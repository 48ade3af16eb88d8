use super::*;

fn provider(name: &str, port: u32, http: bool) -> ConfiguredProvider {
    let of = ExternalAuthorizer { service: "authz.ns.svc".into(), port };
    let (http, grpc) = if http { (Some(of), None) } else { (None, Some(of)) };
    ConfiguredProvider { name: name.into(), http, grpc }
}

#[test]
fn providers_that_istiod_refuses_cannot_be_asked() {
    let cases = [
        (provider("a", 80, true), Some(Provider::Http)),
        (provider("a", 80, false), Some(Provider::Grpc)),
        (provider("A", 80, false), Some(Provider::Unusable)),
        (provider("-a", 80, false), Some(Provider::Unusable)),
        (provider("a.b", 80, true), Some(Provider::Unusable)),
        (provider(&"a".repeat(64), 80, true), Some(Provider::Unusable)),
        (provider("a", 0, true), Some(Provider::Unusable)),
        (provider("a", 65_536, false), Some(Provider::Unusable)),
        // One for traces or logs is none.
        (ConfiguredProvider { name: "a".into(), ..ConfiguredProvider::default() }, None),
    ];
    for (configured, expected) in cases {
        let name = configured.name.clone();
        let known = configured_providers(std::slice::from_ref(&configured));
        assert_eq!(known.get(&name).copied(), expected, "{configured:?}");
    }
}

#[test]
fn of_two_of_one_name_neither_is_asked() {
    let known = configured_providers(&[provider("a", 80, true), provider("a", 80, false)]);
    assert_eq!(known.get("a"), Some(&Provider::Unusable));
}
