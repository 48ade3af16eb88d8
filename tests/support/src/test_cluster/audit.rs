//! What the API server was asked: its audit log.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{PATIENCE, TestCluster, programs};

/// Every request at the level of metadata, once, when it was answered (a watch: when it began); not what the servers
/// of the cluster ask themselves.
pub(super) const POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver", "kwok"]
  - level: Metadata
"#;

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEvent {
    /// Who asked.
    pub user: String,
    /// `list`, `get`, `watch`, `create`…
    pub verb: String,
    /// The path and query.
    pub uri: String,
    /// The HTTP status.
    pub code: u64,
    /// What the client calls itself.
    pub agent: String,
}

impl TestCluster {
    /// Every request until now, by whomever; not those of the cluster's own servers.
    ///
    /// # Panics
    /// When the log cannot be read.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub fn audit_log(&self) -> Vec<AuditEvent> {
        // A request is written down a little after its answer: one of ours tells how far the log is.
        let mark = format!("/version?mark={}", self.written.fetch_add(1, Ordering::Relaxed));
        let _: Option<String> = self.api.text(&mark);
        let path = self.folder().join(programs::AUDIT_LOG);
        let end = Instant::now() + PATIENCE;
        loop {
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let events = parse(&text);
            if let Some(place) = events.iter().position(|event| event.uri == mark) {
                return events.into_iter().take(place).collect();
            }
            assert!(Instant::now() < end, "the audit log does not grow: {}", path.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn parse(log: &str) -> Vec<AuditEvent> {
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events
        .map(|event| {
            let text =
                |pointer| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            AuditEvent {
                user: text("/user/username"),
                verb: text("/verb"),
                uri: text("/requestURI"),
                code: event.pointer("/responseStatus/code").and_then(Value::as_u64).unwrap_or_default(),
                agent: text("/userAgent"),
            }
        })
        .collect()
}
