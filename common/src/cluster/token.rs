//! The bearer token of every request, renewed before it expires.
//!
//! kube does not do it: it runs a plugin up to three times to connect, cannot stop one that hangs, sends the
//! line's end of a token file along, and takes a whole file of spaces for a token. Renewing waits until requests
//! may go on, and runs beside the thread that everything else shares. client-go: transport/token_source.go,
//! plugin/pkg/client/auth/exec/exec.go.

use std::fs;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderValue, Request, header::AUTHORIZATION};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use tokio::task::JoinHandle;
use tower::{BoxError, Layer, Service};

use super::error::ConnectError;
use super::exec::Plugin;
use super::kubeconfig::User;
use super::target::unreadable;

#[cfg(test)]
mod tests;

/// A token is renewed so long before it expires.
const EARLY: SignedDuration = SignedDuration::from_secs(10);

/// A token file is read again after so long.
const FILE_LIVES: SignedDuration = SignedDuration::from_secs(60);

/// Where a token comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A file that something else renews.
    File(String),
    /// A program that logs in.
    Plugin(Box<Plugin>),
}

/// A token as it is sent, and when another is needed.
#[derive(Clone, Debug)]
pub(super) struct Token {
    header: HeaderValue,
    renew: Option<Timestamp>,
}

impl Token {
    pub(super) fn new(text: &str, expires: Option<Timestamp>, from: &str) -> Result<Self, ConnectError> {
        let mut header = HeaderValue::try_from(format!("Bearer {text}"))
            .map_err(|_| ConnectError::new(format!("the token {from} has characters that cannot be sent")))?;
        header.set_sensitive(true);
        Ok(Self { header, renew: expires.map(|expires| expires.saturating_sub(EARLY).unwrap_or(expires)) })
    }

    /// The token of a file, without the end of its line.
    pub(super) fn of_file(path: &str) -> Result<Self, ConnectError> {
        let text = fs::read_to_string(path).map_err(|error| unreadable("the token file", path, &error))?;
        match text.trim() {
            "" => Err(ConnectError::new(format!("the token file `{path}` is empty"))),
            token => Self::new(token, Some(Timestamp::now() + FILE_LIVES), &format!("of the file `{path}`")),
        }
    }
}

/// Puts a token on every request.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    pub token: Token,
    /// What renews it.
    pub source: Option<Source>,
}

impl Bearer {
    /// The token of a user, if it has one. What its file holds comes before the token itself, which is sent for as
    /// long as the file cannot be read: client-go transport/round_trippers.go, NewBearerAuthWithRefreshRoundTripper.
    pub(super) fn of(user: &User, name: &str) -> Result<Option<Self>, ConnectError> {
        let given = |expires| Token::new(user.token.reveal(), expires, &format!("of the user `{name}`"));
        let has_token = !user.token.is_empty();
        let (token, source) = match user.token_file.as_str() {
            "" if !has_token => return Ok(None),
            "" => (given(None)?, None),
            file => {
                let token = match Token::of_file(file) {
                    Err(_) if has_token => given(Some(Timestamp::now() + FILE_LIVES))?,
                    read => read?,
                };
                (token, Some(Source::File(file.to_owned())))
            }
        };
        Ok(Some(Self { token, source }))
    }
}

impl<S> Layer<S> for Bearer {
    type Service = Authorized<S>;

    fn layer(&self, inner: S) -> Authorized<S> {
        Authorized { inner, bearer: self.clone(), renewing: None, failed: None }
    }
}

/// Requests with a token that is valid.
#[derive(Debug)]
pub(super) struct Authorized<S> {
    inner: S,
    bearer: Bearer,
    renewing: Option<JoinHandle<Result<Token, ConnectError>>>,
    failed: Option<ConnectError>,
}

impl<S> Authorized<S> {
    /// Waits for a token that is valid. A file that cannot be read any more leaves the last token, as client-go
    /// has it (token_source.go, cachingTokenSource).
    fn poll_token(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let due = self.bearer.token.renew.is_some_and(|time| time <= Timestamp::now());
        if let (None, true, Some(source)) = (&self.renewing, due, self.bearer.source.clone()) {
            self.renewing = Some(tokio::task::spawn_blocking(move || source.token()));
        }
        let Some(task) = &mut self.renewing else { return Poll::Ready(()) };
        let renewed = ready!(Pin::new(task).poll(cx));
        self.renewing = None;
        match renewed.unwrap_or_else(|_| Err(ConnectError::new("the token could not be renewed"))) {
            Ok(token) => self.bearer.token = token,
            Err(_) if matches!(self.bearer.source, Some(Source::File(_))) => {
                self.bearer.token.renew = Some(Timestamp::now() + FILE_LIVES);
            }
            Err(error) => self.failed = Some(error),
        }
        Poll::Ready(())
    }
}

impl Source {
    fn token(&self) -> Result<Token, ConnectError> {
        match self {
            Self::File(path) => Token::of_file(path),
            Self::Plugin(plugin) => plugin.renewed_token(),
        }
    }
}

type Answer<R> = Pin<Box<dyn Future<Output = Result<R, BoxError>> + Send>>;

impl<S> Service<Request<Body>> for Authorized<S>
where
    S: Service<Request<Body>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Answer<S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        ready!(self.poll_token(cx));
        self.inner.poll_ready(cx)
    }

    /// What could not be renewed fails this request; the next tries again.
    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(error) = self.failed.take() {
            return Box::pin(async move { Err(BoxError::from(error)) });
        }
        request.headers_mut().insert(AUTHORIZATION, self.bearer.token.header.clone());
        Box::pin(self.inner.call(request))
    }
}
