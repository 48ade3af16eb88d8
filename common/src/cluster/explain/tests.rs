use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError};

use super::*;

fn to() -> Endpoint {
    Endpoint {
        server: "https://c:6443".to_owned(),
        proxy: None,
        user: "ann".to_owned(),
        certificate_expires: None,
        timeout: Some(Duration::from_secs(30)),
    }
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn through(proxy: &str) -> Endpoint {
    Endpoint { proxy: Some(proxy.to_owned()), ..to() }
}

fn expired() -> Endpoint {
    Endpoint { certificate_expires: Some("2026-01-01T00:00:00Z".parse().unwrap()), ..to() }
}

/// An error as the transport wraps it.
fn wrapped(error: impl Into<Box<dyn Error + Send + Sync>>) -> kube::Error {
    kube::Error::Service(io::Error::other(io::Error::other(error)).into())
}

fn tls(why: CertificateError) -> kube::Error {
    wrapped(rustls::Error::InvalidCertificate(why))
}

fn alert(alert: AlertDescription) -> kube::Error {
    wrapped(rustls::Error::AlertReceived(alert))
}

fn status(code: u16, reason: &str, message: &str) -> kube::Error {
    kube::Error::Api(Status::failure(message, reason).with_code(code).boxed())
}

#[track_caller]
fn check(error: &kube::Error, to: &Endpoint, expected: &str) {
    let said = explain(error, to, now());
    assert_eq!(said.message, expected);
    assert!(!said.message.contains('\n'));
}

#[test]
fn certificates_of_the_server() {
    let time = |text: &str| {
        let seconds = text.parse::<Timestamp>().unwrap().as_second();
        UnixTime::since_unix_epoch(Duration::from_secs(seconds.try_into().unwrap()))
    };
    let unknown =
        "the certificate of the API server `https://c:6443` is signed by an authority that is not known";
    check(&tls(CertificateError::UnknownIssuer), &to(), unknown);
    check(&tls(CertificateError::BadSignature), &to(), unknown);
    let ended = CertificateError::ExpiredContext {
        time: time("2026-06-01T00:00:00Z"),
        not_after: time("2026-05-31T00:00:00Z"),
    };
    check(&tls(ended), &to(), "the certificate of the API server `https://c:6443` expired 2026-05-31");
    let other = CertificateError::NotValidForNameContext {
        expected: ServerName::try_from("c").unwrap(),
        presented: vec![r#"DnsName("kubernetes.default")"#.to_owned(), "IpAddress(10.0.0.1)".to_owned()],
    };
    let expected = "the certificate of the API server `https://c:6443` is for `kubernetes.default`, `10.0.0.1`, not for `c`";
    check(&tls(other), &to(), expected);
    let strange = "the certificate of the API server `https://c:6443` is not accepted: ";
    assert!(explain(&tls(CertificateError::InvalidPurpose), &to(), now()).message.starts_with(strange));
}

#[test]
fn certificates_of_the_client() {
    let refused = "the API server `https://c:6443` refused the client's certificate: it expired 2026-01-01";
    check(&alert(AlertDescription::CertificateExpired), &expired(), refused);
    check(&alert(AlertDescription::BadCertificate), &expired(), refused);
    check(&status(401, "Unauthorized", "Unauthorized"), &expired(), refused);
    let unknown = "the API server `https://c:6443` refused the client's certificate: it does not know the authority that signed it";
    check(&alert(AlertDescription::UnknownCA), &to(), unknown);
    check(
        &alert(AlertDescription::CertificateRequired),
        &to(),
        "the API server `https://c:6443` wants a client's certificate",
    );
}

#[test]
fn statuses() {
    let server = "the API server `https://c:6443`";
    let nobody = format!("{server} let nobody in: it does not accept the credentials of the user `ann`");
    check(&status(401, "Unauthorized", "Unauthorized"), &to(), &nobody);
    let unnamed = Endpoint { user: String::new(), ..to() };
    check(
        &status(401, "Unauthorized", ""),
        &unnamed,
        &format!("{server} let nobody in: it was told no user"),
    );
    let denied = "users \"ann\" is forbidden: User \"bob\" cannot impersonate resource \"users\"";
    check(&status(403, "Forbidden", denied), &to(), &format!("{server} does not allow it: {denied}"));
    check(
        &status(429, "TooManyRequests", "too many"),
        &to(),
        &format!("{server} cannot answer now (429): too many"),
    );
    check(
        &status(502, "Failed to parse error data", "<html>\nhunter2"),
        &to(),
        &format!("{server} answered 502 with something else than a Kubernetes status"),
    );
    check(&status(500, "InternalError", "etcd: \nlong"), &to(), &format!("{server} answered 500: etcd:"));
    let json = serde_json::from_str::<Status>("<").unwrap_err();
    check(&kube::Error::SerdeError(json), &to(), &format!("{server} answered with something else than JSON"));
}

#[test]
fn the_system_says_who_cannot_be_reached() {
    let io = |kind: io::ErrorKind| wrapped(io::Error::from(kind));
    let direct = "the API server `https://c:6443`";
    let proxy = through("http://p:3128");
    check(&io(io::ErrorKind::ConnectionRefused), &to(), &format!("{direct} refuses connections"));
    check(&io(io::ErrorKind::ConnectionRefused), &proxy, "the proxy `http://p:3128` refuses connections");
    check(&io(io::ErrorKind::ConnectionReset), &to(), &format!("{direct} closed the connection"));
    check(&io(io::ErrorKind::TimedOut), &to(), &format!("{direct} did not answer within 30 s"));
    let unreachable = format!("{direct} cannot be reached: network unreachable");
    check(&io(io::ErrorKind::NetworkUnreachable), &to(), &unreachable);
    check(
        &io(io::ErrorKind::TimedOut),
        &proxy,
        &format!("{direct} did not answer through the proxy `http://p:3128` within 30 s"),
    );
    check(&wrapped("Strange things"), &to(), &format!("{direct} cannot be reached: strange things"));
}

#[test]
fn what_is_ours_in_a_chain_is_said_as_it_is() {
    let own = ConnectError::new("the plugin `x` that logs in was not found").hint("get it");
    assert_eq!(explain(&wrapped(own.clone()), &to(), now()), own);
}

#[test]
fn setting_up_tls() {
    let table = [
        (
            RustlsTlsError::MissingPrivateKey,
            "the client's key is no private key in PEM that is not encrypted",
        ),
        (
            RustlsTlsError::InvalidPrivateKey(rustls::Error::InconsistentKeys(
                rustls::InconsistentKeys::KeyMismatch,
            )),
            "the client's key does not belong to its certificate",
        ),
        (
            RustlsTlsError::AddRootCertificate("No CA certificates were loaded from the system".into()),
            "the certificate authorities cannot be used: no CA certificates were loaded from the system",
        ),
    ];
    for (error, expected) in table {
        check(&kube::Error::RustlsTls(error), &to(), expected);
    }
}

#[test]
fn what_a_login_program_printed_is_not_repeated() {
    let output = std::process::Output {
        status: std::process::ExitStatus::default(),
        stdout: b"hunter2".to_vec(),
        stderr: b"hunter2".to_vec(),
    };
    let error = AuthError::AuthExecRun { cmd: "login --password hunter2".to_owned(), out: Box::new(output) };
    let said = explain(&kube::Error::Auth(error), &to(), now());
    assert!(said.message.starts_with("the user `ann` cannot log in: its program ended with"), "{said}");
    assert!(!said.message.contains("hunter2"), "{said}");
}

#[test]
fn passwords_of_proxies_and_names_that_cannot_be_sent() {
    let proxy_url = Box::new("ftp://u:hunter2@p".parse().unwrap());
    let error = kube::Error::ProxyProtocolUnsupported { proxy_url };
    check(&error, &to(), "the proxy speaks a protocol that is not supported");
    let header = http::HeaderValue::from_str("a\nb").unwrap_err();
    let error = kube::Error::HttpError(header.into());
    check(&error, &to(), "a name to act as has characters that cannot be sent");
}
