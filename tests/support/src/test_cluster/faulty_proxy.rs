//! A proxy before the API server that does what bad networks and overloaded servers do.
//!
//! Plain HTTP towards the client, TLS with a user's certificate towards the server. It works on bytes below HTTP: it
//! reads the head of a request, decides, and copies the rest; so watches and upgraded connections pass too. A
//! connection carries one request.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::certificates::Certificate;
use super::{TestCluster, kubeconfig};

/// A request's head may be so long.
const MAX_HEAD: usize = 64 * 1024;

/// What happens to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is never answered; the connection stays open.
    Hang,
    /// It is passed on after a while.
    Delay(Duration),
    /// It is answered with this HTTP status, as the API server words it (429 with `Retry-After: 1`).
    Status(u16),
    /// It is answered with bytes that are no HTTP.
    Garbage,
    /// It is answered with 200 and a body that is no JSON.
    GarbageBody,
    /// The connection ends after so many bytes of the answer's body.
    Cut(u64),
    /// The connection ends without an answer.
    Close,
}

/// Which requests something happens to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// What `METHOD /path?query ` contains: with the space at its end, `GET /apis ` is that path alone.
    pub request: String,
    /// What happens.
    pub fault: Fault,
    /// To how many of them; later ones pass.
    pub times: usize,
}

impl Rule {
    /// To each request that contains this.
    #[must_use]
    pub fn always(request: &str, fault: Fault) -> Self {
        Self { request: request.to_owned(), fault, times: usize::MAX }
    }

    /// To the first of the requests that contain this.
    #[must_use]
    pub fn first(times: usize, request: &str, fault: Fault) -> Self {
        Self { request: request.to_owned(), fault, times }
    }
}

/// A running proxy; it ends when it is dropped.
pub struct FaultyProxy {
    kubeconfig: PathBuf,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

struct Shared {
    server: SocketAddr,
    connector: TlsConnector,
    rules: Mutex<Vec<Rule>>,
    requests: Mutex<Vec<String>>,
}

#[expect(clippy::expect_used, reason = "a test that cannot run fails")]
impl FaultyProxy {
    /// Starts one; what passes through is asked as this user. The first rule that a request meets holds.
    #[must_use]
    pub fn start(cluster: &TestCluster, user: &str, groups: &[&str], rules: Vec<Rule>) -> Self {
        let certificate = cluster.authority.client(user, groups, false);
        let shared = Arc::new(Shared {
            server: SocketAddr::from(([127, 0, 0, 1], cluster.port)),
            connector: connector(&cluster.authority.pem, &certificate),
            rules: Mutex::new(rules),
            requests: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a port");
        let address = listener.local_addr().expect("a port");
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        let text = kubeconfig::text(user, &format!("http://{address}"), None, &json!({}), None);
        let kubeconfig = cluster.folder.write(&format!("proxy-{}.kubeconfig", address.port()), &text);
        Self { kubeconfig, shared, _runtime: runtime }
    }

    /// A kubeconfig that goes through it.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Other rules, from now on.
    pub fn set(&self, rules: Vec<Rule>) {
        *self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// Every request until now, as `METHOD /path?query`.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[expect(clippy::expect_used, reason = "the certificates are ours; a mistake fails the test")]
fn connector(authority: &str, certificate: &Certificate) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).expect("PEM")).expect("a certificate");
    let chain = CertificateDer::from_pem_slice(certificate.chain.as_bytes()).expect("PEM");
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).expect("PEM");
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![chain], key)
        .expect("a certificate");
    TlsConnector::from(Arc::new(config))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A connection that breaks is what this is for.
        tokio::spawn(async move { shared.serve(client).await.ok() });
    }
}

impl Shared {
    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let (head, rest) = read_head(&mut client).await?;
        let request = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
        let fault = self.fault(&request);
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        match fault {
            None => self.pass(client, &head, &rest, None).await,
            Some(Fault::Cut(after)) => self.pass(client, &head, &rest, Some(after)).await,
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.pass(client, &head, &rest, None).await
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Status(code)) => client.write_all(status(code).as_bytes()).await,
            Some(Fault::Garbage) => client.write_all(b"\x00\xff\x16\x03 not at all\r\n\x07").await,
            Some(Fault::GarbageBody) => {
                client.write_all(answer("200 OK", "", "{\"kind\": \"PodList\", <html>").as_bytes()).await
            }
            Some(Fault::Close) => Ok(()),
        }
    }

    fn fault(&self, request: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{request} ");
        let rule = rules.iter_mut().find(|rule| rule.times > 0 && line.contains(&rule.request))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    /// Passes a request on, and the answer back: all of it, or so many bytes of its body.
    async fn pass(&self, mut client: TcpStream, head: &str, rest: &[u8], cut: Option<u64>) -> io::Result<()> {
        let mut server = self.connect().await?;
        server.write_all(one_request(head).as_bytes()).await?;
        server.write_all(rest).await?;
        server.flush().await?;
        let Some(cut) = cut else {
            return copy_bidirectional(&mut client, &mut server).await.map(drop);
        };
        let (head, body) = read_head(&mut server).await?;
        client.write_all(head.as_bytes()).await?;
        copy(&mut body.chain(server).take(cut), &mut client).await.map(drop)
    }

    async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::IpAddress(self.server.ip().into());
        self.connector.connect(name, TcpStream::connect(self.server).await?).await
    }
}

/// Reads up to the empty line; gives the head with it, and what came behind.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            return Ok((head, rest));
        }
        if bytes.len() > MAX_HEAD || stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The head of a request after which the connection ends, unless it is to become something else.
fn one_request(head: &str) -> String {
    let is = |line: &str, name: &str| line.to_ascii_lowercase().starts_with(name);
    if head.lines().any(|line| is(line, "upgrade:")) {
        return head.to_owned();
    }
    let kept: Vec<&str> = head.trim_end().lines().filter(|line| !is(line, "connection:")).collect();
    format!("{}\r\nConnection: close\r\n\r\n", kept.join("\r\n"))
}

fn status(code: u16) -> String {
    let (reason, message) = match code {
        429 => ("TooManyRequests", "too many requests, please try again later"),
        500 => ("InternalError", "an error on the server has prevented the request from succeeding"),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
        _ => ("Unknown", "the server says no"),
    };
    let body: Value = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    let header = if code == 429 { "Retry-After: 1\r\n" } else { "" };
    answer(&format!("{code} {reason}"), header, &body.to_string())
}

fn answer(status: &str, header: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
