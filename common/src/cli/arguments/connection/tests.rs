use clap::Parser;

use super::*;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    connection: ConnectionArguments,
}

fn flags(line: &str) -> Result<ConnectionFlags, String> {
    let words = std::iter::once("x").chain(line.split_whitespace());
    let parsed = Command::try_parse_from(words).map_err(|error| error.to_string())?;
    Ok(ConnectionFlags::from(&parsed.connection))
}

#[test]
fn kubectls_letters_mean_what_they_mean_to_kubectl() {
    let all = flags(
        "-s https://a --kubeconfig k --context c --cluster l --user u --as b --as-group g --as-group h,i \
         --as-uid 7 --token t --certificate-authority ca --client-certificate cc --client-key ck \
         --tls-server-name n --insecure-skip-tls-verify --cache-dir d --request-timeout 2m30s",
    )
    .unwrap();
    assert_eq!(all.server.as_deref(), Some("https://a"));
    assert_eq!(all.kubeconfig, Some("k".into()));
    assert_eq!(all.context.as_deref(), Some("c"));
    assert_eq!(all.cluster.as_deref(), Some("l"));
    assert_eq!(all.user.as_deref(), Some("u"));
    assert_eq!(all.as_user.as_deref(), Some("b"));
    assert_eq!(all.as_groups, ["g", "h,i"], "no list in one flag, as in kubectl");
    assert_eq!(all.as_uid.as_deref(), Some("7"));
    assert_eq!(all.token.unwrap().reveal(), "t");
    assert_eq!(all.certificate_authority, Some("ca".into()));
    assert_eq!(all.client_certificate, Some("cc".into()));
    assert_eq!(all.client_key, Some("ck".into()));
    assert_eq!(all.tls_server_name.as_deref(), Some("n"));
    assert!(all.insecure_skip_tls_verify);
    assert_eq!(all.cache_dir, Some("d".into()));
    assert_eq!(all.request_timeout, Some(Duration::from_secs(150)));
}

#[test]
fn without_flags_everything_is_the_kubeconfigs() {
    let none = flags("").unwrap();
    assert_eq!(format!("{none:?}"), format!("{:?}", ConnectionFlags::default()));
}

#[test]
fn switches_take_a_value_as_in_kubectl() {
    assert!(flags("--insecure-skip-tls-verify=true").unwrap().insecure_skip_tls_verify);
    assert!(!flags("--insecure-skip-tls-verify=false").unwrap().insecure_skip_tls_verify);
    assert!(flags("--insecure-skip-tls-verify false").is_err(), "the value stands behind `=` only");
}

#[test]
fn timeouts_that_are_none_are_refused_in_one_sentence() {
    let error = flags("--request-timeout soon").unwrap_err();
    assert!(error.contains("a timeout is a number of seconds"), "{error}");
    assert_eq!(flags("--request-timeout 0").unwrap().request_timeout, None);
}
