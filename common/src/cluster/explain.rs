//! What went wrong with a request, in one line and with what to try: a pure function of the error.
//!
//! kube's errors are chains of libraries' errors, whose texts repeat one another and may hold what a server or a
//! plugin printed. Only what is recognised is said, else the innermost error's first line.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::time::Duration;

use jiff::Timestamp;
use kube::client::{AuthError, RustlsTlsError};
use kube::core::Status;

use super::error::{ConnectError, first_line, lower_first, reason};

#[cfg(test)]
mod tests;
mod tls;

/// The two ends of a connection, as far as messages name them.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The address of the API server, without anything secret.
    pub server: String,
    /// The address of the proxy, without anything secret.
    pub proxy: Option<String>,
    /// The name of the user in the kubeconfig.
    pub user: String,
    /// When the client's certificate expires.
    pub certificate_expires: Option<Timestamp>,
    /// How long a request may take.
    pub timeout: Option<Duration>,
}

impl Endpoint {
    /// A request that took longer than it may.
    #[must_use]
    pub fn no_answer(&self) -> ConnectError {
        let within =
            self.timeout.map(|limit| format!(" within {} s", limit.as_secs_f64())).unwrap_or_default();
        let through =
            self.proxy.as_ref().map(|proxy| format!(" through the proxy `{proxy}`")).unwrap_or_default();
        ConnectError::new(format!("{} did not answer{through}{within}", self.api_server()))
            .hint("allow it longer with `--request-timeout`")
    }

    fn api_server(&self) -> String {
        format!("the API server `{}`", self.server)
    }

    fn renew(&self) -> String {
        match self.user.as_str() {
            "" => "renew the client's certificate".to_owned(),
            user => format!("renew the certificate of the user `{user}`"),
        }
    }

    /// What is connected to first.
    fn first(&self) -> String {
        self.proxy.as_ref().map_or_else(|| self.api_server(), |proxy| format!("the proxy `{proxy}`"))
    }

    /// An answer of 401.
    pub(super) fn unauthorized(&self, now: Timestamp) -> ConnectError {
        self.certificate_expired(now).unwrap_or_else(|| unauthorized(self))
    }

    fn certificate_expired(&self, now: Timestamp) -> Option<ConnectError> {
        let expired = self.certificate_expires.filter(|time| *time < now)?;
        Some(
            ConnectError::new(format!(
                "{} refused the client's certificate: it expired {}",
                self.api_server(),
                day(expired)
            ))
            .hint(self.renew()),
        )
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// What went wrong between the two ends of a connection. `now` tells whether a certificate has expired.
#[must_use]
pub fn explain(error: &kube::Error, to: &Endpoint, now: Timestamp) -> ConnectError {
    match error {
        kube::Error::Api(status) => of_status(status, to, now),
        kube::Error::Auth(error) => of_login(error, to),
        kube::Error::RustlsTls(error) => of_setup(error),
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
            ConnectError::new(format!("{} answered with something else than JSON", to.api_server()))
                .hint("check that this is the address of an API server")
        }
        // It holds the proxy's address, with its password.
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            ConnectError::new("the proxy speaks a protocol that is not supported")
        }
        kube::Error::HttpError(_) => ConnectError::new("a name to act as has characters that cannot be sent"),
        kube::Error::UpgradeConnection(error) => {
            ConnectError::new(format!("{} opened no WebSocket: {}", to.api_server(), innermost(error)))
                .hint("a proxy before it may not pass WebSockets")
        }
        other => of_chain(other, to, now),
    }
}

/// The server answered, and not with what was asked for.
fn of_status(status: &Status, to: &Endpoint, now: Timestamp) -> ConnectError {
    let server = to.api_server();
    let said = first_line(&status.message);
    match status.code {
        401 => to.unauthorized(now),
        // What is no Status is somebody else's page.
        code if status.reason == "Failed to parse error data" => ConnectError::new(format!(
            "{server} answered {code} with something else than a Kubernetes status"
        ))
        .hint("check that this is the address of an API server, and which proxy stands before it"),
        403 => ConnectError::new(format!("{server} does not allow it: {said}")),
        code @ (429 | 503 | 504) => {
            ConnectError::new(format!("{server} cannot answer now ({code}): {said}")).hint("try again later")
        }
        code => ConnectError::new(format!("{server} answered {code}: {said}")),
    }
}

fn unauthorized(to: &Endpoint) -> ConnectError {
    let who = match to.user.as_str() {
        "" => "it was told no user".to_owned(),
        user => format!("it does not accept the credentials of the user `{user}`"),
    };
    ConnectError::new(format!("{} let nobody in: {who}", to.api_server()))
        .hint("log in again, or choose another user with `--user`, `--context` or `--token`")
}

/// Logging in failed before anything was sent. What a program printed is not repeated.
fn of_login(error: &AuthError, to: &Endpoint) -> ConnectError {
    let said = match error {
        AuthError::AuthExecRun { out, .. } => format!("its program ended with {}", out.status),
        other => innermost(other),
    };
    ConnectError::new(format!("the user `{}` cannot log in: {said}", to.user)).hint("log in again")
}

