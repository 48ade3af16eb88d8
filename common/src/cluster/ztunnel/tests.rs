use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::dump::held;
use super::http1;
use crate::cluster::test_server::{Server, response};
use crate::cluster::{ConnectionFlags, Environment, certificates_in};
use crate::model::{Identity, Kind, Name, ResourceRef};
use crate::snapshot::{Asked, CertificateState, Held, Silent, Why};
use std::sync::Arc;

const RECORDED: &str = include_str!("../../../../tests/ztunnel-dumps/node-a.json");

fn told(held: &Held) -> Vec<(String, CertificateState, Option<&str>)> {
    held.iter()
        .map(|(of, certificate)| (of.principal(), certificate.state, certificate.not_after.as_deref()))
        .collect()
}

#[test]
fn a_recorded_dump_tells_states_and_expiries() {
    let held = held(RECORDED.as_bytes()).unwrap();
    assert_eq!(
        told(&held),
        [
            (
                "cluster.local/ns/chatqa/sa/default".to_owned(),
                CertificateState::Available,
                Some("2026-11-20T21:22:08Z")
            ),
            (
                "cluster.local/ns/default/sa/ztunnel-node".to_owned(),
                CertificateState::Available,
                Some("2026-11-20T21:22:07Z")
            ),
        ]
    );
}

#[test]
fn every_state_is_known_and_others_are_unknown() {
    use CertificateState::{Available, Initializing, Unavailable, Unknown};
    for (state, chain, expected, not_after) in [
        ("Initializing", "[]", Initializing, None),
        ("Unavailable: signing gRPC error: no", "[]", Unavailable, None),
        ("Expiring", "[]", Unknown, None),
        ("", "null", Unknown, None),
        ("Available", r#"[{"expirationTime": "soon"}]"#, Available, None),
        // The workload's own comes first; another offset is the same time in UTC.
        (
            "Available",
            r#"[{"expirationTime": "2026-01-02T01:00:00+01:00"}, {"expirationTime": "2020-01-01T00:00:00Z"}]"#,
            Available,
            Some("2026-01-02T00:00:00Z"),
        ),
    ] {
        let dump = format!(
            r#"{{"certificates": [{{"identity": "spiffe://td/ns/a/sa/b", "state": "{state}", "certChain": {chain}, "new": 1}},
                {{"identity": "no identity", "state": "Available"}}], "policies": null}}"#
        );
        let held = held(dump.as_bytes()).unwrap();
        assert_eq!(told(&held), [("td/ns/a/sa/b".to_owned(), expected, not_after)], "{state}");
    }
}

#[test]
fn what_is_no_dump_is_an_error() {
    for (text, expected) in [
        ("<html>", "the answer is no dump of a ztunnel"),
        ("[]", "the answer is no dump of a ztunnel"),
        ("{\"configs\": []}", "the answer has no `certificates`"),
        ("{\"certificates\": null}", "the answer has no `certificates`"),
        ("{\"certificates\": [{\"identity\": ", "the answer is no dump of a ztunnel"),
        ("{\"certificates\": [{\"identity\": 1}]}", "the answer is no dump of a ztunnel"),
    ] {
        let error = held(text.as_bytes()).unwrap_err();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    assert_eq!(held(b"{\"certificates\": []}").unwrap(), Held::new());
}

/// What comes of an answer that is written in two pieces; the stream is closed behind it, or stays open.
fn got(answer: &'static [u8], close: bool) -> (String, Result<String, String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exchange = async {
        let (ours, theirs) = duplex(64);
        let server = tokio::spawn(serve(theirs, answer, close));
        let body = http1::get(ours, "/config_dump").await;
        (server.await.unwrap(), body.map(|bytes| String::from_utf8(bytes.into()).unwrap()))
    };
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), exchange).await.unwrap() })
}

