//! Tests only: a server that says what it is told to, and keeps what it was asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// A server on a free loopback port, for as long as the test's process lives.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Receiver<String>,
}

impl Server {
    /// Answers each request, given its head, and closes.
    pub(crate) fn start(answer: impl Fn(&str) -> String + Send + Clone + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tell, answer) = (tell.clone(), answer.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &tell, answer));
            }
        });
        Self { address, asked }
    }

    /// Answers every request with a status and a body.
    pub(crate) fn always(status: &'static str, body: &'static str) -> Self {
        Self::start(move |_| response(status, body))
    }

    /// The head of the next request.
    pub(crate) fn asked(&self) -> String {
        self.asked.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    /// The head of a request that nobody should send.
    pub(crate) fn asked_again(&self) -> Option<String> {
        self.asked.recv_timeout(Duration::from_millis(200)).ok()
    }
}

pub(crate) fn response(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn serve(mut stream: TcpStream, tell: &Sender<String>, answer: impl Fn(&str) -> String) {
    let mut head = Vec::new();
    let mut byte = [0];
    // What is no HTTP is answered all the same.
    let begins = |head: &[u8]| head.first().is_none_or(u8::is_ascii_alphabetic);
    while begins(&head) && !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let answer = answer(&head);
    let _ = tell.send(head);
    let _ = stream.write_all(answer.as_bytes());
}
