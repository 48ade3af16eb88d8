//! Connections that cannot be had: exit 2, one line, and what to try.

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use mesh_testkit::test_cluster::Unusual;
use serde_json::json;

use crate::asking::ask;
use crate::shared;

const QUESTION: [&str; 3] = ["pod/default/none", "--request-timeout", "5s"];

#[test]
fn kubeconfigs_that_do_not_work_are_one_line_and_a_hint() {
    let cluster = shared();
    let cases = [
        (Unusual { expired: true, ..Unusual::default() }, "expired"),
        (Unusual { other_authority: true, ..Unusual::default() }, "certificate"),
        (Unusual { server: Some("https://127.0.0.1:1".to_owned()), ..Unusual::default() }, "127.0.0.1:1"),
        (
            Unusual { server: Some("https://nowhere.invalid".to_owned()), ..Unusual::default() },
            "nowhere.invalid",
        ),
        (Unusual { user: Some(json!({ "token": "wrong" })), ..Unusual::default() }, "the user `admin`"),
    ];
    for (unusual, expected) in cases {
        let kubeconfig = cluster.kubeconfig_with("admin", &["system:masters"], &unusual);
        let asked = ask(&kubeconfig, &QUESTION);
        let error = asked.error();
        println!("{unusual:?}\n{}", asked.stderr);
        assert!(error.contains(expected), "{unusual:?}: {error}");
        assert!(asked.stderr.contains("\nhint: "), "{unusual:?}: {}", asked.stderr);
    }
}

#[test]
fn names_that_the_kubeconfig_does_not_have_are_told_with_those_that_it_has() {
    let admin = shared().kubeconfig("only-one", &["system:masters"]);
    for flag in ["--context", "--cluster", "--user"] {
        let asked = ask(&admin, &[&QUESTION[..], &[flag, "only-two"]].concat());
        let error = asked.error();
        println!("{flag}\n{}", asked.stderr);
        assert!(error.contains("`only-two`"), "{flag}: {error}");
        assert!(asked.stderr.contains("`only-one`"), "{flag}: {}", asked.stderr);
    }
}

/// Something answers, and it speaks another protocol.
#[test]
fn a_server_that_does_not_speak_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let said = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent something else than an HTTP request";
            // The client may be gone.
            let _ = stream.write_all(said);
        }
    });
    let unusual = Unusual { server: Some(format!("https://{address}")), ..Unusual::default() };
    let kubeconfig = shared().kubeconfig_with("no-tls", &[], &unusual);
    let asked = ask(&kubeconfig, &QUESTION);
    println!("{}", asked.stderr);
    assert!(asked.error().contains(&address.to_string()), "{}", asked.stderr);
    assert!(asked.took < Duration::from_secs(5), "{:?}", asked.took);
}
