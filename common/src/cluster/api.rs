//! One request to an API server: its deadline, the few tries it gets, and what may come of it.
//!
//! Only reads. kube does the connection and the authentication; its own retries are off, because they last for
//! minutes.

use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use tokio::time::{Instant, sleep, timeout_at};

use super::{ConnectError, Connection};

/// Tries that a request gets where trying again may help.
const TRIES: u32 = 3;

/// The pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// The longest pause, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// No answer is longer than this: 500 objects of the largest size that etcd takes.
const LONGEST_BODY: usize = 1 << 30;

/// Names and labels of a list, where the server knows how to leave out the rest.
pub(super) const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// Why a request brought nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// 401: nothing else will be answered either.
    Unauthorized(ConnectError),
    /// 403
    Forbidden(String),
    /// 404
    NotFound,
    /// 410: the list has to be begun again.
    Expired,
    /// No answer in time, or no connection.
    TimedOut(ConnectError),
    /// An answer that is of no use.
    Failed(String),
}

/// An API server.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) connection: Connection,
    /// What every request gets, with its tries; `None`: as long as it takes.
    pub(super) timeout: Option<Duration>,
}

impl Api {
    /// The body of an answer.
    pub(super) async fn get(&self, path: &str, accept: &str) -> Result<String, Trouble> {
        // Longer than the clock goes is as long as it takes.
        let deadline = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut pause = PAUSE;
        for attempt in 1.. {
            let answer = match deadline {
                Some(deadline) => match timeout_at(deadline, self.once(path, accept)).await {
                    Ok(answer) => answer,
                    Err(_) => return Err(self.timed_out()),
                },
                None => self.once(path, accept).await,
            };
            let retry = match answer {
                Err(Attempt::Again(retry)) => retry,
                Err(Attempt::Over(trouble)) => return Err(trouble),
                Ok(text) => return Ok(text),
            };
            let wait = retry.after.unwrap_or(pause).min(LONGEST_PAUSE);
            let in_time = deadline.is_none_or(|deadline| Instant::now() + wait < deadline);
            if attempt >= TRIES || !in_time {
                return Err(retry.trouble);
            }
            sleep(wait).await;
            pause *= 2;
        }
        Err(self.timed_out())
    }

    fn timed_out(&self) -> Trouble {
        Trouble::TimedOut(self.connection.endpoint.no_answer())
    }

    async fn once(&self, path: &str, accept: &str) -> Result<String, Attempt> {
        let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty());
        let request = request.map_err(|error| failed(format!("`{path}` is no path: {error}")))?;
        let response = self.connection.client.send(request).await;
        let response = response.map_err(|error| self.unsent(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LONGEST_BODY).collect().await;
        let bytes = body.map_err(|error| cut_off(&error.to_string()))?.to_bytes();
        if head.status == StatusCode::OK {
            return String::from_utf8(bytes.into()).map_err(|_| failed("the answer is not UTF-8 text"));
        }
        let after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        if head.status == StatusCode::UNAUTHORIZED {
            return Err(Attempt::Over(Trouble::Unauthorized(self.connection.unauthorized())));
        }
        Err(refused(head.status, said(head.status, &message(&bytes)), after.map(Duration::from_secs)))
    }

    /// No answer came at all. Whether it was refused or is not there does not change within milliseconds.
    fn unsent(&self, error: &kube::Error) -> Attempt {
        let explained = self.connection.explain(error);
        Attempt::Over(match error {
            kube::Error::Auth(_) => Trouble::Unauthorized(explained),
            _ => Trouble::TimedOut(explained),
        })
    }
}

/// What one try brought.
enum Attempt {
    /// Another may bring more.
    Again(Retry),
    /// It is over.
    Over(Trouble),
}

struct Retry {
    trouble: Trouble,
    after: Option<Duration>,
}

fn failed(message: impl Into<String>) -> Attempt {
    Attempt::Over(Trouble::Failed(message.into()))
}

/// A connection that was closed in the middle: the server may be back in a moment.
fn cut_off(error: &str) -> Attempt {
    let trouble = Trouble::Failed(format!("the answer broke off: {error}"));
    Attempt::Again(Retry { trouble, after: None })
}

/// What an answer other than 200 means. client-go tries again on 429 and on whatever carries `Retry-After`.
fn refused(status: StatusCode, said: String, after: Option<Duration>) -> Attempt {
    match status {
        StatusCode::FORBIDDEN => Attempt::Over(Trouble::Forbidden(said)),
        StatusCode::NOT_FOUND => Attempt::Over(Trouble::NotFound),
        StatusCode::GONE => Attempt::Over(Trouble::Expired),
        StatusCode::TOO_MANY_REQUESTS => Attempt::Again(Retry { trouble: Trouble::Failed(said), after }),
        status if status.is_server_error() => Attempt::Again(Retry { trouble: Trouble::Failed(said), after }),
        _ => failed(said),
    }
}

fn said(status: StatusCode, message: &str) -> String {
    match message {
        "" => format!("the API server answered {status}"),
        message => format!("the API server answered {status}: {message}"),
    }
}

/// The sentence of a `Status`, else the beginning of what came, in one line.
fn message(body: &[u8]) -> String {
    const LONGEST: usize = 200;
    let status: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let said = status.as_ref().and_then(|status| status.get("message")?.as_str());
    let text = said.map_or_else(|| String::from_utf8_lossy(body.get(..LONGEST).unwrap_or(body)), Into::into);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}
