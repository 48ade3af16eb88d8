//! Programs that log in: run once, within a limit, and explained when they fail.
//!
//! client-go plugin/pkg/client/auth/exec/exec.go, refreshCredsLocked and wrapCmdRunErrorLocked; the protocol is
//! client.authentication.k8s.io/v1. What a plugin prints on stdout is never shown: credentials stand there.

use std::io::{self, Read};
#[cfg(unix)]
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::json;

use crate::yaml;

use super::error::{ConnectError, first_line, reason};
use super::flags::{DEFAULT_TIMEOUT, Secret};
use super::kubeconfig::{Cluster, Exec};
use super::token::Token;

#[cfg(test)]
mod tests;

/// The extension of a cluster that is meant for plugins: client-go clientcmd/client_config.go, clusterExtensionKey.
const EXTENSION: &str = "client.authentication.k8s.io/exec";

/// Who logs in at a browser or types a code needs longer than an API server, unless they said how long.
const FOR_A_PERSON: Duration = Duration::from_secs(300);

/// More than this is no credential.
const LONGEST: u64 = 1 << 20;

/// A program, and how it is called.
#[derive(Clone, Debug)]
pub(super) struct Plugin {
    exec: Exec,
    /// What it is told about itself and the cluster.
    info: Secret,
    /// Whether it may ask the person.
    interactive: bool,
    limit: Option<Duration>,
}

/// What a program brings.
#[derive(Debug)]
pub(super) struct Credential {
    pub token: Option<Token>,
    /// A certificate and its key, in PEM.
    pub certificate: Option<(String, Secret)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    api_version: Option<String>,
    kind: Option<String>,
    status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    token: Option<Secret>,
    client_certificate_data: Option<String>,
    client_key_data: Option<Secret>,
    expiration_timestamp: Option<String>,
}

struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Plugin {
    /// A plugin for a cluster. `terminal` is whether a person can type.
    pub(super) fn new(
        exec: Exec,
        cluster: &Cluster,
        terminal: bool,
        limit: Option<Duration>,
    ) -> Result<Self, ConnectError> {
        let interactive = match exec.interactive_mode.as_str() {
            "Never" => false,
            "Always" if !terminal => {
                return Err(ConnectError::new(format!(
                    "the plugin `{}` must ask somebody, and standard input is no terminal",
                    exec.command
                ))
                .hint("log in at a terminal first"));
            }
            _ => terminal,
        };
        let limit =
            limit.map(|limit| if interactive && limit == DEFAULT_TIMEOUT { FOR_A_PERSON } else { limit });
        let info = Secret::from(info(&exec, cluster, interactive)?.to_string());
        Ok(Self { exec, info, interactive, limit })
    }

    /// Runs the program. Blocks until it ends, or is ended.
    pub(super) fn run(&self) -> Result<Credential, ConnectError> {
        let output = self.output()?;
        if !output.status.success() {
            return Err(self.failed(&output));
        }
        self.read(&output.stdout)
    }

    pub(super) fn renewed_token(&self) -> Result<Token, ConnectError> {
        self.run()?.token.ok_or_else(|| self.error("brought no token this time"))
    }

    fn error(&self, what: &str) -> ConnectError {
        ConnectError::new(format!("the plugin `{}` that logs in {what}", self.exec.command))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.exec.command);
        command.args(self.exec.args.iter().map(Secret::reveal));
        command.envs(self.exec.env.iter().map(|variable| (&variable.name, variable.value.reveal())));
        command.env("KUBERNETES_EXEC_INFO", self.info.reveal());
        command.stdout(Stdio::piped());
        match self.interactive {
            true => command.stdin(Stdio::inherit()).stderr(Stdio::inherit()),
            false => command.stdin(Stdio::null()).stderr(Stdio::piped()),
        };
        #[cfg(unix)]
        if !self.interactive {
            command.process_group(0);
        }
        command
    }

    fn output(&self) -> Result<Output, ConnectError> {
        let mut child = self.command().spawn().map_err(|error| self.not_started(&error))?;
        let deadline = self.limit.and_then(|limit| Instant::now().checked_add(limit));
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let ended = wait(&stdout, deadline).and_then(|read| Some((read, ended(&mut child, deadline)?)));
        let Some((stdout, status)) = ended else {
            self.end(&mut child);
            return Err(self.took_too_long());
        };
        // What it started may hold stderr open for ever.
        let stderr = stderr.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
        Ok(Output { status, stdout, stderr })
    }

    /// Ends the program with all that it started. What asks a person stays in the group of the terminal, which alone
    /// may read there: of that, only the program itself is ended.
    fn end(&self, child: &mut Child) {
        // Any of it may have ended in this moment.
        #[cfg(unix)]
        if !self.interactive {
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    fn not_started(&self, error: &io::Error) -> ConnectError {
        let what = match error.kind() {
            io::ErrorKind::NotFound => "was not found".to_owned(),
            _ => format!("cannot be started: {}", reason(error)),
        };
        self.error(&what).hints(self.install_hint())
    }

    fn took_too_long(&self) -> ConnectError {
        let seconds = self.limit.unwrap_or_default().as_secs_f64();
        self.error(&format!("did not end within {seconds} s"))
            .hint("run it by itself to see what it waits for, or allow it longer with `--request-timeout`")
    }

    fn failed(&self, output: &Output) -> ConnectError {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty()).map(first_line);
        let why = last.map(|line| format!(": {line}")).unwrap_or_default();
        let ended = match output.status.code() {
            Some(code) => format!("ended with status {code}"),
            None => "was killed".to_owned(),
        };
        // Shells say so of what they do not find.
        let missing = matches!(output.status.code(), Some(126 | 127));
        self.error(&format!("{ended}{why}")).hints(self.install_hint().filter(|_| missing))
    }

    /// The kubeconfig's own words on how to get the plugin.
    fn install_hint(&self) -> Option<String> {
        let hint = first_line(&self.exec.install_hint);
        Some(hint).filter(|hint| !hint.is_empty())
    }

    fn read(&self, stdout: &[u8]) -> Result<Credential, ConnectError> {
        let garbage = || self.error("printed no `ExecCredential`");
        let text = str::from_utf8(stdout).map_err(|_| garbage())?;
        let printed: Printed = yaml::parse(text).and_then(|node| node.decode()).map_err(|_| garbage())?;
        if printed.kind.as_deref() != Some("ExecCredential") {
            return Err(garbage());
        }
        if printed.api_version.as_deref() != Some(self.exec.api_version.as_str()) {
            let found = first_line(&printed.api_version.unwrap_or_default());
            return Err(self.error(&format!("answers in `{found}`, asked in `{}`", self.exec.api_version)));
        }
        self.credential(printed.status.unwrap_or_default())
    }

    fn credential(&self, status: Status) -> Result<Credential, ConnectError> {
        let expires = status.expiration_timestamp.filter(|time| !time.is_empty());
        let expires = expires.map(|time| time.parse::<Timestamp>()).transpose();
        let expires = expires.map_err(|_| self.error("printed an `expirationTimestamp` that is no time"))?;
        let certificate = status.client_certificate_data.filter(|text| !text.is_empty());
        let key = status.client_key_data.filter(|key| !key.is_empty());
        let certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(self.error("printed a certificate or a key, not both")),
        };
        let from = format!("of the plugin `{}`", self.exec.command);
        let token = status.token.filter(|token| !token.is_empty());
        let token = token.map(|token| Token::new(token.reveal(), expires, &from)).transpose()?;
        if token.is_none() && certificate.is_none() {
            return Err(self.error("printed neither a token nor a certificate"));
        }
        Ok(Credential { token, certificate })
    }
}

