//! What kubectl's connection flags say, before anything is read: plain values in kubectl's letters and meaning.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How long a request may take unless `--request-timeout` says otherwise.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Nanoseconds in the units of a duration in Go.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("\u{b5}s", 1e3),
    ("\u{3bc}s", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 6e10),
    ("h", 3.6e12),
];

/// A text that is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for those who send it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secret(none)" } else { "Secret(…)" })
    }
}

/// Which cluster, as whom, and how patiently. An empty text is a flag that is not given, as in kubectl.
#[derive(Clone, Debug)]
pub struct ConnectionFlags {
    /// The one kubeconfig to read, instead of those that `KUBECONFIG` lists or the default one.
    pub kubeconfig: Option<PathBuf>,
    /// The context, instead of the current one.
    pub context: Option<String>,
    /// The cluster of the kubeconfig, instead of the context's.
    pub cluster: Option<String>,
    /// The user of the kubeconfig, instead of the context's.
    pub user: Option<String>,
    /// The user to act as: a name, or `system:serviceaccount:NAMESPACE:NAME`.
    pub as_user: Option<String>,
    /// The groups to act as.
    pub as_groups: Vec<String>,
    /// The UID to act as.
    pub as_uid: Option<String>,
    /// The bearer token, instead of the user's token, token file, login provider or plugin.
    pub token: Option<Secret>,
    /// The address of the API server.
    pub server: Option<String>,
    /// The file with the certificates that the server's must be signed by.
    pub certificate_authority: Option<PathBuf>,
    /// The file with the client's certificate.
    pub client_certificate: Option<PathBuf>,
    /// The file with the key of the client's certificate.
    pub client_key: Option<PathBuf>,
    /// The name that the server's certificate must have, instead of the host of its address.
    pub tls_server_name: Option<String>,
    /// Whether any certificate of the server will do.
    pub insecure_skip_tls_verify: bool,
    /// Where kubectl caches what it discovers. Accepted so that people's aliases work; nothing is cached here,
    /// and nothing is read from it.
    pub cache_dir: Option<PathBuf>,
    /// How long one request may take, connecting included; none is as long as it takes.
    pub request_timeout: Option<Duration>,
}

impl Default for ConnectionFlags {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            cluster: None,
            user: None,
            as_user: None,
            as_groups: Vec::new(),
            as_uid: None,
            token: None,
            server: None,
            certificate_authority: None,
            client_certificate: None,
            client_key: None,
            tls_server_name: None,
            insecure_skip_tls_verify: false,
            cache_dir: None,
            request_timeout: Some(DEFAULT_TIMEOUT),
        }
    }
}

/// A timeout that is not written as kubectl writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a timeout is a number of seconds, or numbers with units such as 1s, 2m30s, 1h; 0 is none")]
pub struct InvalidTimeout;

/// Reads `--request-timeout`: `30`, `1s`, `2m30s`; `0` is no timeout.
///
/// client-go clientcmd/helpers.go, ParseTimeout: a whole number counts seconds, anything else is a duration of Go.
/// A negative one, which kubectl takes and fails every request with, is refused.
///
/// # Errors
/// When it is neither.
pub fn parse_timeout(text: &str) -> Result<Option<Duration>, InvalidTimeout> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => go_duration(text.strip_prefix('+').unwrap_or(text))?,
    };
    Ok(Some(duration).filter(|duration| !duration.is_zero()))
}

/// Go's time.ParseDuration for what is not negative: decimal numbers, each with a unit.
fn go_duration(text: &str) -> Result<Duration, InvalidTimeout> {
    let mut rest = text;
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_where(after, |c| c.is_ascii_digit() || c == '.');
        let factor = UNITS.iter().find(|(name, _)| *name == unit).ok_or(InvalidTimeout)?.1;
        nanoseconds += number.parse::<f64>().map_err(|_| InvalidTimeout)? * factor;
        rest = after;
    }
    match text {
        "" => Err(InvalidTimeout),
        _ => Duration::try_from_secs_f64(nanoseconds / 1e9).map_err(|_| InvalidTimeout),
    }
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}
