//! A real istiod on the cluster: what it makes of policies, to compare ours with.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::Server;
use super::{TestCluster, ports};

const PATIENCE: Duration = Duration::from_secs(240);
/// Two equal answers so far apart: nothing is under way any more.
const QUIET: Duration = Duration::from_millis(700);

/// How it runs.
#[derive(Clone, Debug, Default)]
pub struct IstiodOptions {
    /// Its mesh configuration, as YAML; the default one when it is empty.
    pub mesh_config: String,
    /// Its flags, which are variables of its environment.
    pub environment: Vec<(&'static str, String)>,
}

/// A running istiod.
pub struct Istiod {
    server: Mutex<Server>,
    port: u16,
}

impl Istiod {
    /// Starts one and waits until it has read the cluster. The CRDs must be installed. It writes into the cluster: a
    /// ConfigMap with its authority into each namespace, Secrets and Leases into `istio-system`.
    #[must_use]
    pub fn start(cluster: &TestCluster, options: &IstiodOptions) -> Self {
        if cluster.get("/api/v1/namespaces/istio-system").is_none() {
            cluster.create(
                &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "istio-system" } }),
            );
        }
        let port = ports::free();
        let mesh = cluster.folder.write(&format!("mesh-{port}.yaml"), &format!("{}\n", options.mesh_config));
        let kubeconfig = cluster.kubeconfig("istiod", &["system:masters"]);
        let local = |port: u16| format!("127.0.0.1:{port}");
        let flags = [
            ("kubeconfig", kubeconfig.display().to_string()),
            ("meshConfig", mesh.display().to_string()),
            ("httpAddr", local(port)),
            ("httpsAddr", String::new()),
            ("grpcAddr", local(ports::free())),
            ("secureGRPCAddr", local(ports::free())),
            ("monitoringAddr", local(ports::free())),
            ("ctrlz_port", "0".to_owned()),
        ];
        let mut arguments = vec!["discovery".to_owned()];
        arguments.extend(flags.map(|(name, value)| format!("--{name}={value}")));
        let mut environment: Vec<(&str, String)> =
            ENVIRONMENT.map(|(name, value)| (name, value.to_owned())).to_vec();
        environment.extend(options.environment.iter().cloned());
        let program = cluster.assets.program("pilot-discovery");
        let mut server = Server::start("istiod", cluster.folder.path(), &program, &arguments, &environment);
        server.wait_until("ready", PATIENCE, || get(port, "/ready").is_some());
        Self { server: Mutex::new(server), port }
    }

    /// What it has told ztunnel, as of now: `workloads`, `services`, `policies`, all lists.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub fn ambientz(&self) -> Value {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).expect_running();
        let Some(text) = get(self.port, "/debug/ambientz") else {
            panic!("istiod does not answer /debug/ambientz; its log ends:\n{}", self.log_end())
        };
        let mut answer: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("/debug/ambientz: {error}: {text}"));
        // They come in any order.
        for list in answer.as_object_mut().into_iter().flat_map(|lists| lists.values_mut()) {
            if let Some(items) = list.as_array_mut() {
                items.sort_by_cached_key(Value::to_string);
            }
        }
        answer
    }

    /// The same, when it holds and nothing changes any more.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub fn ambientz_when(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        let mut before = self.ambientz();
        loop {
            std::thread::sleep(QUIET);
            let now = self.ambientz();
            if now == before && holds(&now) {
                return now;
            }
            if Instant::now() > end {
                panic!("istiod: {what}: not within {} s; it says:\n{now:#}", PATIENCE.as_secs());
            }
            before = now;
        }
    }

    fn log_end(&self) -> String {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).log_end()
    }
}

const ENVIRONMENT: [(&str, &str); 7] = [
    ("PILOT_ENABLE_AMBIENT", "true"),
    ("CLUSTER_ID", "Kubernetes"),
    ("POD_NAME", "istiod-1"),
    ("POD_NAMESPACE", "istio-system"),
    ("REVISION", "default"),
    ("INJECTION_WEBHOOK_CONFIG_NAME", ""),
    ("VALIDATION_WEBHOOK_CONFIG_NAME", ""),
];

/// The body, when the answer is 200. HTTP/1.0, so that it comes in one piece.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    head.lines().next()?.contains(" 200 ").then(|| body.to_owned())
}
