use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::super::certificate::tests_data::{EXPIRED, KEY_OF_NOBODY};
use super::super::test_server::{Server, response};
use super::*;

const VERSION: &str = r#"{"major":"1","minor":"36"}"#;

struct Place {
    folder: tempfile::TempDir,
    environment: Environment,
    flags: ConnectionFlags,
}

/// A kubeconfig whose cluster has this address.
fn place(server: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment { home: Some(folder.path().to_owned()), ..Environment::default() };
    let flags = ConnectionFlags { request_timeout: Some(Duration::from_secs(10)), ..Default::default() };
    let mut place = Place { folder, environment, flags };
    place.configure(&format!("server: '{server}'"), "{}");
    place
}

impl Place {
    fn configure(&mut self, cluster: &str, user: &str) {
        self.flags.kubeconfig = Some(self.file(
            "config",
            &format!(
                "current-context: x\ncontexts: [{{name: x, context: {{cluster: c, user: ann}}}}]\n\
                 clusters: [{{name: c, cluster: {{{cluster}}}}}]\nusers: [{{name: ann, user: {user}}}]\n"
            ),
        ));
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.variables.insert(name.to_owned(), value.into());
    }

    fn connect(&self) -> Result<Connection, ConnectError> {
        runtime().block_on(connect_in(&self.environment, &self.flags))
    }

    /// Connects and asks something.
    fn ask(&self) -> Result<String, ConnectError> {
        let runtime = runtime();
        let asked = runtime.block_on(async {
            let connection = connect_in(&self.environment, &self.flags).await?;
            let request = http::Request::get("/version").body(Vec::new()).unwrap();
            connection.client.request_text(request).await.map_err(|error| connection.explain(&error))
        });
        runtime.shutdown_background();
        asked
    }

    fn error(&self) -> String {
        self.ask().unwrap_err().message
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The value of a header of a request's head.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name));
    head.lines().find_map(value).map(|(_, value)| value)
}

#[test]
fn a_server_answers_whom_it_knows_by_agent_and_by_whom_they_act_as() {
    let server = Server::always("200 OK", VERSION);
    let mut place = place(&format!("http://{}/prefix/", server.address));
    place.flags.as_user = Some("bob".to_owned());
    place.flags.as_groups = vec!["a".to_owned(), "b".to_owned()];
    place.flags.as_uid = Some("7".to_owned());
    assert_eq!(place.ask().unwrap(), VERSION);
    let head = server.asked();
    assert!(head.starts_with("GET /prefix/version "), "{head}");
    assert!(header(&head, "user-agent").unwrap().starts_with("kubectl-mesh/"), "{head}");
    assert_eq!(header(&head, "impersonate-user"), Some("bob"));
    assert_eq!(header(&head, "impersonate-uid"), Some("7"));
    assert_eq!(head.to_lowercase().matches("impersonate-group: ").count(), 2, "{head}");
}

#[test]
fn credentials_are_never_sent_in_clear_text() {
    let server = Server::always("200 OK", VERSION);
    let mut place = place("");
    let users = [
        "{token: hunter2}",
        "{username: u, password: hunter2}",
        "{tokenFile: token}",
        "{exec: {command: /nowhere/login, apiVersion: client.authentication.k8s.io/v1}}",
    ];
    place.file("token", "hunter2");
    for user in users {
        place.configure(&format!("server: 'http://{}'", server.address), user);
        assert_eq!(place.ask().unwrap(), VERSION, "{user}");
        assert_eq!(header(&server.asked(), "authorization"), None, "{user}");
    }
}

#[test]
fn an_address_without_scheme_is_one_of_http() {
    let server = Server::always("200 OK", VERSION);
    let mut place = place("https://nowhere");
    place.flags.server = Some(server.address.to_string());
    assert_eq!(place.ask().unwrap(), VERSION);
    assert_eq!(place.connect().unwrap().server, format!("http://{}", server.address));
}

#[test]
fn addresses_that_are_none_are_refused_without_their_secrets() {
    for (text, message) in [
        ("ftp://a", "the server `ftp://a` is no address"),
        ("https://", "the server `https://` is no address"),
        ("https://u:hunter2@", "the server is no address"),
    ] {
        assert_eq!(place(text).connect().unwrap_err().message, message);
    }
    let connection = place("https://u:hunter2@a:1/x").connect().unwrap();
    assert_eq!(connection.server, "https://a:1/x");
    assert!(!format!("{connection:?}").contains("hunter2"));
}

#[test]
fn servers_that_cannot_be_reached_are_told_apart() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = format!("the API server `http://{closed}` refuses connections");
    assert_eq!(place(&format!("http://{closed}")).error(), refused);

