use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::{CommandFactory, Parser};

use super::*;
use crate::cli::{OutputArguments, SourceArguments};
use crate::cluster::test_server::{Server, response};
use crate::render::Format;

/// Arguments of every sort.
#[derive(Parser)]
struct Anything {
    #[arg(add = Takes::Target)]
    target: Option<String>,
    #[arg(long, add = Takes::Caller)]
    from: Vec<String>,
    #[arg(long, add = Takes::Account)]
    account: Option<String>,
    #[arg(long, add = Takes::Code)]
    explain: Option<String>,
    #[arg(long, hide = true)]
    secret: bool,
    #[arg(long, conflicts_with = "secret", requires = "account")]
    needs_account: bool,
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    output: OutputArguments,
}

fn printed(words: &[&str]) -> String {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    let formats = Takes::Format(&[Format::Json, Format::Yaml]);
    offer(Anything::command().mut_arg("output", |output| output.add(formats)), &words).print()
}

/// The values alone, with the directive.
fn values(words: &[&str]) -> Vec<String> {
    let value = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    printed(words).lines().map(value).collect()
}

const MESH: &str = r#"
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ name: http, port: 80 }, { port: 9000 }] }
---
apiVersion: v1
kind: Service
metadata: { name: catalogue, namespace: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: one }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: robot, namespace: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec: { template: { metadata: { labels: { app: cart } } } }
"#;

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn names_of_files() {
    let mesh = file(MESH);
    let path = mesh.path().to_str().unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&["-n", "shop", "svc/"], &["svc/cart", "svc/catalogue", ":4"]),
        (&["-n", "shop", "service/cata"], &["service/catalogue", ":4"]),
        (&["svc/"], &[":4"]),
        (&["svc/shop/c"], &["svc/shop/cart", "svc/shop/catalogue", ":4"]),
        (&["--from", "deploy/shop/"], &["deploy/shop/cart", ":4"]),
        (&["--from=deploy/shop/"], &["--from=deploy/shop/cart", ":4"]),
        (&["-n", "shop", "--account", "r"], &["rs/", "robot", ":6"]),
        (&["o"], &["one", ":4"]),
        (&["--from", "o"], &["outside", "one", ":4"]),
        (&["ns/s"], &["ns/shop", ":4"]),
        (&["-n", ""], &["default", "shop", ":4"]),
        (&["-ns"], &["-nshop", ":4"]),
        (&["--namespace=s"], &["--namespace=shop", ":4"]),
        (&["-n", "shop", "svc/cart:"], &["svc/cart:80", "svc/cart:9000", ":4"]),
        (&["svc/shop/cart:9"], &["svc/shop/cart:9000", ":4"]),
        (&["deploy/shop/cart:"], &[":4"]),
        (&["--from", "svc/shop/cart:"], &[":4"]),
        (&["ns/shop/"], &[":4"]),
        (&["Gateway/"], &[":4"]),
        (&["a/b/c/d"], &[":4"]),
    ];
    for (words, expected) in cases {
        assert_eq!(values(&[&["-f", path], *words].concat()), *expected, "{words:?}");
    }
}

#[test]
fn ports_say_their_names() {
    let mesh = file(MESH);
    let words = ["-f", mesh.path().to_str().unwrap(), "svc/shop/cart:8"];
    assert_eq!(printed(&words), "svc/shop/cart:80\thttp\n:4\n");
}

#[test]
fn large_and_odd_files_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.yaml");
    std::fs::write(&large, MESH).unwrap();
    std::fs::OpenOptions::new().append(true).open(&large).unwrap().set_len(20 << 20).unwrap();
    let broken = file("{{ not yaml");
    for path in [large.as_path(), folder.path(), Path::new("/nowhere"), Path::new("/dev/zero"), broken.path()]
    {
        let words = ["-f", path.to_str().unwrap(), "svc/shop/"];
        assert_eq!(printed(&words), ":4\n", "{}", path.display());
    }
    assert_eq!(printed(&["-f", "-", "svc/shop/"]), ":4\n", "standard input is for the answer");
}

#[test]
fn words_that_need_no_names() {
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["-o", ""],
            &[
                "json",
                "yaml",
                "jsonpath=",
                "jsonpath-as-json=",
                "jsonpath-file=",
                "custom-columns=",
                "custom-columns-file=",
                ":6",
            ],
        ),
        (&["-o", "js"], &["json", "jsonpath=", "jsonpath-as-json=", "jsonpath-file=", ":6"]),
        (&["-oy"], &["-oyaml", ":4"]),
        (&["--output=y"], &["--output=yaml", ":4"]),
        (&["--color", "a"], &["auto", "always", ":4"]),
        (&["--explain", "MESH0104"], &["MESH0104", ":4"]),
        (&["--sort-by", ""], &[":4"]),
        (&["--ka"], &[":4"]),
        (&["--sec"], &[":4"]),
        (&["--secret"], &[":4"]),
        (&["--kubec"], &["--kubeconfig", ":4"]),
        (&["--fi"], &["--filename", ":4"]),
        (&["-f", ""], &[":0"]),
        (&["-f", "a", "--kubeconfig", "x"], &[":0"]),
        // Not understood: it may as well be `-f`.
        (&["--no-such-flag", "svc/"], &[":4"]),
    ];
    for (words, expected) in cases {
        assert_eq!(values(words), *expected, "{words:?}");
    }
    assert!(printed(&["--explain", "MESH0104"]).starts_with("MESH0104\t"), "a code says what it is");
}

