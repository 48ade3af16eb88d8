use std::time::{Duration, Instant};

use super::*;
use crate::cluster::test_server::{Server, response};

fn flags(server: &Server) -> (tempfile::NamedTempFile, ConnectionFlags) {
    let kubeconfig = tempfile::NamedTempFile::new().unwrap();
    let flags = ConnectionFlags {
        kubeconfig: Some(kubeconfig.path().to_owned()),
        server: Some(format!("http://{}", server.address)),
        request_timeout: Some(Duration::from_secs(10)),
        ..ConnectionFlags::default()
    };
    (kubeconfig, flags)
}

fn resource(name: &str) -> &'static Resource {
    Resource::named(name).unwrap()
}

const TWO: &str = r#"{"kind":"PartialObjectMetadataList","items":[
    {"metadata":{"name":"cart"}},{"metadata":{"name":"pay.v2"}}]}"#;

#[test]
fn one_request_for_metadata() {
    let cases = [
        ("services", Some("shop"), "/api/v1/namespaces/shop/services?limit=7"),
        ("deployments.apps", None, "/apis/apps/v1/namespaces/default/deployments?limit=7"),
        ("namespaces", Some("shop"), "/api/v1/namespaces?limit=7"),
    ];
    for (name, namespace, path) in cases {
        let server = Server::always("200 OK", TWO);
        let (_kept, flags) = flags(&server);
        assert_eq!(names(&flags, resource(name), namespace, 7).unwrap(), ["cart", "pay.v2"]);
        let head = server.asked();
        assert_eq!(head.split(' ').nth(1), Some(path));
        assert!(head.to_lowercase().contains("as=partialobjectmetadatalist"), "{head}");
        assert_eq!(server.asked_again(), None, "one request is enough");
    }
}

#[test]
fn names_that_no_server_gives_out_are_left_out() {
    let server = Server::always(
        "200 OK",
        r#"{"items":[{"metadata":{"name":"a\u001b[31m"}},{"metadata":{"name":"$(reboot)"}},
            {"metadata":{"name":"-n"}},{"metadata":{"name":""}},{"metadata":{"name":"ok"}}]}"#,
    );
    let (_kept, flags) = flags(&server);
    assert_eq!(names(&flags, resource("pods"), None, 7).unwrap(), ["ok"]);
}

#[test]
fn what_is_typed_does_not_change_the_path() {
    let server = Server::always("200 OK", TWO);
    let (_kept, flags) = flags(&server);
    for typed in ["a/../b", "a?b", "a b", "", "../secrets"] {
        assert!(names(&flags, resource("pods"), Some(typed), 7).is_err(), "{typed}");
        assert!(service_ports(&flags, None, typed).is_err(), "{typed}");
    }
    assert_eq!(server.asked_again(), None);
}

#[test]
fn trouble_is_an_error() {
    for (status, body) in [
        ("403 Forbidden", r#"{"kind":"Status","message":"no"}"#),
        ("404 Not Found", ""),
        ("401 Unauthorized", ""),
        ("200 OK", "<html>"),
    ] {
        let server = Server::always(status, body);
        let (_kept, flags) = flags(&server);
        assert!(names(&flags, resource("pods"), None, 7).is_err(), "{status}");
    }
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_secs(20));
        response("200 OK", TWO)
    });
    let (_kept, flags) = flags(&server);
    let flags = ConnectionFlags { request_timeout: Some(Duration::from_millis(300)), ..flags };
    let begin = Instant::now();
    assert!(names(&flags, resource("pods"), None, 7).is_err());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn ports_of_a_service() {
    let server = Server::always(
        "200 OK",
        r#"{"metadata":{"name":"cart"},"spec":{"ports":[{"name":"http","port":80},{"port":9000}]}}"#,
    );
    let (_kept, flags) = flags(&server);
    let ports = service_ports(&flags, Some("shop"), "cart").unwrap();
    let ports: Vec<_> = ports.iter().map(|port| (port.port, port.name.as_deref())).collect();
    assert_eq!(ports, [(80, Some("http")), (9000, None)]);
    assert_eq!(server.asked().split(' ').nth(1), Some("/api/v1/namespaces/shop/services/cart"));
}
