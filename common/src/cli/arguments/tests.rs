use clap::Parser;

use super::*;

#[derive(Parser)]
struct Sources {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    settings: SettingsArguments,
}

fn parsed(flag: &str, value: &str) -> Sources {
    Sources::try_parse_from(["x", flag, value]).unwrap()
}

#[test]
fn an_empty_namespace_is_none_that_is_given() {
    assert_eq!(parsed("-n", "").source.namespace(), None);
    assert_eq!(parsed("-n", "shop").source.namespace(), Some("shop"));
    let settings = parsed("--istio-namespace", "").settings;
    assert_eq!(SettingsOverride::from(&settings).istio_namespace, None);
}

#[test]
fn what_cannot_be_a_namespace_is_refused() {
    for flag in ["-n", "--istio-namespace", "--root-namespace"] {
        for (value, ok) in [
            ("", true),
            ("shop", true),
            ("team-a", true),
            ("a?b", false),
            ("a/b", false),
            ("..", false),
            ("a%2fb", false),
            ("a b", false),
            ("-a", false),
        ] {
            let Sources { source, settings } =
                Sources::try_parse_from(["x", &format!("{flag}={value}")]).unwrap();
            let checked = source.check().and_then(|()| settings.check());
            assert_eq!(checked.is_ok(), ok, "{flag} {value}");
            if let Err(error) = checked {
                assert_eq!(error.to_string(), format!("{flag}: `{value}` is no name of a namespace"));
            }
        }
    }
}