#[test]
fn flags_are_for_words_that_begin_like_one() {
    let flags =
        |words: &[&str]| values(words).into_iter().filter(|value| value.starts_with('-')).collect::<Vec<_>>();
    let empty = file("");
    let path = empty.path().to_str().unwrap();
    assert_eq!(flags(&["-f", path, ""]), [""; 0]);
    let both = flags(&["-f", path, "-"]);
    for flag in ["-n", "--namespace", "-o", "--from", "-A"] {
        assert!(both.contains(&flag.to_owned()), "{flag}: {both:?}");
    }
    assert!(!both.contains(&"--secret".to_owned()), "{both:?}");
    let text = printed(&["-f", path, "--name"]);
    assert_eq!(text, "--namespace\tNamespace of names and objects that give none, and scope of lists\n:4\n");
}

#[test]
fn the_beginning_of_a_word_is_a_kind() {
    let empty = file("");
    let path = empty.path().to_str().unwrap();
    let text = printed(&["-f", path, "s"]);
    assert_eq!(text, "svc/\tService\nsts/\tStatefulSet\nsa/\tServiceAccount\n:6\n");
    assert!(values(&["-f", path, "--from", "sp"]).contains(&"spiffe://".to_owned()));
}

/// What is typed is no question yet.
#[test]
fn words_that_lack_something_are_understood() {
    let mesh = file(MESH);
    let words = ["--needs-account", "-f", mesh.path().to_str().unwrap(), "-n", "shop", "svc/cart"];
    assert_eq!(values(&words), ["svc/cart", ":4"]);
}

fn kubeconfig() -> tempfile::NamedTempFile {
    file(
        "contexts: [{name: prod}, {name: \"pre view\"}, {name: \"a\\tb\"}]\n\
         clusters: [{name: far}]\nusers: [{name: me}]\n",
    )
}

#[test]
fn names_of_a_kubeconfig() {
    let kubeconfig = kubeconfig();
    let path = kubeconfig.path().to_str().unwrap();
    assert_eq!(values(&["--kubeconfig", path, "--context", ""]), ["pre view", "prod", ":4"]);
    assert_eq!(values(&["--kubeconfig", path, "--context", "pro"]), ["prod", ":4"]);
    assert_eq!(values(&["--kubeconfig", path, "--cluster", ""]), ["far", ":4"]);
    assert_eq!(values(&["--kubeconfig", path, "--user", ""]), ["me", ":4"]);
    assert_eq!(
        values(&["-f", "x", "--kubeconfig", path, "--context", ""]),
        [":4"],
        "files need no kubeconfig"
    );
    assert_eq!(values(&["--kubeconfig", "/nowhere", "--context", ""]), [":4"]);
}

#[test]
fn names_of_a_cluster() {
    let server = Server::start(|head| {
        let body = match head.split(' ').nth(1).unwrap_or_default() {
            "/api/v1/namespaces/shop/services?limit=1000" => r#"{"items":[{"metadata":{"name":"cart"}}]}"#,
            "/api/v1/namespaces/web/services?limit=1000" => r#"{"items":[{"metadata":{"name":"ui"}}]}"#,
            "/api/v1/namespaces?limit=1000" => r#"{"items":[{"metadata":{"name":"shop"}}]}"#,
            "/api/v1/namespaces/shop/services/cart" => r#"{"spec":{"ports":[{"port":80}]}}"#,
            _ => return response("403 Forbidden", ""),
        };
        response("200 OK", body)
    });
    let (kubeconfig, url) = (kubeconfig(), format!("http://{}", server.address));
    let before = ["--kubeconfig", kubeconfig.path().to_str().unwrap(), "-s", &url];
    let cases: &[(&[&str], &[&str])] = &[
        (&["-n", "shop", "svc/"], &["svc/cart", ":4"]),
        (&["-n", "shop", "svc/web/"], &["svc/web/ui", ":4"]),
        (&["-n", "sh"], &["shop", ":4"]),
        (&["-n", ""], &["shop", ":4"]),
        (&["-n", "shop", "svc/cart:"], &["svc/cart:80", ":4"]),
        (&["-n", "shop", "sa/"], &[":4"]),
        (&["-n", "shop", "out"], &[":4"]),
        (&["-n", "shop", "--from", "out"], &["outside", ":4"]),
    ];
    for (words, expected) in cases {
        assert_eq!(values(&[&before, *words].concat()), *expected, "{words:?}");
    }
    while server.asked_again().is_some() {}
    let files = [&before, &["-f", "/nowhere", "svc/web/"][..]].concat();
    assert_eq!(values(&files), [":4"]);
    assert_eq!(server.asked_again(), None, "files contact no cluster");
}

#[test]
fn a_cluster_that_says_nothing_is_not_waited_for() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_secs(20));
        String::new()
    });
    let (kubeconfig, url) = (kubeconfig(), format!("http://{}", server.address));
    let begin = Instant::now();
    let words = ["--kubeconfig", kubeconfig.path().to_str().unwrap(), "-s", &url, "svc/"];
    assert_eq!(values(&words), [":4"]);
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn only_the_first_word_asks() {
    let words = |words: &[&str]| asked(words.iter().map(OsString::from));
    assert_eq!(words(&["binary", "__complete", "a", ""]), Some(vec!["a".into(), "".into()]));
    assert_eq!(words(&["binary", "__complete"]), Some(Vec::new()));
    assert_eq!(words(&["binary", "a", "__complete"]), None);
    assert_eq!(words(&["binary"]), None);
}
