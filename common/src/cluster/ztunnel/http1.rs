//! One GET over a stream that is already open, and its answer within limits.

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// The dump of a node in a mesh of 100,000 pods is shorter.
const LONGEST_BODY: usize = 256 << 20;

/// The body of an answer.
pub(super) async fn get<S>(stream: S, path: &str) -> Result<Bytes, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| wrong(&error))?;
    // The connection moves only while it is waited for; it ends with the answer.
    let answer = async move {
        let request = Request::get(path)
            .header(header::HOST, "localhost")
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new());
        let request = request.map_err(|error| format!("`{path}` is no path: {error}"))?;
        let response = sender.send_request(request).await.map_err(|error| wrong(&error))?;
        let (head, body) = response.into_parts();
        match head.status {
            StatusCode::OK => whole(body).await,
            status => Err(format!("it answered {status}")),
        }
    };
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}

async fn whole(body: Incoming) -> Result<Bytes, String> {
    let body = Limited::new(body, LONGEST_BODY).collect().await;
    Ok(body.map_err(|error| format!("the answer broke off: {error}"))?.to_bytes())
}

fn wrong(error: &hyper::Error) -> String {
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return "the connection was closed before an answer came".to_owned();
    }
    if error.is_parse() {
        return "the answer is no HTTP".to_owned();
    }
    format!("the connection broke: {error}")
}