async fn serve(mut stream: DuplexStream, answer: &[u8], close: bool) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let (first, second) = answer.split_at(answer.len() / 2);
    for piece in [first, second] {
        // Whoever has enough goes away.
        let _ = stream.write_all(piece).await;
        tokio::task::yield_now().await;
    }
    if !close {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn an_answer_is_whole_however_it_is_framed() {
    for (answer, close) in [
        (&b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"[..], false),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", false),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", true),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello", true),
    ] {
        let (asked, body) = got(answer, close);
        assert_eq!(body.as_deref(), Ok("hello"), "{}", String::from_utf8_lossy(answer));
        assert!(asked.starts_with("GET /config_dump HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("connection: close\r\n"), "{asked}");
    }
}

#[test]
fn an_answer_that_is_none_says_why() {
    for (answer, expected) in [
        (&b""[..], "the connection was closed before an answer came"),
        (b"HTTP/1.1 200 OK\r\n", "the connection was closed before an answer came"),
        (b"SSH-2.0-server with something to say\r\n\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "it answered 404 Not Found"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello", "the answer broke off"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello", "the answer broke off"),
    ] {
        let error = got(answer, true).1.unwrap_err();
        assert!(error.starts_with(expected), "{}: {error}", String::from_utf8_lossy(answer));
    }
}

fn asked(nodes: &[&str]) -> Vec<Asked> {
    let of = |node: &&str| Asked {
        node: Name::from(*node),
        ztunnel: Some(ResourceRef::new(Kind::Pod, "istio-system", format!("ztunnel-{node}"))),
        identities: [Identity::new("td", "a", "web")].into(),
    };
    nodes.iter().map(of).collect()
}

fn flags(server: &Server) -> ConnectionFlags {
    ConnectionFlags {
        server: Some(format!("http://{}", server.address)),
        request_timeout: Some(Duration::from_millis(700)),
        ..ConnectionFlags::default()
    }
}

#[test]
fn each_node_has_a_reason_of_its_own() {
    let server = Server::start(|head| {
        let status = |code: u16, reason: &str| {
            response(
                &format!("{code} {reason}"),
                &format!(
                    r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{reason}","reason":"{reason}","code":{code}}}"#
                ),
            )
        };
        match head.split(' ').nth(1).unwrap_or_default() {
            path if path.contains("ztunnel-forbidden/") => status(403, "Forbidden"),
            path if path.contains("ztunnel-gone/") => status(404, "NotFound"),
            path if path.contains("ztunnel-late/") => {
                std::thread::sleep(Duration::from_secs(3));
                String::new()
            }
            path if path.contains("ztunnel-plain/") => response("200 OK", "{}"),
            _ => status(500, "InternalError"),
        }
    });
    let nodes = ["forbidden", "gone", "late", "plain", "broken"];
    let answers = certificates_in(&Environment::default(), &flags(&server), &asked(&nodes), Arc::new(Silent));
    let why = |node: &str| answers[node].clone().unwrap_err();
    assert_eq!(why("forbidden"), Why::Forbidden);
    assert_eq!(why("gone"), Why::Missing);
    assert_eq!(why("late"), Why::TimedOut("nothing came within 0.7 s".to_owned()));
    assert!(matches!(why("plain"), Why::Failed(error) if error.contains("WebSocket")), "{answers:?}");
    assert!(matches!(why("broken"), Why::Failed(error) if error.contains("500")), "{answers:?}");
    let first = server.asked();
    assert!(first.starts_with("GET /api/v1/namespaces/istio-system/pods/ztunnel-"), "{first}");
    assert!(first.contains("/portforward?&ports=15000 "), "{first}");
}

#[test]
fn without_a_connection_every_node_says_so() {
    let flags = ConnectionFlags { server: Some("http://".to_owned()), ..ConnectionFlags::default() };
    let answers = certificates_in(&Environment::default(), &flags, &asked(&["a", "b"]), Arc::new(Silent));
    assert_eq!(answers.len(), 2);
    assert!(answers.values().all(|answer| matches!(answer, Err(Why::Failed(_)))), "{answers:?}");
}

#[test]
fn where_the_first_do_not_answer_the_rest_is_not_asked() {
    for (answers_first, expected) in [(false, 8), (true, 20)] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let server = Server::start(move |head| {
            counted.fetch_add(1, Ordering::SeqCst);
            if answers_first && head.contains("ztunnel-n00/") {
                return response("200 OK", "{}");
            }
            std::thread::sleep(Duration::from_secs(20));
            String::new()
        });
        let nodes: Vec<String> = (0..20).map(|node| format!("n{node:02}")).collect();
        let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let answers =
            certificates_in(&Environment::default(), &flags(&server), &asked(&nodes), Arc::new(Silent));
        assert_eq!(answers.len(), 20);
        assert_eq!(calls.load(Ordering::SeqCst), expected, "{answers_first}");
        let timed_out = answers.values().filter(|answer| matches!(answer, Err(Why::TimedOut(_)))).count();
        assert_eq!(timed_out, if answers_first { 19 } else { 20 });
    }
}