/// `KUBERNETES_EXEC_INFO`.
fn info(exec: &Exec, cluster: &Cluster, interactive: bool) -> Result<serde_json::Value, ConnectError> {
    let mut spec = json!({ "interactive": interactive });
    if exec.provide_cluster_info
        && let Some(spec) = spec.as_object_mut()
    {
        spec.insert("cluster".to_owned(), about(cluster)?);
    }
    Ok(json!({ "kind": "ExecCredential", "apiVersion": exec.api_version, "spec": spec }))
}

/// client.authentication.k8s.io/v1, Cluster.
fn about(cluster: &Cluster) -> Result<serde_json::Value, ConnectError> {
    let authority = super::connect::authority_pem(cluster)?;
    let config = cluster.extensions.iter().find(|extension| extension.name == EXTENSION);
    let fields = [
        ("server", json!(cluster.server)),
        ("tls-server-name", json!(cluster.tls_server_name)),
        ("insecure-skip-tls-verify", json!(cluster.insecure_skip_tls_verify)),
        ("certificate-authority-data", json!(authority.map(super::connect::base64).unwrap_or_default())),
        ("proxy-url", json!(cluster.proxy_url)),
        ("disable-compression", json!(cluster.disable_compression)),
        ("config", config.map_or(serde_json::Value::Null, |config| config.extension.clone())),
    ];
    let is_set = |value: &serde_json::Value| !(value.is_null() || value == "" || value == false);
    Ok(fields
        .into_iter()
        .filter(|(_, value)| is_set(value))
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
}

/// Reads what a program prints beside waiting for its end: one that prints much would wait for us otherwise.
fn drain(from: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (done, read) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(from) = from {
            // What was read until it failed is judged like anything else.
            let _ = from.take(LONGEST).read_to_end(&mut bytes);
        }
        // Whoever asked may have given up.
        let _ = done.send(bytes);
    });
    read
}

fn wait(read: &Receiver<Vec<u8>>, deadline: Option<Instant>) -> Option<Vec<u8>> {
    match deadline {
        Some(deadline) => read.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok(),
        None => read.recv().ok(),
    }
}

/// A program that has closed its output ends soon, or is said to hang.
fn ended(child: &mut Child, deadline: Option<Instant>) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if deadline.is_none_or(|deadline| Instant::now() < deadline) => {
                std::thread::sleep(Duration::from_millis(1));
            }
            _ => return None,
        }
    }
}