    let error = place("http://no-such-host.invalid:6443").error();
    let unknown = "the host of the API server `http://no-such-host.invalid:6443` was not found: ";
    assert!(error.starts_with(unknown), "{error}");

    let plain = Server::always("200 OK", VERSION);
    let mut tls = place(&format!("https://{}", plain.address));
    tls.flags.insecure_skip_tls_verify = true;
    assert_eq!(tls.error(), format!("the API server `https://{}` does not speak TLS", plain.address));

    let page = Server::always("502 Bad Gateway", "<html>hunter2</html>");
    let error = place(&format!("http://{}", page.address)).error();
    assert!(error.ends_with("answered 502 with something else than a Kubernetes status"), "{error}");

    let silent = Server::start(|_| String::new());
    let error = place(&format!("http://{}", silent.address)).error();
    let none = format!("the API server `http://{}` gave no answer: ", silent.address);
    assert!(error.starts_with(&none) || error.ends_with("closed the connection"), "{error}");
}

#[test]
fn nothing_is_tried_twice() {
    let (status, body) =
        ("503 Service Unavailable", r#"{"kind":"Status","status":"Failure","message":"no","code":503}"#);
    let server = Server::always(status, body);
    let since = Instant::now();
    let error = place(&format!("http://{}", server.address)).error();
    assert!(error.ends_with("cannot answer now (503): no"), "{error}");
    assert!(since.elapsed() < Duration::from_secs(5));
    server.asked();
    assert!(server.asked_again().is_none(), "asked twice");
}

#[test]
fn connecting_takes_no_longer_than_a_request_may() {
    // It listens, and never answers: TLS waits.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut place = place(&format!("https://{}", silent.local_addr().unwrap()));
    place.flags.insecure_skip_tls_verify = true;
    place.flags.request_timeout = Some(Duration::from_millis(300));
    let since = Instant::now();
    assert!(place.error().ends_with("did not answer within 0.3 s"));
    assert!(since.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_unless_the_host_is_excepted() {
    let proxy = Server::always("403 Forbidden", "");
    let mut place = place("https://cluster.test");
    place.flags.insecure_skip_tls_verify = true;
    place.set("HTTPS_PROXY", &format!("http://u:hunter2@{}", proxy.address));
    place.set("NO_PROXY", "other.test,,");
    let shown = format!("http://{}", proxy.address);
    assert_eq!(place.error(), format!("the proxy `{shown}` did not connect to `https://cluster.test`"));
    let head = proxy.asked();
    assert!(head.starts_with("CONNECT cluster.test:443 "), "{head}");
    assert!(header(&head, "proxy-authorization").unwrap().starts_with("Basic "));

    place.set("NO_PROXY", ".test");
    assert!(place.error().contains("the host of the API server"), "{}", place.error());
}

#[test]
fn a_server_of_http_is_reached_through_a_tunnel_to_its_own_port() {
    let tunnel = Server::start(|head| match head.starts_with("CONNECT") {
        true => "HTTP/1.1 407 Who\r\n\r\n".to_owned(),
        false => response("200 OK", VERSION),
    });
    let mut place = place("http://cluster.test");
    place.set("HTTP_PROXY", &tunnel.address.to_string());
    assert_eq!(place.error(), format!("the proxy `http://{}` wants a user and a password", tunnel.address));
    assert!(tunnel.asked().starts_with("CONNECT cluster.test:80 "));
}

#[test]
fn a_proxy_that_is_not_there_is_blamed_itself() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (scheme, said) in [("http", "refuses connections"), ("socks5", "cannot be reached")] {
        let mut place = place("");
        let proxy = format!("{scheme}://{closed}");
        place.configure(
            &format!("server: 'https://c.test', insecure-skip-tls-verify: true, proxy-url: '{proxy}'"),
            "{}",
        );
        assert_eq!(place.error(), format!("the proxy `{proxy}` {said}"));
    }
}

#[test]
fn a_login_that_fails_is_told_before_anything_is_sent() {
    let mut place = place("");
    let cluster = "server: 'https://127.0.0.1:1'";
    place.configure(cluster, "{exec: {command: ./login, apiVersion: client.authentication.k8s.io/v1}}");
    let command = place.folder.path().join("./login");
    let expected = format!("the plugin `{}` that logs in was not found", command.display());
    assert_eq!(place.connect().unwrap_err().message, expected);

    place.configure(cluster, "{auth-provider: {name: gcp, config: {access-token: hunter2}}}");
    let error = place.connect().unwrap_err();
    assert_eq!(
        error.message,
        "the user `ann` logs in with the auth provider `gcp`, which kubectl has no more"
    );
    assert_eq!(error.hints, ["log in with the plugin `gke-gcloud-auth-plugin` instead"]);

    place.configure(cluster, "{tokenFile: none}");
    assert!(place.connect().unwrap_err().message.ends_with("cannot be read: no such file or directory"));
}

#[test]
fn a_plugin_is_not_asked_when_there_is_something_else() {
    let mut place = place("");
    let exec = "exec: {command: /nowhere/login, apiVersion: client.authentication.k8s.io/v1}";
    for other in ["token: t", "username: u, password: p"] {
        place.configure(
            "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true",
            &format!("{{{other}, {exec}}}"),
        );
        assert!(place.connect().is_ok(), "{other}");
    }
}

#[cfg(unix)]
#[test]
fn a_plugin_runs_once() {
    let mut place = place("");
    let script = "echo ran >> \"$0.log\"\necho '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"t\"}}'";
    super::super::test_program::write(&place.folder.path().join("login"), script);
    place.configure(
        "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true",
        "{exec: {command: ./login, apiVersion: client.authentication.k8s.io/v1}}",
    );
    place.connect().unwrap();
    assert_eq!(fs::read_to_string(place.folder.path().join("login.log")).unwrap(), "ran\n");
}

#[test]
fn certificates_that_are_none_are_told() {
    let mut place = place("");
    let pem = |label: &str, base64: &str| {
        super::base64(format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n"))
    };
    let client = |certificate: &str, key: &str| {
        format!("{{client-certificate-data: {certificate}, client-key-data: {key}}}")
    };
    let server = "server: 'https://127.0.0.1:1'";
    let certificate = pem("CERTIFICATE", EXPIRED);
    let table = [
        (
            format!("{server}, certificate-authority-data: '?'"),
            "{}".to_owned(),
            "the certificate authority of the kubeconfig is no base64",
        ),
        (
            format!("{server}, certificate-authority-data: aGVsbG8="),
            "{}".to_owned(),
            "the certificate authority of the cluster holds no certificate in PEM",
        ),
        (
            server.to_owned(),
            client("aGVsbG8=", "aGVsbG8="),
            "the client's certificate is no certificate in PEM",
        ),
        (
            server.to_owned(),
            client(&certificate, "aGVsbG8="),
            "the client's key is no private key in PEM that is not encrypted",
        ),
        (
            server.to_owned(),
            client(&certificate, &pem("PRIVATE KEY", KEY_OF_NOBODY)),
            "the client's certificate is of version 1 of X.509, which is not supported",
        ),
    ];
    for (cluster, user, message) in table {
        place.configure(&cluster, &user);
        assert_eq!(place.connect().unwrap_err().message, message);
    }
}
