use std::sync::{Arc, Mutex};

use http::Response;

use super::*;

/// Answers with the token that it got.
#[derive(Clone, Default)]
struct Echo(Arc<Mutex<Vec<String>>>);

impl Service<Request<Body>> for Echo {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.0.lock().unwrap().push(request.headers()[AUTHORIZATION].to_str().unwrap().to_owned());
        std::future::ready(Ok(Response::new(Body::empty())))
    }
}

fn token(text: &str, renew: Option<Timestamp>) -> Token {
    Token { renew, ..Token::new(text, None, "").unwrap() }
}

/// What a service with this token sends in so many requests, and the errors.
fn send(bearer: &Bearer, requests: usize) -> (Vec<String>, Vec<String>) {
    let echo = Echo::default();
    let mut service = bearer.layer(echo.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let errors = runtime.block_on(async {
        let mut errors = Vec::new();
        for _ in 0..requests {
            std::future::poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
            let answer = service.call(Request::new(Body::empty())).await;
            errors.extend(answer.err().map(|error| error.to_string()));
        }
        errors
    });
    let sent = echo.0.lock().unwrap().clone();
    (sent, errors)
}

fn past() -> Option<Timestamp> {
    Some(Timestamp::UNIX_EPOCH)
}

#[test]
fn a_file_is_read_again_when_it_is_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, "new\n").unwrap();
    let source = Some(Source::File(path.to_string_lossy().into_owned()));
    let later = Some(Timestamp::now() + SignedDuration::from_hours(1));
    let table = [(past(), "Bearer new"), (later, "Bearer old"), (None, "Bearer old")];
    for (renew, expected) in table {
        let (sent, errors) = send(&Bearer { token: token("old", renew), source: source.clone() }, 2);
        assert_eq!((sent, errors), (vec![expected.to_owned(); 2], vec![]));
    }
}

#[test]
fn a_file_that_is_gone_leaves_the_last_token() {
    let source = Some(Source::File("/nowhere/token".to_owned()));
    let (sent, errors) = send(&Bearer { token: token("old", past()), source }, 2);
    assert_eq!((sent, errors), (vec!["Bearer old".to_owned(); 2], vec![]));
}

#[test]
fn a_plugin_that_fails_fails_each_request_and_is_asked_again() {
    let exec = super::super::kubeconfig::Exec { command: "/nowhere/login".to_owned(), ..Default::default() };
    let plugin = Plugin::new(exec, &Default::default(), false, None).unwrap();
    let source = Some(Source::Plugin(Box::new(plugin)));
    let (sent, errors) = send(&Bearer { token: token("old", past()), source }, 2);
    assert_eq!(sent, Vec::<String>::new());
    assert_eq!(errors, vec!["the plugin `/nowhere/login` that logs in was not found"; 2]);
}

#[test]
fn the_line_of_a_token_file_ends_where_the_token_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        Token::of_file(&path.to_string_lossy())
    };
    assert_eq!(read(" abc\r\n").unwrap().header, "Bearer abc");
    assert!(read("\n").unwrap_err().message.ends_with("is empty"));
    let message = read("hun\nter2").unwrap_err().message;
    assert!(message.ends_with("has characters that cannot be sent") && !message.contains("hun"), "{message}");
    assert!(Token::of_file("/nowhere/t").unwrap_err().message.contains("no such file"));
}

#[test]
fn a_token_is_renewed_shortly_before_it_expires() {
    let expires: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let token = Token::new("t", Some(expires), "").unwrap();
    assert_eq!(token.renew.unwrap().to_string(), "2025-12-31T23:59:50Z");
}

#[test]
fn a_token_file_comes_before_the_token_and_the_token_before_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "of-file\n").unwrap();
    let here = file.path().to_string_lossy().into_owned();
    let table = [
        ("", "", Some(None)),
        ("given", "", Some(Some("Bearer given"))),
        ("", here.as_str(), Some(Some("Bearer of-file"))),
        ("given", here.as_str(), Some(Some("Bearer of-file"))),
        ("given", "/nowhere/token", Some(Some("Bearer given"))),
        ("", "/nowhere/token", None),
    ];
    for (token, token_file, expected) in table {
        let user =
            User { token: token.parse().unwrap(), token_file: token_file.to_owned(), ..User::default() };
        let bearer = Bearer::of(&user, "ann").ok();
        let found = bearer.as_ref().map(|found| found.as_ref().map(|b| b.token.header.to_str().unwrap()));
        assert_eq!(found, expected, "{token:?} {token_file:?}");
        // A file is read again, also where it could not be.
        let renewed = bearer.flatten().is_some_and(|b| b.token.renew.is_some() && b.source.is_some());
        assert_eq!(renewed, !token_file.is_empty() && expected.is_some(), "{token:?} {token_file:?}");
    }
}
