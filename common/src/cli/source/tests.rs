use clap::Parser;

use super::*;
use crate::cli::{OutputArguments, VerbosityArguments};
use crate::cluster::test_server::{Server, response};
use crate::render::Format;

#[derive(Parser)]
struct Call {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    settings: SettingsArguments,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    verbosity: VerbosityArguments,
}

fn facts(words: &[&str]) -> Result<Facts, CliError> {
    let call = Call::try_parse_from(["x", "-q"].iter().chain(words)).unwrap();
    let console = Console::new(&call.output, &call.verbosity, "x", &[Format::Table])?;
    Facts::load(&call.source, &call.settings, &console, &|_, _| Needs::basic())
}

/// A server that has nothing, and fails to list pods; and an empty kubeconfig.
fn cluster() -> (Server, tempfile::NamedTempFile) {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap_or_default() {
        "/apis" => response("200 OK", r#"{"kind":"APIGroupDiscoveryList","items":[]}"#),
        path if path.starts_with("/api/v1/pods") => {
            response("400 Bad Request", r#"{"kind":"Status","message":"alice at 10.0.0.1"}"#)
        }
        _ => response("200 OK", r#"{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}"#),
    });
    (server, tempfile::NamedTempFile::new().unwrap())
}

/// What a server said is for whoever saves, not for whoever is sent the bundle; both get the same answer.
#[test]
fn what_is_answered_while_saving_is_what_the_bundle_answers() {
    let (server, kubeconfig) = cluster();
    let folder = tempfile::tempdir().unwrap();
    let (url, file) = (format!("http://{}", server.address), folder.path().join("x.tar.gz"));
    let file = file.to_str().unwrap();
    let saved =
        facts(&["--kubeconfig", kubeconfig.path().to_str().unwrap(), "-s", &url, "--save", file]).unwrap();
    let again = facts(&["--bundle", file]).unwrap();
    assert_eq!(saved.snapshot.gaps, again.snapshot.gaps);
    let said = format!("{:?}", saved.snapshot.gaps);
    assert!(said.contains("\"pods\"") && !said.contains("alice"), "{said}");
}

#[test]
fn failures_are_told_once_in_the_servers_words() {
    let one = |resource: &str, why: Why| NotRead {
        resource: resource.to_owned(),
        extent: crate::snapshot::Extent::all(),
        why,
    };
    let down = Why::TimedOut("no answer of `https://c`".to_owned());
    let lists = [
        one("pods", down.clone()),
        one("nodes", Why::Forbidden),
        one("services", Why::Failed("\u{1b}[2Jgarbage".to_owned())),
        one("jobs.batch", down),
    ];
    let said = failures(&lists);
    assert_eq!(said.len(), 2);
    assert!(said[0].starts_with("warning: pods, jobs.batch could not be read: "), "{said:?}");
    assert!(!said[1].contains('\u{1b}'), "{said:?}");
    assert_eq!(failures(&lists[..2]), ["warning: pods could not be read: no answer of `https://c`"]);
}

#[test]
fn an_empty_namespace_is_that_of_the_context_and_no_name_is_refused() {
    let (server, kubeconfig) = cluster();
    let url = format!("http://{}", server.address);
    let with = |namespace: &str| {
        facts(&["--kubeconfig", kubeconfig.path().to_str().unwrap(), "-s", &url, "-n", namespace])
    };
    let error = with("x?y").unwrap_err();
    assert_eq!(error.to_string(), "-n: `x?y` is no name of a namespace");
    assert_eq!(server.asked_again(), None, "nothing is sent");
    let empty = with("").unwrap();
    assert_eq!((empty.namespace(), empty.scope()), ("default", Some("default")));
    assert_eq!(with("shop").unwrap().namespace(), "shop");
}