/// The client's own certificate, its key, or the authorities are of no use.
fn of_setup(error: &RustlsTlsError) -> ConnectError {
    let key = |what: &str| ConnectError::new(format!("the client's key {what}"));
    match error {
        RustlsTlsError::MissingPrivateKey | RustlsTlsError::UnknownPrivateKeyFormat => {
            key("is no private key in PEM that is not encrypted")
        }
        RustlsTlsError::InvalidIdentityPem(_) => {
            ConnectError::new("the client's certificate or key is no PEM")
        }
        RustlsTlsError::InvalidPrivateKey(error) => match error {
            rustls::Error::InconsistentKeys(_) => key("does not belong to its certificate"),
            // client-go's TLS takes them, ours does not: they cannot say what they are for.
            rustls::Error::InvalidCertificate(why)
                if format!("{why:?}").contains("UnsupportedCertVersion") =>
            {
                ConnectError::new("the client's certificate is of version 1 of X.509, which is not supported")
                    .hint("issue one of version 3, as Kubernetes does")
            }
            rustls::Error::InvalidCertificate(why) => ConnectError::new(format!(
                "the client's certificate cannot be used: {}",
                lower_first(&first_line(&why.to_string()))
            )),
            other => key(&format!("cannot be used: {}", lower_first(&first_line(&other.to_string())))),
        },
        RustlsTlsError::AddRootCertificate(error) => ConnectError::new(format!(
            "the certificate authorities cannot be used: {}",
            innermost(error.as_ref())
        ))
        .hint("give the cluster's with `--certificate-authority`"),
        other => ConnectError::new(format!("TLS cannot be set up: {}", innermost(other))),
    }
}

fn of_chain(error: &kube::Error, to: &Endpoint, now: Timestamp) -> ConnectError {
    if let Some(own) = find::<ConnectError>(error) {
        return own.clone();
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return tls::explain(tls, to, now);
    }
    if let Some(refused) = of_proxy(error, to) {
        return refused;
    }
    match find::<io::Error>(error).map(innermost_io) {
        Some(system) if says(error, "dns error") => unknown_host(system, to),
        Some(system) => of_system(system, to),
        None => ConnectError::new(format!("{} gave no answer: {}", to.first(), innermost(error))),
    }
}

/// hyper-util's errors of proxies are known by their texts only.
fn of_proxy(error: &kube::Error, to: &Endpoint) -> Option<ConnectError> {
    let proxy = to.proxy.as_ref()?;
    let found = causes(error).map(ToString::to_string);
    let said =
        found.into_iter().find(|text| text.starts_with("tunnel error: ") || text.starts_with("SOCKS"))?;
    if said.ends_with("authorization required") {
        return Some(
            ConnectError::new(format!("the proxy `{proxy}` wants a user and a password"))
                .hint("put them into its address, as in `http://USER:PASSWORD@host:3128`"),
        );
    }
    // A failure to reach the proxy itself is told by its cause, where there is one.
    if said.ends_with("underlying connection") && find::<io::Error>(error).is_some() {
        return None;
    }
    let what = match said.ends_with("underlying connection") {
        true => format!("the proxy `{proxy}` cannot be reached"),
        false => format!("the proxy `{proxy}` did not connect to `{}`", to.server),
    };
    Some(
        ConnectError::new(what)
            .hint("reach it directly by naming its host in `NO_PROXY`, or check the proxy"),
    )
}

fn unknown_host(system: &io::Error, to: &Endpoint) -> ConnectError {
    let said = reason(system);
    let said = said.strip_prefix("failed to lookup address information: ").unwrap_or(&said);
    ConnectError::new(format!("the host of {} was not found: {}", to.first(), lower_first(said)))
        .hint("check the address of the cluster in the kubeconfig, and this machine's DNS or VPN")
}

fn of_system(system: &io::Error, to: &Endpoint) -> ConnectError {
    let first = to.first();
    match system.kind() {
        io::ErrorKind::TimedOut => to.no_answer(),
        io::ErrorKind::ConnectionRefused => ConnectError::new(format!("{first} refuses connections"))
            .hint("check that it runs, and its address and port"),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            ConnectError::new(format!("{first} closed the connection"))
        }
        _ => ConnectError::new(format!("{first} cannot be reached: {}", reason(system)))
            .hint("check its address, and this machine's network or VPN"),
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |error| cause(*error))
}

/// An I/O error that wraps another passes over it in `source`, so it is unwrapped here.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|error| error.downcast_ref::<T>())
}

/// The system's own error, when I/O errors are wrapped in one another.
fn innermost_io(error: &io::Error) -> &io::Error {
    causes(error).filter_map(|error| error.downcast_ref::<io::Error>()).last().unwrap_or(error)
}

fn says(error: &kube::Error, text: &str) -> bool {
    causes(error).any(|error| error.to_string() == text)
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let last = causes(error).last().map(ToString::to_string).unwrap_or_default();
    lower_first(&first_line(&last))
}
